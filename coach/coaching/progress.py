"""What all coached runs so far add up to: where the block is, what was dropped and why, what was kept.

In: one record per finished run, oldest first. Out: `Progress`. Nothing else is stored, so deleting a run undoes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from coach.coaching.outcome import CoachingOutcome
from coach.model.runs import RunPlace, RunPlan

BLOCK_RUNS: Final = 8  # Crowell & Davis 2011, Bowser 2018
MISSES: Final = 3  # runs without response before a focus is dropped
MIN_RUNNING_S: Final = 600.0  # a shorter run does not count for the block; chosen by eye, 2026-11-20
POSSIBLE_SHARE: Final = 0.5  # of a run, in which a cue could have spoken; else it is no run of the block; by judgement
JUDGED_SHARE: Final = 0.8  # of the time compared, known and with open gates, for a verdict of learning; by judgement
LITTLE_NEED: Final = 0.1  # share of the time out of band below which there was nothing to learn; by judgement
KEPT_SHARE: Final = 0.5  # retained: out of band for less than half the time of the first run; chosen by eye, 2026-11-20
_RECENT: Final = 3
_POOL: Final = 60  # withheld moments kept for comparison, by rule


@dataclass(frozen=True, slots=True)
class CoachedRun:
    """One finished run as the coach remembers it. at: its start, aware UTC."""

    run_id: str
    at: datetime
    plan: RunPlan
    outcome: CoachingOutcome
    place: RunPlace = RunPlace.NOT_SAID

    @property
    def counts(self) -> bool:
        """Whether it moves the block on: long enough, and a cue of its focus could have been spoken."""
        if self.plan.block_run is None or self.outcome.running_s < MIN_RUNNING_S:
            return False
        possible, focus = self.outcome.possible, self.plan.focus or ""
        if possible is None:  # of before this was kept
            return True
        if self.plan.is_retention and self.is_measured:
            return self.need_share is not None  # nothing would be learnt of it: the test is run again
        return possible.get(focus, 0.0) >= POSSIBLE_SHARE

    @property
    def is_measured(self) -> bool:
        """Whether the focus is measured with the sensors of this run, rather than a plain tip."""
        return (self.plan.focus or "") in (self.outcome.early or {})

    @property
    def need_share(self) -> float | None:
        """Share of the first 15 running minutes out of band; None where too little of them could be judged."""
        time = (self.outcome.early or {}).get(self.plan.focus or "")
        if time is None or time.judged_s <= 0.0 or time.judged_s < JUDGED_SHARE * time.running_s:
            return None
        return time.needed_s / time.judged_s


@dataclass(frozen=True, slots=True)
class Block:
    """A finished or running block.

    runs: ids in order, the retention run last. first_needs: by place, share of the time out of band in its first run
    that could be judged. first_need, last_need: that of the place of the run without cues, and of that run. is_kept:
    None while not tested, or where that is not known.
    """

    focus: str
    started_at: datetime
    runs: tuple[str, ...] = ()
    n_cued: int = 0
    misses: int = 0
    first_need: float | None = None
    last_need: float | None = None
    first_needs: Mapping[RunPlace, float] = field(default_factory=dict)
    is_tested: bool = False
    ended_at: datetime | None = None
    is_kept: bool | None = None
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """block: the running one. past: finished blocks, oldest first. needs: by focus, mean share of the last runs'
    time in which a cue would have been due. n_runs: all coached runs. silent_at: start of the newest run without cues
    that was no baseline run.
    """

    block: Block | None = None
    past: tuple[Block, ...] = ()
    needs: Mapping[str, float] = field(default_factory=dict)
    n_runs: int = 0
    silent_at: datetime | None = None

    def last_block(self, focus: str) -> Block | None:
        """The newest finished block of a focus."""
        return next((b for b in reversed(self.past) if b.focus == focus), None)


def progress_of(runs: Iterable[CoachedRun]) -> Progress:
    """Fold all records, oldest first."""
    in_order = sorted(runs, key=lambda r: r.at)
    silent = [r.at for r in in_order if r.plan.eligible_share <= 0.0 and not r.plan.is_baseline]
    progress = Progress(n_runs=len(in_order), needs=_needs(in_order), silent_at=silent[-1] if silent else None)
    for run in in_order:
        if run.counts and run.plan.focus is not None:
            progress = _with(progress, run, run.plan.focus)
    return progress


def withheld_pool(runs: Iterable[CoachedRun]) -> dict[str, tuple[float, ...]]:
    """Changes of each rule's metric at withheld moments of all runs, the newest ones."""
    pool: dict[str, tuple[float, ...]] = {}
    for run in sorted(runs, key=lambda r: r.at):
        for rule, changes in run.outcome.withheld.items():
            pool[rule] = (*pool.get(rule, ()), *changes)[-_POOL:]
    return pool


def _with(progress: Progress, run: CoachedRun, focus: str) -> Progress:
    block, past = progress.block, progress.past
    if block is not None and block.focus != focus:
        past, block = (*past, replace(block, ended_at=run.at)), None
    block = block or Block(focus, run.at)
    need = run.need_share
    block = replace(block, runs=(*block.runs, run.run_id))
    if run.plan.is_retention:
        first = block.first_needs.get(run.place)
        kept = _is_kept(first, need)
        block = replace(block, ended_at=run.at, is_kept=kept, is_tested=True, first_need=first, last_need=need)
        return replace(progress, block=None, past=(*past, block))
    block = replace(
        block,
        n_cued=block.n_cued + 1,
        misses=_misses(block.misses, run.outcome, focus),
        first_needs=block.first_needs if need is None else {run.place: need, **block.first_needs},
    )
    if block.misses >= MISSES:
        return replace(progress, block=None, past=(*past, replace(block, ended_at=run.at, is_dropped=True)))
    return replace(progress, block=block, past=past)


def _is_kept(first: float | None, last: float | None) -> bool | None:
    """Whether it stayed without cues; None where either run could not be judged, or the first was on target already."""
    if first is None or last is None or first < LITTLE_NEED:
        return None
    return last <= KEPT_SHARE * first


def _misses(so_far: int, outcome: CoachingOutcome, focus: str) -> int:
    """Runs in a row without response; a run in which nothing could be judged changes nothing."""
    answers = [r.has_answered for r in outcome.focus_responses if r.focus == focus and r.has_answered is not None]
    if not answers:
        return so_far
    return 0 if any(answers) else so_far + 1


def _needs(runs: list[CoachedRun]) -> dict[str, float]:
    seen = [r.outcome.needs for r in runs if not r.plan.is_baseline and r.outcome.running_s >= MIN_RUNNING_S][-_RECENT:]
    focuses = {focus for needs in seen for focus in needs}
    return {focus: sum(needs.get(focus, 0.0) for needs in seen) / len(seen) for focus in focuses}
