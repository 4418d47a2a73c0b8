"""What one coached run leaves behind for the next: kept by the service, a few kilobytes a run."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from coach.coaching.baseline import BaselineRun
from coach.coaching.facts import WordingMemory
from coach.model.cues import CueResponse, FocusResponse
from coach.model.frozen import dataclass

JUDGED_SHARE: Final = 0.8  # of the time compared, known and with open gates, for a verdict of learning; by judgement
SLICE_S: Final = 300.0  # runs of different length are compared to a slice; by judgement: some ten dwell times


@dataclass(frozen=True, slots=True)
class FocusTime:
    """How long one focus could be judged in the first 15 minutes of running [s].

    running_s: looked at. judged_s: its metric was known and its own gates were open. needed_s: of these, out of band
    for long enough that a cue would have been due. later: judged_s and needed_s of each whole `SLICE_S` of running
    after that; empty in runs of before these were kept.
    """

    running_s: float
    judged_s: float
    needed_s: float
    later: tuple[tuple[float, float], ...] = ()

    def need_share(self, n_later: int = 0) -> float | None:
        """Return the share of the first 15 running minutes and `n_later` slices out of band;
        None where too little was judged."""
        judged_s = self.judged_s + sum(judged for judged, _ in self.later[:n_later])
        if judged_s <= 0.0 or judged_s < JUDGED_SHARE * (self.running_s + n_later * SLICE_S):
            return None
        return (self.needed_s + sum(needed for _, needed in self.later[:n_later])) / judged_s

    @property
    def is_judged(self) -> bool:
        """Whether enough of any stretch from its beginning could be judged."""
        return any(self.need_share(n) is not None for n in range(len(self.later) + 1))


@dataclass(frozen=True, slots=True)
class CoachingOutcome:
    """baseline_run: steady part (may be too short to count). needs: share of running time in which a focus would have
    been due and allowed. withheld: by rule, changes at withheld moments. wordings: memory by rule after this run.
    n_spoken: cues, tips and praise, words of care left aside. pain_worst: highest tap. possible: by focus, share of
    the running time in which a cue or plain tip of it could have been spoken had it been due, fading aside. early: by
    focus. Both None in runs of before these were kept.
    """

    running_s: float
    baseline_run: BaselineRun
    responses: tuple[CueResponse, ...] = ()
    focus_responses: tuple[FocusResponse, ...] = ()
    needs: Mapping[str, float] = field(default_factory=dict)
    withheld: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    wordings: Mapping[str, WordingMemory] = field(default_factory=dict)
    n_spoken: int = 0
    n_withheld: int = 0
    n_suppressed: int = 0
    pain_worst: int | None = None
    possible: Mapping[str, float] | None = None
    early: Mapping[str, FocusTime] | None = None
