"""Make one series over time of every measure of a run: arrays by the names of RunSummary.

A measure comes from the sensor that sees it best: feet before shanks, pelvis before chest; where no stride or step
measures it (a running pod, a heart-rate strap, a treadmill), from the seconds. Speed and what follows from it come from
the seconds first, for there all sensors have been weighed against each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from coach.model.arrays import np
from coach.model.human_limits import is_human, is_human_step
from coach.model.metrics import LiveMetrics
from coach.model.metrics_table import Use, names_for
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride, TrunkStep

_MS: Final = 1000.0
_LEAST_DECIDED: Final = 0.5  # of the strides: a pattern of fewer is not the runner's; chosen by judgement
BY_SPEED_FIRST: Final = ("speed_mps", "step_length_m", "stride_length_m")


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """t_s: (n,) rising. value: (n,) in the unit of the name, no NaN."""

    t_s: FloatArray
    value: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RunSeries:
    """The measures of one run. strides, steps: those of running (or all, where the runner never ran)."""

    measures: Mapping[str, Series]
    strides: tuple[Stride, ...]
    steps: tuple[TrunkStep, ...]
    seconds: tuple[LiveMetrics, ...]


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def _over(value: float | None, scale: float) -> float | None:
    return None if not value else scale / value


def _ratio(value: float | None, by: float | None) -> float | None:
    return None if value is None or not by else value / by


_STRIDE: Final[dict[str, Callable[[Stride], float | None]]] = {
    "cadence_spm": lambda s: _over(s.stride_time_s, 120.0),
    "contact_time_ms": lambda s: _scaled(s.contact_time_s, _MS),
    "flight_time_ms": lambda s: _scaled(s.flight_time_s, _MS),
    "duty_factor": lambda s: _ratio(s.contact_time_s, s.stride_time_s),
    "stride_length_m": lambda s: s.stride_length_m,
    "step_length_m": lambda s: _scaled(s.stride_length_m, 0.5),
    "speed_mps": lambda s: s.speed_mps,
    "foot_strike_angle_deg": lambda s: s.foot_strike_angle_deg,
    "eversion_deg": lambda s: s.eversion_deg,
    "impact_g": lambda s: s.impact_g,
}
_STEP: Final[dict[str, Callable[[TrunkStep], float | None]]] = {
    "cadence_spm": lambda s: _over(s.step_time_s, 60.0),
    "contact_time_ms": lambda s: _scaled(s.contact_time_s, _MS),
    "flight_time_ms": lambda s: _scaled(s.flight_time_s, _MS),
    "duty_factor": lambda s: _ratio(s.contact_time_s, _scaled(s.step_time_s, 2.0)),
    "vertical_oscillation_mm": lambda s: _scaled(s.vertical_oscillation_m, _MS),
    "trunk_lean_deg": lambda s: s.forward_lean_deg,
    "axial_rotation_deg": lambda s: s.axial_rotation_deg,
    "lateral_drop_deg": lambda s: s.lateral_drop_deg,
    "impact_g": lambda s: s.impact_g,
}
_BOTH: Final = ("speed_mps", "cadence_spm", "step_length_m", "stride_length_m")  # wrong together
SIDES: Final = (
    (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT),
    (WearSite.LEFT_SHANK, WearSite.RIGHT_SHANK),
)
TRUNK: Final = ((WearSite.PELVIS,), (WearSite.CHEST,))
Seen = TypeVar("Seen", Stride, TrunkStep)
Timed = TypeVar("Timed", Stride, TrunkStep, LiveMetrics)


def series_of(strides: Sequence[Stride], steps: Sequence[TrunkStep], seconds: Sequence[LiveMetrics]) -> RunSeries:
    """Sort a run's strides, steps and seconds into series."""
    ran = tuple(sorted(_running(strides), key=lambda s: s.initial_contact_s))
    stepped = tuple(sorted(_running(steps), key=lambda s: s.initial_contact_s))
    timed = tuple(_running(seconds))
    measures: dict[str, Series] = {}
    for name in names_for(Use.MEAN):
        candidates = [_from_strides(name, ran, sites) for sites in SIDES]
        candidates += [_from_steps(name, stepped, site) for (site,) in TRUNK]
        by_second = _from_seconds(name, timed)
        ordered = [by_second, *candidates] if name in BY_SPEED_FIRST else [*candidates, by_second]
        found = next((one for one in ordered if one is not None), None)
        if found is not None:
            measures[name] = found
    return RunSeries(measures, ran, stepped, timed)


def best_seen(items: Sequence[Seen], groups: Sequence[Sequence[WearSite]]) -> Sequence[Seen]:
    """The items of the first group of wear sites that has any."""
    found = ([item for item in items if item.wear_site in sites] for sites in groups)
    return next((group for group in found if group), [])


def _running(items: Sequence[Timed]) -> list[Timed]:
    ran = [item for item in items if item.state in (None, GaitState.RUNNING)]
    return ran or [item for item in items if item.state is GaitState.WALKING]


def _series(t_s: list[float], values: list[float | None]) -> Series | None:
    value = np.array(values, dtype=np.float64)
    keep = np.isfinite(value)
    return Series(np.array(t_s)[keep], value[keep]) if keep.any() else None


def _from_strides(name: str, strides: Sequence[Stride], sites: Sequence[WearSite]) -> Series | None:
    read = _STRIDE.get(name)
    chosen = [s for s in strides if s.wear_site in sites] if read else []
    if read is None or not chosen:
        return None
    return _series([s.initial_contact_s for s in chosen], [read(s) for s in chosen])


def _from_steps(name: str, steps: Sequence[TrunkStep], site: WearSite) -> Series | None:
    read = _STEP.get(name)
    chosen = [s for s in steps if s.wear_site is site] if read else []
    if read is None or not chosen:
        return None
    return _series([s.initial_contact_s for s in chosen], [read(s) for s in chosen])


def _from_seconds(name: str, seconds: Sequence[LiveMetrics]) -> Series | None:
    """Seconds that no person on foot can have (zeros of a lost pod, wheels) are left out."""
    values = [getattr(s, name) for s in seconds]
    is_sound = [
        value is not None and is_human(name, value) and (name not in _BOTH or is_human_step(s.speed_mps, s.cadence_spm))
        for value, s in zip(values, seconds, strict=True)
    ]
    known = [value if sound else None for value, sound in zip(values, is_sound, strict=True)]
    return _series([s.t_s for s in seconds], known) if seconds else None


@dataclass(frozen=True, slots=True)
class Strikes:
    """How a runner landed. decided: share of the strides whose pattern is certain. shares: of the patterns among those.

    shares, commonest: None where fewer than half of the strides are decided; the rest lie too near a limit.
    """

    decided: float
    shares: Mapping[str, float] | None = None
    commonest: str | None = None


def strikes_of(strides: Sequence[Stride]) -> Strikes | None:
    """The patterns of a run's strides; None where none was looked at."""
    seen = [s.foot_strike for s in strides if s.foot_strike is not None]
    known = [strike for strike in seen if strike is not FootStrike.UNCERTAIN]
    if not seen:
        return None
    decided = len(known) / len(seen)
    if decided < _LEAST_DECIDED:
        return Strikes(decided)
    kinds = (FootStrike.REARFOOT, FootStrike.MIDFOOT, FootStrike.FOREFOOT)
    shares = {kind.value: sum(strike is kind for strike in known) / len(known) for kind in kinds}
    return Strikes(decided, shares, max(shares, key=lambda kind: shares[kind]))
