"""Did it help: the metric 30 s before a cue against 10-40 s after, less what withheld moments do by themselves.

A cue is due when the metric is at its worst, so it would come back a little without any cue (regression to the mean).
Withheld moments were drawn by the same chance as spoken ones, so their mean change is what to expect without a cue.
Intervals: Student's t, for one cue against many withheld and for all cues of a run against them.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

from coach.coaching.outcome import JUDGED_SHARE
from coach.model.cues import CueResponse, CueRule, FocusResponse
from coach.model.frozen import dataclass
from coach.model.intervals import t_quantile

BEFORE_S: Final = 30.0  # some forty strides; by judgement
AFTER_FROM_S: Final = 10.0  # to hear the cue and to change; by judgement
AFTER_TO_S: Final = 40.0  # as long as before
MIN_SEEN_S: Final = 15.0  # half of what most averages span: fewer seconds are a few strides; by judgement
_JUDGED_S: Final = JUDGED_SHARE * BEFORE_S  # of either span, for a response: as for a verdict of learning
MIN_COMPARED: Final = 3  # fewer withheld moments say nothing; chosen by eye, 2026-11-20
# Moments a minute apart wander together, so that they hold less information than as many independent ones. With 1.05
# the interval held the truth in 94.5 % of 6,143 simulated runs of deaf runners, and 2.9 % were said to be helped; with
# 1.09, judged only where the number is known in 80 % of both spans, 95.1 % and 2.6 % of 6,120; with this 95.3 % and
# 2.5 %, and a response of 2 % is still found in 81 % (`docs/advice.md`).
NEIGHBOURS: Final = 1.10
_KEPT_S: Final = 45.0  # AFTER_TO_S and a little
_MAX_STEP_S: Final = 3.0  # a number lives for so long on the page, too
_MOST_OLD: Final = 256  # rows that may wait to be deleted together: deleting each alone would move all others
_ROUNDING_S: Final = 1e-9  # sums of ticks are off by some 1e-12 s


@dataclass(frozen=True, slots=True)
class MeasuredChange:
    """One due moment, measured. after, change: None where the run ended or the signal was lost."""

    cue_id: str
    rule_id: str
    is_withheld: bool
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """After minus before."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(slots=True)
class _Pending:
    cue_id: str
    t_s: float
    is_withheld: bool
    before: float | None


class RecentValues:
    """The last 45 s of one value, for means by time.

    Time seen and the value's integral over it (trapezoids) are summed as they come, so that a mean is two differences.
    """

    def __init__(self) -> None:
        self._t_s: list[float] = []
        self._values: list[float] = []
        self._seen_s: list[float] = []  # since the first: seconds seen, and the integral of the value over them
        self._integral: list[float] = []
        self._start = 0  # rows before it are too old

    def take(self, t_s: float, value: float | None) -> None:
        """See one value (None: unknown now)."""
        if value is not None and math.isfinite(value):
            self._append(t_s, value)
        while self._start < len(self._t_s) and self._t_s[self._start] < t_s - _KEPT_S:
            self._start += 1
        if self._start > _MOST_OLD:
            for rows in (self._t_s, self._values, self._seen_s, self._integral):
                del rows[: self._start]
            self._start = 0

    def mean(self, start_s: float, end_s: float, min_seen_s: float = MIN_SEEN_S) -> float | None:
        """Return the mean over a stretch by time; None where less than `min_seen_s` of it was seen."""
        first = bisect_left(self._t_s, start_s, self._start)
        last = bisect_right(self._t_s, end_s, self._start) - 1
        if last <= first:
            return None
        seen_s = self._seen_s[last] - self._seen_s[first]
        is_enough = seen_s > 0.0 and seen_s >= min_seen_s - _ROUNDING_S
        return (self._integral[last] - self._integral[first]) / seen_s if is_enough else None

    def _append(self, t_s: float, value: float) -> None:
        seen_s = integral = 0.0
        if self._t_s:
            seen_s, integral, step_s = self._seen_s[-1], self._integral[-1], t_s - self._t_s[-1]
            if 0.0 < step_s <= _MAX_STEP_S:
                seen_s, integral = seen_s + step_s, integral + step_s * 0.5 * (value + self._values[-1])
        self._t_s.append(t_s)
        self._values.append(value)
        self._seen_s.append(seen_s)
        self._integral.append(integral)


