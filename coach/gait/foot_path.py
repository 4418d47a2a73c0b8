"""Rows between two mid-stances in, the way of the foot out: stride length, clearance, rolling inwards.

Strapdown integration with the foot at rest at both mid-stances (zero velocity update; Foxlin 2005,
doi:10.1109/MCG.2005.140; for running Zrenner 2018, doi:10.3390/s18124194). Attitude is a unit quaternion held as two
complex numbers, so that the product of all small turns of a stride is a prefix scan of few array operations.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coach.gait.constants import GRAVITY_MPS2
from coach.gait.foot_constants import AX, GX, T
from coach.gait.foot_events import windows
from coach.model.samples import FloatArray

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Ways of a batch from mid-stance to mid-stance, one value a stride.

    length_m: distance between the two rests. clearance_m: highest point above the line between them. drift_mps:
    velocity left over at the second rest before it was taken out, a measure of doubt. drift_mps2: (3,) its rate in the
    flat foot's axes. moment: (3, 3) mean product of turn rates, in sensor axes.
    """

    length_m: list[float]
    clearance_m: list[float]
    drift_mps: list[float]
    drift_mps2: list[FloatArray]
    moment: list[FloatArray]


def paths(rows: FloatArray, first: list[int], last: list[int], axes: FloatArray, bias: FloatArray) -> Paths:
    """Integrate from the rows `first` to the rows `last`.

    axes: (3, 3) forward, left, up of the flat foot in sensor axes. bias: (3,) turn rate at rest in sensor axes.
    """
    if len(first) == 1:
        return _path(rows[first[0] : last[0] + 1], axes, bias)
    start = np.array(first)
    n = np.array(last) - start
    window = windows(rows, start, int(n.max()) + 1)
    inside = np.arange(window.shape[1]) < n[:, None]
    step = np.where(inside[:, :-1], window[:, 1:, T] - window[:, :-1, T], 0.0)  # a padded step takes no time
    half = 0.5 * step[:, None]
    rates = window[:, :, GX : GX + 3] - bias
    rate = axes @ rates.transpose(0, 2, 1)
    turns = attitude((0.5 * half) * (rate[:, :, 1:] + rate[:, :, :-1]))
    world = rotated(*turns, axes @ window[:, :, AX : AX + 3].transpose(0, 2, 1))
    world[:, 2] -= GRAVITY_MPS2
    velocity = np.zeros_like(world)
    np.cumsum(half * (world[:, :, 1:] + world[:, :, :-1]), axis=2, out=velocity[:, :, 1:])
    left = velocity[:, :, -1].copy()
    share = np.zeros((len(n), step.shape[1] + 1))
    np.cumsum(step, axis=1, out=share[:, 1:])
    duration = share[:, -1:].copy()
    share /= duration
    velocity -= left[:, :, None] * share[:, None]
    place = np.cumsum(half * (velocity[:, :, 1:] + velocity[:, :, :-1]), axis=2)
    end = place[:, :, -1]
    height = place[:, 2] - share[:, 1:] * end[:, 2:]
    rates *= inside[:, :, None]
    return Paths(
        np.sqrt((end * end).sum(axis=1)).tolist(),
        np.maximum(height.max(axis=1), 0.0).tolist(),
        np.sqrt((left * left).sum(axis=1)).tolist(),
        list(left / duration),
        list((rates.transpose(0, 2, 1) @ rates) / n[:, None, None]),
    )


def _path(window: FloatArray, axes: FloatArray, bias: FloatArray) -> Paths:
    """The same for one stride."""
    t = window[:, T]
    half = 0.5 * (t[1:] - t[:-1])
    rates = window[:, GX : GX + 3] - bias
    rate = axes.dot(rates.T)
    turns = attitude((0.5 * half) * (rate[:, 1:] + rate[:, :-1]))
    world = rotated(*turns, axes.dot(window[:, AX : AX + 3].T))
    world[2] -= GRAVITY_MPS2
    velocity = np.empty_like(world)
    velocity[:, 0] = 0.0
    (half * (world[:, 1:] + world[:, :-1])).cumsum(axis=1, out=velocity[:, 1:])
    left = velocity[:, -1].copy()
    duration = float(t[-1] - t[0])
    share = (t - t[0]) / duration
    velocity -= left[:, None] * share
    place = (half * (velocity[:, 1:] + velocity[:, :-1])).cumsum(axis=1)
    x, y, z = place[:, -1].tolist()
    clearance = float((place[2] - z * share[1:]).max())
    moved = rates[:-1]
    return Paths(
        [math.sqrt(x * x + y * y + z * z)],
        [max(clearance, 0.0)],
        [math.sqrt(float(left @ left))],
        [left / duration],
        [moved.T.dot(moved) / len(moved)],
    )


