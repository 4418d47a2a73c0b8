"""numpy, loaded when it is first used, and the types of its arrays.

An idle service computes nothing: without numpy it starts sooner and holds 12 MB less. What a page or a command may
import before anything is computed takes `np` from here; `coach.gait`, which only computes, imports numpy itself.
"""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

__all__ = ["BoolArray", "FloatArray", "IndexArray", "TimeArray", "median", "np"]

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]
    IndexArray = NDArray[np.int_]
    TimeArray = NDArray[np.datetime64]
else:
    BoolArray = FloatArray = IndexArray = TimeArray = object

    class _Later(ModuleType):
        """A module that is loaded at the first use of one of its names; from then on it is as quick as any other.

        `importlib.util.LazyLoader` is not used: before Python 3.12.3 two threads can meet a module half loaded.
        """

        def __getattr__(self, name: str) -> object:
            module = import_module(self.__name__)
            vars(self).update(vars(module))
            self.__class__ = ModuleType
            return getattr(module, name)

    np = _Later("numpy")


def median(values: "FloatArray | Sequence[float]") -> float:
    """Return the median of at least one value, NaN where one is NaN: numpy's own, of one row, to the last digit.

    numpy's loads its masked arrays to ask whether it was given one: 2 MB of a service whose run is on.
    """
    ordered = np.sort(np.asarray(values, np.float64))
    if np.isnan(ordered[-1]):
        return float("nan")
    return float(0.5 * (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]))
