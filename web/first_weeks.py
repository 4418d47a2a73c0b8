"""The first weeks as two rings: baseline runs and the block of cues outside, the weeks of the leg programme inside."""

import math
from collections.abc import Sequence
from typing import Final

from coach.coaching.block import BlockView
from coach.model.frozen import dataclass
from coach.model.strength import SessionState, StrengthPlan

_OUTER: Final = 46.0  # radii in a picture of 120 by 120
_INNER: Final = 33.0
_GAP: Final = 0.06  # [rad] between segments
_DONE: Final = (SessionState.DONE, SessionState.PARTIAL)


@dataclass(frozen=True, slots=True)
class PlanPart:
    """One arc. path: its line as SVG writes it. state: done, next or later. kind: baseline, block or week."""

    path: str
    state: str
    kind: str


@dataclass(frozen=True, slots=True)
class FirstWeeks:
    """Both rings and their numbers. n_block, n_weeks: 0 where there is no block or no programme yet."""

    segments: tuple[PlanPart, ...]
    n_baseline: int
    n_baseline_needed: int
    n_block: int
    block_done: int
    n_weeks: int
    weeks_done: int


def first_weeks(block: BlockView, plan: StrengthPlan | None) -> FirstWeeks | None:
    """Return what the start page draws; None once both rings are closed: the first weeks are over then."""
    baseline = [n < block.n_baseline for n in range(block.n_baseline_needed)]
    steps = [step.state == "done" for step in block.steps]
    weeks = _weeks(plan)
    if all(baseline) and all(steps) and all(weeks):
        return None
    kinds = ["baseline"] * len(baseline) + ["block"] * len(steps)
    outer = _ring(_OUTER, baseline + steps, kinds)
    inner = _ring(_INNER, weeks, ["week"] * len(weeks))
    return FirstWeeks(
        (*outer, *inner),
        sum(baseline),
        len(baseline),
        len(steps),
        sum(steps),
        len(weeks),
        sum(weeks),
    )


def _weeks(plan: StrengthPlan | None) -> list[bool]:
    """Whether each week of the programme has its sessions done."""
    if plan is None:
        return []
    weeks: dict[int, list[bool]] = {}
    for one in plan.sessions:
        if one.state is not SessionState.SKIPPED:
            weeks.setdefault(one.week, []).append(one.state in _DONE)
    return [all(done) for _, done in sorted(weeks.items())][:8]


def _ring(radius: float, done: Sequence[bool], kinds: Sequence[str]) -> list[PlanPart]:
    following = next((n for n, is_done in enumerate(done) if not is_done), len(done))
    each = 2 * math.pi / max(1, len(done))
    found = []
    for n, (is_done, kind) in enumerate(zip(done, kinds, strict=True)):
        state = "done" if is_done else "next" if n == following else "later"
        found.append(PlanPart(_arc(radius, n * each + _GAP / 2, (n + 1) * each - _GAP / 2), state, kind))
    return found


def _arc(radius: float, start: float, end: float) -> str:
    """Return the arc from `start` to `end`, clockwise from the top [rad]."""

    def point(angle: float) -> str:
        return f"{60 + radius * math.sin(angle):.1f} {60 - radius * math.cos(angle):.1f}"

    is_large = int(end - start > math.pi)
    return f"M{point(start)}A{radius:g} {radius:g} 0 {is_large} 1 {point(end)}"
