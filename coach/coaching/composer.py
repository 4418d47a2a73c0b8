"""Decide whether a due cue is spoken, in which words and through which channels, and write the decision out in full.

Fading decides which windows of a run may hold a cue: seeded and deterministic, spread evenly, unforeseeable to the
runner. Source: the schedule of Bowser 2018 and Crowell & Davis 2011 (feedback removed over the last four of eight
runs). Random choice inside each block makes withheld moments a fair comparison for spoken cues. A wording that does not
help twice is changed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coach.coaching.facts import WordingMemory
from coach.coaching.response import MeasuredChange, helped
from coach.model.cues import CueDecision, CueRule, Gate
from coach.model.runner import RunnerProfile

WINDOW_S: Final = 60.0  # cues are a minute apart: one window holds one at most
BLOCK: Final = 20  # windows: the smallest block in which 10, 25, 50, 75 and 100 % are whole numbers
UNHELPFUL_IN_A_ROW: Final = 2  # once may be chance; by judgement


class Schedule:
    """Eligible windows for a share of the run's time."""

    def __init__(self, share: float, seed: int) -> None:
        self.share = min(1.0, max(0.0, share))
        self._seed = seed
        self._blocks: dict[int, frozenset[int]] = {}

    def is_eligible(self, t_s: float) -> bool:
        """Whether a cue due at `t_s` of the run may speak."""
        if self.share >= 1.0:
            return True
        if self.share <= 0.0 or t_s < 0.0:
            return False
        block, place = divmod(int(t_s // WINDOW_S), BLOCK)
        return place in self._chosen(block)

    def _chosen(self, block: int) -> frozenset[int]:
        if block not in self._blocks:
            self._blocks[block] = frozenset(_spread(self.share, self._seed, block))
        return self._blocks[block]


def _spread(share: float, seed: int, block: int) -> list[int]:
    """Choose `share` of a block's windows: the block is cut into equal parts, places drawn inside each."""
    wanted = round(share * BLOCK)
    draws = {place: _mix(seed, block, place) for place in range(BLOCK)}
    part = BLOCK // max(1, min(wanted, BLOCK - wanted))
    chosen: list[int] = []
    for start in range(0, BLOCK, part):
        places = sorted(range(start, min(start + part, BLOCK)), key=draws.__getitem__)
        due = round(share * min(start + part, BLOCK)) - len(chosen)
        chosen += places[: max(0, due)]
    return chosen[:wanted]


def _mix(*numbers: int) -> int:
    """Return a well-mixed 64-bit number from whole numbers (splitmix64)."""
    state = 0x9E3779B97F4A7C15  # splitmix64's own constants, here and below
    for number in numbers:
        state = (state ^ (number & 0xFFFFFFFFFFFFFFFF)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state


class CueComposer:
    """Numbers decisions, chooses words and channels, and keeps every decision of the run."""

    def __init__(self, profile: RunnerProfile, wordings: Mapping[str, WordingMemory]) -> None:
        self.decisions: list[CueDecision] = []
        self.wordings = dict(wordings)
        self._profile = profile

    def decide(
        self, rule: CueRule, t_s: float, value: float | None, gates: Sequence[Gate], say: str, is_muted: bool
    ) -> CueDecision:
        """Write the decision down: spoken if every gate is open. `say` replaces the rule's own wording."""
        closed = next((gate.name for gate in gates if not gate.is_open), None)
        words = say or rule.wordings[self._memory(rule).index % len(rule.wordings)]
        decision = CueDecision(
            cue_id=f"c{len(self.decisions) + 1:04d}",
            t_s=t_s,
            rule_id=rule.id,
            focus=rule.focus,
            kind=rule.kind,
            is_spoken=closed is None,
            is_withheld=closed == "in_schedule",
            say=words,
            value=value,
            threshold=rule.below if rule.below is not None else rule.above,
            unit=rule.unit,
            gates=tuple(gates),
            reason=rule.reason,
            source=rule.source,
            suppressed_by=closed,
            modality=" ".join(self.channels(rule, is_muted)),
        )
        self.decisions.append(decision)
        if closed is None and rule.metric is None:
            self._next(rule)
        return decision

    def channels(self, rule: CueRule, is_muted: bool = False) -> list[str]:
        """Return the rule's channels that the runner has left on. Safety always has the text."""
        on = {
            "speech": self._profile.speaks_cues and not is_muted,
            "tone": self._profile.plays_tones and not is_muted,
            "vibration": self._profile.vibrates,
            "text": self._profile.shows_cue_text or rule.kind == "safety",
        }
        return [channel for channel in rule.modality.split() if on[channel]]

    def learn(self, rule: CueRule, change: MeasuredChange, withheld: Sequence[float]) -> None:
        """Hear how one spoken cue was answered."""
        answer = helped(rule, change, withheld)
        if answer is None or change.is_withheld:
            return
        memory = self._memory(rule)
        if answer:
            self.wordings[rule.id] = WordingMemory(memory.index, 0)
        elif memory.n_unhelpful + 1 >= UNHELPFUL_IN_A_ROW:
            self._next(rule)
        else:
            self.wordings[rule.id] = WordingMemory(memory.index, memory.n_unhelpful + 1)

    def _memory(self, rule: CueRule) -> WordingMemory:
        return self.wordings.get(rule.id, WordingMemory())

    def _next(self, rule: CueRule) -> None:
        self.wordings[rule.id] = WordingMemory((self._memory(rule).index + 1) % len(rule.wordings), 0)
