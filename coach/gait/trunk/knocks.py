"""Take knocks on a trunk sensor out of a window of its motion.

A hand, a bottle or a buckle that hits the sensor, and a marker that jumps where the sensor is a virtual one, give a
tenth of a second of readings that no trunk can give. They are treated as lost: drawn in by straight lines and marked,
so that what rests on them is known less surely or not at all. Fails where the trunk itself is stopped that hard.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from coach.gait.signal.constants import GRAVITY_MPS2
from coach.gait.signal.window import BoolArray, WindowView
from coach.gait.trunk.params import TrunkParams
from coach.model.samples import FloatArray


def without_knocks(view: WindowView, params: TrunkParams) -> WindowView:
    """Return the window with knocks as lost readings; as it is where there are none, or nothing else."""
    is_knock = np.einsum("ij,ij->i", view.acc_mps2, view.acc_mps2) > (params.knock_g * GRAVITY_MPS2) ** 2
    if view.gyr_radps is not None:
        is_knock |= np.einsum("ij,ij->i", view.gyr_radps, view.gyr_radps) > params.knock_radps**2
    if not is_knock.any():
        return view
    is_knock = _widened(is_knock, round(params.knock_half_s * view.rate_hz))
    if is_knock.all():
        return view
    lost, good = np.flatnonzero(is_knock), np.flatnonzero(~is_knock)
    gyr = view.gyr_radps
    return replace(
        view,
        acc_mps2=_drawn_in(view.acc_mps2, lost, good),
        gyr_radps=None if gyr is None else _drawn_in(gyr, lost, good),
        is_bad=view.is_bad | is_knock,
        is_clipped=view.is_clipped & ~is_knock,
    )


def _widened(chosen: BoolArray, rows: int) -> BoolArray:
    """The chosen rows and so many on either side: a knock swings in and out."""
    summed = np.concatenate(([0], np.cumsum(chosen)))
    at = np.arange(len(chosen))
    widened: BoolArray = summed[np.minimum(at + rows + 1, len(chosen))] > summed[np.maximum(at - rows, 0)]
    return widened


def _drawn_in(values: FloatArray, lost: npt.NDArray[np.intp], good: npt.NDArray[np.intp]) -> FloatArray:
    """(n, 3) values with the lost rows on straight lines between the good ones."""
    drawn = values.copy()
    for column in drawn.T:
        column[lost] = np.interp(lost, good, column[good])
    return drawn
