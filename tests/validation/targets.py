"""What each number must reach, by the kind of recording, and why some cannot."""

from dataclasses import dataclass
from typing import Any

JOGS = "pyshoe_jog"
REAL_SHOE = "wmf_shoe_run"
# Contact truth of these recordings is itself worse than the target, see the reference's README.
LOOSE_EVENTS = ("pyshoe_",)


@dataclass(frozen=True, slots=True)
class Target:
    """Largest absolute bias and standard deviation."""

    bias: float
    sd: float = float("inf")


def target(name: str, column: str) -> Target | None:
    """The target of one number of one recording; None: none is set."""
    trunk = "pelvis" in name or "chest" in name or "sacrum" in name or "hip" in name
    shank = "shank" in name
    walking = "walk" in name
    if walking and column != "walking_as_running":
        return None
    table: dict[str, Target | None] = {
        "cadence_error_spm": Target(1.5 if JOGS in name else 1.0 if name == REAL_SHOE else 0.5),
        "initial_contact_ms": None
        if name.startswith(LOOSE_EVENTS) or shank
        else Target(float("inf"), 15.0)
        if trunk
        else Target(10.0, 6.0),
        "contact_time_ms": Target(20.0) if trunk else Target(12.0, 6.0),
        "foot_strike_angle_deg": Target(3.0, 1.5),
        "stride_length_mean_pct": None if JOGS in name else Target(2.0),
        "stride_length_mape_pct": Target(4.0 if JOGS in name else 2.5),
        "vertical_oscillation_mm": Target(8.0),
        "forward_lean_deg": Target(3.0),
        "axial_rotation_deg": Target(4.0),
        "while_standing": Target(0.0),
        "walking_as_running": Target(0.0),
    }
    return table.get(column)


def is_met(name: str, column: str, value: Any) -> bool:
    """Whether a number reaches its target; where none is set or nothing is known it does."""
    if value is None:
        return True
    if column in ("recall_after_first", "precision"):
        return "walk" in name or float(value) >= 0.9
    if column == "rearfoot_or_not":
        return float(value) >= 0.95
    wanted = target(name, column)
    if wanted is None:
        return True
    bias, sd = value if isinstance(value, tuple) else (float(value), 0.0)
    return abs(bias) <= wanted.bias and sd <= wanted.sd


REASONS: dict[str, str] = {}
