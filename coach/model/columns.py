"""Many nouns of one kind, kept as columns: the strides, steps and seconds of a run in a tenth of their space.

A run of six hours has 60,000 strides and 20,000 seconds: some 150 MB of nouns, 15 of columns. What is computed of a
whole run reads columns; what wants nouns gets them, each made when it is asked for.
"""

import dataclasses
import math
from array import array
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar, overload

from coach.model.arrays import BoolArray, FloatArray, IndexArray, np
from coach.model.frozen import dataclass

Noun = TypeVar("Noun")
Cell = TypeVar("Cell", float, int)
Value = Any  # of a field, which is of another kind in each
_NAN: Final = float("nan")
_BLOCK: Final = 1024  # nouns made at once when all are asked for; more gains nothing
_NONE: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Mappings:
    """Mappings from names to numbers. is_there: (n,) whether a row has one. by_name: (n,), NaN where it lacks it."""

    is_there: BoolArray
    by_name: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Values of any kind. known: those there are. codes: (n,) which of them each row has, -1 where it has none."""

    known: Sequence[Value]
    codes: IndexArray


Field = FloatArray | Codes | Mappings


class _Numbers:
    """Numbers with a fraction; NaN: unknown."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values = array("d")

    def takes(self, value: object) -> bool:
        return type(value) is float

    def put(self, row: int, value: Value) -> None:
        values = self.values
        if len(values) < row:
            _pad(values, row, _NAN)
        values.append(value)

    def floats(self, n: int) -> FloatArray:
        return np.asarray(_whole(self.values, n, _NAN))

    def objects(self, start: int, end: int) -> list[Value]:
        return _filled([None if value != value else value for value in self.values[start:end]], end - start)

    def taken(self, rows: IndexArray, n: int) -> "_Numbers":
        new = _Numbers()
        new.values.frombytes(self.floats(n)[rows].tobytes())
        return new


class _Codes:
    """Anything else: each distinct value once, and which of them each row has."""

    __slots__ = ("_places", "codes", "known")

    def __init__(self, known: Iterable[Value] = (), codes: bytes = b"") -> None:
        self.known = list(known)
        self.codes = array("i", codes)
        self._places: dict[Hashable, int] = {_key(value): place for place, value in enumerate(self.known)}

    def takes(self, _value: object) -> bool:
        return True

    def put(self, row: int, value: Value) -> None:
        _pad(self.codes, row, _NONE)
        place = self._places.setdefault(_key(value), len(self.known))
        if place == len(self.known):
            self.known.append(value)
        self.codes.append(place)

    def floats(self, n: int) -> FloatArray:
        numbers = np.array([*map(float, self.known), _NAN])
        return np.asarray(numbers[_whole(self.codes, n, _NONE)])

    def objects(self, start: int, end: int) -> list[Value]:
        known = [*self.known, None]
        return _filled([known[code] for code in self.codes[start:end]], end - start)

    def taken(self, rows: IndexArray, n: int) -> "_Codes":
        return _Codes(self.known, _whole(self.codes, n, _NONE)[rows].tobytes())


class _Mappings:
    """Mappings from names to numbers with a fraction: a column for each name, and whether a row has a mapping."""

    __slots__ = ("by_name", "is_there")

    def __init__(self) -> None:
        self.is_there = array("b")
        self.by_name: dict[str, _Numbers] = {}

    def takes(self, value: object) -> bool:
        return isinstance(value, Mapping) and all(type(v) is float and math.isfinite(v) for v in value.values())

    def put(self, row: int, value: Value) -> None:
        _pad(self.is_there, row, 0)
        self.is_there.append(1)
        for name, number in value.items():
            column = self.by_name.get(name)
            if column is None:
                column = self.by_name[name] = _Numbers()
            column.put(row, number)

    def floats(self, n: int) -> FloatArray:
        raise TypeError("a mapping is no number: ask for its names")

    def objects(self, start: int, end: int) -> list[Value]:
        rows: list[Value] = [{} if there else None for there in self.is_there[start:end]]
        for name in sorted(self.by_name):
            for row, number in zip(rows, self.by_name[name].values[start:end], strict=False):
                if number == number:
                    row[name] = number
        return _filled(rows, end - start)

    def taken(self, rows: IndexArray, n: int) -> "_Mappings":
        new = _Mappings()
        new.is_there.frombytes(_whole(self.is_there, n, 0)[rows].tobytes())
        new.by_name = {name: column.taken(rows, n) for name, column in self.by_name.items()}
        return new