class ResponseTracker:
    """The recent past of one rule's metric, and the due moments waiting for what comes after."""

    def __init__(self, rule: CueRule) -> None:
        self.rule = rule
        self._past = RecentValues()
        self._pending: list[_Pending] = []

    def take(self, t_s: float, value: float | None) -> list[MeasuredChange]:
        """See one value; give the moments whose time after is over."""
        done = [p for p in self._pending if t_s > p.t_s + AFTER_TO_S]
        self._pending = [p for p in self._pending if t_s <= p.t_s + AFTER_TO_S]
        changes = [self._change(p) for p in done]
        self._past.take(t_s, value)
        return changes

    def mark(self, cue_id: str, t_s: float, is_withheld: bool) -> None:
        """Note that a cue was spoken or withheld now."""
        self._pending.append(_Pending(cue_id, t_s, is_withheld, self._past.mean(t_s - BEFORE_S, t_s, _JUDGED_S)))

    def waiting(self) -> list[MeasuredChange]:
        """Return the moments still waiting, as far as they were seen until now."""
        return [self._change(p) for p in self._pending]

    def _change(self, p: _Pending) -> MeasuredChange:
        after = self._past.mean(p.t_s + AFTER_FROM_S, p.t_s + AFTER_TO_S, _JUDGED_S)
        return MeasuredChange(p.cue_id, self.rule.id, p.is_withheld, p.before, after)


def cue_responses(
    changes: Sequence[MeasuredChange], rules: Mapping[str, CueRule], pool: Mapping[str, Sequence[float]]
) -> list[CueResponse]:
    """Return one response per spoken cue. pool: changes of withheld moments of earlier runs, by rule."""
    return [
        _one(c, rules[c.rule_id].metric or "", withheld_changes(changes, c.rule_id, pool))
        for c in changes
        if not c.is_withheld
    ]


def withheld_changes(
    changes: Sequence[MeasuredChange], rule_id: str, pool: Mapping[str, Sequence[float]]
) -> list[float]:
    """Return what the metric did without a cue: earlier runs and this one."""
    here = [c.change for c in changes if c.is_withheld and c.rule_id == rule_id and c.change is not None]
    return [*pool.get(rule_id, ()), *here]


def focus_response(rule: CueRule, changes: Sequence[MeasuredChange], withheld: Sequence[float]) -> FocusResponse:
    """Return the response to all spoken cues of one rule together."""
    spoken = [c.change for c in changes if c.rule_id == rule.id and not c.is_withheld and c.change is not None]
    change = _mean(spoken) if spoken else None
    expected = _mean(withheld) if len(withheld) >= MIN_COMPARED else None
    effect = low = high = None
    if change is not None and expected is not None:
        effect = change - expected
        half = _half_width(spoken, withheld)
        low, high = effect - half, effect + half
    return FocusResponse(
        rule.id, rule.focus, rule.metric or "", rule.direction, len(spoken), len(withheld), change, expected, effect,
        low, high, _has_answered(rule, low, high),
    )  # fmt: skip


def helped(rule: CueRule, change: MeasuredChange, withheld: Sequence[float]) -> bool | None:
    """Whether this one cue was answered, or the runner was on target after it; None where it could not be seen."""
    if change.change is None or change.after is None:
        return None
    if not rule.is_out(change.after):
        return True
    expected = _mean(withheld) if len(withheld) >= MIN_COMPARED else 0.0
    return rule.direction * (change.change - expected) >= rule.helps_by


def _has_answered(rule: CueRule, low: float | None, high: float | None) -> bool | None:
    """Whether the metric went where it was wished: by the interval, never by the estimate alone.

    None where it says neither: without withheld moments nothing is known, and an interval that holds both no response
    and a useful one is no verdict.
    """
    if low is None or high is None:
        return None
    least, most = sorted((rule.direction * low, rule.direction * high))
    if least > 0.0:
        return True
    return False if most < rule.helps_by else None


def _one(c: MeasuredChange, metric: str, withheld: Sequence[float]) -> CueResponse:
    n = len(withheld)
    expected = _mean(withheld) if n >= MIN_COMPARED else None
    effect = low = high = None
    if c.change is not None and expected is not None:
        effect = c.change - expected
        half = t_quantile(n - 1) * math.sqrt(_variance(withheld) * (1.0 + 1.0 / n))
        low, high = effect - half, effect + half
    return CueResponse(c.cue_id, c.rule_id, metric, c.before, c.after, c.change, expected, effect, low, high, n)


def _half_width(spoken: Sequence[float], withheld: Sequence[float]) -> float:
    """Return the half width of the 95 % interval of a difference of means, Student's with one variance for both.

    Both kinds of moment wander alike, and two or three spoken cues cannot estimate their own variance: with Welch's the
    interval held the truth in 87 to 99 % of simulated runs and found a response of 2 % in 69 % of them, with this in
    93 to 98 % and 84 % (`python -m tests.advice responses`).
    """
    freedom = len(spoken) + len(withheld) - 2
    total = sum((v - _mean(spoken)) ** 2 for v in spoken) + sum((v - _mean(withheld)) ** 2 for v in withheld)
    half = t_quantile(freedom) * math.sqrt(total / freedom * (1 / len(spoken) + 1 / len(withheld)))
    return NEIGHBOURS * half


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    mean = _mean(values)
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1)
