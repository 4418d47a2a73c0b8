"""The coach as page and command line handle it: the next run's plan, the engine of a run, what a run left behind, why.

Everything follows from one document per finished run: baseline, block, wordings and responses are computed from them.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coach.coaching.baseline import Baseline, BaselineRun
from coach.coaching.block import BlockView, block_view
from coach.coaching.engine import CueEngine
from coach.coaching.facts import HistoryFacts, WordingMemory
from coach.coaching.loader import load_rules, load_sources
from coach.coaching.pain import pain_state, pain_state_now
from coach.coaching.programme import FOCUSES, Focus, plan_run, why_not
from coach.coaching.progress import BlockProgress, CoachedRun, progress_of, withheld_pool
from coach.errors import UserError
from coach.model.cues import CueDecision, CueResponse, CueRule, FocusResponse, Source
from coach.model.links import SensorUse
from coach.model.pain import PainEntry, PainState, RedFlagAnswers
from coach.model.plain import from_plain, to_plain
from coach.model.runner import RunnerProfile
from coach.model.runs import Run, RunEntry, RunFilter, RunPlace, RunPlan
from coach.phone.pack import Pack
from coach.service.runs.explain import CueStory, stories
from coach.service.runs.sayable import unsayable
from coach.service.strength.facts import calf_raises, strength_week
from coach.storage.coaching import CoachedRuns
from coach.storage.store import Store
from coach.wall_clock import utc_now

_MONTH: Final = timedelta(days=30)
_WEEK: Final = timedelta(days=7)
_FORTNIGHT: Final = timedelta(days=14)
_RUNS_KNOWN: Final = 4  # runs of two weeks that must be recorded before the distance guard speaks; by judgement
_WEEKLY_RUNS: Final = 3  # where a week's distance was stated and not its runs; by judgement
_LOOK_BACK: Final = timedelta(days=42)
_USUAL_WEEKS: Final = 4
_log: Final = logging.getLogger(__name__)
_KNOWN: Final = "coaching.known_runs"
_PLACED: Final = {"ftms_treadmill": RunPlace.TREADMILL, "phone_position": RunPlace.OUTDOOR}  # profiles of sensors

JudgePain = Callable[[Iterable[PainEntry], Sequence[RedFlagAnswers], datetime], PainState]


class CoachingService:
    """Thread-safe: keeps nothing but the store. clock: aware UTC time."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock
        self._kept = CoachedRuns(store.database)

    # Before a run

    def next_plan(self, focus: str | None = None, place: RunPlace | None = None, shoes: str = "") -> RunPlan:
        """Return how a run that starts now would be coached. focus: a wish for this run alone, "none" for no cues.

        place: None: the likely one.
        """
        now, runs = self._clock(), self._runs()
        baseline = self._baseline(now, runs, self.likely_place() if place is None else place, shoes)
        return self._plan(now, focus, runs, self._pain(now), baseline)

    def plan(self) -> RunPlan:
        """Return the plan of a run that starts now, at the likely place."""
        return self.next_plan()

    def likely_place(self) -> RunPlace:
        """Return where the next run is if the runner does not say: as the newest one with sensors,
        else by what is paired."""
        newest = next((run for run in reversed(self._runs())), None)
        if newest is not None:
            return newest.place
        profiles = {sensor.profile_id for sensor in self._store.sensors.list()}
        return next((place for profile, place in _PLACED.items() if profile in profiles), RunPlace.NOT_SAID)

    def focuses(self) -> Sequence[Focus]:
        """Return what could be worked on today."""
        now = self._clock()
        pain, profile, facts = self._pain(now), self._store.runner.get(), self._facts(now, self._runs())
        return [f for f in FOCUSES.values() if why_not(f.id, pain, profile, facts) is None]

    def all_focuses(self) -> Sequence[Focus]:
        """Return everything that can be worked on at all."""
        return list(FOCUSES.values())

    def prepare(
        self,
        run_id: str,
        started_at: datetime,
        focus: str | None = None,
        place: RunPlace | None = None,
        shoes: str = "",
    ) -> CueEngine:
        """Return the engine of a run that starts now; its `plan` is to be kept with the run.
        place: None: the likely one."""
        runs, pain = self._runs(), self._pain(started_at)
        baseline = self._baseline(started_at, runs, self.likely_place() if place is None else place, shoes)
        plan = self._plan(started_at, focus, runs, pain, baseline)
        return self._engine(plan, started_at, runs, pain, baseline)

    def prepare_again(self, run: Run) -> CueEngine:
        """Return the engine as it was at the start of an earlier run, to read its recording again."""
        runs = [r for r in self._runs() if r.at < run.started_at and r.run_id != run.run_id]
        pain = self._pain(run.started_at, pain_state)
        baseline = self._baseline(run.started_at, runs, run.place, run.shoes)
        plan = run.plan or self._plan(run.started_at, None, runs, pain, baseline)
        return self._engine(plan, run.started_at, runs, pain, baseline)

    def pack(self, run_id: str, sensors: Sequence[SensorUse], program_version: str, focus: str | None = None) -> Pack:
        """Return all that a phone needs to coach one run away from home. focus: the wish for that run.

        Raises:
            UserError: there is no such focus.
        """
        if focus and focus != "none" and focus not in FOCUSES:
            raise UserError(f"there is no focus {focus}; known are {', '.join(FOCUSES)} and none")
        now, runs = self._clock(), self._runs()
        return Pack(
            run_id=run_id,
            made_at=now,
            program_version=program_version,
            profile=self._store.runner.get(),
            pain=tuple(self._store.pain.list(since=now - _LOOK_BACK)),
            red_flags=tuple(self._store.pain.red_flags()),
            baseline=self._baseline(now, runs, RunPlace.OUTDOOR).newest(),
            progress=progress_of(runs),
            facts=self._facts(now, runs),
            strength_week=strength_week(self._store),
            sensors=tuple(sensors),
            focus=focus or None,
        )

    # During and after a run

    def finish(self, run: Run, engine: CueEngine) -> None:
        """Keep what a finished run leaves behind: baseline, block, wordings, responses, and its place where seen."""
        coached = CoachedRun(run.run_id, run.started_at, engine.plan, engine.outcome(run.run_id, run.started_at))
        self._kept.save(run.run_id, run.started_at, to_plain(coached))
        if engine.place is not None and engine.place is not run.place:
            self._store.runs.change(run.run_id, place=engine.place)

    def learn(self, known: Sequence[BaselineRun]) -> None:
        """Take over what is known of the runner from before this coach; own runs outweigh it as they come in."""
        self._store.settings.put(_KNOWN, to_plain(tuple(known)))

    # What is known

    def progress(self) -> BlockProgress:
        """Return where the runner is."""
        return progress_of(self._runs())

    def unsayable(self) -> Mapping[str, str]:
        """Return, by focus that no cue can be spoken for with the paired sensors, what it needs, in words."""
        return unsayable(self._store.sensors.list(), load_rules())

    def needs(self) -> Mapping[str, float]:
        """Return, by focus, the share of the last runs' time in which a cue would have been due."""
        return self.progress().needs

    def block(self) -> BlockView:
        """Return the block for the page: its nine runs, what is done, what was dropped and why."""
        runs = self._runs()
        return block_view(runs, progress_of(runs), self._baseline(self._clock(), runs, self.likely_place()))

    def baseline(self, place: RunPlace | None = None) -> Baseline:
        """Return the runner's own at a place, as of now. None: the likely one."""
        return self._baseline(self._clock(), self._runs(), self.likely_place() if place is None else place)

    def coached_run(self, run_id: str) -> CoachedRun | None:
        """Return what one run left behind; None where it was not coached."""
        document = self._kept.get(run_id)
        return None if document is None else readable(document)

    def run(self, run_id: str) -> Run:
        """Return a run as stored; raises UserError where there is none."""
        return self._store.runs.get(run_id)

    def rules(self) -> Sequence[CueRule]:
        """Return every rule, in the order of the file."""
        return load_rules()

    def sources(self) -> Mapping[str, Source]:
        """Return the evidence behind the rules, by id."""
        return load_sources()

    def explain(self, run_id: str) -> Sequence[CueStory]:
        """Return the cue log of a run: every cue spoken, withheld or suppressed, with its gates, sources and response.

        Raises:
            UserError: there is no such run.
        """
        self._store.runs.get(run_id)
        decisions: Sequence[CueDecision] = self._store.runs.data.decisions(run_id)
        responses: Sequence[CueResponse] = self._store.runs.data.responses(run_id)
        return stories(decisions, responses, {rule.id: rule for rule in load_rules()}, load_sources())

    def pain_state(self) -> PainState:
        """Return what pain and red flags allow now."""
        return self._pain(self._clock())

    # Parts

    def _runs(self) -> list[CoachedRun]:
        known = self._kept.conditions()
        runs = (one for document in self._kept.list() if (one := readable(document)) is not None)
        return [_as_run(run, *known.get(run.run_id, (RunPlace.NOT_SAID, ""))) for run in runs]

    def _pain(self, at: datetime, judge: JudgePain = pain_state_now) -> PainState:
        entries = self._store.pain.list(since=at - _LOOK_BACK)
        return judge(entries, self._store.pain.red_flags(), at)

    def _baseline(self, now: datetime, runs: Sequence[CoachedRun], place: RunPlace, shoes: str = "") -> Baseline:
        known = from_plain(tuple[BaselineRun, ...], self._store.settings.get(_KNOWN, ()))
        own = [r.outcome.baseline_run for r in runs]
        return Baseline([*known, *own], now, self._store.runner.get().height_m, place, shoes)

    def _plan(
        self, now: datetime, focus: str | None, runs: Sequence[CoachedRun], pain: PainState, baseline: Baseline
    ) -> RunPlan:
        if focus and focus != "none" and focus not in FOCUSES:
            raise UserError(f"there is no focus {focus}; known are {', '.join(FOCUSES)} and none")
        facts, profile = self._facts(now, runs), self._store.runner.get()
        return plan_run(pain, profile, baseline, progress_of(runs), facts, now, focus or None)

    def _engine(
        self, plan: RunPlan, now: datetime, runs: Sequence[CoachedRun], pain: PainState, baseline: Baseline
    ) -> CueEngine:
        return CueEngine(
            load_rules(),
            plan,
            pain,
            self._store.runner.get(),
            baseline,
            strength_week(self._store),
            self._facts(now, runs),
        )

    def _facts(self, now: datetime, runs: Sequence[CoachedRun]) -> HistoryFacts:
        profile = self._store.runner.get()
        month = self._store.runs.list(RunFilter(since=now - _MONTH, until=now), limit=None)
        distances = [e.run.distance_m for e in month if e.run.distance_m]
        since = profile.strike_training_since
        return HistoryFacts(
            longest_30d_m=_longest_m(month, profile, now),
            week_distance_m=profile.weekly_km * 1000.0 if profile.weekly_km else sum(distances) / _USUAL_WEEKS or None,
            strike_week_m=sum(
                e.run.distance_m or 0.0
                for e in month
                if e.run.started_at >= now - _WEEK and e.run.plan is not None and e.run.plan.focus == "midfoot"
            ),
            strike_weeks=max(0, (now.date() - since).days // 7) if since else 0,
            calf_raises_14d=calf_raises(self._store, now - 2 * _WEEK),
            n_runs=self._store.runs.count(RunFilter(until=now)),
            withheld=withheld_pool(runs),
            wordings=_wordings(runs),
            unsayable=unsayable(self._store.sensors.list(), load_rules()),
        )


def _longest_m(month: Sequence[RunEntry], profile: RunnerProfile, now: datetime) -> float | None:
    """Return the longest run of 30 days [m], or a usual one of the week that the runner stated;
    None: too little is known.

    Frandsen 2025 knew 30 days of every runner; with fewer than four runs in two weeks here, most were not recorded.
    """
    known = [e.run for e in month if e.run.distance_m]
    if sum(run.started_at >= now - _FORTNIGHT for run in known) < _RUNS_KNOWN:
        return None
    stated = 1000.0 * (profile.weekly_km or 0.0) / max(1, profile.weekly_runs or _WEEKLY_RUNS)
    return max(stated, *(run.distance_m or 0.0 for run in known))


def _as_run(run: CoachedRun, place: RunPlace, shoes: str) -> CoachedRun:
    """Return a coached run where, and in the shoes in which,
    it is known to have been: the runner may correct them later."""
    own = replace(run.outcome.baseline_run, place=place, shoes=shoes)
    return replace(run, place=place, outcome=replace(run.outcome, baseline_run=own))


def _wordings(runs: Sequence[CoachedRun]) -> dict[str, WordingMemory]:
    """Return each rule's memory as the newest run left it."""
    memory: dict[str, WordingMemory] = {}
    for run in runs:
        memory.update(run.outcome.wordings)
    return memory


def pooled_responses(store: Store, run_id: str) -> Sequence[FocusResponse]:
    """Return what the cues of a run did, by rule; none where it was not coached."""
    document = CoachedRuns(store.database).get(run_id)
    coached = None if document is None else readable(document)
    return () if coached is None else coached.outcome.focus_responses


def readable(document: object) -> CoachedRun | None:
    """Return what a run left behind; None where it cannot be read,
    so that one odd document does not silence the coach."""
    try:
        return from_plain(CoachedRun, document)
    except ValueError as error:
        _log.warning("what a coached run left behind cannot be read and is left out: %s", str(error)[:300])
        return None
