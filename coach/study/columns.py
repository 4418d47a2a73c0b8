"""Make the columns of a study's tables from the nouns: name, kind, unit and meaning of each field.

So a data dictionary cannot lag behind the program: a new field of `Stride`, `LiveMetrics` or `RunSummary` is a column
with its unit (by the suffix of its name) and its meaning (from the class's docstring, "name: meaning.") at once.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.metrics_table import Use, names_for
from coach.model.plain import to_plain
from coach.model.runs import RunSummary
from coach.model.strides import Stride, TrunkStep

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


# The longest suffix that fits counts: "_mps2" before "_s". SI symbols; [g] is standard gravity, 9.80665 m/s^2.
_UNITS: Final = {
    "_mps2": "m/s^2",
    "_mps": "m/s",
    "_degps": "deg/s",
    "_radps": "rad/s",
    "_per_km": "1/km",
    "_per_min": "1/min",
    "_spm": "steps/min",
    "_bpm": "beats/min",
    "_pct": "%",
    "_deg": "deg",
    "_rad": "rad",
    "_ms": "ms",
    "_mm": "mm",
    "_hz": "Hz",
    "_kg": "kg",
    "_g": "[g]",
    "_m": "m",
    "_s": "s",
}
_DIMENSIONLESS: Final = ("_share", "_factor")
_FIELD: Final = re.compile(r"(?:(?<=[.] )|(?<=\n))((?:[a-z][a-z0-9_]*, )*[a-z][a-z0-9_]*): ")
SHARES: Final = ("rearfoot", "midfoot", "forefoot")
MOMENTS: Final = {
    "n": "ten-second averages that know both",
    "speed_mps": "mean speed",
    "value": "mean value",
    "speed_ss": "sum of squares of the speed about its mean",
    "cross_ss": "sum of products of speed and value about their means",
    "value_ss": "sum of squares of the value about its mean",
}


class ColumnKind(StrEnum):
    """Type of the values of a column; its value is the name of the Parquet type."""

    NUMBER = "float64"
    COUNT = "int64"
    TEXT = "string"
    FLAG = "bool"
    MOMENT = "timestamp[us, UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. unit: "" where it has none. sd_of: the field whose standard deviation it is, or ""."""

    name: str
    kind: ColumnKind
    unit: str
    meaning: str
    sd_of: str = ""


def unit_of(name: str) -> str:
    """Return the unit by the suffix of a name; "1" for shares and factors, "" where the name states none."""
    if name.endswith(_DIMENSIONLESS):
        return "1"
    fits = [suffix for suffix in _UNITS if name.endswith(suffix)]
    return _UNITS[max(fits, key=len)] if fits else ""


def meanings_of(noun: type[object]) -> dict[str, str]:
    """Return the meaning of each field that the docstring of a noun explains."""
    text = " ".join((noun.__doc__ or "").split("\n\n", 1)[-1].split())
    found = list(_FIELD.finditer("\n" + text))
    ends = [match.start() for match in found[1:]] + [len(text) + 1]
    meanings: dict[str, str] = {}
    for match, end in zip(found, ends, strict=True):
        words = ("\n" + text)[match.end() : end].strip().rstrip(".")
        meanings |= dict.fromkeys(match[1].split(", "), words)
    return meanings


def columns_of(
    noun: "type[DataclassInstance]", without: Collection[str] = (), *, sd: bool = True
) -> tuple[Column, ...]:
    """Return a column for each plain field, in their order,
    then one standard deviation for each that is a measured number."""
    meanings, hints = meanings_of(noun), typing.get_type_hints(noun)
    fields = [f.name for f in dataclasses.fields(noun) if f.name not in without]
    columns = []
    for name in fields:
        kind = _kind(hints[name])
        if kind is not None:
            columns.append(Column(name, kind, unit_of(name), meanings.get(name) or _words(name)))
    if sd:
        columns += [_sd(c) for c in columns if c.kind is ColumnKind.NUMBER and not _is_clock(c.name)]
    return tuple(columns)


def _words(name: str) -> str:
    """Return the words of a name, without its unit."""
    suffixes = [suffix for suffix in _UNITS if name.endswith(suffix)]
    words = name.removesuffix(max(suffixes, key=len, default="")).replace("_", " ")
    return f"number of {words[2:]}" if words.startswith("n ") else words


def _is_clock(name: str) -> bool:
    return name == "t_s"


def _sd(column: Column) -> Column:
    meaning = f"standard uncertainty (1 SD) of {column.name}"
    return Column(f"{column.name}_sd", ColumnKind.NUMBER, column.unit, meaning, sd_of=column.name)


def _kind(hint: object) -> ColumnKind | None:
    """Return the kind of a field by its type; None for what is not one value."""
    options = [one for one in typing.get_args(hint) if one is not type(None)]
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        hint = options[0] if len(options) == 1 else None
    kinds = {float: ColumnKind.NUMBER, int: ColumnKind.COUNT, bool: ColumnKind.FLAG, datetime: ColumnKind.MOMENT}
    if not isinstance(hint, type):
        return None
    return kinds.get(hint) or (ColumnKind.TEXT if issubclass(hint, str) else None)


