"""Make the splits of a run: one row per kilometre, mile or lap, with the means of each measure."""

from collections.abc import Sequence
from typing import Final

from coach.model.arrays import np
from coach.model.parts import Split
from coach.model.runs import Lap
from coach.summary.distance_curve import DistanceCurve
from coach.summary.robust import mean_and_error
from coach.summary.series import RunSeries, strikes_of

KILOMETRE_M: Final = 1000.0
_LEAST_M: Final = 50.0  # a last split shorter than this is not worth a row
_PAUSE_S: Final = 30.0  # a watch that records nothing for so long was stopped; chosen by eye, 2026-11-26


def splits_by_distance(run: RunSeries, curve: DistanceCurve | None, every_m: float = KILOMETRE_M) -> tuple[Split, ...]:
    """Return one split for each `every_m`; none where no sensor measures the distance."""
    if curve is None or curve.total_m <= 0:
        return ()
    t_s, far = curve.t_s, curve.far_m
    marks = np.arange(0.0, far[-1], every_m)
    if len(marks) > 1 and far[-1] - marks[-1] < _LEAST_M:
        marks = marks[:-1]
    edges = [float(np.interp(mark, far + np.arange(len(far)) * 1e-9, t_s)) for mark in marks]
    edges[0] = float(t_s[0])
    ends = [*edges[1:], float(t_s[-1]) + 1e-6]
    cut = _Cut(run, curve)
    return tuple(cut.split(i, *span) for i, span in enumerate(zip(edges, ends, strict=True), start=1))


def splits_by_lap(run: RunSeries, curve: DistanceCurve | None, laps: Sequence[Lap], end_s: float) -> tuple[Split, ...]:
    """Return one split for each lap, warm-up and cool-down too."""
    cut = _Cut(run, curve)
    return tuple(
        cut.split(lap.number, lap.start_s, end_s if lap.end_s is None else lap.end_s, lap.kind) for lap in laps
    )


class _Cut:
    """A run ready to be cut many times."""

    def __init__(self, run: RunSeries, curve: DistanceCurve | None) -> None:
        self._run = run
        self._curve = curve
        self._contacts = run.strides.floats("initial_contact_s")

    def split(self, number: int, start_s: float, end_s: float, kind: str = "split") -> Split:
        values = {}
        for name, series in self._run.measures.items():
            first, last = np.searchsorted(series.t_s, (start_s, end_s))
            if last > first:
                values[name] = mean_and_error(series.value[first:last])[0]
        first, last = np.searchsorted(self._contacts, (start_s, end_s))
        strikes = strikes_of(self._run.strides[first:last])
        distance = None if self._curve is None else self._curve.metres(start_s, end_s)
        known_s = self._known_s(start_s, end_s)
        if distance and known_s and not (len(self._run.strides) or len(self._run.steps)):
            values["speed_mps"] = distance / known_s  # a watch's distance is surer than the speeds it shows
        return Split(number, start_s, end_s, distance, values, strikes.shares if strikes else None, kind)

    def _known_s(self, start_s: float, end_s: float) -> float:
        """Return seconds between in which the distance is known, without pauses and stops."""
        if self._curve is None:
            return 0.0
        t_s = self._curve.t_s
        inside = t_s[slice(*np.searchsorted(t_s, (start_s, end_s)))]
        edges_s = np.concatenate(([start_s], inside, [end_s]))
        is_known = np.diff(edges_s) < _PAUSE_S
        return float(np.diff(self._curve.unpaused_s(edges_s))[is_known].sum())
