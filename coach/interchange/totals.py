"""Add up laps and the whole of an activity so that the parts sum to the whole.

Distance at a lap's edge is interpolated between records, so that nothing between two laps is lost. Elapsed time holds
timer and pauses; the last lap ends where the activity does when both are moments of the same stop.
"""

from typing import Final

import numpy as np

from coach.interchange.activity import Activity, Record
from coach.model.frozen import dataclass
from coach.model.human_limits import FASTEST_MPS
from coach.model.runs import Lap
from coach.model.samples import FloatArray

# The stop is a tap, the last lap ends with the last stride or record: not more than this apart. Chosen by judgement.
_SAME_STOP_S: Final = 3.0
_HOLD_S: Final = 10.0  # a cadence holds for this long at most: smart recording writes more often than that


@dataclass(frozen=True, slots=True)
class Totals:
    """One lap, or the whole. records: those that lie in it. n_strides: of one leg; None where no cadence is known."""

    lap: Lap
    start_s: float
    end_s: float
    timer_s: float
    distance_m: float | None
    n_strides: float | None
    records: tuple[Record, ...]


def elapsed_s(activity: Activity) -> float:
    """Return seconds from start to stop, never less than timer and pauses together."""
    paused = sum(b - a for a, b in activity.pauses)
    return max(activity.end_s, activity.duration_s + paused)


def laps_of(activity: Activity) -> tuple[Totals, ...]:
    """Return totals of each lap, in order; one lap where the activity has none."""
    end_s = elapsed_s(activity)
    laps = activity.laps or (Lap(1, 0.0, end_s),)
    spans = [(lap.start_s, end_s if lap.end_s is None else lap.end_s) for lap in laps]
    if end_s - spans[-1][1] <= _SAME_STOP_S:
        spans[-1] = (spans[-1][0], end_s)
    far, strides = _Distance(activity, end_s), strides_by_record(activity)
    n_all = len(laps)
    # Watches begin a lap at a whole second: distance runs on to there.
    nexts = [start for start, _ in spans[1:]]
    ends = [b if 0 <= b - end <= _SAME_STOP_S else end for (_, end), b in zip(spans, nexts, strict=False)]
    return tuple(
        _totals(activity, lap, span, far.between(span[0], far_end_s), strides, is_last=i == n_all - 1)
        for i, (lap, span, far_end_s) in enumerate(zip(laps, spans, [*ends, spans[-1][1]], strict=True))
    )


def whole_of(activity: Activity) -> Totals:
    """Return totals of the whole activity."""
    end_s = elapsed_s(activity)
    far_m, strides = _Distance(activity, end_s).between(0.0, end_s), strides_by_record(activity)
    distance_m = far_m if activity.distance_m is None else activity.distance_m
    n_strides = None if strides is None else float(strides.sum())
    return Totals(Lap(1, 0.0, end_s), 0.0, end_s, activity.duration_s, distance_m, n_strides, activity.records)


def _totals(
    activity: Activity,
    lap: Lap,
    span: tuple[float, float],
    distance_m: float | None,
    strides: FloatArray | None,
    is_last: bool,
) -> Totals:
    start_s, end_s = span
    paused = sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in activity.pauses)
    places = [i for i, r in enumerate(activity.records) if start_s <= r.t_s and (r.t_s < end_s or is_last)]
    return Totals(
        lap,
        start_s,
        end_s,
        max(0.0, end_s - start_s - paused),
        distance_m,
        None if strides is None else float(strides[places].sum()),
        tuple(activity.records[i] for i in places),
    )


def strides_by_record(activity: Activity) -> FloatArray | None:
    """Return (n,) strides of one leg from each record to the next; None where no cadence is known."""
    records = activity.records
    if not any("cadence_spm" in record.values for record in records):
        return None
    t_s = np.array([record.t_s for record in records])
    cadence = np.array([record.values.get("cadence_spm", 0.0) for record in records])
    held_s = np.clip(np.diff(t_s, append=t_s[-1] + 1.0), 0.0, _HOLD_S)
    for start_s, end_s in activity.pauses:
        held_s[(t_s >= start_s) & (t_s < end_s)] = 0.0
    return np.asarray(cadence * held_s / 120, dtype=np.float64)


class _Distance:
    """Distance at any moment; the whole is the activity's own distance."""

    def __init__(self, activity: Activity, end_s: float) -> None:
        known = [(r.t_s, r.values["distance_m"]) for r in activity.records if "distance_m" in r.values]
        self._t_s: FloatArray = np.array([t for t, _ in known])
        self._far_m: FloatArray = np.maximum.accumulate([far for _, far in known]) if known else np.array([])
        if not known:
            return
        first_t, first_m = known[0]
        if first_t > 0 and 0 < first_m <= FASTEST_MPS * first_t:
            self._t_s, self._far_m = np.insert(self._t_s, 0, 0.0), np.insert(self._far_m, 0, 0.0)
        total = activity.distance_m
        if total is not None:
            self._far_m = np.minimum(self._far_m, total)
            if end_s > self._t_s[-1]:
                self._t_s, self._far_m = np.append(self._t_s, end_s), np.append(self._far_m, total)
            else:
                self._far_m[-1] = total

    def between(self, start_s: float, end_s: float) -> float | None:
        if not len(self._t_s):
            return None
        first = 0.0 if start_s <= 0 else float(np.interp(start_s, self._t_s, self._far_m))
        return float(np.interp(end_s, self._t_s, self._far_m)) - first
