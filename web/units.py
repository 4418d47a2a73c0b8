"""SI values to the units people read: metric or imperial numbers, durations, paces and dates as text.

The same table goes to the page's scripts (`web/static/js/units.js`), so that server and script write alike.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MILE_M: Final = 1609.344
FOOT_M: Final = 0.3048
DASH: Final = "–"


@dataclass(frozen=True, slots=True)
class Scale:
    """How a field is written in one system: value * factor, decimals, unit. is_pace: time per `factor` metres."""

    unit: str
    factor: float = 1.0
    decimals: int = 0
    is_pace: bool = False


@dataclass(frozen=True, slots=True)
class MetricView:
    """How one field of LiveMetrics or RunSummary is written in both systems; its words stand in `metrics.toml`."""

    name: str
    metric: Scale
    imperial: Scale


def _same(name: str, unit: str, decimals: int = 0, factor: float = 1.0) -> MetricView:
    scale = Scale(unit, factor, decimals)
    return MetricView(name, scale, scale)


_VIEWS: Final = (
    _same("cadence_spm", "spm"),
    _same("contact_time_ms", "ms"),
    _same("flight_time_ms", "ms"),
    _same("duty_factor", "%", 0, 100.0),
    _same("step_time_ms", "ms"),
    MetricView("step_length_m", Scale("m", 1.0, 2), Scale("ft", 1 / FOOT_M, 2)),
    MetricView("stride_length_m", Scale("m", 1.0, 2), Scale("ft", 1 / FOOT_M, 2)),
    MetricView("speed_mps", Scale("/km", 1000.0, 0, True), Scale("/mi", MILE_M, 0, True)),
    MetricView("distance_m", Scale("km", 0.001, 2), Scale("mi", 1 / MILE_M, 2)),
    MetricView("impacts_per_km", Scale("/km"), Scale("/mi", MILE_M / 1000)),
    _same("foot_strike_angle_deg", "°", 1),
    _same("eversion_deg", "°", 1),
    _same("eversion_peak_degps", "°/s"),
    _same("impact_g", "g", 1),
    MetricView("foot_clearance_m", Scale("cm", 100.0, 1), Scale("in", 12 / FOOT_M, 1)),
    _same("contact_time_balance_pct", "% left", 1),
    _same("step_time_asymmetry_pct", "%", 1),
    _same("stride_time_cv_pct", "%", 1),
    MetricView("vertical_oscillation_mm", Scale("cm", 0.1, 1), Scale("in", 1 / 25.4, 1)),
    _same("vertical_ratio_pct", "%", 1),
    _same("trunk_lean_deg", "°", 1),
    _same("axial_rotation_deg", "°", 1),
    _same("lateral_drop_deg", "°", 1),
    _same("pelvis_trunk_crp_deg", "°"),
    _same("pelvis_trunk_coupling_deg", "°"),
    _same("grade_pct", "%", 1),
    _same("heart_rate_bpm", "bpm"),
    _same("heart_rate_max_bpm", "bpm"),
    _same("step_length_vs_baseline_pct", "%", 1),
    _same("cadence_vs_baseline_pct", "%", 1),
    _same("contact_time_vs_baseline_pct", "%", 1),
    _same("impact_vs_baseline_pct", "%", 1),
    _same("foot_strike_angle_vs_baseline_deg", "°", 1),
    _same("asymmetry_vs_baseline_pct", "%", 1),
    _same("axial_rotation_vs_baseline_pct", "%", 1),
    _same("distance_vs_longest_pct", "%"),
    _same("pain_rise", "points"),
)
VIEWS: Final[Mapping[str, MetricView]] = {view.name: view for view in _VIEWS}


def view_table(system: str) -> dict[str, dict[str, object]]:
    """Unit, factor, decimals and is_pace by field name, for the page's scripts."""
    return {name: asdict(scale_of(name, system)) for name in VIEWS}


