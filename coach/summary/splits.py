"""Splits: a run's series in, one row per kilometre, mile or lap out, with the means of each measure."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from coach.model.history import Split
from coach.model.runs import Lap
from coach.summary.distance import distance_curve, distance_within
from coach.summary.robust import mean_and_error
from coach.summary.series import RunSeries, strike_shares
from coach.summary.window import Window

KILOMETRE_M: Final = 1000.0
_LEAST_M: Final = 50.0  # a last split shorter than this is not worth a row


def splits_by_distance(run: RunSeries, every_m: float = KILOMETRE_M) -> tuple[Split, ...]:
    """One split for each `every_m`; none where no sensor tells the distance."""
    curve = distance_curve(run)
    if curve is None or curve[1][-1] <= 0:
        return ()
    t_s, far = curve
    marks = np.arange(0.0, far[-1], every_m)
    if len(marks) > 1 and far[-1] - marks[-1] < _LEAST_M:
        marks = marks[:-1]
    edges = [float(np.interp(mark, far + np.arange(len(far)) * 1e-9, t_s)) for mark in marks]
    edges[0] = float(t_s[0])
    ends = [*edges[1:], float(t_s[-1]) + 1e-6]
    spans = zip(edges, ends, strict=True)
    return tuple(_split(run, i, start, end) for i, (start, end) in enumerate(spans, start=1))


def splits_by_lap(run: RunSeries, laps: Sequence[Lap], end_s: float) -> tuple[Split, ...]:
    """One split for each lap, warm-up and cool-down too."""
    return tuple(
        _split(run, lap.number, lap.start_s, end_s if lap.end_s is None else lap.end_s, lap.kind) for lap in laps
    )


def _split(run: RunSeries, number: int, start_s: float, end_s: float, kind: str = "split") -> Split:
    window = Window(start_s, end_s)
    values = {}
    for name, series in run.measures.items():
        inside = series.value[window.holds(series.t_s)]
        if len(inside):
            values[name] = mean_and_error(inside)[0]
    shares, _ = strike_shares([s for s in run.strides if start_s <= s.initial_contact_s < end_s])
    distance = distance_within(distance_curve(run), window)
    return Split(number, start_s, end_s, distance, values, shares, kind)
