"""`dataclass` of Python's library, whose frozen classes share what is the same in all of them.

Python writes each frozen dataclass a `__setattr__`, a `__delattr__` and a `__repr__` of its own, and the first two keep
alive the class from which the one with slots was made: 5 of 15 kB, which a service that waits has three hundred times.
Shared, they refuse and print the same.
"""

import dataclasses
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(kind: type | None = None, /, *, frozen: bool = False, repr: bool = True, **how: bool) -> Any:  # noqa: A002
        """Make a dataclass, as `dataclasses.dataclass` does."""

        def make(kind: type) -> type:
            if not frozen:
                return dataclasses.dataclass(kind, repr=repr, **how)
            has_own_repr = "__repr__" in vars(kind)
            made = dataclasses.dataclass(kind, frozen=True, repr=False, **how)
            made.__setattr__, made.__delattr__ = _refuse_to_assign, _refuse_to_delete
            if repr and not has_own_repr:
                made.__repr__ = _printed
            return made

        return make if kind is None else make(kind)


def _refuse_to_assign(_noun: object, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_noun: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


@recursive_repr()
def _printed(noun: Any) -> str:
    values = (f"{f.name}={getattr(noun, f.name)!r}" for f in dataclasses.fields(noun) if f.repr)
    return f"{type(noun).__qualname__}({', '.join(values)})"
