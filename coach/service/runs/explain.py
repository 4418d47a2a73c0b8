"""Explain a cue decision: what was said or not, why, on which evidence, and its outcome."""

from collections.abc import Mapping, Sequence

from coach.model.cues import CueDecision, CueResponse, CueRule, Source
from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class CueStory:
    """One line of the cue log with all that is behind it. why: plain sentences, the first one the short answer."""

    decision: CueDecision
    response: CueResponse | None
    title: str
    metric_name: str
    why: tuple[str, ...]
    outcome: str
    sources: tuple[Source, ...]


def stories(
    decisions: Sequence[CueDecision],
    responses: Sequence[CueResponse],
    rules: Mapping[str, CueRule],
    sources: Mapping[str, Source],
) -> list[CueStory]:
    """Return the whole log in order of time. A rule that is no longer in the file keeps what the decision itself
    says."""
    answered = {r.cue_id: r for r in responses}
    return [
        _story(d, answered.get(d.cue_id), rules.get(d.rule_id), sources) for d in sorted(decisions, key=lambda d: d.t_s)
    ]


def _story(d: CueDecision, r: CueResponse | None, rule: CueRule | None, sources: Mapping[str, Source]) -> CueStory:
    name = rule.metric_name if rule else ""
    return CueStory(
        decision=d,
        response=r,
        title=rule.title if rule else d.rule_id.replace("_", " "),
        metric_name=name,
        why=tuple(_why(d, rule, name)),
        outcome=_outcome(d, r),
        sources=tuple(sources[s] for s in (rule.sources if rule else ()) if s in sources),
    )


def _why(d: CueDecision, rule: CueRule | None, name: str) -> list[str]:
    found = []
    if d.is_withheld:
        found.append("It was due, and kept back: in this minute cues fade, and silence shows what happens without one.")
    elif not d.is_spoken:
        closed = next((g for g in d.gates if g.name == d.suppressed_by), None)
        found.append(f"It was due, and held back: {closed.why if closed else d.suppressed_by}.")
    if d.value is not None and d.threshold is not None and name:
        value, edge = _amount(d.value, d.unit), _amount(d.threshold, d.unit)
        below, above = f"Measured: {name}, {value}, below {edge}.", f"Measured: {name}, {value}, above {edge}."
        found.append(below if d.value < d.threshold else above)
        if rule and d.kind != "safety":
            found.append(f"It lasted for at least {rule.for_s:.0f} s.")
    found.append(d.reason)
    return found


def _outcome(d: CueDecision, r: CueResponse | None) -> str:
    if not d.is_spoken:
        return ""
    if r is None or r.change is None:
        return "What followed could not be measured." if d.kind == "cue" else ""
    words = f"From {_amount(r.before, d.unit)} before to {_amount(r.after, d.unit)} after."
    if r.effect is None or r.low is None or r.high is None:
        return f"{words} How much of it is chance is not known yet: that needs moments when a cue was kept back."
    return (
        f"{words} Without a cue {_amount(r.expected, d.unit)} would have been expected, so the cue's part is "
        f"{_amount(r.effect, d.unit)} (95 % between {_amount(r.low, d.unit)} and {_amount(r.high, d.unit)})."
    )


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "unknown"
    space = "" if unit == "°" else " "
    return f"{value:+.1f}{space}{unit}".rstrip() if unit in ("%", "points") else f"{value:.1f}{space}{unit}".rstrip()
