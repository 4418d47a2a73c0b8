"""Which words, through which channels: decisions written out in full; a wording that does not help twice is changed."""

from collections.abc import Mapping, Sequence
from typing import Final

from coach.coaching.facts import WordingMemory
from coach.coaching.response import MeasuredChange, helped
from coach.model.cues import CueDecision, CueRule, Gate
from coach.model.runner import RunnerProfile

UNHELPFUL_IN_A_ROW: Final = 2  # once may be chance; by judgement


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
        """The rule's channels that the runner has left on. Safety always has the text."""
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
