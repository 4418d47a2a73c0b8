"""A plain function over numbers and arrays in, the same compiled by numba out; None where numba is not installed.

Everything the function calls is compiled with it from the same source, so that what stands there once runs in both
ways. Compiled code is kept on disk where numba can write; its name carries a digest of all that went into it, because
numba itself looks at the outermost function's file only.
"""

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any


def has_compiler() -> bool:
    """Whether numba (extra `fast`) is installed; looking does not load it."""
    return find_spec("numba") is not None


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function and all it calls, compiled at its first call.

    Raises:
        ImportError: numba is not installed.
    """
    import numba

    assert isinstance(function, FunctionType)
    made: dict[FunctionType, Any] = {}
    digest = hashlib.sha256(numba.__version__.encode())
    inner = _collected(function, digest)
    for one in inner:
        made[one] = numba.njit(error_model="numpy")(_in_new_surroundings(one, made, one.__qualname__))
    name = f"{function.__qualname__}_{digest.hexdigest()[:16]}"
    outermost = _in_new_surroundings(function, made, name)
    try:
        return numba.njit(error_model="numpy", cache=True)(outermost)
    except RuntimeError:  # no place to keep it
        return numba.njit(error_model="numpy")(outermost)


def _collected(function: FunctionType, digest: Any) -> list[FunctionType]:
    """The functions that `function` calls, each after those it calls itself; all of it goes into the digest."""
    found: list[FunctionType] = []

    def visit(one: FunctionType) -> None:
        digest.update(repr((one.__qualname__, one.__code__.co_code, one.__code__.co_consts)).encode())
        for name, value in _surroundings(one).items():
            if isinstance(value, FunctionType):
                if value not in found:
                    visit(value)
                    found.append(value)
            elif not isinstance(value, ModuleType):
                digest.update(repr((name, value)).encode())

    visit(function)
    return found


def _surroundings(function: FunctionType) -> dict[str, Any]:
    """The globals that the function names; no others, so that nothing unseen slips in."""
    names = function.__code__.co_names
    return {name: function.__globals__[name] for name in names if name in function.__globals__}


def _in_new_surroundings(function: FunctionType, made: dict[FunctionType, Any], name: str) -> FunctionType:
    surroundings = {
        key: made[value] if isinstance(value, FunctionType) else value for key, value in _surroundings(function).items()
    }
    surroundings["__name__"] = function.__module__
    copy = FunctionType(function.__code__, surroundings, function.__name__, function.__defaults__)
    copy.__qualname__, copy.__module__ = name, function.__module__
    return copy
