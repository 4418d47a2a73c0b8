"""Decide cues from live metrics: rare, explained, gated by pain. Pure: time is an argument.

One focus per run; at least 20 s out of band before speaking; at least 60 s between cues; praise at most once in five
minutes; silence while on target; every decision carries value, edge, gates, reason and source.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from coach.coaching.baseline import Baseline
from coach.coaching.compare import PlaceFinder, SteadyPart, compared
from coach.coaching.composer import CueComposer, Schedule
from coach.coaching.facts import HistoryFacts
from coach.coaching.gates import LASTING, GateContext, GateMoment, gates_for, own_gates
from coach.coaching.monitor import FocusTimes, RuleMonitor, focus_target
from coach.coaching.outcome import CoachingOutcome
from coach.coaching.pain import STOP_ABOVE, tapped
from coach.coaching.response import MeasuredChange, ResponseTracker, cue_responses, focus_response, withheld_changes
from coach.model.cues import CueDecision, CueResponse, CueRule, FocusTarget, Gate
from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.pain import Lock, PainState
from coach.model.runner import RunnerProfile
from coach.model.runs import RunPlace, RunPlan
from coach.model.strides import GaitState

SPACING_S: Final = 60.0  # evidence: proposed fade, at least 60 s between cues
_MAX_WAIT_S: Final = 300.0  # unanswered cues grow rarer, up to this; chosen by eye, 2026-11-20
_LOG_EVERY_S: Final = 300.0  # a closed gate is written down again after this; chosen by eye, 2026-11-20
_ON_TARGET_S: Final = 10.0  # some thirteen strides: no praise for a moment; by judgement
_TICK_EVERY_S: Final = 1.0  # the pace of LiveMetrics when they are written down
_NEVER_S: Final = -1e9  # before any run


@dataclass(frozen=True, slots=True)
class PainTap:
    """One number that the runner tapped in the run, for the back or for calf and Achilles."""

    t_s: float
    level: int
    is_calf: bool


class CueEngine:
    """Coaches one run. Feed it in rising time; it keeps everything needed to explain itself afterwards."""

    def __init__(
        self,
        rules: Sequence[CueRule],
        plan: RunPlan,
        pain: PainState,
        profile: RunnerProfile,
        baseline: Baseline | None = None,
        programme_week: int | None = None,
        facts: HistoryFacts | None = None,
    ) -> None:
        self.plan = plan
        self._rules = {rule.id: rule for rule in rules}
        self._profile, self._baseline, self._facts = profile, baseline, facts or HistoryFacts()
        self._view = GateContext(pain, profile, self._facts, programme_week)
        self._speaker = CueComposer(profile, self._facts.wordings)
        self._schedule = Schedule(plan.eligible_share, plan.seed)
        self._watches = {rule.id: RuleMonitor(rule) for rule in rules if rule.metric is not None}
        self._traces = {r.id: ResponseTracker(r) for r in rules if r.metric is not None and r.kind != "safety"}
        self._steady = SteadyPart()
        self._found = PlaceFinder()
        self._changes: list[MeasuredChange] = []
        self._start = pain
        self._taps: list[PainTap] = []
        self._last_event_s = _NEVER_S
        self._last_by_rule: dict[str, float] = {}
        self._logged_s: dict[tuple[str, str], float] = {}
        self._unanswered: dict[str, int] = {}
        self._answering: CueRule | None = None
        self._running_since_s: float | None = None
        self._needs = FocusTimes()
        self._ticked_at_s = _NEVER_S
        self._tick_spm: float | None = None

    # What the pipeline calls

    @property
    def pain_state(self) -> PainState:
        """What pain allows now, taps of this run included."""
        return self._view.pain

    @property
    def place(self) -> RunPlace | None:
        """Where the run is, as its sensors show it; None where they show nothing."""
        return self._found.place

    @property
    def decisions(self) -> tuple[CueDecision, ...]:
        """The cue log of the run so far."""
        return tuple(self._speaker.decisions)

    def compare(self, metrics: LiveMetrics) -> LiveMetrics:
        """Fill in the differences from the runner's own, from the longest run of 30 days and from pain before.

        Where the sensors show another place than the one chosen, the runner's own at that place counts from then on.
        """
        self._found.add(metrics)
        place = self._found.place
        if place is not None and self._baseline is not None and self._baseline.place is not place:
            self._baseline = self._baseline.at(place)
        longest = self._facts.longest_30d_m
        share = 100.0 * metrics.distance_m / longest if metrics.distance_m is not None and longest else None
        rise = max((self._rise(tap) for tap in self._taps), default=None)
        return compared(metrics, self._baseline, distance_vs_longest_pct=share, pain_rise=rise)

    def observe(self, t_s: float, metrics: LiveMetrics) -> list[CueDecision]:
        """Take one moment as `compare` gave it; say what was decided."""
        self._steady.add(metrics)
        is_running = metrics.state is GaitState.RUNNING
        self._update(t_s, metrics, is_running)
        if is_running:
            self._add_needs(t_s, metrics)
        if t_s - self._last_event_s < SPACING_S:
            return []
        decisions = self._guard(t_s, metrics)
        if is_running and not any(d.is_spoken for d in decisions):
            decisions += self._coach(t_s, metrics)
        return decisions

    def pain(self, t_s: float, level: int, is_calf: bool = False) -> list[CueDecision]:
        """Take one tap by the runner, 0-10: it can only make the coach more careful. The answer comes at once."""
        self._taps.append(tap := PainTap(t_s, level, is_calf))
        self._view.pain = tapped(self._view.pain, level, is_calf)
        rule = next((r for r in self._rules.values() if r.metric == "pain_rise"), None)
        rise = self._rise(tap)
        if rule is None or not (rule.is_out(rise) or level > STOP_ABOVE):
            return []
        say = self._view.pain.words if level > STOP_ABOVE else ""
        gates = gates_for(rule, self._view.moment(t_s, LiveMetrics(t_s), True))
        return [self._decide(rule, t_s, rise, gates, say)]

    def take_back_pain(self) -> None:
        """Judge as if the newest tap had not been: it was a slip of the finger. What was said of it is said."""
        self._taps = self._taps[:-1]
        state = self._start
        for tap in self._taps:
            state = tapped(state, tap.level, tap.is_calf)
        self._view.pain = state

    def mute(self, is_muted: bool) -> None:
        """Mute at a tap: safety still shows its text."""
        self._view.is_muted = is_muted

    @property
    def hold(self) -> str:
        """What a runner in pain above 5 hears for the rest of the run; "" below that."""
        pain = self._view.pain
        return pain.words if max(pain.level or 0, pain.calf_level or 0) > STOP_ABOVE else ""

    def target(self, metrics: LiveMetrics) -> FocusTarget | None:
        """Return the focus metric against the runner's own band; None without a focus or such a metric,
        or where pain forbids.

        A band on the screen asks as loudly as a voice: what pain keeps silent is not shown either.
        """
        rules = [r for r in self._rules.values() if r.focus == self.plan.focus and r.metric is not None]
        pain = self._view.pain
        rules = [r for r in rules if pain.allows_cues and (pain.allows_load_cues or not r.adds_load)]
        known = [r for r in rules if getattr(metrics, r.metric or "") is not None]
        rule = next(iter(known or rules), None)
        return None if rule is None else focus_target(rule, getattr(metrics, rule.metric or ""))

    def metronome(self, t_s: float, metrics: LiveMetrics) -> float | None:
        """Return the steps per minute at which a metronome may tick now; None while it is silent.
        Changes once a second at most.

        In a cadence focus the rule's target, else the runner's own usual at this speed. It is gated and faded like a
        cue: pain, signs, mute, the rule's gates and the schedule silence it. It ticks in a run with a focus only: the
        first runs are to show how the runner steps by himself. Sources: `sources.toml`, willy_2016 and huber_2024; a
        tick for each step, as steps follow it better than strides (Nijs 2020, doi 10.3390/brainsci10050273).
        """
        if t_s - self._ticked_at_s >= _TICK_EVERY_S:
            self._ticked_at_s, self._tick_spm = t_s, self._may_tick(t_s, metrics)
        return self._tick_spm

    def _may_tick(self, t_s: float, metrics: LiveMetrics) -> float | None:
        pain, is_eligible = self._view.pain, self._schedule.is_eligible(t_s)
        if self.plan.focus is None or self.plan.is_baseline or not is_eligible or self._view.is_muted:
            return None
        if metrics.state is not GaitState.RUNNING or pain.lock is not Lock.NONE or not pain.allows_cues:
            return None
        moment = self._view.moment(t_s, metrics, is_eligible)
        now = moment.metrics
        if now.cadence_spm is None or now.cadence_vs_baseline_pct is None:
            return None
        usual_spm = now.cadence_spm / (1.0 + now.cadence_vs_baseline_pct / 100.0)
        rules = (r for r in self._rules.values() if r.focus == self.plan.focus)
        rule = next((r for r in rules if r.metric == "cadence_vs_baseline_pct" and r.target is not None), None)
        if rule is None:
            return round(usual_spm)
        is_open = all(gate.is_open for gate in own_gates(rule, moment))
        return round(usual_spm * (1.0 + (rule.target or 0.0) / 100.0)) if is_open else None

    def responses(self) -> list[CueResponse]:
        """Return how each spoken cue was answered, as far as is known by now."""
        return cue_responses(self.changes(), self._rules, self._facts.withheld)

    def outcome(self, run_id: str, at: datetime) -> CoachingOutcome:
        """Return what this run leaves for the next. at: its start, aware UTC."""
        changes = self.changes()
        cued = sorted({c.rule_id for c in changes})
        here = {r: tuple(withheld_changes(changes, r, {})) for r in cued}
        decisions = self._speaker.decisions
        return CoachingOutcome(
            running_s=self._steady.running_s,
            baseline_run=self._steady.run(run_id, at),
            responses=tuple(self.responses()),
            focus_responses=tuple(
                focus_response(self._rules[r], changes, withheld_changes(changes, r, self._facts.withheld))
                for r in cued
            ),
            needs=self._needs.needed(),
            withheld={rule: found for rule, found in here.items() if found},
            wordings=dict(self._speaker.wordings),
            n_spoken=sum(d.is_spoken for d in decisions if d.kind != "safety"),
            n_withheld=sum(d.is_withheld for d in decisions),
            n_suppressed=sum(not d.is_spoken and not d.is_withheld for d in decisions),
            pain_worst=max((tap.level for tap in self._taps if not tap.is_calf), default=None),
            possible=self._needs.possible(),
            early=self._needs.early(),
        )

    # How it decides

    def _rise(self, tap: PainTap) -> float:
        """Return points above what was reported of this place before the run; from 0 where nothing was."""
        before = self._start.calf_level if tap.is_calf else self._start.level
        return float(tap.level - (before or 0))

    def _update(self, t_s: float, metrics: LiveMetrics, is_running: bool) -> None:
        if is_running:
            self._running_since_s = t_s if self._running_since_s is None else self._running_since_s
            self._view.take(t_s, metrics)
        else:
            self._running_since_s = None
        for watch in self._watches.values():
            value = getattr(metrics, watch.rule.metric or "")
            sd = metrics.uncertainty.get(watch.rule.metric or "", 0.0)
            watch.take(t_s, value if is_running or watch.rule.kind == "safety" else None, sd)
            if watch.in_for_s(t_s) >= _ON_TARGET_S:
                self._unanswered.pop(watch.rule.id, None)
        for rule_id, trace in self._traces.items():
            value = getattr(metrics, trace.rule.metric or "") if is_running else None
            for change in trace.take(t_s, value):
                self._changes.append(change)
                withheld = withheld_changes(self._changes, rule_id, self._facts.withheld)
                self._speaker.learn(trace.rule, change, withheld)

    def _guard(self, t_s: float, metrics: LiveMetrics) -> list[CueDecision]:
        """Judge safety rules, whatever the focus is, and in baseline runs too."""
        for rule in self._rules.values():
            if rule.kind != "safety" or not self._is_due(rule, t_s):
                continue
            gates = gates_for(rule, self._view.moment(t_s, metrics, True))
            if self._is_worth(rule, t_s, gates):
                return [self._decide(rule, t_s, self._watches[rule.id].value, gates)]
        return []

    def _coach(self, t_s: float, metrics: LiveMetrics) -> list[CueDecision]:
        moment: GateMoment | None = None
        for rule in self._rules.values():
            if rule.kind in ("safety", "praise") or not self._is_due(rule, t_s):
                continue
            if (rule.id, "in_focus") in self._logged_s:
                continue
            moment = moment or self._view.moment(t_s, metrics, self._schedule.is_eligible(t_s))
            gates = self._gates(rule, moment)
            if self._is_worth(rule, t_s, gates):
                watch = self._watches.get(rule.id)
                return [self._decide(rule, t_s, watch.value if watch else None, gates)]
        return self._praise(t_s, metrics)

    def _gates(self, rule: CueRule, moment: GateMoment) -> tuple[Gate, ...]:
        is_focus = rule.focus == self.plan.focus
        focus = Gate("in_focus", is_focus, f"this run's focus is {self.plan.focus or 'none'}")
        heard = bool(self._speaker.channels(rule))
        can_be_heard = Gate(
            "can_be_heard", heard, "a channel is on" if heard else "every channel of this cue is turned off"
        )
        *others, schedule = gates_for(rule, moment)
        return (focus, *others, can_be_heard, schedule)

    def _is_due(self, rule: CueRule, t_s: float) -> bool:
        """Whether it is out of band for long enough, and the last cue of this rule long enough ago."""
        wait = min(
            rule.repeat_after_s * max(1, self._unanswered.get(rule.id, 0)), max(_MAX_WAIT_S, rule.repeat_after_s)
        )
        if t_s - self._last_by_rule.get(rule.id, _NEVER_S) < wait:
            return False
        watch = self._watches.get(rule.id)
        if watch is not None:
            return watch.out_for_s(t_s) >= rule.for_s
        if rule.focus != self.plan.focus or self._running_since_s is None:
            return False
        return t_s - self._running_since_s >= rule.for_s

    def _is_worth(self, rule: CueRule, t_s: float, gates: Sequence[Gate]) -> bool:
        """Whether a decision is worth its row: spoken and withheld moments always; a closed gate now and then,
        one that stays closed once a run."""
        closed = next((g.name for g in gates if not g.is_open), "in_schedule")
        if closed == "in_schedule":
            return True
        if rule.focus == "midfoot" and not self._profile.wants_strike_training:
            return False
        last = self._logged_s.get((rule.id, closed))
        if last is not None and (closed in LASTING or t_s - last < _LOG_EVERY_S):
            return False
        self._logged_s[rule.id, closed] = t_s
        return True

    def _decide(
        self, rule: CueRule, t_s: float, value: float | None, gates: Sequence[Gate], say: str = ""
    ) -> CueDecision:
        decision = self._speaker.decide(rule, t_s, value, gates, say, self._view.is_muted)
        if not (decision.is_spoken or decision.is_withheld):
            return decision
        self._last_event_s = self._last_by_rule[rule.id] = t_s
        if rule.id in self._traces:
            self._traces[rule.id].mark(decision.cue_id, t_s, decision.is_withheld)
        if decision.is_spoken and rule.kind == "cue":
            self._answering = rule
            self._unanswered[rule.id] = self._unanswered.get(rule.id, 0) + 1
        if decision.is_spoken and rule.focus == "lengthen":
            self._view.landing.cued(t_s)
        return decision

    def _praise(self, t_s: float, metrics: LiveMetrics) -> list[CueDecision]:
        """Praise once after an answered cue, when the runner has stayed on target."""
        rule = next((r for r in self._rules.values() if r.kind == "praise"), None)
        cued = self._answering
        if rule is None or cued is None:
            return []
        if t_s - self._last_by_rule.get(rule.id, _NEVER_S) < rule.repeat_after_s:
            return []
        if self._watches[cued.id].in_for_s(t_s) < rule.for_s:
            return []
        self._answering = None
        gates = gates_for(rule, self._view.moment(t_s, metrics, self._schedule.is_eligible(t_s)))
        return [self._decide(rule, t_s, None, gates)]

    def _add_needs(self, t_s: float, metrics: LiveMetrics) -> None:
        """Note now and then which rules could be judged, and which would be due if they were the focus."""
        if not self._needs.is_due(t_s):
            return
        moment = self._view.moment(t_s, metrics, True)
        can_speak = [r for r in self._rules.values() if r.kind in ("cue", "tip") and self._is_open(r, moment)]
        measured = [r for r in can_speak if r.metric is not None]
        self._needs.add(
            t_s,
            possible={r.focus for r in can_speak},
            judged={r.focus for r in measured},
            needed={r.focus for r in measured if self._watches[r.id].is_needed(t_s)},
        )

    def _is_open(self, rule: CueRule, moment: GateMoment) -> bool:
        """Whether a cue of this rule could be spoken now if it were due: its metric known, its own gates open."""
        if rule.metric is not None and self._watches[rule.id].value is None:
            return False
        return all(gate.is_open for gate in own_gates(rule, moment))

    def changes(self) -> list[MeasuredChange]:
        """Return every due moment of the run, spoken or withheld, as far as it was seen."""
        return [*self._changes, *(c for trace in self._traces.values() for c in trace.waiting())]
