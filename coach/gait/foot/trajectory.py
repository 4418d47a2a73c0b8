"""Integrate the foot's trajectory between two mid-stances: stride length, clearance, rolling inwards.

Strapdown integration with the foot at rest at both mid-stances (zero velocity update; Foxlin 2005,
doi:10.1109/MCG.2005.140; for running Zrenner 2018, doi:10.3390/s18124194). Attitude is a unit quaternion held as two
complex numbers, so that the product of all small turns of a stride is a prefix scan of few array operations.
"""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coach.gait.foot.constants import AX, GX, T
from coach.gait.signal.constants import GRAVITY_MPS2
from coach.model.samples import FloatArray

BLOCK: Final = 8  # small turns scanned together where there are few; any number gives the same

IndexArray = npt.NDArray[np.intp]
ComplexArray = npt.NDArray[np.complex128]
Attitudes = Callable[[FloatArray], tuple[ComplexArray, ComplexArray]]


class Path(NamedTuple):
    """Trajectory of one stride from mid-stance to mid-stance.

    length_m: distance between the two rests. clearance_m: highest point above the line between them. sink_mps: upward
    velocity left over at the second rest before it was taken out. A tilt leaves none, a landing too short or too hard
    for the sensor does: a measure of uncertainty. drift_mps2: (3,) the rate of all that was left over, in the flat
    foot's axes. moment: (3, 3) mean product of turn rates in the same axes. pitch_radps: mean rate of pitch.
    """

    length_m: float
    clearance_m: float
    sink_mps: float
    drift_mps2: FloatArray
    moment: FloatArray
    pitch_radps: float


