"""What the gates look at: the moment as averages over 20 s, so that scatter neither opens nor closes a gate.

Signs of a bad landing are remembered for two minutes: a gate that scatter opens for a second would not be a gate.
"""

from collections import deque
from dataclasses import replace
from typing import Final

from coach.coaching.facts import HistoryFacts
from coach.coaching.gates import GateMoment
from coach.coaching.overstride import LandingMonitor
from coach.coaching.response import RecentValues
from coach.model.metrics import LiveMetrics
from coach.model.pain import PainState
from coach.model.runner import RunnerProfile

_SMOOTH_S: Final = 20.0  # chosen by eye, 2026-11-20
_MIN_SEEN_S: Final = 8.0  # of the 20: else the average is one of a few strides; by judgement
_SIGN_S: Final = 120.0  # chosen by eye, 2026-11-20
_SIGN_EVERY_S: Final = 5.0  # averages over 20 s change no faster; by judgement
_SIGNS: Final = ("foot_strike_angle_deg", "foot_strike_angle_vs_baseline_deg", "impact_vs_baseline_pct")
_SMOOTHED: Final = (
    "cadence_spm",
    "speed_mps",
    "foot_strike_angle_deg",
    "impact_g",
    "foot_strike_angle_vs_baseline_deg",
    "impact_vs_baseline_pct",
    "cadence_vs_baseline_pct",
)


class GateContext:
    """Holds what gates need to know beside the metrics. pain, is_muted: changed by the runner during the run."""

    def __init__(self, pain: PainState, profile: RunnerProfile, facts: HistoryFacts, week: int | None) -> None:
        self.pain = pain
        self.is_muted = False
        self.landing = LandingMonitor()
        self._profile, self._facts, self._week = profile, facts, week
        self._past = {name: RecentValues() for name in _SMOOTHED}
        self._worst: dict[str, deque[tuple[float, float]]] = {name: deque() for name in _SIGNS}
        self._sign_at_s = -_SIGN_EVERY_S

    def take(self, t_s: float, metrics: LiveMetrics) -> None:
        """See one moment of running."""
        for name, past in self._past.items():
            past.take(t_s, getattr(metrics, name))
        self.landing.take(t_s, metrics)
        if t_s - self._sign_at_s >= _SIGN_EVERY_S:
            self._sign_at_s = t_s
            for name, worst in self._worst.items():
                mean = self._past[name].mean(t_s - _SMOOTH_S, t_s, _MIN_SEEN_S)
                if mean is not None:
                    worst.append((t_s, mean))
                while worst and worst[0][0] < t_s - _SIGN_S:
                    worst.popleft()

    def moment(self, t_s: float, metrics: LiveMetrics, is_eligible: bool) -> GateMoment:
        """The moment as gates see it. A value not seen for long enough is unknown."""
        means = {name: past.mean(t_s - _SMOOTH_S, t_s, _MIN_SEEN_S) for name, past in self._past.items()}
        for name, worst in self._worst.items():
            if means[name] is not None:
                means[name] = max([means[name] or 0.0, *(value for _, value in worst)])
        return GateMoment(
            t_s=t_s,
            metrics=replace(metrics, **means),  # type: ignore[arg-type]  # names of numeric fields
            pain=self.pain,
            profile=self._profile,
            facts=self._facts,
            programme_week=self._week,
            is_muted=self.is_muted,
            is_eligible=is_eligible,
            before_cue=self.landing.before,
        )