_Column = _Numbers | _Codes | _Mappings


class Columns(Sequence[Noun], Generic[Noun]):
    """A sequence of `kind`, a frozen dataclass; nouns can be appended. A field that no noun knows takes no space.

    Rows that are taken of others share their columns until a noun is appended to them.
    """

    def __init__(self, kind: type[Noun], nouns: Iterable[Noun] = ()) -> None:
        self.kind = kind
        # A noun is a dataclass; a type variable cannot be bound to all of them.
        self.names: Final = tuple(field.name for field in dataclasses.fields(kind))  # type: ignore[arg-type]
        self._values: Callable[[Noun], tuple[Value, ...]] = attrgetter(*self.names)
        self._columns: dict[str, _Column] = {}
        self._n = 0  # of the columns
        self._rows: IndexArray | None = None  # of them; None: all
        self.extend(nouns)

    @classmethod
    def of(cls, kind: type[Noun], nouns: Iterable[Noun]) -> "Columns[Noun]":
        """Return these nouns as columns; what is columns already stays."""
        return nouns if isinstance(nouns, Columns) else cls(kind, nouns)

    @classmethod
    def of_fields(cls, kind: type[Noun], n: int, fields: Mapping[str, "Field"]) -> "Columns[Noun]":
        """Return `n` nouns from whole fields, as `field` gives them."""
        new = cls(kind)
        new._n = n
        for name, values in fields.items():
            if isinstance(values, Mappings):
                column: _Column = _mappings(values)
            elif isinstance(values, Codes):
                column = _Codes(values.known, np.asarray(values.codes, dtype=np.intc).tobytes())
            else:
                column = _numbers(values)
            new._columns[name] = column
        return new

    def append(self, noun: Noun) -> None:
        """Add a noun at the end."""
        if self._rows is not None:
            self._columns = {name: column.taken(self._rows, self._n) for name, column in self._columns.items()}
            self._n, self._rows = len(self._rows), None
        columns, row = self._columns, self._n
        for name, value in zip(self.names, self._values(noun), strict=True):
            if value is None:
                continue
            column = columns.get(name)
            if column is None or not column.takes(value):
                column = columns[name] = self._fitting(column, value)
            column.put(row, value)
        self._n += 1

    def extend(self, nouns: Iterable[Noun]) -> None:
        """Add nouns at the end."""
        for noun in nouns:
            self.append(noun)

    def __iadd__(self, nouns: Iterable[Noun]) -> "Columns[Noun]":
        self.extend(nouns)
        return self

    def __len__(self) -> int:
        return self._n if self._rows is None else len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Noun: ...
    @overload
    def __getitem__(self, place: slice) -> "Columns[Noun]": ...
    def __getitem__(self, place: int | slice) -> "Noun | Columns[Noun]":
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        row = range(len(self))[place]
        return next(self._nouns(row, row + 1))

    def __iter__(self) -> Iterator[Noun]:
        for start in range(0, len(self), _BLOCK):
            yield from self._nouns(start, min(start + _BLOCK, len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # nouns can be appended

    def has(self, name: str) -> bool:
        """Whether any noun knows this field."""
        return name in self._columns

    def floats(self, name: str) -> FloatArray:
        """Return a field of numbers as an array (n,), NaN where unknown."""
        column = self._columns.get(name)
        return np.full(len(self), np.nan) if column is None else self._chosen(column.floats(self._n))

    def values(self, name: str) -> list[Value]:
        """Return a field of any kind; None where unknown."""
        column = self._columns.get(name)
        return [None] * len(self) if column is None else self._objects(column, 0, len(self))

    def field(self, name: str) -> "Field":
        """Return a field as it is kept: numbers with a fraction, mappings to such, or values of any kind."""
        column = self._columns.get(name)
        if isinstance(column, _Codes):
            return Codes(column.known, self._chosen(_whole(column.codes, self._n, _NONE)))
        if isinstance(column, _Mappings):
            is_there = self._chosen(_whole(column.is_there, self._n, 0) == 1)
            by_name = {key: self._chosen(numbers.floats(self._n)) for key, numbers in column.by_name.items()}
            return Mappings(is_there, by_name)
        return self.floats(name)

    def is_one_of(self, name: str, wanted: Collection[object]) -> BoolArray:
        """Return (n,) whether a field has one of these values; None among them: whether it is unknown."""
        column = self._columns.get(name)
        if column is None:
            return np.full(len(self), None in wanted, dtype=np.bool_)
        if not isinstance(column, _Codes):
            raise TypeError(f"{name} is a number: compare it")
        chosen = np.array([*(value in wanted for value in column.known), None in wanted], dtype=np.bool_)
        return np.asarray(chosen[self._chosen(_whole(column.codes, self._n, _NONE))], dtype=np.bool_)

    def take(self, rows: IndexArray) -> "Columns[Noun]":
        """Return the nouns of these rows, in this order."""
        new = Columns(self.kind)
        new._columns, new._n = dict(self._columns), self._n
        new._rows = rows if self._rows is None else self._rows[rows]
        return new

    def _chosen(self, whole: Value) -> Value:
        return whole if self._rows is None else whole[self._rows]

    def _objects(self, column: _Column, start: int, end: int) -> list[Value]:
        if self._rows is None:
            return column.objects(start, end)
        rows = self._rows[start:end]
        return column.taken(rows, self._n).objects(0, len(rows))

    def _nouns(self, start: int, end: int) -> Iterator[Noun]:
        known = [name for name in self.names if name in self._columns]
        columns = [self._objects(self._columns[name], start, end) for name in known]
        if len(known) == len(self.names):
            return map(self.kind, *columns)
        return (self.kind(**dict(zip(known, row, strict=True))) for row in zip(*columns, strict=True))

    def _fitting(self, before: _Column | None, value: object) -> _Column:
        """Return a column that takes this value, and all that came before it."""
        if before is None:
            return next(column for column in (_Numbers(), _Mappings(), _Codes()) if column.takes(value))
        mixed = _Codes()
        for row, known in enumerate(before.objects(0, self._n)):
            if known is not None:
                mixed.put(row, known)
        return mixed


def _key(value: Value) -> Hashable:
    """Return the key of a value that is kept once: 1, 1.0 and True have three."""
    return type(value), tuple(sorted(value.items())) if isinstance(value, Mapping) else value


def _mappings(values: Mappings) -> _Mappings:
    column = _Mappings()
    column.is_there.frombytes(np.asarray(values.is_there, dtype=np.int8).tobytes())
    column.by_name = {name: _numbers(numbers) for name, numbers in values.by_name.items()}
    return column


def _numbers(values: FloatArray) -> _Numbers:
    column = _Numbers()
    column.values.frombytes(np.asarray(values, dtype=np.float64).tobytes())
    return column


def _pad(values: "array[Cell]", row: int, unknown: Cell) -> None:
    """Fill in the rows that knew nothing when a later one does."""
    values.extend([unknown] * (row - len(values)))


def _whole(values: "array[Cell]", n: int, unknown: Cell) -> Value:
    """Return (n,) a copy as numpy's array: an array that something looks at cannot grow."""
    whole = np.full(n, unknown, dtype=values.typecode)
    known = min(len(values), n)  # more have come since where others took rows
    whole[:known] = np.frombuffer(values, dtype=values.typecode, count=known) if known else 0
    return whole


def _filled(values: list[Value], n: int) -> list[Value]:
    return values if len(values) == n else [*values, *[None] * (n - len(values))]
