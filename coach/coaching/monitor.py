"""Follow a rule's metric against its band: smoothed value, how long surely out of band, how long on target.

A value is out when it lies beyond the edge by more than its standard uncertainty, as far as that does not cancel in the
comparison with the runner's own (`compare`); between that and the edge it is neither out nor on target.

How much of a run each focus could be judged in, and needed, is what verdicts about learning rest on. A gate that was
closed and a metric that was unknown are no evidence of anything: time in which nothing could be judged is counted apart
from time on target.
"""

import math
from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from typing import Final

from coach.coaching.outcome import SLICE_S, FocusTime
from coach.model.cues import CueRule, FocusTarget

_SMOOTH_S: Final = 6.0  # median over about eight strides; chosen by eye, 2026-11-20
_MAX_GAP_S: Final = 5.0  # longer without a value: the clock starts again
EVERY_S: Final = 5.0  # a look so often; chosen by judgement: dwell times are 20 s and more
EARLY_S: Final = 900.0  # every run of a block has so much: 15 minutes in the first, 30 in the last (Bowser 2018)


class RuleMonitor:
    """Follows one measured rule. Unknown values and gaps start the dwell again: no failure looks like data."""

    def __init__(self, rule: CueRule) -> None:
        self.rule = rule
        self.value: float | None = None
        self.sd = 0.0
        self._recent: deque[tuple[float, float]] = deque()
        self._out_since: float | None = None
        self._in_since: float | None = None
        self._last_s: float | None = None

    def take(self, t_s: float, value: float | None, sd: float = 0.0) -> None:
        """See one value (None or not finite: unknown now) with its standard uncertainty."""
        value = value if value is not None and math.isfinite(value) and math.isfinite(sd) else None
        if value is None or (self._last_s is not None and t_s - self._last_s > _MAX_GAP_S):
            self.rest()
        if value is None:
            return
        self._recent.append((t_s, value))
        while self._recent[0][0] <= t_s - _SMOOTH_S:
            self._recent.popleft()
        values = sorted(v for _, v in self._recent)
        middle = len(values) // 2
        self.sd = sd
        self.value = values[middle] if len(values) % 2 else 0.5 * (values[middle - 1] + values[middle])
        self._time(t_s)

    def rest(self) -> None:
        """Forget how long: the runner does not run, or the value is unknown."""
        self.value = self._out_since = self._in_since = self._last_s = None
        self._recent.clear()

    def out_for_s(self, t_s: float) -> float:
        """Return seconds out of band without a break."""
        return 0.0 if self._out_since is None else t_s - self._out_since

    def in_for_s(self, t_s: float) -> float:
        """Return seconds on target without a break."""
        return 0.0 if self._in_since is None else t_s - self._in_since

    def is_needed(self, t_s: float) -> bool:
        """Whether this moment speaks for choosing the rule's focus."""
        return self.value is not None and self.out_for_s(t_s) >= self.rule.for_s and self.rule.is_needed(self.value)

    def _time(self, t_s: float) -> None:
        self._last_s = t_s
        is_out = self.value is not None and self.rule.is_out(self.value)
        is_sure = self.value is not None and self.rule.is_out(self.value + self.rule.direction * self.sd)
        self._out_since = (t_s if self._out_since is None else self._out_since) if is_sure else None
        self._in_since = None if is_out else (t_s if self._in_since is None else self._in_since)


def focus_target(rule: CueRule, value: float | None) -> FocusTarget:
    """Return the band from the waking edge to the rule's limit,
    else as far beyond the target as the edge lies before it."""
    low, high = rule.below, rule.above
    if rule.target is not None and rule.below is not None:
        high = rule.limit if rule.limit is not None else 2 * rule.target - rule.below
    elif rule.target is not None and rule.above is not None:
        low = rule.limit if rule.limit is not None else 2 * rule.target - rule.above
    place = None
    if value is not None:
        place = "below" if low is not None and value < low else "above" if high is not None and value > high else "on"
    return FocusTarget(rule.focus, rule.metric or "", rule.metric_name, value, low, high, rule.unit, place)


class FocusTimes:
    """Collects looks at a run in rising time, while the runner runs."""

    def __init__(self) -> None:
        self._at_s = -EVERY_S
        self._running_s = self._early_s = 0.0
        self._possible_s: defaultdict[str, float] = defaultdict(float)
        self._needed_s: defaultdict[str, float] = defaultdict(float)
        # By focus, judged and needed in the first 15 minutes (slice 0) and in each slice after them.
        self._times: defaultdict[str, defaultdict[int, list[float]]] = defaultdict(
            lambda: defaultdict(lambda: [0.0, 0.0])
        )

    def is_due(self, t_s: float) -> bool:
        """Whether the next look is due."""
        return t_s - self._at_s >= EVERY_S

    def add(self, t_s: float, possible: Collection[str], judged: Collection[str], needed: Collection[str]) -> None:
        """Take one look: the focuses of which a cue could speak, whose metric could be judged,
        and which were needed."""
        self._at_s = t_s
        later_s = self._running_s - EARLY_S
        at = 0 if later_s < 0.0 else 1 + int(later_s // SLICE_S)
        self._running_s += EVERY_S
        self._early_s = min(self._running_s, EARLY_S)
        for focus in possible:
            self._possible_s[focus] += EVERY_S
        for focus in needed:
            self._needed_s[focus] += EVERY_S
        for focus in judged:
            self._times[focus][at][0] += EVERY_S
            self._times[focus][at][1] += EVERY_S * (focus in needed)

    def needed(self) -> dict[str, float]:
        """Return, by focus, the share of the running time in which a cue would have been due and allowed."""
        return {focus: s / self._running_s for focus, s in self._needed_s.items()}

    def possible(self) -> Mapping[str, float]:
        """Return, by focus, the share of the running time in which a cue could have been spoken had it been due."""
        return {focus: s / self._running_s for focus, s in self._possible_s.items()}

    def early(self) -> Mapping[str, FocusTime]:
        """Return, by focus that could be judged at all, the first 15 minutes of running and each whole slice after
        them."""
        whole = range(1, 1 + int(max(0.0, self._running_s - EARLY_S) // SLICE_S))
        return {
            focus: FocusTime(self._early_s, times[0][0], times[0][1], tuple((times[n][0], times[n][1]) for n in whole))
            for focus, times in self._times.items()
        }
