"""Where a run takes place, as its sensors show it: what the runner chose counts only where they say nothing.

A treadmill that sends its speed while the runner runs settles it; so do positions from which the speed is worked out,
unless a treadmill sends too (a phone on it still sees satellites through a window). A sensor that is paired and silent
says nothing: it may lie at home.
"""

from typing import Final

from coach.model.metrics import LiveMetrics
from coach.model.runs import RunPlace
from coach.model.strides import GaitState

SEEN_S: Final = 60.0  # of running with such a speed; chosen by judgement: long enough for no stray packet or fix
_MAX_STEP_S: Final = 2.0  # a longer silence is a gap, as in `steady`
_SOURCES: Final = {"treadmill": RunPlace.TREADMILL, "position": RunPlace.OUTDOOR}  # the surer first


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
