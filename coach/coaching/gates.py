"""Gates: plain questions about the moment, each answered open or closed with its reason.

What cannot be known closes a gate that needs it: silence is the safe answer. Gates look at averages over 20 s, so that
scatter neither opens nor closes one. Signs of a bad landing are remembered for two minutes: a gate that scatter opens
for a second would not be a gate. What a lengthen cue does to the landing is watched, and the cue is stopped for this
run when angle or impact rises with it.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from coach.coaching.facts import HistoryFacts
from coach.coaching.response import BEFORE_S, RecentValues
from coach.model.cues import CueRule, Gate
from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.pain import Lock, PainState
from coach.model.runner import RunnerProfile

# Cadence expected of a body at a speed, see `expected_cadence_spm`.
_CADENCE_SPM: Final = 165.0  # de Ruiter 2020
_SPEED_MPS: Final = 3.04  # de Ruiter 2020
_SPM_PER_LOG_SPEED: Final = 3.0 / math.log(1.15)  # de Ruiter 2020: +3 spm for +15 %
_SPM_PER_M: Final = -50.0  # the arithmetic above, rounded
_HEIGHT_M: Final = 1.75  # middle of the heights that the slope is for; by judgement
MAX_ANGLE_RISE_DEG: Final = 2.0  # chosen by eye, 2026-11-20
MAX_IMPACT_RISE_PCT: Final = 5.0  # chosen by eye, 2026-11-20
LANDING_RISES: Final[Mapping[str, float]] = {
    "foot_strike_angle_vs_baseline_deg": MAX_ANGLE_RISE_DEG,
    "impact_vs_baseline_pct": MAX_IMPACT_RISE_PCT,
}
OVERSTRIDE_ANGLE_DEG: Final = 20.0  # far beyond a rearfoot landing (8); chosen by eye, 2026-11-20
FEW_STEPS_PCT: Final = -5.0  # fewer steps than expected of the body by more than this: long already; chosen by eye
MANY_STEPS_PCT: Final = 10.0  # evidence: cue growth only where cadence is more than 10 % above expected
LOW_STEPS_PCT: Final = -3.0  # evidence: dead band of 3 %
ROOM_FOR_STEPS_PCT: Final = 5.0  # evidence: target +5 % of the runner's own
GROWTH_WEEK: Final = 5  # of the strength programme, half way, when legs are trained; by judgement
FIRST_RUNS: Final = 8  # one block (Crowell & Davis 2011, Bowser 2018)
STRIKE_WEEK_SHARE: Final = 0.10  # evidence: at most 10 % of weekly distance at first
STRIKE_STEP_WEEKS: Final = 2  # then a tenth more every two weeks; chosen by eye, 2026-11-20
LATE_FOR_HALF_PCT: Final = 70.0  # of the longest run: later it is no half any more; by judgement
CALF_RAISES: Final = 2  # sessions in 14 days; chosen by eye, 2026-11-20
_NOW_S: Final = 15.0  # about forty steps: scatter alone does not stop it; chosen by eye, 2026-11-20
_MIN_NOW_S: Final = 12.0  # of the 15, so that a short gap does not blind it; by judgement
_WITH_IT_S: Final = 60.0  # what rises within this time rises with the cue; chosen by eye, 2026-11-20
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


@dataclass(frozen=True, slots=True)
class GateMoment:
    """All a gate may look at. before_cue: averages just before the first lengthen cue of this run, by field."""

    t_s: float
    metrics: LiveMetrics
    pain: PainState
    profile: RunnerProfile
    facts: HistoryFacts
    programme_week: int | None
    is_muted: bool
    is_eligible: bool
    before_cue: Mapping[str, float]


def expected_cadence_spm(speed_mps: float, height_m: float) -> float:
    """Return the mean cadence of experienced runners of this height at this speed; its SD between them is 8 spm.

    A coarse check on the runner's own baseline, never a target. Source: de Ruiter 2020: experienced runners outdoors,
    165 (SD 8) spm at 3.04 m/s, +3 spm for +15 % speed, taller is slower (r -0.49 to -0.66). The slope on height is
    arithmetic on these: -0.57 * 8 spm / 0.09 m.
    """
    log_speed = math.log(max(speed_mps, 0.5) / _SPEED_MPS)
    return _CADENCE_SPM + _SPM_PER_LOG_SPEED * log_speed + _SPM_PER_M * (height_m - _HEIGHT_M)


def cadence_against_expected_pct(metrics: LiveMetrics, profile: RunnerProfile) -> float | None:
    """Return how far cadence lies above what is expected of this body at this speed;
    None where height or speed is unknown."""
    if metrics.cadence_spm is None or metrics.speed_mps is None or profile.height_m is None:
        return None
    return 100.0 * (metrics.cadence_spm / expected_cadence_spm(metrics.speed_mps, profile.height_m) - 1.0)


def gates_for(rule: CueRule, moment: GateMoment) -> tuple[Gate, ...]:
    """Return every gate this rule must pass now, in the order in which they are named when closed."""
    if rule.kind == "safety":
        # A word of care passes every lock and mute: who has an open sign needs it most.
        return tuple(_GATES[name](moment) for name in rule.requires)
    return (*own_gates(rule, moment), _not_muted(moment), _in_schedule(moment))


def own_gates(rule: CueRule, moment: GateMoment) -> tuple[Gate, ...]:
    """Return the gates of pain and of the rule itself, leaving mute and fading aside."""
    always = [_not_locked(moment), _pain_allows_cues(moment)]
    if rule.adds_load:
        always.append(_pain_at_most_2(moment))
    return (*always, *(_GATES[name](moment) for name in rule.requires))


def _not_locked(m: GateMoment) -> Gate:
    if m.pain.lock is Lock.NOT_ASKED:
        return Gate("not_locked", False, "the warning signs have not been asked, or must be asked again")
    if m.pain.lock is not Lock.NONE:
        return Gate("not_locked", False, "a warning sign is open: coaching is locked")
    when = f" (asked on {m.pain.asked_at:%Y-%m-%d})" if m.pain.asked_at else ""
    return Gate("not_locked", True, f"no warning sign that locks is open{when}")


def _pain_allows_cues(m: GateMoment) -> Gate:
    why = "pain allows cues" if m.pain.allows_cues else (m.pain.reasons[0] if m.pain.reasons else "pain is too high")
    return Gate("pain_allows_cues", m.pain.allows_cues, why)


def _pain_at_most_2(m: GateMoment) -> Gate:
    text = "not asked lately" if m.pain.level is None else f"{m.pain.level} of 10"
    return Gate("pain_at_most_2", m.pain.allows_load_cues, f"pain is {text}")


def _not_muted(m: GateMoment) -> Gate:
    return Gate("not_muted", not m.is_muted, "muted by the runner" if m.is_muted else "not muted")


def _in_schedule(m: GateMoment) -> Gate:
    why = "cues may speak in this minute" if m.is_eligible else "this minute is kept silent by the fading schedule"
    return Gate("in_schedule", m.is_eligible, why)


def _not_overstriding(m: GateMoment) -> Gate:
    live, name = m.metrics, "not_overstriding"
    if live.foot_strike_angle_deg is None and live.impact_g is None:
        return Gate(name, False, "neither landing angle nor impact is known with these sensors")
    if live.foot_strike_angle_vs_baseline_deg is None and live.impact_vs_baseline_pct is None:
        return Gate(name, False, "landing angle and impact have no baseline to compare with at this speed")
    if not any(_is_sure(live, measure, rise) for measure, rise in LANDING_RISES.items()):
        return Gate(name, False, "landing angle and impact are less sure than the rise that would matter")
    signs = []
    if (live.foot_strike_angle_deg or 0.0) > OVERSTRIDE_ANGLE_DEG:
        signs.append(f"landing angle {live.foot_strike_angle_deg:.0f}°")
    if (live.foot_strike_angle_vs_baseline_deg or 0.0) > MAX_ANGLE_RISE_DEG:
        signs.append(f"landing angle {live.foot_strike_angle_vs_baseline_deg:+.1f}° against your own")
    if (live.impact_vs_baseline_pct or 0.0) > MAX_IMPACT_RISE_PCT:
        signs.append(f"impact {live.impact_vs_baseline_pct:+.0f} % against your own")
    steps = cadence_against_expected_pct(live, m.profile)
    if steps is not None and steps < FEW_STEPS_PCT:
        signs.append(f"cadence {steps:+.0f} % against what your height and speed suggest")
    return Gate(name, not signs, ", ".join(signs) or "landing angle and impact are as usual")


def _is_sure(live: LiveMetrics, measure: str, rise: float) -> bool:
    """Whether a comparison with the runner's own is known, and surer (1 SD) than the rise that would matter."""
    return getattr(live, measure) is not None and live.uncertainty.get(measure, math.inf) <= rise


