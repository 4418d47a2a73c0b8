"""Watches what a lengthen cue does to the landing, and stops it for this run when angle or impact rises with it."""

from collections.abc import Mapping
from typing import Final

from coach.coaching.gates import LANDING_RISES
from coach.coaching.response import BEFORE_S, RecentValues
from coach.model.metrics import LiveMetrics

_NOW_S: Final = 15.0  # about forty steps: scatter alone does not stop it; chosen by eye, 2026-11-20
_MIN_NOW_S: Final = 12.0  # of the 15, so that a short gap does not blind it; by judgement
_WITH_IT_S: Final = 60.0  # what rises within this time rises with the cue; chosen by eye, 2026-11-20


class LandingMonitor:
    """`before` holds the averages before the first lengthen cue; the key "stopped" once either has risen."""

    def __init__(self) -> None:
        self._past = {name: RecentValues() for name in LANDING_RISES}
        self._before: dict[str, float] = {}
        self._last_cue_s: float | None = None

    @property
    def before(self) -> Mapping[str, float]:
        """Averages over the 30 s before the first lengthen cue, by field; empty before it."""
        return self._before

    def take(self, t_s: float, metrics: LiveMetrics) -> None:
        """See one moment."""
        for name, past in self._past.items():
            past.take(t_s, getattr(metrics, name))
            start = self._before.get(name)
            if start is None or self._last_cue_s is None or "stopped" in self._before:
                continue
            if not _NOW_S <= t_s - self._last_cue_s <= _WITH_IT_S:
                continue
            now = past.mean(t_s - _NOW_S, t_s, _MIN_NOW_S)
            if now is not None and now - start > LANDING_RISES[name]:
                self._before["stopped"] = t_s

    def cued(self, t_s: float) -> None:
        """A lengthen cue was spoken; the first one keeps what was before it."""
        self._last_cue_s = t_s
        if self._before:
            return
        for name, past in self._past.items():
            mean = past.mean(t_s - BEFORE_S, t_s)
            if mean is not None:
                self._before[name] = mean
