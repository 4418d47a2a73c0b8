"""What a phone must know to coach a run by itself; today's pain state, plan and cue engine are read from the pack.

The pack holds what the home knows before a run, not a decision: the phone asks its questions and decides by the same
functions as the home, so that gates cannot differ. A pack is good for one run and for `GOOD_FOR`; after that the phone
listens and logs but says nothing, since pain and red flags of another day must not open a gate.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from coach.coaching.baseline import Baseline, BaselineRun
from coach.coaching.engine import CueEngine
from coach.coaching.facts import HistoryFacts
from coach.coaching.loader import load_rules
from coach.coaching.pain import by_now, pain_state
from coach.coaching.programme import plan_run
from coach.coaching.progress import BlockProgress
from coach.coaching.red_flags import open_signs
from coach.coaching.workout_plans import gate, workout_of
from coach.model.frozen import dataclass
from coach.model.links import SensorUse
from coach.model.pain import PainEntry, PainState, RedFlagAnswers
from coach.model.runner import RunnerProfile
from coach.model.runs import RunPlace, RunPlan
from coach.model.workouts import Workout, WorkoutPlan

GOOD_FOR: Final = timedelta(hours=24)  # a pain answer speaks for a day and a half (`pain.FRESH`); chosen stricter
CLOCK_SLACK: Final = timedelta(minutes=10)  # a phone's clock may lag behind the home's; chosen by judgement
LISTENING: Final = "Listening only: {why}. The run is recorded; no cues."


@dataclass(frozen=True, slots=True)
class Pack:
    """All that is needed for one run away from home.

    run_id: reserved for that run. made_at: aware UTC, by the home's clock. program_version: the home's. pain,
    red_flags: answers of the last weeks, oldest first. baseline: the runs it rests on. strength_week: week of the
    strength programme, None without one. sensors: the paired ones. focus: the wish for this run. workouts: structured
    runs that may be chosen for it. shoes: names of
    pairs in use, to choose from.
    """

    run_id: str
    made_at: datetime
    program_version: str
    profile: RunnerProfile
    pain: tuple[PainEntry, ...]
    red_flags: tuple[RedFlagAnswers, ...]
    baseline: tuple[BaselineRun, ...]
    progress: BlockProgress
    facts: HistoryFacts
    strength_week: int | None
    sensors: tuple[SensorUse, ...]
    focus: str | None = None
    workouts: tuple[WorkoutPlan, ...] = ()
    shoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """What the runner answered on the phone before the run, as the home would have stored it."""

    pain: tuple[PainEntry, ...] = ()
    red_flags: tuple[RedFlagAnswers, ...] = ()


@dataclass(frozen=True, slots=True)
class Readiness:
    """How a run that starts now is coached. engine: None where nothing is said. listens_because: why, "" else."""

    plan: RunPlan
    pain: PainState
    engine: CueEngine | None
    listens_because: str = ""


def why_stale(pack: Pack, now: datetime, is_used: bool) -> str:
    """Return why the pack may coach no more; "" while it may."""
    if is_used:
        return "what you took along was for one run, and that run has been"
    if now - pack.made_at > GOOD_FOR:
        return "what you took along is older than a day"
    if pack.made_at - now > CLOCK_SLACK:
        return "this phone's clock is behind the home's: set it and take the coach along again"
    return ""


def signs_are_due(pack: Pack, now: datetime) -> bool:
    """Whether the warning signs must be asked before this run, by the same rule as at home.

    All that the pack holds was reported until it was made, whatever a phone's clock says that lags behind.
    """
    return bool(open_signs(pack.red_flags, max(now, pack.made_at), pack.pain).asks_again)


def pain_now(pack: Pack, answers: Answers, now: datetime) -> PainState:
    """Return what pain and red flags allow, with the answers given on the phone.

    They came after all that the pack holds, whatever the clocks of home and phone say (`CLOCK_SLACK`).
    """
    taken_along = min((now, *(one.at for one in answers.pain), *(one.at for one in answers.red_flags)))
    pain = (*by_now(pack.pain, taken_along), *answers.pain)
    return pain_state(pain, (*by_now(pack.red_flags, taken_along), *answers.red_flags), now)


def prepare(pack: Pack, answers: Answers, now: datetime, *, is_used: bool = False, shoes: str = "") -> Readiness:
    """Decide how the run that starts at `now` (aware UTC) is coached; nothing is said from a stale pack.

    The phone goes where it is carried: its run is outdoors unless a treadmill sends to it.
    """
    pain = pain_now(pack, answers, now)
    if why := _why_silent(pack, answers, now, is_used):
        plan = RunPlan(None, 0.0, None, False, False, LISTENING.format(why=why), pack.progress.n_runs + 1)
        return Readiness(plan, pain, None, why)
    baseline = Baseline(pack.baseline, now, pack.profile.height_m, RunPlace.OUTDOOR, shoes)
    plan = plan_run(pain, pack.profile, baseline, pack.progress, pack.facts, now, pack.focus)
    engine = CueEngine(load_rules(), plan, pain, pack.profile, baseline, pack.strength_week, pack.facts)
    return Readiness(plan, pain, engine)


def workouts_now(pack: Pack, ready: Readiness) -> list[tuple[Workout, bool, str]]:
    """Return each structured run of the pack, whether it may be led now, and the words to it; by the home's rule."""
    found = []
    for plan in pack.workouts:
        workout = workout_of(plan)
        is_allowed, words = gate(workout, ready.pain, ready.plan.distance_limit_m)
        why = ready.listens_because
        found.append((workout, is_allowed and not why, why or words))
    return found


def _why_silent(pack: Pack, answers: Answers, now: datetime, is_used: bool) -> str:
    if why := why_stale(pack, now, is_used):
        return why
    if not _asked(answers.pain):
        return "you were not asked how your back is today"
    if signs_are_due(pack, now) and not answers.red_flags:
        return "the questions about warning signs were not answered"
    return ""


def _asked(entries: Sequence[PainEntry]) -> bool:
    return any(entry.back is not None for entry in entries)
