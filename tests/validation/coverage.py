"""Count how often the truth lies within the stated uncertainty: 95 of 100 would be exact, more is cautious.

An uncertainty is one standard deviation of the whole error, the part included that is the same in every stride of a
runner; so a few runners show whether an uncertainty is too small, not whether it is right.
"""

from collections import defaultdict
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np

from coach.model.strides import Stride, TrunkStep
from tests.support.recordings import Recording
from tests.validation.scoring import WINDOW_S

NORMAL_95: Final = 1.96
NAMES: Final = {
    "initial_contact_s": ("contact, ms", 1000.0),
    "toe_off_s": ("toe-off, ms", 1000.0),
    "contact_time_s": ("contact time, ms", 1000.0),
    "flight_time_s": ("flight time, ms", 1000.0),
    "stride_time_s": ("stride time, ms", 1000.0),
    "step_time_s": ("step time, ms", 1000.0),
    "foot_strike_angle_deg": ("strike angle, deg", 1.0),
    "stride_length_m": ("stride length, cm", 100.0),
    "speed_mps": ("speed, cm/s", 100.0),
}
# Truth that is rougher than the uncertainty it would judge (the reference's README): times of the jogs in a room.
ROUGH: Final = {"jog": ("initial_contact_s", "stride_time_s", "speed_mps")}
MOST_APART_S: Final = 0.25  # a truth row may begin a step, ours a stride


@dataclass(frozen=True, slots=True)
class Judged:
    """One number of one stride: found minus true, and the uncertainty stated with it."""

    error: float
    uncertainty: float


class Coverage:
    """Collects judged numbers by kind of recording."""

    def __init__(self) -> None:
        self._judged: dict[tuple[str, str], dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))

    def add(self, recording: Recording, found: list[Any], module: ModuleType) -> None:
        """Compare one recording's strides with its truth, where it has any."""
        kind = _kind(recording)
        true = module.read_truth(recording.folder)
        if kind is None or not true:
            return
        found_s = np.array([s.initial_contact_s for s in found])
        for k, j in module.pair(found_s, np.array([t["initial_contact_s"] for t in true]), WINDOW_S):
            for name in NAMES:
                judged = _judge(found[k], true[j], name)
                if judged is not None and name not in ROUGH.get(kind, ()):
                    self._judged[kind, name][recording.name].append(judged)

    def markdown(self) -> str:
        """A row for each kind of recording and number."""
        lines = [
            "| site | number | recordings | error, root mean square | uncertainty stated, median | truth within 95 % |"
        ]
        lines.append("|---" * 6 + "|")
        for (kind, name), of in sorted(self._judged.items()):
            words, factor = NAMES[name]
            lines.append(f"| {kind} | {words} | {len(of)} | {_cells(list(of.values()), factor)} |")
        return "\n".join(lines)


def _cells(recordings: list[list[Judged]], factor: float) -> str:
    """Each recording counts the same, however long it is."""
    error = np.mean([np.mean([j.error**2 for j in of]) for of in recordings]) ** 0.5
    uncertainty = np.median([np.mean([j.uncertainty**2 for j in of]) for of in recordings]) ** 0.5
    inside = np.mean([np.mean([abs(j.error) <= NORMAL_95 * j.uncertainty for j in of]) for of in recordings])
    return f"{factor * error:.1f} | {factor * uncertainty:.1f} | {100 * inside:.0f} %"


def _kind(recording: Recording) -> str | None:
    if recording.about["activity"] == "walking":
        return None
    if "jog" in recording.name:
        return "jog"
    site = recording.chunk.wear_site
    return "foot" if site.is_foot else "shank" if site.is_shank else "trunk"


def _judge(found: Stride | TrunkStep, true: dict[str, Any], name: str) -> Judged | None:
    value, uncertainty = getattr(found, name, None), found.uncertainty.get(name)
    wanted = true.get(name)
    if name in ("stride_time_s", "step_time_s"):
        following = true.get("next_initial_contact_s")
        wanted = None if following is None else following - true["initial_contact_s"]
        if value is not None and wanted is not None and abs(value - wanted) > MOST_APART_S:
            return None
    if value is None or uncertainty is None or wanted is None:
        return None
    return Judged(value - wanted, uncertainty)
