"""Find what a run adds to the runner's own: its steady part, as baseline points, and the place where it was run.

A treadmill that sends its speed while the runner runs settles the place; so do positions from which the speed is worked
out, unless a treadmill sends too (a phone on it still sees satellites through a window). What the runner chose counts
only where the sensors say nothing: one that is paired and silent may lie at home.
"""

from collections import defaultdict
from datetime import datetime
from typing import Final

from coach.coaching.baseline import FULL_STEADY_S, BaselinePoint, BaselineRun
from coach.coaching.measures import KINDS
from coach.model.arrays import np
from coach.model.metrics import LiveMetrics
from coach.model.runs import RunPlace
from coach.model.strides import GaitState

_WINDOW_S: Final = 20.0  # some 27 strides, over which scatter averages out; by judgement
_FULL_WINDOW_S: Final = 15.0  # three quarters of it must be seen; by judgement
_MAX_STEP_S: Final = 2.0  # a longer silence between two samples is a gap, not steady running
_SPEED_BIN_MPS: Final = 0.1  # 3 % of a usual speed; by judgement
_GRADE_BIN_PCT: Final = 2.0  # finer than a runner notices; by judgement
SEEN_S: Final = 60.0  # of running with such a speed; chosen by judgement: long enough for no stray packet or fix
_SOURCES: Final = {"treadmill": RunPlace.TREADMILL, "position": RunPlace.OUTDOOR}  # the surer first
_MIN_SPEED_MPS: Final = 1.2  # slower is no run that says anything of running; by judgement


class SteadyPart:
    """Collects steady running in windows of 20 s; its first two minutes are left out as warming up."""

    WARM_UP_S: Final = 120.0

    def __init__(self) -> None:
        self.steady_s = 0.0
        self.running_s = 0.0
        self._warm_s = 0.0
        self._last_s: float | None = None
        self._window: list[LiveMetrics] = []
        self._window_s = 0.0
        self._windows: list[dict[str, float]] = []
        self._unsure: list[dict[str, float]] = []  # standard uncertainties, window by window

    def add(self, metrics: LiveMetrics) -> None:
        """Take one moment in rising time."""
        step = 0.0 if self._last_s is None else metrics.t_s - self._last_s
        self._last_s = metrics.t_s
        if not 0.0 < step <= _MAX_STEP_S or metrics.state is not GaitState.RUNNING:
            self._close()
            return
        self.running_s += step
        if not metrics.is_steady or (metrics.speed_mps or 0.0) < _MIN_SPEED_MPS:
            self._close()
        elif self._warm_s < self.WARM_UP_S:
            self._warm_s += step
        elif self.steady_s < FULL_STEADY_S:
            self._take(metrics, step)

    def run(self, run_id: str, at: datetime) -> BaselineRun:
        """What this run adds to the baseline; `steady_s` shows whether it is enough."""
        self._close()
        return BaselineRun(run_id, at, self.steady_s, self._points())

    def _take(self, metrics: LiveMetrics, step: float) -> None:
        self._window.append(metrics)
        self._window_s += step
        self.steady_s += step
        if self._window_s >= _WINDOW_S:
            self._close()

    def _close(self) -> None:
        if self._window_s >= _FULL_WINDOW_S:
            names = ("speed_mps", "grade_pct", *KINDS)
            medians = {n: [v for m in self._window if (v := getattr(m, n)) is not None] for n in names}
            window = {n: float(np.median(v)) for n, v in medians.items() if len(v) * 2 >= len(self._window)}
            self._windows.append(window)
            unsure = {n: [sd for m in self._window if (sd := m.uncertainty.get(n)) is not None] for n in KINDS}
            self._unsure.append({n: float(np.median(v)) for n, v in unsure.items() if v and n in window})
        self._window, self._window_s = [], 0.0

    def _points(self) -> tuple[BaselinePoint, ...]:
        bins: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for i, window in enumerate(self._windows):
            grade = window.get("grade_pct", 0.0)
            bins[round(window["speed_mps"] / _SPEED_BIN_MPS), round(grade / _GRADE_BIN_PCT)].append(i)
        return tuple(
            _point([self._windows[i] for i in places], [self._unsure[i] for i in places])
            for _, places in sorted(bins.items())
        )


def _point(windows: list[dict[str, float]], unsure: list[dict[str, float]]) -> BaselinePoint:
    """One bin: all values from the windows that have them, at the bin's median speed."""
    values: dict[str, float] = {}
    spread: dict[str, float] = {}
    for name in KINDS:
        seen = [w[name] for w in windows if name in w]
        if len(seen) * 2 >= len(windows):
            values[name] = float(np.median(seen))
            spread[name] = float(np.std(seen))
    speed = float(np.median([w["speed_mps"] for w in windows]))
    grade = float(np.median([w.get("grade_pct", 0.0) for w in windows]))
    known = {name: [u[name] for u in unsure if name in u] for name in values}
    uncertainty = {name: float(np.median(v)) for name, v in known.items() if v}
    return BaselinePoint(speed, grade, len(windows), values, spread, uncertainty)


class PlaceFinder:
    """Follows one run in rising time. place: None while its sensors show none."""

    def __init__(self) -> None:
        self._seen_s = dict.fromkeys(_SOURCES, 0.0)
        self._last_s: float | None = None

    def add(self, metrics: LiveMetrics) -> None:
        """Take one moment."""
        step_s = 0.0 if self._last_s is None else metrics.t_s - self._last_s
        self._last_s = metrics.t_s
        if metrics.state is not GaitState.RUNNING or not metrics.speed_source or not 0.0 < step_s <= _MAX_STEP_S:
            return
        for source in metrics.speed_source.split(" and "):
            if source in self._seen_s:
                self._seen_s[source] += step_s

    @property
    def place(self) -> RunPlace | None:
        """Where the run surely is."""
        return next((place for source, place in _SOURCES.items() if self._seen_s[source] >= SEEN_S), None)
