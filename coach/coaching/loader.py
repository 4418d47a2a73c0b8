"""Load and check our data files: cue rules, red flags and the sources both rest on.

All faults of a file come in one `ProfileError`, each with its key.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coach.coaching.gates import GATE_NAMES
from coach.errors import ProfileError
from coach.model.cues import CueRule, Source
from coach.model.metrics import LiveMetrics
from coach.model.pain import RedFlag, SignCombination, SignKind

_HERE: Final = Path(__file__).parent
_METRICS: Final = frozenset(field.name for field in dataclasses.fields(LiveMetrics))
MIN_DWELL_S: Final = 20.0  # evidence: proposed fade, at least 20 s out of band before speaking
MIN_SPACING_S: Final = 60.0  # the same: at least 60 s between cues


_Kind = TypeVar("_Kind", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True)


class _Rule(_Strict):
    id: str = Field(min_length=1)
    focus: str = Field(min_length=1)
    title: str = Field(min_length=1)
    kind: Literal["cue", "tip", "praise", "safety"] = "cue"
    metric: str | None = None
    metric_name: str = ""
    unit: str = ""
    above: float | None = None
    below: float | None = None
    target: float | None = None
    limit: float | None = None
    need: float | None = None
    for_s: float = Field(ge=MIN_DWELL_S)
    repeat_after_s: float = Field(ge=MIN_SPACING_S)
    requires: tuple[str, ...]
    adds_load: bool = False
    helps_by: float = Field(default=0.0, ge=0.0)
    modality: tuple[Literal["speech", "tone", "vibration", "text"], ...] = Field(min_length=1)
    wordings: tuple[str, ...] = Field(min_length=1)
    reason: str = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)


class _Sign(_Strict):
    id: str = Field(min_length=1)
    kind: SignKind
    asks: str = Field(min_length=1)
    locks: bool = True
    is_lasting: bool = False
    sources: tuple[str, ...] = Field(min_length=1)
    is_weak: bool = False
    asks_further: str = ""


class _Combination(_Strict):
    n_weak_that_lock: int = Field(ge=2)
    sources: tuple[str, ...] = Field(min_length=1)


class _Source(_Strict):
    cite: str = Field(min_length=1)
    says: str = Field(min_length=1)
    link: str = Field(pattern=r"^https?://\S+$")


@cache
def load_sources() -> Mapping[str, Source]:
    """Return the committed list of evidence, by id."""
    return parse_sources((_HERE / "sources.toml").read_text("utf-8"))


@cache
def load_rules() -> tuple[CueRule, ...]:
    """Return all cue rules in the order of the file."""
    return parse_rules((_HERE / "cue_rules.toml").read_text("utf-8"), load_sources())


@cache
def load_red_flags() -> Mapping[str, RedFlag]:
    """Return all signs asked before coaching, by id."""
    return parse_red_flags((_HERE / "red_flags.toml").read_text("utf-8"), load_sources())


@cache
def load_sign_combination() -> SignCombination:
    """Return how weak signs count together."""
    return parse_sign_combination((_HERE / "red_flags.toml").read_text("utf-8"), load_sources())


def parse_sources(text: str, file: str = "sources.toml") -> Mapping[str, Source]:
    """Read and check a list of sources; raises ProfileError with all faults."""
    document, faults = _toml(text, file), list[str]()
    sources = {
        key: Source(key, item.cite, item.says, item.link)
        for key, table in document.items()
        if (item := _checked(_Source, table, key, faults)) is not None
    }
    _complain(file, faults)
    return sources


def parse_rules(text: str, sources: Mapping[str, Source], file: str = "cue_rules.toml") -> tuple[CueRule, ...]:
    """Read and check cue rules; raises ProfileError with all faults."""
    faults: list[str] = []
    rules: list[CueRule] = []
    for key, table in _tables(_toml(text, file), "rule", faults):
        if (rule := _checked(_Rule, table, key, faults)) is None:
            continue
        faults += [f"{key}.{fault}" for fault in _rule_faults(rule, sources)]
        if any(rule.id == other.id for other in rules):
            faults.append(f"{key}.id: two rules are called {rule.id}")
        rules.append(_noun(rule, sources))
    _complain(file, faults)
    return tuple(rules)


def parse_red_flags(text: str, sources: Mapping[str, Source], file: str = "red_flags.toml") -> Mapping[str, RedFlag]:
    """Read and check red flags; raises ProfileError with all faults."""
    faults: list[str] = []
    signs: dict[str, RedFlag] = {}
    document = _toml(text, file)
    document.pop("combination", None)  # read by `parse_sign_combination`
    for key, table in _tables(document, "sign", faults):
        if (sign := _checked(_Sign, table, key, faults)) is None:
            continue
        faults += [f"{key}.sources: unknown source {s}" for s in sign.sources if s not in sources]
        if sign.id in signs:
            faults.append(f"{key}.id: two signs are called {sign.id}")
        if sign.is_weak and (sign.locks or not sign.asks_further):
            faults.append(f"{key}.is_weak: a weak sign locks nothing alone and asks further")
        signs[sign.id] = RedFlag(**sign.model_dump())
    _complain(file, faults)
    return signs


def parse_sign_combination(text: str, sources: Mapping[str, Source], file: str = "red_flags.toml") -> SignCombination:
    """Read and check how weak signs count together; raises ProfileError with all faults."""
    faults: list[str] = []
    found = _checked(_Combination, _toml(text, file).get("combination"), "combination", faults)
    if found is not None:
        faults += [f"combination.sources: unknown source {s}" for s in found.sources if s not in sources]
    _complain(file, faults)
    assert found is not None  # `_complain` has raised otherwise
    return SignCombination(found.n_weak_that_lock, found.sources)


def _rule_faults(rule: _Rule, sources: Mapping[str, Source]) -> list[str]:
    faults = [f"requires: unknown gate {gate}" for gate in rule.requires if gate not in GATE_NAMES]
    faults += [f"sources: unknown source {source}" for source in rule.sources if source not in sources]
    if rule.metric is None:
        if rule.above is not None or rule.below is not None:
            faults.append("metric: an edge without a metric")
        if rule.kind in ("cue", "safety"):
            faults.append(f"metric: a {rule.kind} needs one")
        return faults
    if rule.metric not in _METRICS:
        faults.append(f"metric: {rule.metric} is not a field of LiveMetrics")
    if (rule.above is None) == (rule.below is None):
        faults.append("above: give exactly one of above and below")
    elif rule.target is None:
        faults.append("target: a measured rule needs one")
    elif (rule.below is not None and rule.target < rule.below) or (rule.above is not None and rule.target > rule.above):
        faults.append("target: lies on the wrong side of the edge")
    if not rule.metric_name:
        faults.append("metric_name: a measured rule names its metric in plain words")
    return faults


def _noun(rule: _Rule, sources: Mapping[str, Source]) -> CueRule:
    facts = rule.model_dump()
    facts["modality"] = " ".join(rule.modality)
    cites = "; ".join(sources[s].cite for s in rule.sources if s in sources)
    return CueRule(**facts, source=cites)


def _toml(text: str, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(file, [f"not TOML: {error}"]) from error


def _tables(document: dict[str, object], name: str, faults: list[str]) -> list[tuple[str, dict[str, object]]]:
    faults += [f"{key}: unknown, only [[{name}]] is known" for key in document if key != name]
    tables = document.get(name)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        faults.append(f"{name}: the file needs at least one [[{name}]]")
        return []
    return [(str(table.get("id") or f"{name}[{i}]"), table) for i, table in enumerate(tables)]


def _checked(kind: type[_Kind], table: object, key: str, faults: list[str]) -> _Kind | None:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join(str(part) for part in (key, *fault["loc"]))
            faults.append(f"{where}: {fault['msg']}")
    return None


def _complain(file: str, faults: list[str]) -> None:
    if faults:
        raise ProfileError(file, faults)
