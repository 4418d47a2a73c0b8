"""One rule's eye on its metric: smoothed value, how long surely out of band, how long on target.

A value is out when it lies beyond the edge by more than its standard uncertainty, as far as that does not cancel in the
comparison with the runner's own (`compare`); between that and the edge it is neither out nor on target.
"""

import math
from collections import deque
from typing import Final

from coach.model.cues import CueRule

_SMOOTH_S: Final = 6.0  # median over about eight strides; chosen by eye, 2026-11-20
_MAX_GAP_S: Final = 5.0  # longer without a value: the clock starts again


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
        """Seconds out of band without a break."""
        return 0.0 if self._out_since is None else t_s - self._out_since

    def in_for_s(self, t_s: float) -> float:
        """Seconds on target without a break."""
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
