"""Follow the metres of a run over its time.

The distance that a second states lags behind: a stride is known after it has ended, a pod or treadmill notifies once a
second. So it is moved back by that much, or a pause that begins where the runner stops takes the metres before it
along. Metres moved in a pause are none of the run; those of a second that a pause cuts are shared by time.

Of feet, metres are those of strides: the first step from standing is none, so its time and its metres are in neither
moving time nor distance (some 0.6 s, less than 2 m a start, of virtual runners who begin at full speed).
"""

from collections.abc import Sequence
from typing import Final

from coach.model.arrays import np
from coach.model.frozen import dataclass
from coach.model.human_limits import FASTEST_MPS
from coach.model.samples import FloatArray
from coach.summary.series import RunSeries
from coach.summary.window import merged

# By how much the metres of a second are older than it. A foot: 0.33 to 0.39 s on both feet, 0.48 to 0.59 s on one, of
# virtual runners at 150 to 190 steps a minute. The others notify once a second: half of that. A file names no source.
_FOOT_LAG_S: Final = 0.4
_WITH_FOOT: Final = tuple(
    " and ".join(("foot", *others)) for others in ((), ("pod",), ("position",), ("pod", "position"))
)
_OTHER_LAG_S: Final = 0.5
_SILENT_S: Final = 5.0  # for so long no speed is extended: what a longer step holds was run outside of pauses
_TAIL_S: Final = 1.5  # so long at most a run goes on behind its last second: a second and half a stride


@dataclass(frozen=True, slots=True, eq=False)
class DistanceCurve:
    """Metres run against time. t_s, far_m: (n,) rising, flat in pauses. pauses: (m, 2), rising and apart."""

    t_s: FloatArray
    far_m: FloatArray
    pauses: FloatArray

    @property
    def total_m(self) -> float:
        """Return the metres of all of it."""
        return float(self.far_m[-1])

    def metres(self, start_s: float, end_s: float) -> float:
        """Return the metres run between two times."""
        first_m, last_m = np.interp((start_s, end_s), self.t_s, self.far_m)
        return float(last_m - first_m)

    def unpaused_s(self, t_s: FloatArray) -> FloatArray:
        """Return (n,) each time without the pauses before it [s]."""
        return _unpaused(t_s, self.pauses)


def distance_curve(run: RunSeries, pauses: Sequence[tuple[float, float]] = ()) -> DistanceCurve | None:
    """Return the metres of a run over its time; None where no sensor measures them.

    The distance that the seconds state, from the first to the last moment of running; without it, speed over time
    (never extended over more than 5 s).
    """
    found = _stated(run) or _by_speed(run)
    return None if found is None else _outside(*found, merged(pauses))


def _stated(run: RunSeries) -> tuple[FloatArray, FloatArray] | None:
    """Return when which distance was reached, by the seconds of running and those between and around them."""
    if np.isfinite(run.seconds.floats("distance_m")).sum() < 2:
        return None
    seconds = run.all_seconds
    at_s, far_m = seconds.floats("t_s"), seconds.floats("distance_m")
    is_foot = seconds.is_one_of("speed_source", _WITH_FOOT)
    is_named = ~seconds.is_one_of("speed_source", (None,))
    reached_s = at_s - np.where(is_foot, _FOOT_LAG_S, np.where(is_named, _OTHER_LAG_S, 0.0))
    is_known = np.isfinite(far_m)
    at_s, far_m, reached_s = at_s[is_known], far_m[is_known], reached_s[is_known]
    if 0.0 < far_m[0] <= FASTEST_MPS * at_s[0]:  # else it is a part of a longer run
        at_s, far_m, reached_s = (np.insert(values, 0, 0.0) for values in (at_s, far_m, reached_s))
    steps_m = np.maximum(0.0, np.diff(far_m, prepend=far_m[0]))
    steps_m[steps_m > FASTEST_MPS * np.maximum(np.diff(at_s, prepend=at_s[0]), 1.0)] = 0.0  # a lost fix
    return _while_running(run, np.maximum.accumulate(reached_s), np.cumsum(steps_m))


