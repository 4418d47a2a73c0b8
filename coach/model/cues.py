"""What we say and when: rules as read from data, decisions as taken, responses as measured."""

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class CueRule:
    """One rule of `cue_rules.toml`.

    metric: a LiveMetrics field, or None for a plain tip. above, below: the band's edge that wakes the rule. for_s: how
    long out of band before speaking. requires: names of gates that must be open. wordings: what to say, in order of
    use. adds_load: whether pain above 2 keeps it silent. source: where the evidence is from, in words; sources: ids in
    `sources.toml`. kind: "cue", "tip", "praise" or "safety". target: what the runner is led towards. helps_by: smallest
    change in the right direction that counts as an answer. metric_name: the metric in plain words. limit: far edge
    of the band. modality: channels in order of use, separated by blanks. need: edge beyond which a run counts as
    needing this focus, where it differs from the waking edge.
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
    kind: str = "cue"
    sources: tuple[str, ...] = ()
    target: float | None = None
    helps_by: float = 0.0
    metric_name: str = ""
    limit: float | None = None
    need: float | None = None

    @property
    def direction(self) -> int:
        """+1: the metric is to grow; -1: to shrink; 0: not measured."""
        if self.metric is None:
            return 0
        return 1 if self.below is not None else -1

    def is_out(self, value: float) -> bool:
        """Whether `value` lies beyond the edge that wakes the rule."""
        below = self.below is not None and value < self.below
        return below or (self.above is not None and value > self.above)

    def is_needed(self, value: float) -> bool:
        """Whether `value` speaks for choosing this rule's focus."""
        if self.need is None:
            return self.is_out(value)
        return value < self.need if self.below is not None else value > self.need


@dataclass(frozen=True, slots=True)
class Source:
    """Evidence behind rules: who says it (cite), what it says in plain words, where to read it (doi or address)."""

    id: str
    cite: str
    says: str
    link: str


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
    fading schedule (these moments are what responses are compared with). modality: channels, separated by blanks.
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


@dataclass(frozen=True, slots=True)
class FocusResponse:
    """All cues of one rule in one run taken together, in the metric's unit, with a 95 % interval.

    effect: mean change after cues less that of withheld moments. direction: sign of the wished change. has_answered:
    True where the whole interval lies on the wished side of zero, False where it holds no useful response, else None.
    """

    rule_id: str
    focus: str
    metric: str
    direction: int
    n_cues: int
    n_withheld: int
    change: float | None
    expected: float | None
    effect: float | None
    low: float | None
    high: float | None
    has_answered: bool | None


@dataclass(frozen=True, slots=True)
class FocusTarget:
    """The run's focus metric against the runner's own band: place is "below", "on" or "above"; None: not known now."""

    focus: str
    metric: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    place: str | None
