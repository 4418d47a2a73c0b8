"""Make the runner's average stride: one mean stride per side with its events."""

from collections.abc import Callable
from typing import Final

from coach.model.arrays import median, np
from coach.model.columns import Columns
from coach.model.parts import AverageStride
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.strides import Stride
from coach.summary.robust import sound
from coach.summary.series import is_known
from coach.summary.sides import is_of_left

_SITES: Final = (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT, WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK)
_MIN_STRIDES: Final = 5
_READ: Final[dict[str, Callable[[Columns[Stride]], FloatArray]]] = {
    "stride_time_s": lambda s: s.floats("stride_time_s"),
    "contact_time_s": lambda s: s.floats("contact_time_s"),
    "mid_stance_pct": lambda s: _share(s, "mid_stance_s"),
    "toe_off_pct": lambda s: _share(s, "toe_off_s"),
    "foot_strike_angle_deg": lambda s: s.floats("foot_strike_angle_deg"),
    "eversion_deg": lambda s: s.floats("eversion_deg"),
    "foot_clearance_m": lambda s: s.floats("foot_clearance_m"),
    "stride_length_m": lambda s: s.floats("stride_length_m"),
}


def average_strides(strides: Columns[Stride]) -> tuple[AverageStride, ...]:
    """Return an average stride for each side with at least five strides; feet before shanks."""
    has_time = is_known(strides.floats("stride_time_s"))
    sides = [(site, np.flatnonzero(has_time & strides.is_one_of("wear_site", (site,)))) for site in _SITES]
    return tuple(_average(site, strides.take(rows), strides) for site, rows in sides if len(rows) >= _MIN_STRIDES)


def _share(strides: Columns[Stride], event: str) -> FloatArray:
    """Return the share (n,) of an event of the stride [%]."""
    since_s = strides.floats(event) - strides.floats("initial_contact_s")
    return np.asarray(100.0 * since_s / strides.floats("stride_time_s"))


def _average(site: WearSite, side: Columns[Stride], all_strides: Columns[Stride]) -> AverageStride:
    means: dict[str, float] = {}
    spread: dict[str, float] = {}
    for name, read in _READ.items():
        values = read(side)
        values = values[np.isfinite(values)]
        if len(values) >= _MIN_STRIDES:
            values = values[sound(values)]
            means[name], spread[name] = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    stride_time_s = means.pop("stride_time_s")
    is_other = is_of_left(all_strides) != site.is_left
    contact_s, toe_off_s = (all_strides.floats(event)[is_other] for event in ("initial_contact_s", "toe_off_s"))
    contact = _other_event(side, contact_s)
    toe_off = _other_event(side, toe_off_s[~np.isnan(toe_off_s)])
    return AverageStride(
        site,
        len(side),
        stride_time_s,
        other_contact_pct=contact,
        other_toe_off_pct=toe_off,
        spread=spread,
        **means,
    )


def _other_event(side: Columns[Stride], events_s: FloatArray) -> float | None:
    """Return the median share of the stride at which the other foot's event falls; None where it is hardly seen."""
    if len(events_s) < _MIN_STRIDES:
        return None
    times = np.sort(events_s)
    starts, lengths = side.floats("initial_contact_s"), side.floats("stride_time_s")
    place = np.searchsorted(times, starts)
    found = place < len(times)
    shares = 100.0 * (times[place[found]] - starts[found]) / lengths[found]
    shares = shares[shares < 100.0]
    return median(shares) if len(shares) >= _MIN_STRIDES else None