def _while_running(run: RunSeries, t_s: FloatArray, far_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the part from the first to the last moment of running."""
    seconds_s, last_mps = run.seconds.floats("t_s"), run.seconds.floats("speed_mps")[-1]
    begins_s, ends_s = seconds_s[0] - 1.0, seconds_s[-1]
    for contacts_s, length_s in (
        (run.strides.floats("initial_contact_s"), run.strides.floats("stride_time_s")),
        (run.steps.floats("initial_contact_s"), run.steps.floats("step_time_s")),
    ):
        if len(contacts_s):
            begins_s = min(begins_s, contacts_s[0])
            ends_s = max(ends_s, contacts_s[-1] + np.nan_to_num(length_s[-1]))
    goes_on_s = min(ends_s, seconds_s[-1] + _TAIL_S)
    if np.isfinite(last_mps) and seconds_s[-1] - 1.0 < t_s[-1] < goes_on_s:
        t_s, far_m = np.append(t_s, goes_on_s), np.append(far_m, far_m[-1] + last_mps * (goes_on_s - t_s[-1]))
    edges_s = np.clip((begins_s, ends_s), t_s[0], t_s[-1])
    inside = (t_s > edges_s[0]) & (t_s < edges_s[1])
    edges_m = np.interp(edges_s, t_s, far_m)
    whole_s = np.concatenate((edges_s[:1], t_s[inside], edges_s[1:]))
    return whole_s, np.concatenate((edges_m[:1], far_m[inside], edges_m[1:])) - edges_m[0]


def _by_speed(run: RunSeries) -> tuple[FloatArray, FloatArray] | None:
    speed = run.measures.get("speed_mps")
    if speed is None or len(speed.t_s) < 2:
        return None
    order = np.argsort(speed.t_s, kind="stable")
    t_s, v = speed.t_s[order], speed.value[order]
    gap = np.diff(t_s)
    return t_s, np.concatenate(([0.0], np.cumsum(np.where(gap < _SILENT_S, gap * (v[1:] + v[:-1]) / 2, 0.0))))


def _outside(t_s: FloatArray, far_m: FloatArray, pauses: FloatArray) -> DistanceCurve:
    """Return the curve without what was moved in pauses: each step's metres are spread evenly over its time.

    Over the time outside of pauses where the step is long: a watch that was stopped keeps no seconds.
    """
    if not len(pauses):
        return DistanceCurve(t_s, far_m, pauses)
    edges = pauses.reshape(-1)
    fine_s = np.union1d(t_s, edges[(edges > t_s[0]) & (edges < t_s[-1])])
    length_s, run_s = np.diff(t_s), np.diff(_unpaused(t_s, pauses))
    spread_s = np.where((length_s > _SILENT_S) & (run_s > 0.0), run_s, length_s)
    rate_mps = np.divide(np.diff(far_m), spread_s, out=np.zeros(len(spread_s)), where=spread_s > 0.0)
    step = np.clip(np.searchsorted(t_s, fine_s[:-1], side="right") - 1, 0, len(rate_mps) - 1)
    run_m = rate_mps[step] * np.diff(_unpaused(fine_s, pauses))
    return DistanceCurve(fine_s, np.concatenate(([0.0], np.cumsum(run_m))), pauses)


def _unpaused(t_s: FloatArray, pauses: FloatArray) -> FloatArray:
    """Return (n,) each time without the pauses before it."""
    if not len(pauses):
        return t_s
    lengths = pauses[:, 1] - pauses[:, 0]
    before = np.concatenate(([0.0], np.cumsum(lengths)))
    at_edges = np.column_stack((before[:-1], before[1:])).reshape(-1)
    return np.asarray(t_s - np.interp(t_s, pauses.reshape(-1), at_edges))
