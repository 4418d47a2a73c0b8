"""Convert nouns to plain JSON values and back, under the same names.

`to_plain` makes what `json.dumps` takes (NaN and infinity become None); `from_plain` checks and rebuilds the noun.
"""

import dataclasses
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from coach.model.arrays import np

Noun = TypeVar("Noun")


def to_plain(value: object) -> Any:
    """Return a JSON-ready copy of a noun, mapping, sequence, array or scalar."""
    if value is None or isinstance(value, (str, bool, int)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Enum):
        return to_plain(value.value)
    if isinstance(value, bytes):
        return value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(item) for item in value]
    if isinstance(value, (np.floating, np.integer, np.bool_, np.ndarray)):
        return to_plain(value.tolist())
    raise TypeError(f"cannot write a {type(value).__name__} as JSON")


_ADAPTERS: dict[object, TypeAdapter[object]] = {}


def _adapter(kind: Any) -> TypeAdapter[object]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def from_plain(kind: type[Noun], data: object) -> Noun:
    """Rebuild a noun of `kind` from what `to_plain` made; raises pydantic's ValidationError where it does not fit."""
    return cast(Noun, _adapter(kind).validate_python(data))
