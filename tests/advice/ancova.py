"""Whether the value before a cue makes its response surer: blocks of `responses`, judged with it as a covariate, too.

Analysis of covariance by least squares: change = a + effect x spoken + slope x value before, over the spoken moments of
a run and the withheld ones of its block. It takes away what regression to the mean gives to a moment that began further
out; it costs a degree of freedom, and where spoken moments began elsewhere than silent ones (the steps of a runner who
answers are longer at the next cue, too) the two are hard to distinguish.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from coach.coaching.response import MIN_COMPARED, NEIGHBOURS, MeasuredChange
from coach.model.intervals import t_quantile
from tests.advice.responses import EFFECTS_PCT, block_of, true_effect_pct

HEAD = "method      widened  deaf: 95 % holds  helped  answering: bias  95 % holds  helped  half width"
WIDENED = (1.0, NEIGHBOURS)  # not at all, and as the coach does
_POOL = 60  # silent moments, as `coach.coaching.progress` keeps
_RULE = "shortened_stride"


@dataclass(frozen=True)
class Estimate:
    """An effect and half of its 95 % interval, not widened."""

    effect: float
    half: float


def estimates(spoken: list[MeasuredChange], silent: list[MeasuredChange]) -> tuple[Estimate, Estimate] | None:
    """By difference and by covariance; None where too few moments were seen."""
    n = len(spoken) + len(silent)
    if not spoken or len(silent) < MIN_COMPARED or n < 5:
        return None
    moments = [*spoken, *silent]
    change = np.array([one.change for one in moments], dtype=float)
    is_spoken = np.array([1.0] * len(spoken) + [0.0] * len(silent))
    before = np.array([one.before for one in moments], dtype=float)
    return (
        _fitted(change, np.column_stack([np.ones(n), is_spoken])),
        _fitted(change, np.column_stack([np.ones(n), is_spoken, before])),
    )


def _fitted(y: np.ndarray, x: np.ndarray) -> Estimate:
    inverse = np.linalg.inv(x.T @ x)
    found = inverse @ x.T @ y
    freedom = len(y) - x.shape[1]
    rest = y - x @ found
    return Estimate(float(found[1]), t_quantile(freedom) * float(np.sqrt(rest @ rest / freedom * inverse[1, 1])))


def one_block(effect_pct: float, number: int) -> list[tuple[Estimate, Estimate]]:
    """Both estimates of each run of a block that has enough silent moments."""
    silent: list[MeasuredChange] = []
    found = []
    for engine, outcome in block_of(effect_pct, number):
        seen = [c for c in engine.changes() if c.rule_id == _RULE and c.change is not None]
        silent = [*silent, *(c for c in seen if c.is_withheld)][-_POOL:]
        is_judged = any(r.rule_id == _RULE and r.low is not None for r in outcome.focus_responses)
        both = estimates([c for c in seen if not c.is_withheld], silent) if is_judged else None
        found += [both] if both is not None else []
    return found


def lines(n: int, n_processes: int = 1) -> Iterator[str]:
    """What the intervals of both methods hold, and how often they conclude that cues helped."""
    yield f"{n} blocks each of a deaf runner and of one who answers by {true_effect_pct(EFFECTS_PCT[-1]):.2f} %"
    yield HEAD
    with ProcessPoolExecutor(n_processes) as pool:
        deaf, answering = (
            [both for block in pool.map(partial(one_block, effect), range(n), chunksize=8) for both in block]
            for effect in (0.0, EFFECTS_PCT[-1])
        )
    truth = true_effect_pct(EFFECTS_PCT[-1])
    for which, name in enumerate(("difference", "covariance")):
        for widened in WIDENED:
            no = [(both[which].effect, widened * both[which].half) for both in deaf]
            yes = [(both[which].effect - truth, widened * both[which].half) for both in answering]
            cells = (
                f"{_share(abs(e) <= h for e, h in no):16.1f} % {_share(e > h for e, h in no):5.1f} %",
                f"{np.mean([off for off, _ in yes]):+15.2f} {_share(abs(off) <= h for off, h in yes):10.1f} %",
                f"{_share(off + truth > h for off, h in yes):5.1f} % {np.mean([h for _, h in yes]):11.2f}",
            )
            yield f"{name:11s} {widened:7.2f} {' '.join(cells)}"


def _share(are_so: Iterator[bool]) -> float:
    return 100.0 * float(np.mean(list(are_so)))