def _without_baseline() -> tuple[str, ...]:
    """Return what only a coached runner has: differences from the runner's own baseline, and pain."""
    names = [f.name for f in dataclasses.fields(LiveMetrics)]
    return tuple(name for name in names if "_vs_" in name or name == "pain_rise")


@cache
def stride_columns() -> tuple[Column, ...]:
    """Return strides of feet and shanks and steps of the trunk, one table; `kind` says which."""
    kind = Column("kind", ColumnKind.TEXT, "", "stride: of a foot or shank; step: of the trunk")
    found = {column.name: column for column in (kind, *columns_of(Stride), *columns_of(TrunkStep))}
    return tuple(sorted(found.values(), key=lambda column: bool(column.sd_of)))


@cache
def second_columns() -> tuple[Column, ...]:
    """Return metrics once a second."""
    shares = tuple(
        Column(f"{name}_share", ColumnKind.NUMBER, "1", f"share of the last strides that landed on the {name}")
        for name in SHARES
    )
    return (*columns_of(LiveMetrics, _without_baseline()), *shares)


@cache
def summary_columns() -> tuple[Column, ...]:
    """Return a run in numbers: each mean, its standard uncertainty in two parts, and its moments against speed."""
    plain = columns_of(RunSummary, without=("algorithm", "n_cues"), sd=False)
    means = [column for column in plain if column.name in names_for(Use.MEAN)]
    scatter = [
        Column(
            f"{c.name}_sd", ColumnKind.NUMBER, c.unit, f"standard deviation of the mean {c.name}, its scatter", c.name
        )
        for c in means
    ]
    shared = [
        Column(
            f"{c.name}_shared_sd", ColumnKind.NUMBER, c.unit, f"uncertainty of {c.name} that all strides share", c.name
        )
        for c in means
    ]
    shares = [Column(f"{n}_share", ColumnKind.NUMBER, "1", f"share of strides that landed on the {n}") for n in SHARES]
    drift = [
        Column(
            f"{name}_drift_pct",
            ColumnKind.NUMBER,
            "%",
            f"change of {name} from the first to the last third, same speed",
        )
        for name in names_for(Use.DRIFT)
    ]
    moments = [
        Column(moment_column(name, key), ColumnKind.NUMBER, _moment_unit(name, key), f"{name} against speed: {words}")
        for name in names_for(Use.MATCHED)
        for key, words in MOMENTS.items()
    ]
    return (*plain, *scatter, *shared, *shares, *drift, *moments)


def moment_column(metric: str, moment: str) -> str:
    """Name of the column that holds one moment (`MOMENTS`) of a metric against speed."""
    return f"{metric}_by_speed_{moment}"


def _moment_unit(metric: str, moment: str) -> str:
    unit = unit_of(metric) or "1"
    squared = {"speed_ss": "m^2/s^2", "cross_ss": f"({unit})*(m/s)", "value_ss": f"({unit})^2"}
    return {"n": "", "speed_mps": "m/s", "value": unit}.get(moment) or squared.get(moment, "")


def event_cells(event: Stride | TrunkStep) -> dict[str, object]:
    """Return the row of a stride or a step by column name; what it does not have is None."""
    cells = _cells(event, stride_columns())
    return {**cells, "kind": "stride" if isinstance(event, Stride) else "step"}


def second_cells(metrics: LiveMetrics) -> dict[str, object]:
    """Return the row of a second by column name."""
    shares = metrics.foot_strike_share or {}
    return {**_cells(metrics, second_columns()), **{f"{name}_share": shares.get(name) for name in SHARES}}


def summary_cells(summary: RunSummary) -> dict[str, object]:
    """Return the row of a run by column name."""
    cells = {c.name: to_plain(getattr(summary, c.name, None)) for c in summary_columns() if not c.sd_of}
    for name in names_for(Use.MEAN):
        cells[f"{name}_sd"] = summary.uncertainty.get(name)
        cells[f"{name}_shared_sd"] = summary.uncertainty.get(f"shared_{name}")
    cells |= {f"{name}_share": (summary.foot_strike_share or {}).get(name) for name in SHARES}
    cells |= {f"{name}_drift_pct": summary.drift_pct.get(name) for name in names_for(Use.DRIFT)}
    for name in names_for(Use.MATCHED):
        moments = summary.by_speed.get(name) or {}
        cells |= {moment_column(name, key): moments.get(key) for key in MOMENTS}
    return cells


def _cells(noun: Stride | TrunkStep | LiveMetrics, columns: tuple[Column, ...]) -> dict[str, object]:
    uncertainty: Mapping[str, float] = noun.uncertainty
    return {
        column.name: uncertainty.get(column.sd_of) if column.sd_of else to_plain(getattr(noun, column.name, None))
        for column in columns
    }


def dictionary_of(columns: Collection[Column]) -> dict[str, dict[str, str]]:
    """Return a data dictionary as BIDS writes it: by column, its description, type and unit."""
    rows: dict[str, dict[str, str]] = {}
    for column in columns:
        rows[column.name] = {"Description": column.meaning, "Type": column.kind.value}
        if column.unit:
            rows[column.name]["Units"] = column.unit
    return rows
