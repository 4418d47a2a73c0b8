"""Convert SI values to the units that people read: metric or imperial numbers, durations, paces and dates as text.

The same table goes to the page's scripts (`web/static/js/units.js`), so that server and script write alike.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from coach.language.locales import date_text, number_text
from coach.language.phrases import phrases_of
from coach.language.signs import DEFAULT, localised
from coach.model.metrics_table import METRICS, Metric, Scale
from coach.model.time_zones import zone_or_utc

DASH: Final = "–"
K95: Final = 1.96  # half of a 95 % interval in standard uncertainties: ± means this wherever it is written
VIEWS: Final[Mapping[str, Metric]] = {name: row for name, row in METRICS.items() if row.scale is not None}


def view_table(system: str, language: str = DEFAULT) -> dict[str, dict[str, object]]:
    """Return the unit, factor, decimals and is_pace by field name, for the page's scripts."""
    return {name: asdict(scale_of(name, system)) | {"unit": unit_text(name, system, language)} for name in VIEWS}


def scale_of(name: str, system: str) -> Scale:
    """Return how field `name` is written in `system`, "metric" or "imperial"."""
    row = VIEWS[name]
    chosen = row.imperial if system == "imperial" and row.imperial is not None else row.scale
    assert chosen is not None, name  # VIEWS holds what is written as a number
    return chosen


def value_text(
    name: str, value: float | None, system: str = "metric", sd: float | None = None, language: str = DEFAULT
) -> str:
    """Return the number of field `name` without its unit, as exact as its ± is written; a dash where unknown.
    sd: 1 SD."""
    if value is None:
        return DASH
    scale = scale_of(name, system)
    if scale.is_pace:
        return pace_text(value, scale.factor)
    return number_text(value * scale.factor, _uncertainty_decimals(scale, sd), language)


def difference_scale_of(name: str, system: str) -> Scale:
    """Return how a difference of field `name` is written: with its own unit,
    and at least one decimal where it is counted."""
    row = VIEWS[name]
    own = row.difference_imperial if system == "imperial" and row.difference_imperial is not None else row.difference
    if own is not None:
        return own
    scale = scale_of(name, system)
    is_counted = scale.unit in ("ms", "spm", "bpm")
    return replace(scale, decimals=max(scale.decimals, 1)) if is_counted else scale


def _uncertainty_decimals(scale: Scale, sd: float | None) -> int:
    """Return decimals of a value and its ±: one more where the ± would read as nothing."""
    return scale.decimals + (sd is not None and 0 < K95 * abs(sd) * scale.factor < 0.5 * 10**-scale.decimals)


def uncertainty_text(name: str, sd: float | None, system: str = "metric", language: str = DEFAULT) -> str:
    """Return the number after a ±, half of the 95 % interval; a bound where it is too small to be written.

    sd: standard uncertainty of the value, in SI units.
    """
    scale = scale_of(name, system)
    if sd is None or scale.is_pace:
        return ""
    size, decimals = K95 * abs(sd) * scale.factor, _uncertainty_decimals(scale, sd)
    least = 10.0**-decimals
    text = f"{size:.{decimals}f}" if size >= 0.5 * least or size == 0 else f"<{least:.{decimals}f}"
    return localised(text, language)


def count_text(n: float) -> str:
    """Return a count in groups of three digits, with thin spaces that do not break: "4 812"."""
    return f"{n:,.0f}".replace(",", "\u202f")


def count_uncertainty_text(sd: float | None) -> str:
    """Return the number after the ± of a count, half of the 95 % interval, rounded up; "" where it is not known."""
    return "" if sd is None else count_text(math.ceil(K95 * sd))


def unit_text(name: str, system: str = "metric", language: str = DEFAULT) -> str:
    """Return the unit that `value_text` leaves out."""
    return phrases_of(language)(scale_of(name, system).unit)


def pace_text(speed_mps: float, per_m: float = 1000.0) -> str:
    """Return minutes and seconds per `per_m` metres; a dash when standing (below 0.3 m/s)."""
    if speed_mps < 0.3:
        return DASH
    seconds = round(per_m / speed_mps)
    return f"{seconds // 60}:{seconds % 60:02d}"


def duration_text(seconds: float | None) -> str:
    """Return `mm:ss`, or `h:mm:ss` from an hour on."""
    if seconds is None:
        return DASH
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def local_time(moment: datetime, zone: str = "UTC") -> datetime:
    """Return `moment` on the runner's wall clock; UTC where the zone is unknown."""
    return moment.astimezone(zone_or_utc(zone))


def day_text(moment: datetime, zone: str = "UTC", language: str = DEFAULT) -> str:
    """Return `Fri, 20 Nov 2026` on the runner's wall clock."""
    return date_text(local_time(moment, zone), "yMMMEd", language)


def day_short_text(moment: datetime, zone: str = "UTC", language: str = DEFAULT) -> str:
    """Return `20 Nov` on the runner's wall clock."""
    return date_text(local_time(moment, zone), "MMMd", language)


def month_text(moment: datetime, zone: str = "UTC", language: str = DEFAULT) -> str:
    """Return `November 2026` on the runner's wall clock."""
    return date_text(local_time(moment, zone), "yMMMM", language)


def clock_text(moment: datetime, zone: str = "UTC") -> str:
    """Return `18:05` on the runner's wall clock."""
    return f"{local_time(moment, zone):%H:%M}"