def _no_rise_since_cue(m: GateMoment) -> Gate:
    live, signs = m.metrics, []
    angle, impact = m.before_cue.get("foot_strike_angle_vs_baseline_deg"), m.before_cue.get("impact_vs_baseline_pct")
    if angle is not None and live.foot_strike_angle_vs_baseline_deg is not None:
        rise = live.foot_strike_angle_vs_baseline_deg - angle
        if rise > MAX_ANGLE_RISE_DEG:
            signs.append(f"landing angle rose by {rise:.1f}° since the first cue")
    if impact is not None and live.impact_vs_baseline_pct is not None:
        rise = live.impact_vs_baseline_pct - impact
        if rise > MAX_IMPACT_RISE_PCT:
            signs.append(f"impact rose by {rise:.0f} % since the first cue")
    if "stopped" in m.before_cue:
        signs.append("landing angle or impact rose after a cue in this run")
    return Gate("no_rise_since_cue", not signs, ", ".join(signs) or "landing angle and impact have not risen")


def _programme_week_5(m: GateMoment) -> Gate:
    week = m.programme_week
    is_open = week is not None and week >= GROWTH_WEEK
    return Gate(
        "programme_week_5", is_open, f"strength week {week}" if week is not None else "no strength programme yet"
    )


def _past_first_runs(m: GateMoment) -> Gate:
    return Gate("past_first_runs", m.facts.n_runs >= FIRST_RUNS, f"{m.facts.n_runs} runs so far")


