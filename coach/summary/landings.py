"""Count all landings of a run, those of readings that were lost, too, and state how well the total is known.

Every stretch of running between two contacts counts by its own step time. A hole between two such stretches of which so
little was seen that nobody stops and starts in it (a stride was missed, or readings were lost) is run at the rhythm
about it, if it is short. Of any other it is unknown how much was run of the time whose readings were lost: the landings
of that time are taken as anything between none and all, which is half of them with a standard uncertainty of the whole
by the root of twelve. What was seen of it without strides is a stop.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from coach.model.arrays import median, np
from coach.model.columns import Columns
from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.samples import FloatArray, StreamReport
from coach.model.sites import WearSite
from coach.model.strides import Stride, TrunkStep
from coach.summary.distance import LEAST_KNOWN
from coach.summary.series import RunSeries, is_known
from coach.summary.window import Window, merged

_MAX_STRIDE_S: Final = 1.5  # of a runner: 80 steps a minute; longer ones are two strides or a stop
_MISSED_S: Final = 2 * _MAX_STRIDE_S  # nobody stops and runs again in two long strides
_RHYTHM_S: Final = 10.0  # as long a runner goes on as before; chosen by judgement
# Strides missed or found twice in 8,000 of running with known contacts: recall .998, precision .999 (docs/accuracy.md).
_MISCOUNTED: Final = 0.003
_BLOCK_END: Final = 0.7  # of a landing at each end of a stretch, where one more or less may have been a walking step
_INTERPOLATED: Final = 0.1  # share of the landings of a hole that the rhythm interpolates; chosen by judgement
_STALE_S: Final = 3.0  # so long a distance goes on at the speed before (`gait.fusion.speed`)
_POD: Final = 0.01  # share: a pod's cadence comes in whole numbers, of an average of its own
_BY_SPEED: Final = 0.1  # share of the landings of seconds with a speed and no cadence; chosen by judgement


@dataclass(frozen=True, slots=True)
class Running:
    """Stretches of running, each moment once.

    start_s, length_s: (n,) stretches, rising. step_s: (n,) the time of a step in each. is_counted: they come from
    strides or steps, not from the seconds of a pod or a watch.
    """

    start_s: FloatArray
    length_s: FloatArray
    step_s: FloatArray
    is_counted: bool = True

    @property
    def moving_s(self) -> float:
        """Seconds run."""
        return float(self.length_s.sum())


@dataclass(frozen=True, slots=True)
class Unseen:
    """Holes in a run that are no stops.

    interpolated: (n, 2) beginnings and ends of those whose steps the rhythm gives. unknown: (m, 2) of those of which it
    is not known how much was run. unknown_s: (m,) seconds of each in which readings were lost, or pod and watch silent.
    """

    interpolated: FloatArray
    unknown: FloatArray
    unknown_s: FloatArray


def running_of(run: RunSeries, window: Window) -> Running | None:
    """Return the stretches that count, from strides, else steps, else the seconds; None where nobody ran."""
    table = np.concatenate((_spans(run.strides, "stride_time_s", 0.5), _spans(run.steps, "step_time_s", 1.0)))
    is_counted = bool(len(table))
    if not is_counted:
        table = _moving_seconds(run)
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    table = table[window.holds(table[:, 0]) & (table[:, 1] < _MAX_STRIDE_S)]
    if not len(table):
        return None
    starts, ends = table[:, 0], table[:, 0] + table[:, 1]
    before = np.concatenate(([starts[0]], np.maximum.accumulate(ends)[:-1]))
    first = np.maximum(starts, before)
    return Running(first, np.maximum(0.0, ends - first), table[:, 2], is_counted)


def unseen_of(run: RunSeries, running: Running, reports: Sequence[StreamReport], window: Window) -> Unseen:
    """Return the holes between stretches of running that are no stops, and the silence after the last."""
    blind = _unseen_by_all(run, reports) if running.is_counted else _blind(run.seconds)
    gaps = merged(_cut(blind, window.without))
    ends = running.start_s + running.length_s
    last_s = min(window.end_s, max(ends[-1], gaps[-1, 1])) if len(gaps) else ends[-1]
    holes = np.column_stack((ends, np.append(running.start_s[1:], last_s)))
    holes = holes[holes[:, 1] - holes[:, 0] > 1e-9]
    is_paused = np.array([_is_left_out(start, end, window) for start, end in holes], dtype=np.bool_)
    length_s = holes[:, 1] - holes[:, 0]
    lost_s = _lost_within(holes, gaps)
    is_interpolated = ~is_paused & (length_s <= _RHYTHM_S) & (length_s - lost_s <= _MISSED_S)
    is_unknown = ~is_interpolated & (lost_s > 0.0)
    return Unseen(holes[is_interpolated], holes[is_unknown], lost_s[is_unknown])


def landings_of(running: Running, unseen: Unseen) -> tuple[int, float] | None:
    """Return landings of both feet and their standard uncertainty; None where no cadence, or too little of a run,
    is known."""
    known = np.isfinite(running.step_s) & (running.step_s > 0.0)
    if not known.any() or running.moving_s < LEAST_KNOWN * (running.moving_s + float(unseen.unknown_s.sum())):
        return None
    seen_s = float(running.length_s[known].sum())
    counted = float((running.length_s[known] / running.step_s[known]).sum())
    per_s = counted / seen_s if seen_s else 1.0 / median(running.step_s[known])
    rest_s = running.moving_s - seen_s  # seconds with a speed, without a cadence
    interpolated, unknown = per_s * _lengths(unseen.interpolated), per_s * unseen.unknown_s
    n_ends = 2 * _n_stretches(running)
    parts = (
        (_MISCOUNTED if running.is_counted else _POD) * counted,
        _BLOCK_END * math.sqrt(n_ends),
        _BY_SPEED * per_s * rest_s,
        *np.hypot(_INTERPOLATED * interpolated, 0.5).tolist(),
        *(unknown / math.sqrt(12.0)).tolist(),
    )
    return round(counted + per_s * rest_s + interpolated.sum() + 0.5 * unknown.sum()), math.hypot(*parts)


def unmeasured_s(unseen: Unseen, run: RunSeries) -> float:
    """Return the standard uncertainty of the time run in holes without any speed,
    of which a distance counts nothing."""
    with_speed = run.seconds.floats("t_s")[is_known(run.seconds.floats("speed_mps"))]
    parts = []
    for holes, length_s, share in (
        (unseen.interpolated, _lengths(unseen.interpolated), 1.0),
        (unseen.unknown, unseen.unknown_s, 1.0 / math.sqrt(3.0)),
    ):
        first, last = np.searchsorted(with_speed, holes[:, 0]), np.searchsorted(with_speed, holes[:, 1])
        parts += (share * np.maximum(0.0, length_s - (last - first) - _STALE_S)).tolist()
    return math.hypot(*parts)


def _lengths(holes: FloatArray) -> FloatArray:
    return np.asarray(holes[:, 1] - holes[:, 0])


def _spans(items: Columns[Stride] | Columns[TrunkStep], length: str, steps: float) -> FloatArray:
    """Return (n, 3) beginning, length and time of a step; steps: how much of the length a step is."""
    length_s = items.floats(length)
    keep = is_known(length_s)
    return np.column_stack((items.floats("initial_contact_s")[keep], length_s[keep], steps * length_s[keep]))


def _moving_seconds(run: RunSeries) -> FloatArray:
    """Return (n, 3) as `_spans`, of the seconds with a cadence or a speed."""
    cadence = run.seconds.floats("cadence_spm")
    has_cadence = is_known(cadence)
    keep = has_cadence | is_known(run.seconds.floats("speed_mps"))
    step_s = np.divide(60.0, cadence, out=np.full(len(cadence), np.nan), where=has_cadence)
    return np.column_stack((run.seconds.floats("t_s")[keep], np.ones(int(keep.sum())), step_s[keep]))


def _n_stretches(running: Running) -> int:
    """Return how many stretches the stops and the long holes leave."""
    gaps = running.start_s[1:] - (running.start_s + running.length_s)[:-1]
    return 1 + int((gaps > _MISSED_S).sum())


def _is_left_out(start_s: float, end_s: float, window: Window) -> bool:
    """Whether a pause or what was left out lies in the hole."""
    return any(begin < end_s and end > start_s for begin, end in window.without)


def _unseen_by_all(run: RunSeries, reports: Sequence[StreamReport]) -> list[tuple[float, float]]:
    """Return what no sensor saw that gives strides or steps: before its first one, and what it did not send.

    A strap or a pod shows no landing: it saw nothing that counts. Where one foot's sensor sends, a stop is seen.
    """
    first_s: dict[WearSite, float] = {}
    for items in (run.strides, run.steps):
        at_s = items.floats("initial_contact_s")
        for site in WearSite:
            is_there = items.is_one_of("wear_site", (site,))
            if is_there.any():
                first_s[site] = float(at_s[is_there].min())
    begun_s = min(first_s.values())
    edges: list[tuple[float, int]] = []
    for site, from_s in first_s.items():
        gaps = [(gap.start_s, gap.end_s) for report in reports if report.wear_site is site for gap in report.gaps]
        for start, end in merged([(begun_s, from_s), *gaps]).tolist():
            edges += [(start, 1), (end, -1)]
    unseen, n_away = [], 0
    for (start, change), (end, _) in pairwise(sorted(edges)):
        n_away += change
        if n_away == len(first_s) and end > start:
            unseen.append((start, end))
    return unseen


def _blind(seconds: Columns[LiveMetrics]) -> list[tuple[float, float]]:
    """Return the seconds in which a pod or a watch was silent; without motion it reports a state."""
    is_blind = seconds.is_one_of("state", (None,))
    is_blind &= np.isnan(seconds.floats("speed_mps")) & np.isnan(seconds.floats("cadence_spm"))
    return [(t_s, t_s + 1.0) for t_s in seconds.floats("t_s")[is_blind].tolist()]


def _cut(gaps: list[tuple[float, float]], pauses: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what of the gaps lies in no pause."""
    for begin, over in pauses:
        parts = [part for start, end in gaps for part in ((start, min(end, begin)), (max(start, over), end))]
        gaps = [(start, end) for start, end in parts if end > start]
    return gaps


def _lost_within(holes: FloatArray, gaps: FloatArray) -> FloatArray:
    """Return (n,) seconds of each hole that lie in a gap."""
    if not len(gaps) or not len(holes):
        return np.zeros(len(holes))
    lost = np.concatenate(([0.0], np.cumsum(gaps[:, 1] - gaps[:, 0])))
    until = np.column_stack((lost[:-1], lost[1:])).reshape(-1)
    edges = gaps.reshape(-1)
    return np.asarray(np.interp(holes[:, 1], edges, until) - np.interp(holes[:, 0], edges, until))