def _side_by_side(samples: FloatArray, start: IndexArray, n: IndexArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of (7, N) times, specific forces and turn rates, those of S strides of n intervals from each start on: (m, S),
    (3, m, S), (3, m, S). Past its end a stride keeps its last sample."""
    seen = samples.take(start + np.minimum(np.arange(int(n.max()) + 1)[:, None], n), axis=1, mode="clip")
    return seen[0], seen[1:4], seen[4:]


def _pushes(
    t: FloatArray, force: FloatArray, rate: FloatArray, attitudes: Attitudes
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of m samples: half of each interval, integrals of the force over each, (3, m - 1), turned as at the start, and
    the whole turn of pitch. More axes, of strides, may follow."""
    half = t[1:] - t[:-1]
    half *= 0.5
    turns = rate[:, 1:] + rate[:, :-1]
    turns *= 0.5 * half
    world = rotated(*attitudes(turns), force)
    pushes = world[:, 1:] + world[:, :-1]
    pushes *= half
    return half, pushes, 2.0 * np.add.reduce(turns[1])


def _integrated(pushes: FloatArray, half: FloatArray, since: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(3,) velocity left over at the end, (3,) displacement and highest point without it; the pushes are used up.

    since: time since the start. The displacement is a sum of pushes times the time that they have left, without a
    velocity.
    """
    duration, later = since[-1], since[1:]
    pushes[2] -= (2.0 * GRAVITY_MPS2) * half
    left = np.add.reduce(pushes, axis=1)
    climb = np.add.accumulate(pushes[2])
    climb -= (left[2] / duration) * later
    pushes *= duration - half - since[:-1]
    displacement = np.add.reduce(pushes, axis=1)
    displacement -= (0.5 * duration) * left
    height = climb * half
    height[1:] += climb[:-1] * half[1:]
    height = np.add.accumulate(height)
    height -= (displacement[2] / duration) * later
    return left, displacement, np.maximum(np.maximum.reduce(height), 0.0)


def path(window: FloatArray, axes: FloatArray, rest: FloatArray) -> Path:
    """Integrate the stride of which `window` holds the columns, (N_COLUMNS, n).

    axes: (3, 3) forward, left, up of the flat foot in sensor axes. rest: (3,) turn rates read at rest, along these.
    """
    t = window[T]
    rate = axes.dot(window[GX : GX + 3])
    rate -= rest[:, None]
    half, pushes, turned = _pushes(t, axes.dot(window[AX : AX + 3]), rate, attitude)
    since = t - t[0]
    left, displacement, highest = _integrated(pushes, half, since)
    x, y, z = displacement.tolist()
    before, duration = rate[:, :-1], since.item(-1)
    return Path(
        math.sqrt(x * x + y * y + z * z),
        float(highest),
        left.item(2),
        left / duration,
        before.dot(before.T) / before.shape[1],
        float(turned) / duration,
    )


def mean_forces(t_s: FloatArray, acc: FloatArray, rate: FloatArray, first: list[int], last: list[int]) -> FloatArray:
    """(3,) sum over strides of the mean specific force from rest to rest, turned as at the first rest: gravity's
    reaction, in any case.

    Between two moments of the same velocity all other accelerations cancel. t_s, acc, rate: (N,), (N, 3), (N, 3).
    """
    start = np.array(first)
    t, force, rates = _side_by_side(np.vstack((t_s, acc.T, rate.T)), start, np.array(last) - start)
    _, pushes, _ = _pushes(t, force, rates, _attitudes)
    summed: FloatArray = (np.add.reduce(pushes, axis=1) / (t[-1] - t[0])).sum(axis=1)
    return summed


def attitude(half_turns: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """Return the attitude after 0, 1, 2 ... small turns: quaternions (n + 1,) of half angles (3, n) [rad].

    A quaternion w + x i + y j + z k is the pair (w + x i, y + z i): multiplying a pair from the right by (c, d) gives
    (a c - b d*, a d + b c*). Blocks of turns are scanned together, then each is turned by those before it.
    """
    n = half_turns.shape[1] + 1
    n_blocks = -(-n // BLOCK)
    cube = _small_turns(half_turns, n_blocks * BLOCK).reshape(2, n_blocks, BLOCK).transpose(0, 2, 1).copy()
    offset = 1
    while offset < BLOCK:
        cube[:, offset:] = _product(cube[:, :-offset], cube[:, offset:])
        offset *= 2
    a, b = 1.0 + 0.0j, 0.0j
    before_a, before_b = [], []
    for c, d in zip(*cube[:, -1].tolist(), strict=True):
        before_a.append(a)
        before_b.append(b)
        a, b = a * c - b * d.conjugate(), a * d + b * c.conjugate()
    before = np.array((before_a, before_b))
    whole = _product(before[:, None], cube).transpose(0, 2, 1).reshape(2, -1)
    return whole[0, :n], whole[1, :n]


def _product(before: ComplexArray, pairs: ComplexArray) -> ComplexArray:
    """Quaternions (2, ...) turned by those before: a (c, d) + b (-d*, c*)."""
    product = np.conjugate(pairs[::-1])
    np.negative(product[0], out=product[0])
    product *= before[1]
    product += before[0] * pairs
    return product


def _small_turns(half_turns: FloatArray, n: int) -> ComplexArray:
    """(2, n, ...) quaternions as pairs: none, then one of each of (3, m, ...) half angles, then none again."""
    squared = np.add.reduce(half_turns * half_turns)
    end = len(squared) + 1
    numbers = np.zeros((2, n, *squared.shape[1:], 2))
    numbers[0, ..., 0] = 1.0
    numbers[0, 1:end, ..., 0] -= squared * (0.5 - squared * (1.0 / 24.0))
    size = squared * (1.0 / 120.0)
    size -= 1.0 / 6.0
    size *= squared
    size += 1.0
    np.multiply(half_turns[0], size, out=numbers[0, 1:end, ..., 1])
    np.multiply(half_turns[1], size, out=numbers[1, 1:end, ..., 0])
    np.multiply(half_turns[2], size, out=numbers[1, 1:end, ..., 1])
    pairs: ComplexArray = numbers.view(np.complex128)[..., 0]
    return pairs


def _attitudes(half_turns: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """The same as `attitude` for (3, n, S) half angles of S strides: by blocks, few operations for many strides."""
    n = half_turns.shape[1] + 1
    width = max(2, math.isqrt(n))
    blocks = -(-n // width)
    pairs = _small_turns(half_turns, blocks * width)
    cube = pairs.reshape(2, blocks, width, -1)
    for k in range(1, width):
        cube[:, :, k] = _product(cube[:, :, k - 1], cube[:, :, k])
    for k in range(1, blocks):
        cube[:, k, -1] = _product(cube[:, k - 1, -1], cube[:, k, -1])
    for k in range(width - 1):
        cube[:, 1:, k] = _product(cube[:, :-1, -1], cube[:, 1:, k])
    return pairs[0, :n], pairs[1, :n]


def rotated(a: ComplexArray, b: ComplexArray, vector: FloatArray) -> FloatArray:
    """(3, ...) vectors turned by the attitudes (a, b), (...), from the foot to the ground: q v q*, as pairs."""
    along = 1j * vector[0]
    across = np.empty_like(a)
    across.real, across.imag = vector[1], vector[2]
    c = a * along - b * across.conj()
    d = a * across - b * along  # a vector's scalar part is 0: along is its own conjugate but for the sign
    out = np.empty(vector.shape)
    np.multiply(c, a.conj(), out=along)
    along += d * b.conj()
    out[0] = along.imag
    across = d * a
    across -= c * b
    out[1], out[2] = across.real, across.imag
    return out
