"""What we say and when: rules as read from data, decisions as taken, responses as measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CueRule:
    """One rule of `cue_rules.toml`.

    metric: a LiveMetrics field, or None for a plain tip. above, below: the band's edge that wakes the rule. for_s: how
    long out of band before speaking. requires: names of gates that must be open. wordings: what to say, in order of
    use. adds_load: whether pain above 2 keeps it silent. source: where the evidence stands.
    """

    id: str
    focus: str
    title: str
    metric: str | None
    above: float | None
    below: float | None
    for_s: float
    repeat_after_s: float
    requires: tuple[str, ...]
    wordings: tuple[str, ...]
    modality: str
    adds_load: bool
    reason: str
    source: str
    unit: str = ""
    is_tip: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's answer at one moment."""

    name: str
    is_open: bool
    why: str


@dataclass(frozen=True, slots=True)
class CueDecision:
    """A cue that was due: spoken, or suppressed by the first closed gate, with everything needed to explain it.

    cue_id: unique in the run. kind: "cue", "tip", "praise" or "safety". withheld: due and allowed, but silent by the
    fading schedule (these moments are what responses are compared with).
    """

    cue_id: str
    t_s: float
    rule_id: str
    focus: str
    kind: str
    is_spoken: bool
    is_withheld: bool
    say: str
    value: float | None
    threshold: float | None
    unit: str
    gates: tuple[Gate, ...]
    reason: str
    source: str
    suppressed_by: str | None = None
    modality: str = "speech"


@dataclass(frozen=True, slots=True)
class CueResponse:
    """Did it help: the metric 30 s before against 10-40 s after, less what the same moments do without a cue.

    change: after minus before, in the metric's unit. expected: mean change of the withheld moments (regression to the
    mean). effect: change - expected, with its 95 % interval; None where too little was seen.
    """

    cue_id: str
    rule_id: str
    metric: str
    before: float | None
    after: float | None
    change: float | None
    expected: float | None
    effect: float | None
    low: float | None
    high: float | None
    n_withheld: int
