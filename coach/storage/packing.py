"""Pack the columns of a finished run as compressed bytes, and unpack them without loss.

A column of numbers is an array of 64-bit floats (NaN where unknown) whose first bytes are together, then the second
ones, and so on (byte shuffle, as in Blosc and HDF5): neighbours share sign, exponent and leading digits, and compress
(zstd, RFC 8878). Mappings from names to numbers are one such array for each name. Texts, and all else, are a list of
the distinct ones as JSON with an index for each row.
"""

import itertools
import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import zstandard

from coach.model.arrays import BoolArray, IndexArray, np
from coach.model.columns import Codes, Field, Mappings, Value
from coach.model.plain import to_plain
from coach.model.samples import FloatArray

FLOATS, INTEGERS, FLAGS, MAPPINGS, CODES = "f", "i", "b", "m", "c"
_LEVEL: Final = 9  # a tenth of a second for a run-hour; higher levels gain less than 2 %
_LOOKS_BACK_BYTES: Final = 256 << 10  # of a column of six hours, one byte of each number and more: loses 1 % at most
_MOST_BYTES: Final = 256 << 20  # unpacked; a column of a run of two days has 3 MB
_EXACT: Final = 2**53
Packed = tuple[str, bytes]
Values = Sequence[Value]  # of one kind, or None


def pack(values: Values) -> Packed:
    """Pack one column. values: None, numbers, flags, texts, or what JSON can hold."""
    known = [value for value in values if value is not None]
    kinds = {type(value) for value in known}
    if kinds <= {float}:
        return FLOATS, _compress(_shuffled(_floats(values)))
    if kinds == {bool}:
        return FLAGS, _compress(_shuffled(_floats(values)))
    if kinds == {int} and all(abs(value) < _EXACT for value in known):
        return INTEGERS, _compress(_shuffled(_floats(values)))
    if all(isinstance(value, Mapping) and all(type(v) is float for v in value.values()) for value in known):
        return _mappings(values)
    texts = [_json(value) for value in values]
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    indexes = np.array([places[text] for text in texts], dtype="<u4")
    return CODES, _compress(_head_of(list(places)), indexes.tobytes())


def pack_field(values: Field) -> Packed | None:
    """Pack a field of many nouns; None where nobody knows it. A number that is infinite or NaN is unknown."""
    if isinstance(values, Mappings):
        arrays = {name: array for name, array in sorted(values.by_name.items()) if not np.isnan(array).all()}
        return _mapped(list(arrays), values.is_there, arrays.values()) if values.is_there.any() else None
    if isinstance(values, np.ndarray):
        is_known = np.isfinite(values)
        return (FLOATS, _compress(_shuffled(np.where(is_known, values, np.nan)))) if is_known.any() else None
    return _packed_codes([to_plain(value) for value in values.known], values.codes)


def _packed_codes(known: Values, codes: IndexArray) -> Packed | None:
    """Pack as `pack` does with the values of all rows, without a list of them."""
    places, first = np.unique(codes, return_index=True)
    order = places[np.argsort(first)].tolist()
    used = {place: None if place < 0 else known[place] for place in order}
    if all(value is None for value in used.values()):
        return None
    kind, _ = pack(list(used.values()))
    if kind == CODES:
        texts: dict[str, int] = {}
        of_text = np.zeros(len(known) + 1, dtype="<u4")
        for place, value in used.items():
            of_text[place] = texts.setdefault(_json(value), len(texts))
        return CODES, _compress(_head_of(list(texts)), of_text[codes].tobytes())
    if kind == MAPPINGS:
        return pack([used[place] for place in codes.tolist()])
    numbers = np.full(len(known) + 1, np.nan)
    for place, value in used.items():
        numbers[place] = np.nan if value is None else value
    return kind, _compress(_shuffled(numbers[codes]))


def unpack_field(packed: Packed, n_rows: int) -> Field:
    """Return a field of many nouns, with plain values; raises ValueError as `unpack`."""
    kind, data = packed
    content = _decompress(data)
    if kind == FLOATS:
        return _unshuffled(content, n_rows)
    if kind in (INTEGERS, FLAGS):
        return _coded(_unshuffled(content, n_rows), int if kind == INTEGERS else bool)
    names, body = _head(content)
    if kind == CODES:
        return _codes(names, body, n_rows)
    if kind != MAPPINGS or len(body) != n_rows * (1 + 8 * len(names)):
        raise ValueError("a column of a run is damaged")
    parts = [body[start : start + 8 * n_rows] for start in range(n_rows, len(body), 8 * n_rows)] if n_rows else []
    arrays = [_unshuffled(part, n_rows) for part in parts]
    return Mappings(np.frombuffer(body[:n_rows], dtype=np.bool_), dict(zip(names, arrays, strict=False)))


def _coded(values: FloatArray, to: Callable[[float], Value]) -> Codes:
    is_known = ~np.isnan(values)
    distinct, places = np.unique(values[is_known], return_inverse=True)
    codes = np.full(len(values), -1)
    codes[is_known] = places
    return Codes([to(value) for value in distinct.tolist()], codes)


