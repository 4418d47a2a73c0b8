"""The block as the page shows it: nine runs, what is done, what comes, and what became of earlier focuses."""

from collections.abc import Sequence

from coach.coaching.baseline import MIN_RUNS, Baseline
from coach.coaching.programme import FOCUSES, MINUTES, PLACES, SHARES
from coach.coaching.progress import BLOCK_RUNS, MISSES, Block, BlockProgress, CoachedRun
from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class BlockStep:
    """One run of a block. state: "done", "next" or "later". n_cues: spoken."""

    number: int
    share_pct: float
    minutes: int | None
    state: str
    run_id: str | None = None
    n_cues: int | None = None
    is_retention: bool = False


@dataclass(frozen=True, slots=True)
class BlockView:
    """n_baseline: counted baseline runs, of `n_baseline_needed`. steps: empty without a block. past: in words."""

    focus: str | None
    title: str
    n_baseline: int
    n_baseline_needed: int
    steps: tuple[BlockStep, ...]
    past: tuple[str, ...]


def block_view(runs: Sequence[CoachedRun], progress: BlockProgress, baseline: Baseline) -> BlockView:
    """Return where the runner is now."""
    block = progress.block
    by_id = {r.run_id: r for r in runs}
    return BlockView(
        focus=block.focus if block else None,
        title=_title(block.focus) if block else "",
        n_baseline=min(len(baseline.runs), MIN_RUNS),
        n_baseline_needed=MIN_RUNS,
        steps=tuple(_step(i, block, by_id) for i in range(1, BLOCK_RUNS + 2)) if block else (),
        past=tuple(_past(b) for b in progress.past),
    )


def _step(number: int, block: Block, runs: dict[str, CoachedRun]) -> BlockStep:
    is_retention = number > BLOCK_RUNS
    run_id = block.runs[number - 1] if number <= len(block.runs) else None
    state = "done" if run_id else "next" if number == len(block.runs) + 1 else "later"
    run = runs.get(run_id) if run_id else None
    return BlockStep(
        number=number,
        share_pct=0.0 if is_retention else 100.0 * SHARES[number - 1],
        minutes=None if is_retention else MINUTES[number - 1],
        state=state,
        run_id=run_id,
        n_cues=run.outcome.n_spoken if run else None,
        is_retention=is_retention,
    )


def _past(block: Block) -> str:
    title, n = _title(block.focus), block.n_cued
    if block.is_dropped:
        return f"{title}: dropped after {n} runs, because {MISSES} runs in a row showed no response to its cues."
    if not block.is_tested:
        return f"{title}: left after {n} runs for another focus."
    found = block.compared
    if found is None and block.first_needs and block.test_place not in block.first_needs:
        places = " and ".join(PLACES[place] for place in block.first_needs)
        return (
            f"{title}: {n} runs {places}, then one without cues elsewhere. Whether it has stayed is not known: places "
            "are not compared."
        )
    if found is None:
        return f"{title}: {n} runs, then one without cues. Whether it has stayed is not known: too little was measured."
    minutes = round(found.seconds / 60)
    if block.is_kept is None:
        return (
            f"{title}: {n} runs, then one without cues. Whether it has stayed is not known: in their first {minutes} "
            "minutes, which are compared, you were on target from the first run on."
        )
    on_target, first = 100 * (1 - found.last_need), 100 * (1 - found.first_need)
    kept = "it has stayed" if block.is_kept else "it has not stayed"
    compared = "first run" if found.number == 1 else f"run {found.number}"
    return (
        f"{title}: {n} runs, then one without cues, in which you were on target {on_target:.0f} % of the first "
        f"{minutes} minutes ({compared}: {first:.0f} %): {kept}."
    )


def _title(focus: str) -> str:
    known = FOCUSES.get(focus)
    return known.title if known else focus
