"""Make one series over time of every measure of a run: arrays by the names of RunSummary.

A measure comes from the sensor that sees it best: feet before shanks, pelvis before chest; where no stride or step
measures it (a running pod, a heart-rate strap, a treadmill), from the seconds. Speed and what follows from it come from
the seconds first, for there all sensors have been weighed against each other.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from coach.model.arrays import BoolArray, np
from coach.model.columns import Columns
from coach.model.frozen import dataclass
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
    """The measures of one run. strides, steps, seconds: those of running (or of walking, where the runner never ran).

    strides, steps: by time. all_seconds: whatever the runner did.
    """

    measures: Mapping[str, Series]
    strides: Columns[Stride]
    steps: Columns[TrunkStep]
    seconds: Columns[LiveMetrics]
    all_seconds: Columns[LiveMetrics]


def is_known(values: FloatArray) -> BoolArray:
    """Return (n,) true where a value is known, and not nought: a time or a rate of nought is none."""
    return np.asarray(np.isfinite(values) & (values != 0.0), dtype=np.bool_)


def _over(values: FloatArray, scale: float) -> FloatArray:
    return np.asarray(np.divide(scale, values, out=np.full(len(values), np.nan), where=values != 0.0))


def _ratio(values: FloatArray, by: FloatArray) -> FloatArray:
    return np.asarray(np.divide(values, by, out=np.full(len(values), np.nan), where=by != 0.0))


_STRIDE: Final[dict[str, Callable[[Columns[Stride]], FloatArray]]] = {
    "cadence_spm": lambda s: _over(s.floats("stride_time_s"), 120.0),
    "contact_time_ms": lambda s: s.floats("contact_time_s") * _MS,
    "flight_time_ms": lambda s: s.floats("flight_time_s") * _MS,
    "duty_factor": lambda s: _ratio(s.floats("contact_time_s"), s.floats("stride_time_s")),
    "stride_length_m": lambda s: s.floats("stride_length_m"),
    "step_length_m": lambda s: s.floats("stride_length_m") * 0.5,
    "speed_mps": lambda s: s.floats("speed_mps"),
    "foot_strike_angle_deg": lambda s: s.floats("foot_strike_angle_deg"),
    "eversion_deg": lambda s: s.floats("eversion_deg"),
    "impact_g": lambda s: s.floats("impact_g"),
}
_STEP: Final[dict[str, Callable[[Columns[TrunkStep]], FloatArray]]] = {
    "cadence_spm": lambda s: _over(s.floats("step_time_s"), 60.0),
    "contact_time_ms": lambda s: s.floats("contact_time_s") * _MS,
    "flight_time_ms": lambda s: s.floats("flight_time_s") * _MS,
    "duty_factor": lambda s: _ratio(s.floats("contact_time_s"), s.floats("step_time_s") * 2.0),
    "vertical_oscillation_mm": lambda s: s.floats("vertical_oscillation_m") * _MS,
    "trunk_lean_deg": lambda s: s.floats("forward_lean_deg"),
    "axial_rotation_deg": lambda s: s.floats("axial_rotation_deg"),
    "lateral_drop_deg": lambda s: s.floats("lateral_drop_deg"),
    "impact_g": lambda s: s.floats("impact_g"),
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
    ran = _by_time(_running(Columns.of(Stride, strides)))
    stepped = _by_time(_running(Columns.of(TrunkStep, steps)))
    all_seconds = Columns.of(LiveMetrics, seconds)
    timed = _running(all_seconds)
    by_side = [_timed(_of_sites(ran, sites)) for sites in SIDES]
    by_site = [_timed(_of_sites(stepped, sites)) for sites in TRUNK]
    t_s = timed.floats("t_s")
    measures: dict[str, Series] = {}
    for name in names_for(Use.MEAN):
        candidates = [_measure(_STRIDE.get(name), *side) for side in by_side]
        candidates += [_measure(_STEP.get(name), *site) for site in by_site]
        by_second = _from_seconds(name, timed, t_s)
        ordered = [by_second, *candidates] if name in BY_SPEED_FIRST else [*candidates, by_second]
        found = next((one for one in ordered if one is not None), None)
        if found is not None:
            measures[name] = found
    return RunSeries(measures, ran, stepped, timed, all_seconds)


def best_seen(items: Columns[Seen], groups: Sequence[Sequence[WearSite]]) -> Columns[Seen]:
    """Return the items of the first group of wear sites that has any."""
    found = (_of_sites(items, sites) for sites in groups)
    return next((group for group in found if len(group)), items.take(np.arange(0)))


def _timed(items: Columns[Seen]) -> tuple[Columns[Seen], FloatArray]:
    """Return items with their times: one array, which their series share."""
    return items, items.floats("initial_contact_s")


def _of_sites(items: Columns[Seen], sites: Sequence[WearSite]) -> Columns[Seen]:
    return kept(items, items.is_one_of("wear_site", sites))


def _running(items: Columns[Timed]) -> Columns[Timed]:
    """Return what was run, else what was walked."""
    is_run = items.is_one_of("state", (None, GaitState.RUNNING))
    is_it = is_run if is_run.any() else items.is_one_of("state", (GaitState.WALKING,))
    return kept(items, is_it)


def _by_time(items: Columns[Seen]) -> Columns[Seen]:
    at_s = items.floats("initial_contact_s")
    is_sorted = bool((at_s[1:] >= at_s[:-1]).all())
    return items if is_sorted else items.take(np.argsort(at_s, kind="stable"))


def kept(items: Columns[Timed], is_kept: BoolArray) -> Columns[Timed]:
    """Return the items that are kept, in their order."""
    return items if is_kept.all() else items.take(np.flatnonzero(is_kept))


def _series(t_s: FloatArray, values: FloatArray) -> Series | None:
    keep = np.isfinite(values)
    if keep.all():
        return Series(t_s, values) if len(values) else None
    return Series(t_s[keep], values[keep]) if keep.any() else None


def _measure(
    read: Callable[[Columns[Seen]], FloatArray] | None, items: Columns[Seen], t_s: FloatArray
) -> Series | None:
    return None if read is None or not len(items) else _series(t_s, read(items))


def _from_seconds(name: str, seconds: Columns[LiveMetrics], t_s: FloatArray) -> Series | None:
    """Return a series of the seconds; those that no person on foot can have (zeros of a lost pod,
    wheels) are left out."""
    values = seconds.floats(name)
    is_sound = is_human(name, values)
    if name in _BOTH:
        is_sound &= is_human_step(seconds.floats("speed_mps"), seconds.floats("cadence_spm"))
    return _series(t_s, np.where(is_sound, values, np.nan))


@dataclass(frozen=True, slots=True)
class Strikes:
    """How a runner landed. decided: share of the strides whose pattern is certain. shares: of the patterns among those.

    shares, commonest: None where fewer than half of the strides are decided; the rest lie too near a limit.
    """

    decided: float
    shares: Mapping[str, float] | None = None
    commonest: str | None = None


def strikes_of(strides: Columns[Stride]) -> Strikes | None:
    """Return the patterns of a run's strides; None where none was looked at."""
    kinds = (FootStrike.REARFOOT, FootStrike.MIDFOOT, FootStrike.FOREFOOT)
    counts = {kind.value: int(strides.is_one_of("foot_strike", (kind,)).sum()) for kind in kinds}
    n_known = sum(counts.values())
    n_seen = n_known + int(strides.is_one_of("foot_strike", (FootStrike.UNCERTAIN,)).sum())
    if not n_seen:
        return None
    decided = n_known / n_seen
    if decided < _LEAST_DECIDED:
        return Strikes(decided)
    shares = {kind: n / n_known for kind, n in counts.items()}
    return Strikes(decided, shares, max(shares, key=lambda kind: shares[kind]))