def _codes(texts: list[str], body: bytes, n_rows: int) -> Codes:
    places = np.frombuffer(body, dtype="<u4") if len(body) == 4 * n_rows else np.array([len(texts)])
    if len(places) and places.max() >= len(texts):
        raise ValueError("a column of a run is damaged")
    known = [json.loads(text) for text in texts]
    is_there = [value is not None for value in known]
    code_of = np.where(is_there, np.cumsum(is_there) - 1, -1)
    return Codes([value for value in known if value is not None], code_of[places])


def unpack(packed: Packed, n_rows: int) -> list[Value]:
    """Return the values of a column, as they were packed.

    Raises:
        ValueError: the bytes are not such a column of `n_rows`.
    """
    kind, data = packed
    content = _decompress(data)
    if kind in (FLOATS, INTEGERS, FLAGS):
        to: Callable[[float], object] = {FLOATS: float, INTEGERS: int, FLAGS: bool}[kind]
        values = _unshuffled(content, n_rows).tolist()
        return [None if math.isnan(value) else to(value) for value in values]
    head, body = _head(content)
    if kind == MAPPINGS:
        return _unmapped(head, body, n_rows)
    if kind != CODES or len(body) != 4 * n_rows:
        raise ValueError("a column of a run is damaged")
    known = [json.loads(text) for text in head]
    return [known[place] for place in np.frombuffer(body, dtype="<u4").tolist()]


def unpack_floats(packed: Packed, n_rows: int) -> FloatArray:
    """Return a column of numbers or flags as an array (n,), NaN where unknown; raises ValueError as `unpack`."""
    kind, data = packed
    if kind not in (FLOATS, INTEGERS, FLAGS):
        return np.array([math.nan if v is None else float(v) for v in unpack(packed, n_rows)], dtype=np.float64)
    return _unshuffled(_decompress(data), n_rows)


def _json(value: Value) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _floats(values: Sequence[object]) -> FloatArray:
    return np.array(values, dtype=np.float64)  # None becomes NaN


def _shuffled(values: FloatArray) -> bytes:
    return values.astype("<f8").view(np.uint8).reshape(-1, 8).T.tobytes()


def _unshuffled(content: bytes, n_rows: int) -> FloatArray:
    if len(content) != 8 * n_rows:
        raise ValueError("a column of a run is damaged")
    if n_rows == 0:
        return np.zeros(0)
    return np.frombuffer(content, np.uint8).reshape(8, -1).T.copy().view("<f8").reshape(-1).astype(np.float64)


def _mappings(values: Values) -> Packed:
    """Whether there is a mapping in each row, then the numbers of each name."""
    names = sorted({str(name) for value in values if value for name in value})
    is_there = np.array([value is not None for value in values], dtype=np.bool_)
    arrays = (_floats([None if value is None else value.get(name) for value in values]) for name in names)
    return _mapped(names, is_there, arrays)


def _mapped(names: list[str], is_there: BoolArray, arrays: Iterable[FloatArray]) -> Packed:
    head = _head_of(names)
    parts = itertools.chain((head, is_there.astype(np.uint8).tobytes()), map(_shuffled, arrays))
    return MAPPINGS, _compressed(parts, len(head) + len(is_there) * (1 + 8 * len(names)))


def _unmapped(names: list[str], body: bytes, n_rows: int) -> list[dict[str, float] | None]:
    if len(body) != n_rows * (1 + 8 * len(names)):
        raise ValueError("a column of a run is damaged")
    rows: list[dict[str, float] | None] = [{} if there else None for there in body[:n_rows]]
    for place, name in enumerate(names):
        start = n_rows + 8 * n_rows * place
        for row, value in zip(rows, _unshuffled(body[start : start + 8 * n_rows], n_rows).tolist(), strict=True):
            if row is not None and value == value:
                row[name] = value
    return rows


def _head_of(names: list[str]) -> bytes:
    text = json.dumps(names, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text


def _head(content: bytes) -> tuple[list[str], bytes]:
    try:
        (length,) = struct.unpack_from("<I", content)
        return json.loads(content[4 : 4 + length]), content[4 + length :]
    except (struct.error, ValueError) as error:
        raise ValueError("a column of a run is damaged") from error


def _compress(*parts: bytes) -> bytes:
    return _compressed(parts, sum(map(len, parts)))


def _compressed(parts: Iterable[bytes], n_bytes: int) -> bytes:
    """Compress one frame of all parts, which are made one after the other. n_bytes: of all; the frame says how many."""
    size = min(n_bytes, _LOOKS_BACK_BYTES)  # the level's tables for a larger one take 30 MB
    parameters = zstandard.ZstdCompressionParameters.from_level(_LEVEL, source_size=size)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj(size=n_bytes)
    return b"".join([*map(stream.compress, parts), stream.flush()])


def _decompress(data: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=_MOST_BYTES)
    except zstandard.ZstdError as error:
        raise ValueError("a column of a run is damaged") from error
