"""One row a metric: its unit, how it is written, where it is used, and which sensors it needs.

Everything that lists metrics (the live page, plots, comparison, summaries, splits, exports, missing reasons) asks this
table, so that a new metric is a field of `LiveMetrics` and `RunSummary`, the place that computes it, its words, a
column of the database, and one row here. The order of the rows is the order on every page.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from typing import Final

from coach.model.frozen import dataclass

MILE_M: Final = 1609.344  # international mile, exact by definition (1959)
FOOT_M: Final = 0.3048  # international foot, exact by the same definition


class Use(Enum):
    """Where a metric appears.

    LIVE: a tile of the live page. MEAN: averaged over a run. PLOT: drawn over a run. MATCHED: compared with the
    runner's other runs at the same speed, and followed as a trend. COMPARED: shown when two runs are compared. TILE: a
    tile of a run's page. SPLIT: a column of the splits. DRIFT: shown as change from a run's first to its last third.
    EXPORT: written to FIT, TCX and GPX files.
    """

    LIVE = auto()
    MEAN = auto()
    PLOT = auto()
    MATCHED = auto()
    COMPARED = auto()
    TILE = auto()
    SPLIT = auto()
    DRIFT = auto()
    EXPORT = auto()


class Need(StrEnum):
    """What must be worn for a metric; `gait.fusion.missing_reasons` turns it into the reason why it is missing."""

    ANYTHING_THAT_MOVES = auto()
    MOTION = auto()
    CADENCE = auto()
    CONTACT = auto()
    FOOT = auto()
    BOTH_SIDES = auto()
    BOTH_SIDES_CONTACT = auto()
    TRUNK = auto()
    TRUNK_AND_LENGTH = auto()
    TRUNK_GYROSCOPE = auto()
    PELVIS_AND_CHEST = auto()
    SPEED = auto()
    LENGTH = auto()
    TREADMILL = auto()
    HEART_RATE = auto()
    POWER = auto()


class Wait(Enum):
    """Why a metric that the worn sensors can give may be late: readings beyond range, too few strides, walking."""

    UNCLIPPED = auto()
    MANY_STRIDES = auto()
    RUNNING = auto()


@dataclass(frozen=True, slots=True)
class Scale:
    """How a value is written: value * factor, with `decimals` digits and a unit. is_pace: time per `factor` metres."""

    unit: str
    factor: float = 1.0
    decimals: int = 0
    is_pace: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    name: field of LiveMetrics, RunSummary or both; its words are in the page's `metrics.toml` under the same name.
    scale: how it is written; None: it is not a number. imperial: how in the imperial system; None: the same.
    difference, difference_imperial: how a difference of two values is written; None: as the value, and with at least
    one decimal where it is counted.
    needs: None where no sensor gives it live (differences from the runner's own values; what only files bring).
    is_ratio: False for angles, of which a percentage has no meaning, as zero is where the standing posture was.
    developer_field: name and unit in a FIT file, where FIT has no native field for it.
    """

    name: str
    scale: Scale | None
    uses: frozenset[Use] = frozenset()
    needs: Need | None = None
    waits_for: Wait | None = None
    imperial: Scale | None = None
    difference: Scale | None = None
    difference_imperial: Scale | None = None
    is_ratio: bool = True
    developer_field: tuple[str, str] | None = None


_LENGTH: Final = Scale("cm", 100.0)  # a hundredth of a metre is what a runner changes
_CENTIMETRES: Final = Scale("cm", 100.0, 1)
_INCHES: Final = Scale("in", 12 / FOOT_M, 1)
_DEGREES: Final = Scale("°", 1.0, 1)
_WHOLE_DEGREES: Final = Scale("°")
_PERCENT: Final = Scale("%", 1.0, 1)
_MS: Final = Scale("ms")
_BPM: Final = Scale("bpm")


def _uses(letters: str) -> frozenset[Use]:
    """Return the uses behind their initials, one column each: L M P A C T S D E,
    where A is matched at the same speed."""
    return frozenset(_INITIALS[letter] for letter in letters if letter != ".")