def mean_force(t_s: FloatArray, acc: FloatArray, rate: FloatArray) -> FloatArray:
    """(3,) mean specific force from rest to rest in the axes of the first rest: gravity's reaction, whatever the way.

    Between two moments of the same velocity all other accelerations cancel.
    """
    half = 0.5 * np.diff(t_s)
    turns = 0.5 * half * (rate[1:] + rate[:-1]).T
    force = rotated(*attitude(turns), acc.T)
    mean: FloatArray = (half * (force[:, 1:] + force[:, :-1])).sum(axis=1) / (t_s[-1] - t_s[0])
    return mean


def attitude(half_turns: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """Attitude after 0, 1, 2 ... small turns: (..., 3, n) half angles [rad] in, quaternions (..., n + 1) out.

    A quaternion w + x i + y j + z k is the pair (w + x i, y + z i): multiplying a pair from the right by (c, d) gives
    (a c - b d*, a d + b c*).
    """
    n = half_turns.shape[-1]
    squared = (half_turns * half_turns).sum(axis=-2)
    shrink = 1.0 - squared * (1.0 / 6.0 - squared * (1.0 / 120.0))
    a = np.empty((*squared.shape[:-1], n + 1), dtype=np.complex128)
    b = np.empty_like(a)
    a[..., 0], b[..., 0] = 1.0, 0.0
    a.real[..., 1:] = 1.0 - squared * (0.5 - squared * (1.0 / 24.0))
    turns = half_turns * shrink[..., None, :]
    a.imag[..., 1:] = turns[..., 0, :]
    b.real[..., 1:] = turns[..., 1, :]
    b.imag[..., 1:] = turns[..., 2, :]
    if a.ndim > 1:
        return _scanned_in_blocks(a, b)
    reach = 1
    while reach <= n:
        a[reach:], b[reach:] = _product(a[:-reach], b[:-reach], a[reach:], b[reach:])
        reach *= 2
    return a, b


def _product(a: ComplexArray, b: ComplexArray, c: ComplexArray, d: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    return a * c - b * d.conj(), a * d + b * c.conj()


def _scanned_in_blocks(a: ComplexArray, b: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    """Products of the first 1, 2, 3 ... quaternions of each row, by blocks: few operations for many rows."""
    n = a.shape[1]
    width = max(2, math.isqrt(n))
    blocks = -(-n // width)
    shape = (len(a), blocks, width)
    padding = ((0, 0), (0, blocks * width - n))
    a = np.pad(a, padding, constant_values=1.0).reshape(shape)
    b = np.pad(b, padding).reshape(shape)
    for k in range(1, width):
        a[:, :, k], b[:, :, k] = _product(a[:, :, k - 1], b[:, :, k - 1], a[:, :, k], b[:, :, k])
    before_a, before_b = a[:, :, -1].copy(), b[:, :, -1].copy()
    for k in range(1, blocks):
        before_a[:, k], before_b[:, k] = _product(
            before_a[:, k - 1], before_b[:, k - 1], before_a[:, k], before_b[:, k]
        )
    a[:, 1:], b[:, 1:] = _product(before_a[:, :-1, None], before_b[:, :-1, None], a[:, 1:], b[:, 1:])
    return a.reshape(len(a), -1)[:, :n], b.reshape(len(b), -1)[:, :n]


def rotated(a: ComplexArray, b: ComplexArray, vector: FloatArray) -> FloatArray:
    """(..., 3, n) vectors turned by the attitudes (a, b), from the foot to the ground."""
    along = 1j * vector[..., 0, :]
    across = vector[..., 1, :] + 1j * vector[..., 2, :]
    c = a * along - b * across.conj()
    d = a * across + b * along.conj()
    out = np.empty_like(vector)
    out[..., 0, :] = (c * a.conj() + d * b.conj()).imag
    across = d * a - c * b
    out[..., 1, :], out[..., 2, :] = across.real, across.imag
    return out