def scale_of(name: str, system: str) -> Scale:
    """How field `name` is written in `system`, "metric" or "imperial"."""
    view = VIEWS[name]
    return view.imperial if system == "imperial" else view.metric


def value_text(name: str, value: float | None, system: str = "metric", sd: float | None = None) -> str:
    """The number of field `name` without its unit, as exact as its doubt `sd` is written; a dash where unknown."""
    if value is None:
        return DASH
    scale = scale_of(name, system)
    if scale.is_pace:
        return pace_text(value, scale.factor)
    decimals = _doubt_decimals(scale, sd)
    rounded = round(value * scale.factor, decimals) + 0.0  # + 0.0: there is no minus nothing
    return f"{rounded:.{decimals}f}".replace("-", "\u2212")


# Differences of lengths are small: they are written in a smaller unit than the lengths themselves.
_DIFFERENCES: Final[Mapping[str, tuple[Scale, Scale]]] = {
    name: (Scale("cm", 100.0, 1), Scale("in", 12 / FOOT_M, 1)) for name in ("step_length_m", "stride_length_m")
} | {"vertical_oscillation_mm": (Scale("mm", 1.0, 1), Scale("in", 1 / 25.4, 2))}


def difference_scale_of(name: str, system: str) -> Scale:
    """How a difference of field `name` is written: with its own unit, and at least one decimal where it is counted."""
    if name in _DIFFERENCES:
        return _DIFFERENCES[name][system == "imperial"]
    scale = scale_of(name, system)
    unit = scale.unit.replace("% left", "points")
    return Scale(unit, scale.factor, max(scale.decimals, 1 if unit in ("ms", "spm", "bpm") else 0), scale.is_pace)


def _doubt_decimals(scale: Scale, sd: float | None) -> int:
    """Decimals of a value and its doubt: one more where the doubt would read as nothing."""
    return scale.decimals + (sd is not None and 0 < abs(sd) * scale.factor < 0.5 * 10**-scale.decimals)


def doubt_text(name: str, sd: float | None, system: str = "metric") -> str:
    """The number after a ±; a bound where it is too small to be written."""
    scale = scale_of(name, system)
    if sd is None or scale.is_pace:
        return ""
    size, decimals = abs(sd) * scale.factor, _doubt_decimals(scale, sd)
    least = 10.0**-decimals
    return f"{size:.{decimals}f}" if size >= 0.5 * least or size == 0 else f"<{least:.{decimals}f}"


def unit_text(name: str, system: str = "metric") -> str:
    """The unit that `value_text` leaves out."""
    return scale_of(name, system).unit


def pace_text(speed_mps: float, per_m: float = 1000.0) -> str:
    """Minutes and seconds per `per_m` metres; a dash when standing (below 0.3 m/s)."""
    if speed_mps < 0.3:
        return DASH
    seconds = round(per_m / speed_mps)
    return f"{seconds // 60}:{seconds % 60:02d}"


def duration_text(seconds: float | None) -> str:
    """`mm:ss`, or `h:mm:ss` from an hour on."""
    if seconds is None:
        return DASH
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def local_time(moment: datetime, zone: str = "UTC") -> datetime:
    """`moment` on the runner's wall clock; UTC where the zone is unknown."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return moment.astimezone(UTC)


def day_text(moment: datetime, zone: str = "UTC") -> str:
    """`Fri 20 Nov 2026` on the runner's wall clock."""
    local = local_time(moment, zone)
    return f"{local:%a} {local.day} {local:%b %Y}"


def day_short_text(moment: datetime, zone: str = "UTC") -> str:
    """`20 Nov` on the runner's wall clock."""
    local = local_time(moment, zone)
    return f"{local.day} {local:%b}"


def clock_text(moment: datetime, zone: str = "UTC") -> str:
    """`18:05` on the runner's wall clock."""
    return f"{local_time(moment, zone):%H:%M}"
