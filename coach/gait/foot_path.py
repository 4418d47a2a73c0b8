"""Rows between two mid-stances in, the way of the foot out: stride length, clearance, rolling inwards.

Strapdown integration with the foot at rest at both mid-stances (zero velocity update; Foxlin 2005,
doi:10.1109/MCG.2005.140; for running Zrenner 2018, doi:10.3390/s18124194). Attitude is a unit quaternion held as two
complex numbers, so that the product of all small turns of a stride is a prefix scan of few array operations.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coach.gait.constants import GRAVITY_MPS2
from coach.gait.foot_constants import AX, GX, T
from coach.gait.foot_events import IndexArray, windows
from coach.model.samples import FloatArray

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Ways of a batch from mid-stance to mid-stance, (S,) each.

    length_m: distance between the two rests. clearance_m: highest point above the line between them.
    drift_mps: velocity left over at the second rest before it was taken out, a measure of doubt. force_mps2: (S, 3)
    mean specific force and moment: (S, 3, 3) mean product of turn rates, in the flat foot's axes.
    """

    length_m: FloatArray
    clearance_m: FloatArray
    drift_mps: FloatArray
    force_mps2: FloatArray
    moment: FloatArray


def paths(rows: FloatArray, first: IndexArray, last: IndexArray, axes: FloatArray, bias: FloatArray) -> Paths:
    """Integrate from the rows `first` to the rows `last`.

    axes: (3, 3) forward, left, up of the flat foot in sensor axes. bias: (3,) turn rate at rest in sensor axes.
    """
    n = last - first
    window = windows(rows, first, int(n.max()) + 1)
    column = np.arange(window.shape[1])
    step = np.diff(window[:, :, T], axis=1)
    step = np.where(column[1:] <= n[:, None], step, 0.0)
    half = 0.5 * step
    force = np.moveaxis(window[:, :, AX : AX + 3] @ axes.T, 2, 0)
    rate = np.moveaxis((window[:, :, GX : GX + 3] - bias) @ axes.T, 2, 0)
    turn_w, turn_j = attitude(0.5 * half * (rate[:, :, 1:] + rate[:, :, :-1]))
    world = rotated(turn_w, turn_j, force)
    world[2] -= GRAVITY_MPS2
    velocity = np.zeros_like(world)
    np.cumsum(half * (world[:, :, 1:] + world[:, :, :-1]), axis=2, out=velocity[:, :, 1:])
    left = velocity[:, :, -1]
    time = np.zeros((*step.shape[:1], step.shape[1] + 1))
    np.cumsum(step, axis=1, out=time[:, 1:])
    velocity -= (time / time[:, -1:]) * left[:, :, None]
    place = np.cumsum(half * (velocity[:, :, 1:] + velocity[:, :, :-1]), axis=2)
    end = place[:, :, -1]
    height = place[2] - (time[:, 1:] / time[:, -1:]) * end[2][:, None]
    force_mps2 = (left / time[:, -1]).T
    force_mps2[:, 2] += GRAVITY_MPS2
    inside = rate * (column < n[:, None])
    return Paths(
        np.sqrt((end * end).sum(axis=0)),
        np.maximum(height.max(axis=1), 0.0),
        np.sqrt((left * left).sum(axis=0)),
        force_mps2,
        np.einsum("isn,jsn->sij", inside, inside) / n[:, None, None],
    )


def mean_force(t_s: FloatArray, acc: FloatArray, rate: FloatArray) -> FloatArray:
    """(3,) mean specific force from rest to rest in the axes of the first rest: gravity's reaction, whatever the way.

    Between two moments of the same velocity all other accelerations cancel.
    """
    half = 0.5 * np.diff(t_s)
    turns = 0.5 * half * (rate[1:] + rate[:-1]).T
    force = rotated(*attitude(turns[:, None, :]), acc.T[:, None, :])[:, 0]
    total: FloatArray = (half * (force[:, 1:] + force[:, :-1])).sum(axis=1)
    return total / (t_s[-1] - t_s[0])


def attitude(half_turns: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """Attitude after 0, 1, 2 ... small turns: (3, S, n) half angles [rad] in, quaternions (S, n + 1) out.

    A quaternion w + x i + y j + z k is the pair (w + x i, y + z i): multiplying a pair from the right by (c, d) gives
    (a c - b d*, a d + b c*).
    """
    squared = (half_turns * half_turns).sum(axis=0)
    shrink = 1.0 - squared / 6.0 + squared * squared / 120.0
    a = np.ones((squared.shape[0], squared.shape[1] + 1), dtype=np.complex128)
    b = np.zeros_like(a)
    a[:, 1:] = (1.0 - 0.5 * squared + squared * squared / 24.0) + 1j * (half_turns[0] * shrink)
    b[:, 1:] = half_turns[1] * shrink + 1j * (half_turns[2] * shrink)
    reach = 1
    while reach < a.shape[1]:
        a0, b0, a1, b1 = a[:, :-reach], b[:, :-reach], a[:, reach:], b[:, reach:]
        joined_a = a0 * a1 - b0 * b1.conj()
        joined_b = a0 * b1 + b0 * a1.conj()
        a[:, reach:] = joined_a
        b[:, reach:] = joined_b
        reach *= 2
    return a, b


def rotated(a: ComplexArray, b: ComplexArray, vector: FloatArray) -> FloatArray:
    """(3, S, n) vectors turned by the attitudes (a, b), from the foot to the ground."""
    along = 1j * vector[0]
    across = vector[1] + 1j * vector[2]
    c = a * along - b * across.conj()
    d = a * across + b * along.conj()
    out = np.empty_like(vector)
    out[0] = (c * a.conj() + d * b.conj()).imag
    across = d * a - c * b
    out[1], out[2] = across.real, across.imag
    return out
