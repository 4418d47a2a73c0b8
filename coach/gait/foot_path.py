"""Rows between two mid-stances in, the way of the foot out: stride length, clearance, rolling inwards.

Strapdown integration with the foot at rest at both mid-stances (zero velocity update; Foxlin 2005,
doi:10.1109/MCG.2005.140; for running Zrenner 2018, doi:10.3390/s18124194). Attitude is a unit quaternion held as two
complex numbers, so that the product of all small turns of a stride is a prefix scan of few array operations.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coach.gait.constants import GRAVITY_MPS2
from coach.gait.foot_constants import AX, GX, T
from coach.model.samples import FloatArray

IndexArray = npt.NDArray[np.intp]
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


class Path(NamedTuple):
    """The same of one stride."""

    length_m: float
    clearance_m: float
    drift_mps: float
    drift_mps2: FloatArray
    moment: FloatArray


def paths(rows: FloatArray, first: list[int], last: list[int], axes: FloatArray, bias: FloatArray) -> Paths:
    """Integrate from the rows `first` to the rows `last`.

    axes: (3, 3) forward, left, up of the flat foot in sensor axes. bias: (3,) turn rate at rest in sensor axes.
    """
    if len(first) == 1:
        one = path(rows[first[0] : last[0] + 1], axes, bias)
        return Paths([one.length_m], [one.clearance_m], [one.drift_mps], [one.drift_mps2], [one.moment])
    low, start = first[0], np.array(first)
    n = np.array(last) - start
    at = (start - low) + np.minimum(np.arange(int(n.max()) + 1)[:, None], n)  # past the end a stride stands still
    span = rows[low : last[-1] + 1]
    felt = np.empty((7, len(span)))
    felt[0] = span[:, T]
    np.matmul(axes, span[:, AX : AX + 3].T, out=felt[1:4])
    measured = span[:, GX : GX + 3].T - bias[:, None]
    np.matmul(axes, measured, out=felt[4:])
    seen = felt.take(at, axis=1)
    t, force, rate = seen[0], seen[1:4], seen[4:]
    half = 0.5 * (t[1:] - t[:-1])
    turns = rate[:, 1:] + rate[:, :-1]
    turns *= 0.5 * half
    a, b = _scanned(_small_turns(turns))
    world = _turned(a, b, force)
    world[2] -= GRAVITY_MPS2
    place = np.zeros_like(world)
    velocity = world[:, 1:] + world[:, :-1]
    velocity *= half
    velocity.cumsum(axis=1, out=place[:, 1:])
    left = place[:, -1].copy()
    duration = t[-1] - t[0]
    share = (t - t[0]) / duration
    place -= left[:, None] * share
    velocity = place[:, 1:] + place[:, :-1]
    velocity *= half
    velocity.cumsum(axis=1, out=place[:, 1:])
    end = place[:, -1]
    height = place[2] - share * end[2]
    return Paths(
        np.sqrt((end * end).sum(axis=0)).tolist(),
        height.max(axis=0).tolist(),
        np.sqrt((left * left).sum(axis=0)).tolist(),
        list((left / duration).T),
        _moments(measured, start - low, n),
    )


def _moments(rate: FloatArray, start: IndexArray, n: IndexArray) -> list[FloatArray]:
    """(3, 3) mean products of (3, N) turn rates, n from each start on."""
    x, y, z = rate
    edges = np.stack((start, start + n), axis=1).ravel()
    products = (x * x, x * y, x * z, y * y, y * z, z * z)
    xx, xy, xz, yy, yz, zz = (np.add.reduceat(product, edges)[::2] / n for product in products)
    return list(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]).transpose(2, 0, 1))


def path(window: FloatArray, axes: FloatArray, bias: FloatArray) -> Path:
    """The same for the one stride in these rows."""
    t = window[:, T]
    half = t[1:] - t[:-1]
    half *= 0.5
    rates = window[:, GX : GX + 3] - bias
    rate = axes.dot(rates.T)
    turns = rate[:, 1:] + rate[:, :-1]
    turns *= 0.5 * half
    a, b = attitude(turns)
    world = _turned(a, b, axes.dot(window[:, AX : AX + 3].T))
    world[2] -= GRAVITY_MPS2
    velocity = world[:, 1:] + world[:, :-1]
    velocity *= half
    place = np.zeros_like(world)
    np.add.accumulate(velocity, axis=1, out=place[:, 1:])
    left = place[:, -1].copy()
    duration = float(t[-1]) - float(t[0])
    share = t - t[0]
    share /= duration
    place -= left[:, None] * share
    velocity = place[:, 1:] + place[:, :-1]
    velocity *= half
    np.add.accumulate(velocity, axis=1, out=place[:, 1:])
    x, y, z = place[:, -1].tolist()
    share *= -z
    share += place[2]
    moved = rates[:-1]
    return Path(
        math.sqrt(x * x + y * y + z * z),
        float(np.maximum.reduce(share)),
        math.sqrt(float(left.dot(left))),
        left / duration,
        moved.T.dot(moved) / len(moved),
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
    if half_turns.ndim > 2:
        a, b = np.moveaxis(_scanned(_small_turns(np.moveaxis(half_turns, (-2, -1), (0, 1)))), 1, -1)
        return a, b
    a, b = _small_turns(half_turns)
    reach = 1
    while reach < len(a):
        a[reach:], b[reach:] = _product(a[:-reach], b[:-reach], a[reach:], b[reach:])
        reach *= 2
    return a, b


def _small_turns(half_turns: FloatArray) -> ComplexArray:
    """(2, n + 1, ...) quaternions as pairs: the first is none, then one of each of (3, n, ...) half angles."""
    squared = np.einsum("cn...,cn...->n...", half_turns, half_turns)
    pairs = np.empty((2, len(squared) + 1, *squared.shape[1:]), dtype=np.complex128)
    pairs[0, 0], pairs[1, 0] = 1.0, 0.0
    pairs[0, 1:].real = 1.0 - squared * (0.5 - squared * (1.0 / 24.0))
    turns = half_turns * (1.0 - squared * (1.0 / 6.0 - squared * (1.0 / 120.0)))
    pairs[0, 1:].imag = turns[0]
    pairs[1, 1:].real = turns[1]
    pairs[1, 1:].imag = turns[2]
    return pairs


def _product(a: ComplexArray, b: ComplexArray, c: ComplexArray, d: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
    return a * c - b * d.conj(), a * d + b * c.conj()


def _scanned(pairs: ComplexArray) -> ComplexArray:
    """Products of the first 1, 2, 3 ... of (2, n, S) quaternions, by blocks: few operations for many strides."""
    n, strides = pairs.shape[1:]
    width = max(2, math.isqrt(n))
    blocks = -(-n // width)
    padded = np.empty((2, blocks * width, strides), dtype=np.complex128)
    padded[:, :n] = pairs
    padded[0, n:], padded[1, n:] = 1.0, 0.0
    padded = padded.reshape(2, blocks, width, strides)
    scan = np.ascontiguousarray(padded.transpose(2, 0, 1, 3))
    _follow(scan)
    before = np.ascontiguousarray(scan[-1].transpose(1, 0, 2))
    _follow(before)
    a, b = before.transpose(1, 0, 2)[:, :-1, None]
    padded[:, 0] = scan[:, :, 0].transpose(1, 0, 2)
    later = scan[:, :, 1:].transpose(1, 2, 0, 3)
    np.multiply(a, later, out=padded[:, 1:])
    crossed = _crossed(later)
    crossed *= b
    padded[:, 1:] += crossed
    return padded.reshape(2, -1, strides)[:, :n]


def _follow(pairs: ComplexArray) -> None:
    """Put in place of each of (n, 2, ...) quaternions the product of all up to it."""
    crossed = np.ascontiguousarray(_crossed(pairs.swapaxes(0, 1)).swapaxes(0, 1))
    for before, this, that in zip(pairs[:-1], pairs[1:], crossed[1:], strict=True):
        np.multiply(before[1], that, out=that)
        np.multiply(before[0], this, out=this)
        this += that


def _crossed(pairs: ComplexArray) -> ComplexArray:
    """(-d*, c*) of the pairs (c, d): a pair (a, b) times (c, d) is a (c, d) + b (-d*, c*)."""
    crossed = np.empty_like(pairs)
    np.conjugate(pairs[0], out=crossed[1])
    np.conjugate(pairs[1], out=crossed[0])
    np.negative(crossed[0], out=crossed[0])
    return crossed


def rotated(a: ComplexArray, b: ComplexArray, vector: FloatArray) -> FloatArray:
    """(..., 3, n) vectors turned by the attitudes (a, b), from the foot to the ground."""
    if a.ndim == 1:
        return _turned(a, b, vector)
    return np.moveaxis(_turned(a, b, np.moveaxis(vector, -2, 0)), 0, -2)


def _turned(a: ComplexArray, b: ComplexArray, vector: FloatArray) -> FloatArray:
    """The same with the coordinates first: (...) attitudes, (3, ...) vectors."""
    along = 1j * vector[0]
    across = np.empty_like(a)
    across.real, across.imag = vector[1], vector[2]
    c = a * along - b * across.conj()
    d = a * across + b * along.conj()
    out = np.empty(vector.shape)
    out[0] = c.imag * a.real - c.real * a.imag + d.imag * b.real - d.real * b.imag
    across = d * a - c * b
    out[1], out[2] = across.real, across.imag
    return out