_INITIALS: Final = dict(zip("LMPACTSDE", Use, strict=True))
_ROWS: Final = (
    Metric("state", None, needs=Need.ANYTHING_THAT_MOVES),
    Metric(
        "speed_mps",
        Scale("/km", 1000.0, 0, is_pace=True),
        _uses("LMP.C...E"),
        Need.SPEED,
        imperial=Scale("/mi", MILE_M, 0, is_pace=True),
    ),
    Metric("speed_source", None, needs=Need.SPEED),
    Metric("cadence_spm", Scale("spm"), _uses("LMPACTSDE"), Need.CADENCE),
    Metric(
        "step_length_m",
        _LENGTH,
        _uses("LMPACTSDE"),
        Need.LENGTH,
        Wait.UNCLIPPED,
        imperial=_INCHES,
        difference=_CENTIMETRES,
        difference_imperial=_INCHES,
    ),
    Metric(
        "stride_length_m",
        _LENGTH,
        _uses(".M......."),
        Need.LENGTH,
        Wait.UNCLIPPED,
        imperial=_INCHES,
        difference=_CENTIMETRES,
        difference_imperial=_INCHES,
    ),
    Metric("contact_time_ms", _MS, _uses("LMPACTSDE"), Need.CONTACT),
    Metric(
        "flight_time_ms", _MS, _uses("LMPACTSDE"), Need.CONTACT, Wait.RUNNING, developer_field=("flight_time", "ms")
    ),
    Metric(
        "peak_force_bw",
        Scale("×", 1.0, 2),
        _uses("LMPACT.DE"),
        Need.CONTACT,
        Wait.RUNNING,
        developer_field=("peak_force", "BW"),
    ),
    Metric("duty_factor", Scale("%", 100.0), _uses(".M......."), Need.CONTACT),
    Metric("step_time_ms", _MS, needs=Need.CADENCE),
    Metric(
        "foot_strike_angle_deg",
        _DEGREES,
        _uses("LMPACTS.E"),
        Need.FOOT,
        is_ratio=False,
        developer_field=("foot_strike_angle", "deg"),
    ),
    Metric("foot_strike_share", None, needs=Need.FOOT),
    Metric(
        "impact_g",
        Scale("g", 1.0, 1),
        _uses("LMPACTSDE"),
        Need.MOTION,
        Wait.UNCLIPPED,
        developer_field=("impact_g", "g"),
    ),
    Metric(
        "impacts_per_km",
        Scale("/km"),
        _uses("L....T..."),
        Need.LENGTH,
        Wait.UNCLIPPED,
        imperial=Scale("/mi", MILE_M / 1000),
    ),
    Metric(
        "vertical_oscillation_mm",
        Scale("cm", 0.1, 1),
        _uses("LMPACTSDE"),
        Need.TRUNK,
        Wait.RUNNING,
        imperial=Scale("in", 1 / 25.4, 1),
        difference=Scale("mm", 1.0, 1),
        difference_imperial=Scale("in", 1 / 25.4, 2),
    ),
    Metric("vertical_ratio_pct", _PERCENT, _uses(".M.AC...E"), Need.TRUNK_AND_LENGTH),
    Metric(
        "contact_time_balance_pct",
        Scale("% left", 1.0, 1),
        _uses("LMP.CT..E"),
        Need.BOTH_SIDES_CONTACT,
        Wait.MANY_STRIDES,
        difference=Scale("points", 1.0, 1),
    ),
    Metric(
        "step_time_asymmetry_pct",
        _PERCENT,
        _uses("LMP.CT..E"),
        Need.BOTH_SIDES,
        Wait.MANY_STRIDES,
        developer_field=("step_time_asymmetry", "%"),
    ),
    Metric(
        "stride_time_cv_pct",
        _PERCENT,
        _uses("LMP.CT..E"),
        Need.MOTION,
        Wait.MANY_STRIDES,
        developer_field=("stride_time_variability", "%"),
    ),
    Metric(
        "trunk_lean_deg",
        _DEGREES,
        _uses("LMPACT..E"),
        Need.TRUNK,
        is_ratio=False,
        developer_field=("trunk_lean", "deg"),
    ),
    Metric(
        "axial_rotation_deg",
        _DEGREES,
        _uses(".MPACT..E"),
        Need.TRUNK_GYROSCOPE,
        Wait.RUNNING,
        is_ratio=False,
        developer_field=("axial_rotation", "deg"),
    ),
    Metric(
        "lateral_drop_deg",
        _DEGREES,
        _uses("LMPACT..E"),
        Need.TRUNK_GYROSCOPE,
        Wait.RUNNING,
        is_ratio=False,
        developer_field=("lateral_drop", "deg"),
    ),
    Metric(
        "eversion_deg", _DEGREES, _uses(".M.ACT..E"), Need.FOOT, is_ratio=False, developer_field=("eversion", "deg")
    ),
    Metric("eversion_peak_degps", Scale("°/s"), needs=Need.FOOT),
    Metric("foot_clearance_m", _CENTIMETRES, needs=Need.FOOT, waits_for=Wait.UNCLIPPED, imperial=_INCHES),
    Metric("pelvis_trunk_crp_deg", _WHOLE_DEGREES, needs=Need.PELVIS_AND_CHEST),
    Metric("pelvis_trunk_crp_sd_deg", None, needs=Need.PELVIS_AND_CHEST),
    Metric("pelvis_trunk_coupling_deg", _WHOLE_DEGREES, needs=Need.PELVIS_AND_CHEST),
    Metric("pelvis_trunk_coupling_sd_deg", None, needs=Need.PELVIS_AND_CHEST),
    Metric("grade_pct", _PERCENT, _uses("L.......E"), Need.TREADMILL),
    Metric("heart_rate_bpm", _BPM, _uses("LMPACTSDE"), Need.HEART_RATE),
    Metric("heart_rate_max_bpm", _BPM),
    Metric("power_w", Scale("W"), _uses(".MPACTS.E"), Need.POWER),
    Metric(
        "foot_strike_type",
        Scale("of 16", 1.0, 1),
        _uses(".MP.CT..E"),
        developer_field=("foot_strike_type", ""),
    ),
    Metric(
        "pronation_deg",
        _DEGREES,
        _uses(".MP.CT..E"),
        is_ratio=False,
        developer_field=("pronation", "deg"),
    ),
    Metric(
        "distance_m",
        Scale("km", 0.001, 2),
        _uses("........E"),
        Need.SPEED,
        imperial=Scale("mi", 1 / MILE_M, 2),
    ),
    Metric("step_length_vs_baseline_pct", _PERCENT),
    Metric("cadence_vs_baseline_pct", _PERCENT),
    Metric("contact_time_vs_baseline_pct", _PERCENT),
    Metric("impact_vs_baseline_pct", _PERCENT),
    Metric("foot_strike_angle_vs_baseline_deg", _DEGREES),
    Metric("asymmetry_vs_baseline_pct", _PERCENT),
    Metric("axial_rotation_vs_baseline_pct", _PERCENT),
    Metric("distance_vs_longest_pct", Scale("%")),
    Metric("pain_rise", Scale("points")),
)
METRICS: Final[Mapping[str, Metric]] = {row.name: row for row in _ROWS}


def names_for(use: Use) -> tuple[str, ...]:
    """Return the names of the metrics that appear in `use`, in the order of the table."""
    return tuple(name for name, row in METRICS.items() if use in row.uses)
