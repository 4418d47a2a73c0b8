"""Compare two runs side by side, at matched speed."""

import math
from collections.abc import Sequence
from typing import Final

from coach.model.history import Comparison, Difference
from coach.model.metrics_table import Use, names_for
from coach.model.runs import RunEntry, RunSummary
from coach.summary.trends import marks_of, trend_of

COMPARED: Final = names_for(Use.COMPARED)
_CLEAR: Final = 2.6  # standard errors: many measures are compared at once


def compare(first: RunEntry, second: RunEntry, others: Sequence[RunEntry] = ()) -> Comparison:
    """Compare two runs at the mean of their speeds; other runs help to know how a measure goes with speed."""
    speeds = [e.summary.speed_mps for e in (first, second) if e.summary and e.summary.speed_mps]
    speed = sum(speeds) / 2 if len(speeds) == 2 else None
    ids = {first.run.run_id, second.run.run_id}
    pool = [first, second, *(e for e in others if e.run.run_id not in ids)]
    found = (_difference(metric, first, second, pool, speed) for metric in COMPARED)
    return Comparison(first.run.run_id, second.run.run_id, speed, tuple(d for d in found if d is not None))


def _difference(
    metric: str, first: RunEntry, second: RunEntry, pool: Sequence[RunEntry], speed: float | None
) -> Difference | None:
    points = {p.run_id: p for p in trend_of(metric, marks_of(metric, pool), speed).points} if speed is not None else {}
    a, b = points.get(first.run.run_id), points.get(second.run.run_id)
    if a and b:
        se = math.hypot(a.se, b.se)
        change = b.value - a.value
        return Difference(metric, a.value, b.value, change, se, abs(change) > _CLEAR * se, True)
    return _plain_difference(metric, first.summary, second.summary)


def _plain_difference(metric: str, first: RunSummary | None, second: RunSummary | None) -> Difference | None:
    a, b = getattr(first, metric, None), getattr(second, metric, None)
    if first is None or second is None or a is None or b is None:
        return None
    errors = first.uncertainty.get(metric), second.uncertainty.get(metric)
    se = None if errors[0] is None or errors[1] is None else math.hypot(errors[0], errors[1])
    is_clear = se is not None and abs(b - a) > _CLEAR * se
    return Difference(metric, a, b, b - a, se, is_clear, False)
