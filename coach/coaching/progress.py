"""What all coached runs so far add up to: where the block is, what was dropped and why, what was kept.

`BlockProgress` follows from one record per finished run, oldest first. Nothing else is stored, so deleting a run
undoes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Final

from coach.coaching.outcome import SLICE_S, CoachingOutcome, FocusTime
from coach.model.frozen import dataclass
from coach.model.runs import RunPlace, RunPlan

BLOCK_RUNS: Final = 8  # Crowell & Davis 2011, Bowser 2018
MISSES: Final = 3  # runs without response before a focus is dropped
MIN_RUNNING_S: Final = 600.0  # a shorter run does not count for the block; chosen by eye, 2026-11-20
POSSIBLE_SHARE: Final = 0.5  # of a run, in which a cue could have spoken; else it is no run of the block; by judgement
LITTLE_NEED: Final = 0.1  # share of the time out of band below which there was nothing to learn; by judgement
KEPT_SHARE: Final = 0.5  # retained: out of band for less than half the time of the first run; chosen by eye, 2026-11-20
_RECENT: Final = 3  # runs: as many as a baseline needs
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
            return (
                self.need is not None and self.need.is_judged
            )  # else nothing would be learnt of it: the test is run again
        return possible.get(focus, 0.0) >= POSSIBLE_SHARE

    @property
    def is_measured(self) -> bool:
        """Whether the focus is measured with the sensors of this run, rather than a plain tip."""
        return (self.plan.focus or "") in (self.outcome.early or {})

    @property
    def need(self) -> FocusTime | None:
        """How long its focus could be judged and was out of band; None where it could not be judged at all."""
        return (self.outcome.early or {}).get(self.plan.focus or "")


@dataclass(frozen=True, slots=True)
class Compared:
    """A run of a block against its run without cues, over their first `seconds` of running.

    number: of the run in its block. first_need, last_need: shares of that time out of band, in it and without cues.
    """

    number: int
    seconds: float
    first_need: float
    last_need: float

    @property
    def is_kept(self) -> bool | None:
        """Whether it stayed without cues; None where the runner was on target in that time from the first."""
        return None if _is_on_target(self.first_need) else self.last_need <= KEPT_SHARE * self.first_need


@dataclass(frozen=True, slots=True)
class Block:
    """A finished or running block.

    runs: ids in order, the retention run last. first_needs: by place, its first run that could be judged and each later
    one that lasted longer than all before it, with their numbers in the block. compared: what the verdict rests on;
    None without one. test_place: where the run without cues was. is_kept: None while not tested, or not known.
    """

    focus: str
    started_at: datetime
    runs: tuple[str, ...] = ()
    n_cued: int = 0
    misses: int = 0
    compared: Compared | None = None
    first_needs: Mapping[RunPlace, tuple[tuple[int, FocusTime], ...]] = field(default_factory=dict)
    is_tested: bool = False
    test_place: RunPlace | None = None
    ended_at: datetime | None = None
    is_kept: bool | None = None
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class BlockProgress:
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
        """Return the newest finished block of a focus."""
        return next((b for b in reversed(self.past) if b.focus == focus), None)


def progress_of(runs: Iterable[CoachedRun]) -> BlockProgress:
    """Fold all records, oldest first."""
    in_order = sorted(runs, key=lambda r: r.at)
    silent = [r.at for r in in_order if r.plan.eligible_share <= 0.0 and not r.plan.is_baseline]
    progress = BlockProgress(n_runs=len(in_order), needs=_needs(in_order), silent_at=silent[-1] if silent else None)
    for run in in_order:
        if run.counts and run.plan.focus is not None:
            progress = _with(progress, run, run.plan.focus)
    return progress


def withheld_pool(runs: Iterable[CoachedRun]) -> dict[str, tuple[float, ...]]:
    """Return changes of each rule's metric at withheld moments of all runs, the newest ones."""
    pool: dict[str, tuple[float, ...]] = {}
    for run in sorted(runs, key=lambda r: r.at):
        for rule, changes in run.outcome.withheld.items():
            pool[rule] = (*pool.get(rule, ()), *changes)[-_POOL:]
    return pool


def _with(progress: BlockProgress, run: CoachedRun, focus: str) -> BlockProgress:
    block, past = progress.block, progress.past
    if block is not None and block.focus != focus:
        past, block = (*past, replace(block, ended_at=run.at)), None
    block = block or Block(focus, run.at)
    block = replace(block, runs=(*block.runs, run.run_id))
    if run.plan.is_retention:
        found = _compared(block.first_needs.get(run.place, ()), run.need)
        kept = found.is_kept if found else None
        block = replace(block, ended_at=run.at, is_kept=kept, is_tested=True, test_place=run.place, compared=found)
        return replace(progress, block=None, past=(*past, block))
    block = replace(
        block,
        n_cued=block.n_cued + 1,
        misses=_misses(block.misses, run.outcome, focus),
        first_needs={**block.first_needs, **_longer(block, run)},
    )
    if block.misses >= MISSES:
        return replace(progress, block=None, past=(*past, replace(block, ended_at=run.at, is_dropped=True)))
    return replace(progress, block=block, past=past)


def _longer(block: Block, run: CoachedRun) -> dict[RunPlace, tuple[tuple[int, FocusTime], ...]]:
    """Return the runs to compare with at the place of this one, where it adds something; else empty."""
    need, before = run.need, block.first_needs.get(run.place, ())
    if need is None or not need.is_judged or (before and len(need.later) <= len(before[-1][1].later)):
        return {}
    return {run.place: (*before, (len(block.runs), need))}


def _is_on_target(need: float | None) -> bool:
    """Whether a share of time out of band leaves nothing to learn; False where it is not known."""
    return need is not None and need < LITTLE_NEED


def _compared(firsts: Sequence[tuple[int, FocusTime]], last: FocusTime | None) -> Compared | None:
    """Return the first run against the one without cues, over as long as both lasted.

    Where there was nothing to learn in that time, the next run that lasted longer and was on target in it, too, is
    taken for its further minutes: who tires after half an hour is judged there. A run that was worse in the same
    minutes is passed over, so that none is chosen because it was a bad one. None where no such stretch could be judged
    in both.
    """
    found: Compared | None = None
    n_before = -1
    for number, first in firsts if last else ():
        assert last is not None
        if found is not None and not _is_on_target(first.need_share(n_before)):
            continue
        n_shared = min(len(first.later), len(last.later))
        for n in range(n_shared, n_before, -1):
            needs = first.need_share(n), last.need_share(n)
            if needs[0] is not None and needs[1] is not None:
                found = Compared(number, last.running_s + n * SLICE_S, needs[0], needs[1])
                n_before = n
                break
        if found is not None and found.is_kept is not None:
            break
    return found


def _misses(so_far: int, outcome: CoachingOutcome, focus: str) -> int:
    """Return the number of runs in a row without response; a run in which nothing could be judged changes nothing."""
    answers = [r.has_answered for r in outcome.focus_responses if r.focus == focus and r.has_answered is not None]
    if not answers:
        return so_far
    return 0 if any(answers) else so_far + 1


def _needs(runs: list[CoachedRun]) -> dict[str, float]:
    seen = [r.outcome.needs for r in runs if not r.plan.is_baseline and r.outcome.running_s >= MIN_RUNNING_S][-_RECENT:]
    focuses = {focus for needs in seen for focus in needs}
    return {focus: sum(needs.get(focus, 0.0) for needs in seen) / len(seen) for focus in focuses}