def _cadence_high_for_body(m: GateMoment) -> Gate:
    return _steps_gate(m, "cadence_high_for_body", lambda steps: steps > MANY_STEPS_PCT)


def _cadence_low_for_body(m: GateMoment) -> Gate:
    return _steps_gate(m, "cadence_low_for_body", lambda steps: steps < LOW_STEPS_PCT)


def _steps_gate(m: GateMoment, name: str, fits: Callable[[float], bool]) -> Gate:
    steps = cadence_against_expected_pct(m.metrics, m.profile)
    if steps is None:
        return Gate(name, False, "needs your height, and speed and cadence from a sensor")
    return Gate(name, fits(steps), f"cadence {steps:+.0f} % against what your height and speed suggest")


def _cadence_has_room(m: GateMoment) -> Gate:
    steps = m.metrics.cadence_vs_baseline_pct
    if steps is None:
        return Gate("cadence_has_room", False, "cadence has no baseline to compare with at this speed")
    return Gate("cadence_has_room", steps < ROOM_FOR_STEPS_PCT, f"cadence {steps:+.0f} % against your own")


def _asked_for_strike_training(m: GateMoment) -> Gate:
    wants = m.profile.wants_strike_training
    return Gate(
        "asked_for_strike_training", wants, "asked for by the runner" if wants else "not asked for by the runner"
    )


def _no_calf_history(m: GateMoment) -> Gate:
    history = m.profile.has_calf_history
    words = {
        None: "calf and Achilles history unknown",
        True: "calf or Achilles trouble before",
        False: "no such history",
    }
    return Gate("no_calf_history", history is False, words[history])


def _calf_is_quiet(m: GateMoment) -> Gate:
    is_open = m.pain.allows_strike_training
    return Gate(
        "calf_is_quiet", is_open, "calf and Achilles are quiet" if is_open else "calf or Achilles not known quiet"
    )


def _strike_distance_left(m: GateMoment) -> Gate:
    name, week = "strike_distance_left", m.facts.week_distance_m
    if week is None or m.metrics.distance_m is None:
        return Gate(name, False, "needs the distance of a usual week and of this run")
    share = min(1.0, STRIKE_WEEK_SHARE * (1 + m.facts.strike_weeks // STRIKE_STEP_WEEKS))
    used = m.facts.strike_week_m + m.metrics.distance_m
    return Gate(name, used <= share * week, f"{used / 1000:.1f} of {share * week / 1000:.1f} km for this week used")


def _distance_left(m: GateMoment) -> Gate:
    share = m.metrics.distance_vs_longest_pct
    is_open = share is not None and share < LATE_FOR_HALF_PCT
    text = "not known" if share is None else f"{share:.0f} % of your longest run of 30 days"
    return Gate("distance_left", is_open, f"distance {text}")


def _calf_raises_done(m: GateMoment) -> Gate:
    n = m.facts.calf_raises_14d
    return Gate("calf_raises_done", n >= CALF_RAISES, f"calf raises in {n} sessions of the last 14 days")


def _no_trunk_sensor(m: GateMoment) -> Gate:
    is_open = m.metrics.trunk_lean_deg is None and m.metrics.axial_rotation_deg is None
    return Gate(
        "no_trunk_sensor", is_open, "no sensor on the trunk" if is_open else "the trunk is measured: no plain tip"
    )


_GATES: Final[Mapping[str, Callable[[GateMoment], Gate]]] = {
    "not_overstriding": _not_overstriding,
    "no_rise_since_cue": _no_rise_since_cue,
    "programme_week_5": _programme_week_5,
    "past_first_runs": _past_first_runs,
    "cadence_high_for_body": _cadence_high_for_body,
    "cadence_low_for_body": _cadence_low_for_body,
    "cadence_has_room": _cadence_has_room,
    "asked_for_strike_training": _asked_for_strike_training,
    "no_calf_history": _no_calf_history,
    "calf_is_quiet": _calf_is_quiet,
    "strike_distance_left": _strike_distance_left,
    "calf_raises_done": _calf_raises_done,
    "distance_left": _distance_left,
    "no_trunk_sensor": _no_trunk_sensor,
}
GATE_NAMES: Final = frozenset(_GATES)
# Gates that cannot open during a run: a cue closed by one is written down once.
LASTING: Final = frozenset(
    {
        "in_focus",
        "not_locked",
        "programme_week_5",
        "past_first_runs",
        "asked_for_strike_training",
        "no_calf_history",
        "calf_raises_done",
    }
)


class LandingMonitor:
    """Watches what a lengthen cue does to the landing.

    `before` holds the averages before the first lengthen cue; the key "stopped" once either has risen.
    """

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
        """Note that a lengthen cue was spoken; the first one keeps what was before it."""
        self._last_cue_s = t_s
        if self._before:
            return
        for name, past in self._past.items():
            mean = past.mean(t_s - BEFORE_S, t_s)
            if mean is not None:
                self._before[name] = mean


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
        """Return the moment as gates see it. A value not seen for long enough is unknown."""
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
