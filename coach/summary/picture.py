"""Make the runner's average stride: one mean stride per side with its events."""

from collections.abc import Callable, Sequence
from typing import Final

from coach.model.arrays import np
from coach.model.parts import AverageStride
from coach.model.sites import WearSite
from coach.model.strides import Stride
from coach.summary.robust import sound

_SITES: Final = (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT, WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK)
_MIN_STRIDES: Final = 5
_READ: Final[dict[str, Callable[[Stride], float | None]]] = {
    "stride_time_s": lambda s: s.stride_time_s,
    "contact_time_s": lambda s: s.contact_time_s,
    "mid_stance_pct": lambda s: _share(s, s.mid_stance_s),
    "toe_off_pct": lambda s: _share(s, s.toe_off_s),
    "foot_strike_angle_deg": lambda s: s.foot_strike_angle_deg,
    "eversion_deg": lambda s: s.eversion_deg,
    "foot_clearance_m": lambda s: s.foot_clearance_m,
    "stride_length_m": lambda s: s.stride_length_m,
}


def average_strides(strides: Sequence[Stride]) -> tuple[AverageStride, ...]:
    """One for each side with at least five strides; feet before shanks."""
    sides = [[s for s in strides if s.wear_site is site and s.stride_time_s] for site in _SITES]
    return tuple(_average(side, strides) for side in sides if len(side) >= _MIN_STRIDES)


def _share(stride: Stride, event_s: float | None) -> float | None:
    if event_s is None or not stride.stride_time_s:
        return None
    return 100.0 * (event_s - stride.initial_contact_s) / stride.stride_time_s


def _average(side: Sequence[Stride], all_strides: Sequence[Stride]) -> AverageStride:
    means: dict[str, float] = {}
    spread: dict[str, float] = {}
    for name, read in _READ.items():
        values = np.array([read(s) for s in side], dtype=np.float64)
        values = values[np.isfinite(values)]
        if len(values) >= _MIN_STRIDES:
            values = values[sound(values)]
            means[name], spread[name] = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    stride_time_s = means.pop("stride_time_s")
    others = [s for s in all_strides if s.wear_site.is_left is not side[0].wear_site.is_left]
    contact = _other_event(side, [s.initial_contact_s for s in others])
    toe_off = _other_event(side, [s.toe_off_s for s in others if s.toe_off_s is not None])
    return AverageStride(
        side[0].wear_site,
        len(side),
        stride_time_s,
        other_contact_pct=contact,
        other_toe_off_pct=toe_off,
        spread=spread,
        **means,
    )


def _other_event(side: Sequence[Stride], events: Sequence[float]) -> float | None:
    """Median share of the stride at which the other foot's event falls; None where it is hardly seen."""
    if len(events) < _MIN_STRIDES:
        return None
    times = np.sort(np.array(events))
    starts = np.array([s.initial_contact_s for s in side])
    lengths = np.array([s.stride_time_s for s in side], dtype=np.float64)
    place = np.searchsorted(times, starts)
    found = place < len(times)
    shares = 100.0 * (times[place[found]] - starts[found]) / lengths[found]
    shares = shares[shares < 100.0]
    return float(np.median(shares)) if len(shares) >= _MIN_STRIDES else None
