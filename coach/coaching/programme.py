"""How the next run is coached: one focus, a share of time in which cues may speak, and the reason in plain words.

Baseline runs first; then a retraining block of eight cued runs whose cues fade, and a run without cues that tests what
stayed. Source: Crowell & Davis 2011 and Bowser 2018 (eight sessions, feedback removed over the last four), Willy 2016
for the field; the exact shares are ours.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coach.coaching.baseline import MIN_RUNS, Baseline
from coach.coaching.facts import HistoryFacts
from coach.coaching.gates import CALF_RAISES
from coach.coaching.progress import BLOCK_RUNS, Block, BlockProgress
from coach.model.frozen import dataclass
from coach.model.pain import Lock, PainState
from coach.model.runner import RunnerProfile
from coach.model.runs import RunPlace, RunPlan

# Of the windows that may hold a cue, by run: full for four, then removed (Crowell & Davis 2011); the steps are ours.
SHARES: Final = (1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.10)
MINUTES: Final = (15, 17, 20, 22, 22, 25, 27, 30)  # Bowser 2018: 15 to 30 minutes over eight sessions
NO_FOCUS: Final = "none"
NEED: Final = 0.05  # share of recent running time in which a cue would have been due; chosen by eye, 2026-11-20
REFRESH_SHARE: Final = 0.25  # as the sixth run of eight: a reminder, not a block; by judgement
LONGEST_SHARE: Final = 1.1  # Frandsen 2025: more than 10 % beyond the longest run of 30 days
MONTH: Final = timedelta(days=28)  # after a block, one run without cues so often; by judgement
MOST_BLOCKS: Final = 2  # of one focus in twelve weeks; by judgement: trials had one block (Bowser 2018)
_SEASON: Final = timedelta(weeks=12)  # in which MOST_BLOCKS are counted; by judgement
_ASIDE: Final = timedelta(days=60)  # a dropped or kept focus rests for this long; chosen by eye, 2026-11-20


@dataclass(frozen=True, slots=True)
class Focus:
    """What can be worked on. adds_load: not with pain above 2."""

    id: str
    title: str
    adds_load: bool = False


PLACES: Final[Mapping[RunPlace, str]] = {
    RunPlace.TREADMILL: "on the treadmill",
    RunPlace.OUTDOOR: "outdoors",
    RunPlace.NOT_SAID: "without a place",
}
# In the order of preference where needs are alike: more steps first (Drozda 2024).
FOCUSES: Final[Mapping[str, Focus]] = {
    f.id: f
    for f in (
        Focus("quicker", "Quicker, lighter steps"),
        Focus("softer", "Land softer"),
        Focus("lengthen", "Lengthen your stride", adds_load=True),
        Focus("even", "Even out left and right"),
        Focus("swing", "Arms and trunk swing freely"),
        Focus("lean", "Slight lean from the ankles"),
        Focus("midfoot", "Land closer to midfoot", adds_load=True),
    )
}
_BY_NEED: Final = ("quicker", "softer", "lengthen", "even", "swing")


def plan_run(
    pain: PainState,
    profile: RunnerProfile,
    baseline: Baseline,
    progress: BlockProgress,
    facts: HistoryFacts,
    now: datetime,
    wish: str | None = None,
) -> RunPlan:
    """Plan the run that starts at `now`. wish: the runner's choice for this run alone, "none" for no cues.

    baseline: the runner's own at the place of this run.
    """
    plan = _plan(pain, profile, baseline, progress, facts, now, wish)
    longest = facts.longest_30d_m
    return replace(
        plan,
        distance_limit_m=None if longest is None else LONGEST_SHARE * longest,
        place=baseline.place,
        n_own=len(baseline.runs),
        reason=plan.reason + _compared_with(plan, baseline),
    )


def _plan(
    pain: PainState,
    profile: RunnerProfile,
    baseline: Baseline,
    progress: BlockProgress,
    facts: HistoryFacts,
    now: datetime,
    wish: str | None,
) -> RunPlan:
    seed = progress.n_runs + 1
    if not pain.allows_cues:
        # Who has only not been asked may be listened to: such a run counts for the baseline.
        listens = pain.lock is Lock.NOT_ASKED and not baseline.is_ready
        return RunPlan(None, 0.0, None, listens, False, f"No cues in this run. {pain.words}", seed)
    if not baseline.is_ready:
        return RunPlan(None, 0.0, None, True, False, _baseline_words(baseline, progress), seed)
    if wish == NO_FOCUS:
        return RunPlan(None, 0.0, None, False, False, "No cues in this run, as you wished.", seed)
    if wish and (progress.block is None or wish != progress.block.focus):
        return _wished(wish, pain, profile, progress, facts, seed)
    return _planned(pain, profile, baseline.place, progress, facts, now, seed)


def _baseline_words(baseline: Baseline, progress: BlockProgress) -> str:
    """Return why the run is a baseline run: it is the first of all, or the first at this place."""
    number, others = len(baseline.runs) + 1, [place for place in baseline.places if place is not baseline.place]
    where = f" {PLACES[baseline.place]}" if others else ""
    words = (
        f"Baseline run {number} of {MIN_RUNS}{where}: run easily and steadily for at least 14 minutes. The coach only "
        "listens, to learn what is usual for you."
    )
    if others:
        elsewhere = " and ".join(PLACES[place] for place in others)
        words += f" Your runs {elsewhere} are not compared with it: the same stride lands differently there."
    if RunPlace.NOT_SAID in others:
        words += " If those without a place were here, say so on their pages, and they count."
    return words + (" Your block waits." if progress.block is not None else "")


def _compared_with(plan: RunPlan, baseline: Baseline) -> str:
    """Return with which runs this one is compared; "" where nothing is."""
    if plan.focus is None:
        return ""
    words = f" Compared with your {len(baseline.runs)} runs {PLACES[baseline.place]}."
    if baseline.n_in_shoes < MIN_RUNS:
        words += f" How you land in these shoes is compared after {MIN_RUNS} runs in them; cues about it wait."
    return words


def why_not(focus: str, pain: PainState, profile: RunnerProfile, facts: HistoryFacts) -> str | None:
    """Return why a focus cannot be worked on today; None where it can."""
    known = FOCUSES.get(focus)
    if known is None:
        return f"There is no focus {focus}."
    if pain.lock is not Lock.NONE or not pain.allows_cues:
        return pain.words
    if known.adds_load and not pain.allows_load_cues:
        return f"{known.title} adds load and waits: {pain.words}"
    if focus != "midfoot":
        return None
    if not profile.wants_strike_training:
        return "Landing closer to midfoot is only trained where you ask for it in your profile."
    if profile.has_calf_history is not False:
        return "Landing closer to midfoot loads the calf: not with trouble there before, or where you have not said."
    if not pain.allows_strike_training:
        return "Landing closer to midfoot waits until you say that calf and Achilles do not hurt today."
    if facts.calf_raises_14d < CALF_RAISES:
        return "Landing closer to midfoot needs its companion first: calf raises in two sessions of the last 14 days."
    return None


def _wished(
    wish: str, pain: PainState, profile: RunnerProfile, progress: BlockProgress, facts: HistoryFacts, seed: int
) -> RunPlan:
    closed = why_not(wish, pain, profile, facts) or _cannot_say(wish, facts)
    if closed:
        return RunPlan(None, 0.0, None, False, False, f"No cues in this run. {closed}", seed)
    beside = " It does not count in your block." if progress.block is not None else ""
    words = f"{FOCUSES[wish].title}, as you wished for this run.{beside}"
    return RunPlan(wish, 1.0, None, False, False, words, seed)


def _planned(
    pain: PainState,
    profile: RunnerProfile,
    place: RunPlace,
    progress: BlockProgress,
    facts: HistoryFacts,
    now: datetime,
    seed: int,
) -> RunPlan:
    block = progress.block
    if block is None and _is_month_over(progress, now):
        words = "A run without cues, as once a month: it shows how you run by yourself."
        return RunPlan(None, 0.0, None, False, False, words, seed)
    focus, why = _choose(pain, profile, progress, facts, now)
    if block is not None and focus is None:
        closed = why_not(block.focus, pain, profile, facts) or ""
        return _beside(block, closed, pain, profile, progress, facts, seed)
    if focus is None:
        return _watch(pain, progress, facts, now, seed)
    if silent := _cannot_say(focus, facts):
        return RunPlan(None, 0.0, None, False, False, f"No cues in this run. {silent}", seed)
    n_done = block.n_cued if block is not None and block.focus == focus else 0
    last = progress.last_block(focus)
    if n_done == 0 and block is None and last is not None and last.is_kept and _is_recent(last, now):
        words = f"{FOCUSES[focus].title}: a refresher. {why} Cues may speak in a quarter of the time."
        return RunPlan(focus, REFRESH_SHARE, None, False, False, words, seed)
    if n_done >= BLOCK_RUNS:
        words = f"{FOCUSES[focus].title}: a run without cues, to see what has stayed after eight cued runs."
        words += _elsewhere(block, place)
        return RunPlan(focus, 0.0, BLOCK_RUNS + 1, False, True, words, seed)
    share = SHARES[n_done]
    words = (
        f"{FOCUSES[focus].title}: run {n_done + 1} of {BLOCK_RUNS}. {why} Cues may speak in {100 * share:.0f} % of the "
        f"time; about {MINUTES[n_done]} minutes are enough."
    )
    return RunPlan(focus, share, n_done + 1, False, False, words, seed)


def _elsewhere(block: Block | None, place: RunPlace) -> str:
    """Say that the run without cues says nothing at this place; "" where it does."""
    if block is None or not block.first_needs or place in block.first_needs:
        return ""
    where = " or ".join(PLACES[one] for one in block.first_needs)
    return f" Your block was {where}: this run can only be compared there, so run it there if you can."


def _choose(
    pain: PainState, profile: RunnerProfile, progress: BlockProgress, facts: HistoryFacts, now: datetime
) -> tuple[str | None, str]:
    """Return the focus and why: a standing wish, the running block, else what recent runs needed most."""
    wish, block = profile.focus_wish, progress.block
    if wish and why_not(wish, pain, profile, facts) is None and not _rests(wish, progress, now):
        return wish, "You wished for it."
    if block is not None:
        is_open = why_not(block.focus, pain, profile, facts) is None
        return (block.focus, "Your block goes on.") if is_open else (None, "")
    needs = {f: progress.needs.get(f, 0.0) for f in _BY_NEED if why_not(f, pain, profile, facts) is None}
    rests = {f for f in needs if _is_dropped(f, progress, now) or _is_enough(f, progress, now) or f in facts.unsayable}
    needs = {f: share for f, share in needs.items() if share >= NEED and f not in rests}
    if not needs:
        return None, ""
    best = max(needs, key=lambda f: needs[f])
    return best, f"It would have been due in {100 * needs[best]:.0f} % of your last runs."


def _rests(focus: str, progress: BlockProgress, now: datetime) -> bool:
    """Whether a wish rests: its block is over, or enough was done; it does not start again by itself."""
    last = progress.last_block(focus)
    is_running = progress.block is not None and progress.block.focus == focus
    is_over = last is not None and (last.is_dropped or last.is_tested) and _is_recent(last, now)
    # Later on it starts again only where recent runs show that there is something to work on.
    is_over |= last is not None and last.is_tested and progress.needs.get(focus, 0.0) < NEED
    return (is_over or _is_enough(focus, progress, now)) and not is_running


def _is_enough(focus: str, progress: BlockProgress, now: datetime) -> bool:
    """Whether two blocks of this focus lie in the last twelve weeks: more of the same teaches nothing new."""
    tested = [b.ended_at for b in progress.past if b.focus == focus and b.is_tested]
    return sum(at is not None and now - at < _SEASON for at in tested) >= MOST_BLOCKS


def _is_month_over(progress: BlockProgress, now: datetime) -> bool:
    """Whether a month lies behind the last block and the last run without cues."""
    ended = [b.ended_at for b in progress.past if b.is_tested and b.ended_at is not None]
    return bool(ended) and now - max(filter(None, (ended[-1], progress.silent_at))) >= MONTH


def _cannot_say(focus: str, facts: HistoryFacts) -> str:
    """Return why no cue of this focus can ever be spoken with the paired sensors; "" where one can."""
    needs = facts.unsayable.get(focus)
    title = FOCUSES[focus].title
    return "" if needs is None else f"{title}: with these sensors the coach can never cue it. It needs {needs}."


def _is_dropped(focus: str, progress: BlockProgress, now: datetime) -> bool:
    last = progress.last_block(focus)
    return last is not None and last.is_dropped and _is_recent(last, now)


def _is_recent(block: Block, now: datetime) -> bool:
    return block.ended_at is not None and now - block.ended_at < _ASIDE


def _beside(
    block: Block,
    closed: str,
    pain: PainState,
    profile: RunnerProfile,
    progress: BlockProgress,
    facts: HistoryFacts,
    seed: int,
) -> RunPlan:
    """Return the plan of a run in which the block's focus must wait: something that adds no load instead,
    not counted."""
    open_ones = [f for f in _BY_NEED if f != block.focus and why_not(f, pain, profile, facts) is None]
    needed = [f for f in open_ones if progress.needs.get(f, 0.0) >= NEED]
    focus = max(needed, key=lambda f: progress.needs[f]) if needed else "swing"
    words = f"{closed} Your block waits at run {block.n_cued + 1}. Today instead: {FOCUSES[focus].title}."
    return RunPlan(focus, 0.5, None, False, False, words, seed)


def _watch(pain: PainState, progress: BlockProgress, facts: HistoryFacts, now: datetime, seed: int) -> RunPlan:
    """Return the plan between blocks: cues in a part of the time, so that fading is not undone;
    none of a focus that was dropped."""
    faded = [b for b in progress.past if b.n_cued > SHARES.count(1.0)]
    if silent := _cannot_say("lengthen", facts):
        return RunPlan(None, 0.0, None, False, False, f"No block now, and no cues in this run. {silent}", seed)
    if pain.allows_load_cues and not _is_dropped("lengthen", progress, now):
        share = REFRESH_SHARE if faded else 1.0
        part = "" if share == 1.0 else f" Cues may speak in {100 * share:.0f} % of the time."
        words = f"No block now. If your steps shorten by 3 % as you tire, you will hear it.{part}"
        return RunPlan("lengthen", share, None, False, False, words, seed)
    words = f"No block now. You may hear a plain tip. {pain.words}"
    return RunPlan("swing", 0.5, None, False, False, words, seed)
