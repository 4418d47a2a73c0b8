"""Write strides and seconds as CSV for a spreadsheet, and read them back.

One column per field under its own name with its unit; `*_sd` is one standard deviation of a field. Unknown is empty;
why, is in the last column of the seconds as JSON by field, where it differs from the row before.
"""

import csv
import dataclasses
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from pydantic import ValidationError

from coach.errors import InterchangeError
from coach.interchange.xml_text import moment, moment_text
from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.plain import from_plain, to_plain
from coach.model.strides import Stride, TrunkStep

Row = TypeVar("Row")
_MAPPINGS: Final = ("uncertainty", "unknown", "foot_strike_share")  # in columns of their own
SHARES: Final = ("rearfoot", "midfoot", "forefoot")


def _plain_fields(kind: type[Stride | TrunkStep | LiveMetrics]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind) if field.name not in _MAPPINGS]


_STRIDE_FIELDS: Final = _plain_fields(Stride)
_STEP_FIELDS: Final = _plain_fields(TrunkStep)
SECOND_FIELDS: Final = _plain_fields(LiveMetrics)
_ALL_STRIDE_FIELDS: Final = [*_STRIDE_FIELDS, *(name for name in _STEP_FIELDS if name not in _STRIDE_FIELDS)]


def write_strides(strides: Sequence[Stride | TrunkStep], started_at: datetime) -> str:
    """Yield strides and trunk steps in the order of contact; `kind` says which is which."""
    ordered = sorted(strides, key=lambda stride: stride.initial_contact_s)
    errors = sorted({name for stride in ordered for name in stride.uncertainty})

    def rows() -> Iterator[dict[str, str]]:
        for stride in ordered:
            row = {"kind": "stride" if isinstance(stride, Stride) else "step"}
            row["time"] = moment_text(started_at + timedelta(seconds=stride.initial_contact_s))
            row |= {name: _cell(getattr(stride, name, None)) for name in _ALL_STRIDE_FIELDS}
            row |= {f"{name}_sd": _cell(stride.uncertainty.get(name)) for name in errors}
            yield row

    return _write(["kind", "time", *_ALL_STRIDE_FIELDS, *(f"{name}_sd" for name in errors)], rows())


def write_seconds(seconds: Sequence[LiveMetrics], started_at: datetime) -> str:
    """Yield metrics once a second; shares of the strike patterns have a column each."""
    errors = sorted({name for metrics in seconds for name in metrics.uncertainty})
    names = ["time", *SECOND_FIELDS, *(f"{name}_share" for name in SHARES), *(f"{name}_sd" for name in errors)]

    def rows() -> Iterator[dict[str, str]]:
        reasons: Mapping[str, str] = {}
        for metrics in seconds:
            row = {"time": moment_text(started_at + timedelta(seconds=metrics.t_s))}
            row |= {name: _cell(getattr(metrics, name)) for name in SECOND_FIELDS}
            row |= {f"{name}_share": _cell((metrics.foot_strike_share or {}).get(name)) for name in SHARES}
            row |= {f"{name}_sd": _cell(metrics.uncertainty.get(name)) for name in errors}
            if metrics.unknown != reasons:
                reasons = metrics.unknown
                row["unknown"] = json.dumps(dict(reasons), ensure_ascii=False, separators=(",", ":"))
            yield row

    return _write([*names, "unknown"], rows())


@dataclass(frozen=True, slots=True)
class Table:
    """What a CSV holds. started_at: aware UTC, from its `time` column."""

    started_at: datetime
    strides: tuple[Stride | TrunkStep, ...] = ()
    seconds: tuple[LiveMetrics, ...] = ()


def read_table(text: str) -> Table:
    """Read a CSV of strides or of seconds as written here.

    Raises:
        InterchangeError: other columns, or a value that does not fit its column; the message names the row.
    """
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = [{k: v for k, v in row.items() if k is not None and v} for row in reader]
    except csv.Error as error:
        raise InterchangeError(f"this CSV file cannot be read ({error}): export it again") from error
    names = set(reader.fieldnames or ())
    if {"time", "wear_site", "initial_contact_s"} <= names:
        strides = tuple(_read_row(_read_stride, row, n) for n, row in enumerate(rows, start=2))
        return Table(_start(rows, "initial_contact_s"), strides=strides)
    if {"time", "t_s"} <= names:
        filled = _carried(rows, "unknown")
        seconds = tuple(_read_row(_read_second, row, n) for n, row in enumerate(filled, start=2))
        return Table(_start(rows, "t_s"), seconds=seconds)
    raise InterchangeError("this CSV file has no columns of ours: it needs time and t_s, or wear_site and contacts")


def _read_row(read: Callable[[Mapping[str, str]], Row], row: Mapping[str, str], number: int) -> Row:
    try:
        return read(row)
    except (ValidationError, ValueError) as error:
        raise InterchangeError(f"row {number} of this CSV file does not fit its columns: {_first(error)}") from error


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    return str(error)


def _read_stride(row: Mapping[str, str]) -> Stride | TrunkStep:
    kind: type[Stride | TrunkStep] = TrunkStep if row.get("kind") == "step" else Stride
    fields = _STEP_FIELDS if kind is TrunkStep else _STRIDE_FIELDS
    errors = _errors(row)
    return from_plain(kind, {**{k: v for k, v in row.items() if k in fields}, "uncertainty": errors})


def _read_second(row: Mapping[str, str]) -> LiveMetrics:
    shares = {name: float(row[f"{name}_share"]) for name in SHARES if f"{name}_share" in row}
    values = {k: v for k, v in row.items() if k in SECOND_FIELDS}
    why = json.loads(row.get("unknown", "{}"))
    extras = {"foot_strike_share": shares or None, "uncertainty": _errors(row), "unknown": why}
    return from_plain(LiveMetrics, {**values, **extras})


def _errors(row: Mapping[str, str]) -> dict[str, float]:
    return {name[:-3]: float(value) for name, value in row.items() if name.endswith("_sd")}


def _carried(rows: Sequence[Mapping[str, str]], column: str) -> Iterator[Mapping[str, str]]:
    """Yield each row with the last text that `column` had."""
    last: str | None = None
    for row in rows:
        last = row.get(column, last)
        yield row if last is None else {**row, column: last}


def _start(rows: Sequence[Mapping[str, str]], column: str) -> datetime:
    for row in rows:
        at = moment(row.get("time"))
        try:
            offset = float(row.get(column, ""))
            if at is not None and math.isfinite(offset):
                return at - timedelta(seconds=offset)
        except (ValueError, OverflowError):
            continue
    raise InterchangeError("this CSV file has no row with a time: export it again")


def _cell(value: object) -> str:
    plain = to_plain(value)
    if plain is None:
        return ""
    return repr(plain) if isinstance(plain, float) else str(plain)


def _write(names: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
