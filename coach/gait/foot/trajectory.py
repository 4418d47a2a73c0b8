"""Integrate the motion of a foot: of a stride between two mid-stances, and of a stance about its mid-stance.

Strapdown integration with the foot at rest at mid-stance (zero velocity update; Foxlin 2005,
doi:10.1109/MCG.2005.140; for running Zrenner 2018, doi:10.3390/s18124194). Attitude is a unit quaternion held as two
complex numbers, so that the product of all small turns of a stride is a prefix scan of few array operations.

A stride gives length, clearance and rolling inwards. A stance is integrated backwards to the landing and forwards to
the push-off: attitude, upward velocity and height. Within 0.2 s a gyroscope's bias of 0.01 rad/s comes to 0.1 degree.
Slow sensors are interpolated by cubics first: reading by reading, the derivatives of 52 Hz blur a landing by 40 ms.
"""

import math
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coach.gait.foot.constants import AX, GX, T
from coach.gait.signal.filters import cubic
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2

BLOCK: Final = 8  # small turns scanned together where there are few; any number gives the same

IndexArray = npt.NDArray[np.intp]
ComplexArray = npt.NDArray[np.complex128]
Attitude = ComplexArray  # (2, ...) quaternions as pairs, see `attitudes`
# Taylor's series of cos(x) and sin(x) / x in the square of x: what is taken from 1, and what from that.
_FIRST: Final = np.array((1.0 / 2.0, 1.0 / 6.0)).reshape(2, 1)
_NEXT: Final = np.array((1.0 / 24.0, 1.0 / 120.0)).reshape(2, 1)


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
    """Return, of (7, N) times, specific forces and turn rates, those of S strides of n intervals from each start on:
    (m, S), (3, m, S), (3, m, S). Past its end a stride keeps its last sample."""
    seen = samples.take(start + np.minimum(np.arange(int(n.max()) + 1)[:, None], n), axis=1, mode="clip")
    return seen[0], seen[1:4], seen[4:]


def half_turns(rate: FloatArray, half_s: FloatArray | float) -> FloatArray:
    """Return the half angles (3, m - 1, ...) turned in the intervals between m samples of rates (3, m, ...).

    half_s: half of each interval, (m - 1, ...), or of all.
    """
    turns = rate[:, 1:] + rate[:, :-1]
    turns *= 0.5 * half_s
    return turns


def _pushes(half_s: FloatArray, force: FloatArray, attitude: Attitude) -> FloatArray:
    """Return integrals of the force (3, m, ...) over each interval, (3, m - 1, ...), turned as at the start."""
    world = rotated(attitude, force)
    pushes = world[:, 1:] + world[:, :-1]
    pushes *= half_s
    return pushes


def _integrated(pushes: FloatArray, half: FloatArray, since: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (3,) velocity left over at the end, (3,) displacement and highest point without it;
    the pushes are used up.

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


class StrideRows(NamedTuple):
    """Rows of a stride from mid-stance to mid-stance. window: columns as held, (N_COLUMNS, n).

    half_s: (n - 1,) half of each interval. half_turns: (3, n - 1) half angles turned in them, for `attitudes`. force,
    rate: (3, n) forward, left, up of the flat foot.
    """

    window: FloatArray
    half_s: FloatArray
    half_turns: FloatArray
    force: FloatArray
    rate: FloatArray


def stride_rows(window: FloatArray, axes: FloatArray, rest: FloatArray) -> StrideRows:
    """Return a stride's rows in the foot's axes.

    axes: (3, 3) forward, left, up of the flat foot in sensor axes. rest: (3,) turn rates read at rest, along these.
    """
    t = window[T]
    half = t[1:] - t[:-1]
    half *= 0.5
    rate = axes.dot(window[GX : GX + 3])
    rate -= rest[:, None]
    return StrideRows(window, half, half_turns(rate, half), axes.dot(window[AX : AX + 3]), rate)


def path(of: StrideRows, attitude: Attitude) -> Path:
    """Integrate a stride; attitude: after each of its half turns."""
    t = of.window[T]
    since = t - t[0]
    left, displacement, highest = _integrated(_pushes(of.half_s, of.force, attitude), of.half_s, since)
    x, y, z = displacement.tolist()
    before, duration = of.rate[:, :-1], since.item(-1)
    return Path(
        math.sqrt(x * x + y * y + z * z),
        float(highest),
        left.item(2),
        left / duration,
        before.dot(before.T) / before.shape[1],
        float(2.0 * np.add.reduce(of.half_turns[1])) / duration,
    )


def mean_forces(t_s: FloatArray, acc: FloatArray, rate: FloatArray, first: list[int], last: list[int]) -> FloatArray:
    """Return (3,) sum over strides of the mean specific force from rest to rest,
    turned as at the first rest: gravity's reaction, in any case.

    Between two moments of the same velocity all other accelerations cancel. t_s, acc, rate: (N,), (N, 3), (N, 3).
    """
    start = np.array(first)
    t, force, rates = _side_by_side(np.vstack((t_s, acc.T, rate.T)), start, np.array(last) - start)
    half = 0.5 * (t[1:] - t[:-1])
    pushes = _pushes(half, force, _attitudes(half_turns(rates, half)))
    summed: FloatArray = (np.add.reduce(pushes, axis=1) / (t[-1] - t[0])).sum(axis=1)
    return summed


def attitudes(*half_turns: FloatArray) -> list[Attitude]:
    """Return each motion's attitude after 0, 1, 2 ... small turns: quaternions (n + 1,) of half angles (3, n) [rad].

    A quaternion w + x i + y j + z k is the pair (w + x i, y + z i): multiplying a pair from the right by (c, d) gives
    (a c - b d*, a d + b c*). Blocks of turns are scanned together, then each is turned by those before it. A motion
    begins at a block, so it comes out as if it were alone: two of them cost little more than one.
    """
    n_blocks = [half.shape[1] // BLOCK + 1 for half in half_turns]
    padded = np.zeros((3, BLOCK * sum(n_blocks)))
    start, spans = 0, []
    for half, n in zip(half_turns, n_blocks, strict=True):
        span = slice(start, start + half.shape[1] + 1)
        padded[:, start + 1 : span.stop] = half
        spans.append(span)
        start += BLOCK * n
    cube = _small_turns(padded.reshape(3, -1, BLOCK).transpose(0, 2, 1).copy())
    offset = 1
    while offset < BLOCK:
        _multiply(cube[:, :-offset], cube[:, offset:], out=cube[:, offset:])
        offset *= 2
    before: list[tuple[complex, complex]] = []
    turns = zip(*cube[:, -1].tolist(), strict=True)
    for n in n_blocks:
        a, b = 1.0 + 0.0j, 0.0j
        for c, d in islice(turns, n):
            before.append((a, b))
            a, b = a * c - b * d.conjugate(), a * d + b * c.conjugate()
    _multiply(np.array(before).T[:, None], cube, out=cube)
    whole = cube.transpose(0, 2, 1).reshape(2, -1)
    return [whole[:, span] for span in spans]


def _multiply(before: ComplexArray, pairs: ComplexArray, out: ComplexArray) -> None:
    """Put a (c, d) + b (-d*, c*) into `out`: quaternions (2, ...) turned by those before; `out` may be these pairs."""
    across = np.conjugate(pairs[::-1])
    across *= before[1]
    along = before[0] * pairs
    np.subtract(along[0], across[0], out=out[0])
    np.add(along[1], across[1], out=out[1])


def _small_turns(half_turns: FloatArray) -> ComplexArray:
    """Return (2, ...) quaternions as pairs, of (3, ...) half angles."""
    shape = half_turns.shape[1:]
    turns = half_turns.reshape(3, -1)
    squared = np.add.reduce(turns * turns)
    parts = _NEXT * squared  # Taylor's series, of both at once
    np.subtract(_FIRST, parts, out=parts)
    parts *= squared
    np.subtract(1.0, parts, out=parts)
    numbers = np.empty((2, len(squared), 2))
    numbers[0, :, 0] = parts[0]
    np.multiply(turns[0], parts[1], out=numbers[0, :, 1])
    np.multiply(turns[1:], parts[1], out=numbers[1].T)
    pairs: ComplexArray = numbers.view(np.complex128).reshape(2, *shape)
    return pairs


def _attitudes(half_turns: FloatArray) -> Attitude:
    """Return the attitudes of (3, n, S) half angles of S strides, (n + 1, S) each: by blocks,
    few operations for many strides."""
    n = half_turns.shape[1] + 1
    width = max(2, math.isqrt(n))
    blocks = -(-n // width)
    padded = np.zeros((3, blocks * width, half_turns.shape[2]))
    padded[:, 1:n] = half_turns
    pairs = _small_turns(padded)
    cube = pairs.reshape(2, blocks, width, -1)
    for k in range(1, width):
        _multiply(cube[:, :, k - 1], cube[:, :, k], out=cube[:, :, k])
    for k in range(1, blocks):
        _multiply(cube[:, k - 1, -1], cube[:, k, -1], out=cube[:, k, -1])
    for k in range(width - 1):
        _multiply(cube[:, :-1, -1], cube[:, 1:, k], out=cube[:, 1:, k])
    return pairs[:, :n]


def rotated(attitude: Attitude, vector: FloatArray) -> FloatArray:
    """Return (3, ...) vectors turned by attitudes (2, ...), from the foot to the ground: q v q*, as pairs."""
    a, b = attitude
    along = 1j * vector[0]
    across = np.empty(a.shape, np.complex128)
    across.real, across.imag = vector[1], vector[2]
    c = a * along
    c -= b * across.conj()
    d = a * across
    d -= b * along  # a vector's scalar part is 0: along is its own conjugate but for the sign
    out = np.empty(vector.shape)
    np.multiply(c, a.conj(), out=along)
    along += d * b.conj()
    out[0] = along.imag
    np.multiply(d, a, out=across)
    across -= c * b
    out[1], out[2] = across.real, across.imag
    return out


class Fine(NamedTuple):
    """Evenly spaced rows in the shoe's axes. t_s: (n,). dt_s. force, rate: (3, n), forward, left, up."""

    t_s: FloatArray
    dt_s: float
    force: FloatArray
    rate: FloatArray


class Motion(NamedTuple):
    """Motion against mid-stance. tilt: (3, n) the upward direction along the shoe's axes. lift_mps2, climb_mps,
    height_m: (n,) upward acceleration, velocity and height of the sensor."""

    tilt: FloatArray
    lift_mps2: FloatArray
    climb_mps: FloatArray
    height_m: FloatArray


def fine(window: FloatArray, axes: FloatArray, bias_radps: FloatArray, least_hz: float) -> Fine:
    """Return the window's rows in the shoe's axes, interpolated to `least_hz` [Hz] where they are slower.

    window: (N_COLUMNS, n) columns, n >= 4. axes: (3, 3) forward, left, up in sensor axes. bias_radps: (3,) turn rate
    read at rest, sensor axes. Rows count as evenly spaced: what a clock jitters is noise.
    """
    t = window[T]
    n = len(t)
    span = t.item(-1) - t.item(0)
    dt = span / (n - 1)
    force, rate = axes.dot(window[AX : AX + 3]), axes.dot(window[GX : GX + 3])
    rate -= axes.dot(bias_radps)[:, None]
    parts = math.ceil(least_hz * dt)
    if parts <= 1:
        even = np.arange(0.0, n)  # numpy's linspace, at a third of its time
        even *= dt
        even += t.item(0)
        even[-1] = t.item(-1)
        return Fine(even, dt, force, rate)
    at = np.arange((n - 1) * parts + 1) / parts
    values = cubic(np.concatenate((force, rate)).T, at).T
    return Fine(t.item(0) + dt * at, dt / parts, values[:3], values[3:])


def _tilt(attitude: Attitude) -> FloatArray:
    """Return (3, n) upward direction in the shoe's axes of attitudes against the ground."""
    a, b = attitude
    square_a, square_b = attitude * attitude
    tilt = np.empty((3, len(a)))
    np.multiply(-2.0, (a * b).real, out=tilt[0])
    np.add(square_a.imag, square_b.imag, out=tilt[1])
    np.subtract(square_a.real, square_b.real, out=tilt[2])
    return tilt


def integral(values: FloatArray, dt_s: float) -> FloatArray:
    """Return the integral from the first row, by trapezoids: (..., n) to (..., n)."""
    out = np.empty(values.shape)
    out[..., 0] = 0.0
    steps = values[..., 1:] + values[..., :-1]
    steps *= 0.5 * dt_s
    np.add.accumulate(steps, axis=-1, out=out[..., 1:])
    return out


def landing_motion(of: Fine, attitude: Attitude) -> Motion:
    """Return the motion before mid-stance, the last row; attitude: after each of its half turns."""
    a, b = attitude
    last_a, last_b = a[-1].conjugate(), -b[-1]  # the inverse of the last attitude, applied before each
    against = np.empty_like(attitude)
    np.subtract(last_a * a, last_b * b.conj(), out=against[0])
    np.add(last_a * b, last_b * a.conj(), out=against[1])
    tilt = _tilt(against)
    lift = np.add.reduce(tilt * of.force)
    lift -= GRAVITY_MPS2
    climb = integral(lift, of.dt_s)
    climb -= climb[-1]
    height = integral(climb, of.dt_s)
    height -= height[-1]
    return Motion(tilt, lift, climb, height)


class PushMotion(NamedTuple):
    """Motion after mid-stance. attitude: (2, n) against it. tilt: (3, n) as in `Motion`. velocity_mps: (3, n), forward,
    left, up at mid-stance."""

    attitude: Attitude
    tilt: FloatArray
    velocity_mps: FloatArray


def push_motion(of: Fine, attitude: Attitude) -> PushMotion:
    """Return the motion after mid-stance, the first row; attitude: after each of its half turns."""
    world = rotated(attitude, of.force)
    world[2] -= GRAVITY_MPS2
    return PushMotion(attitude, _tilt(attitude), integral(world, of.dt_s))


def own_velocity(motion: PushMotion, start: int, end: int) -> FloatArray:
    """Return the velocity along the shoe's axes in the rows start..end: (3, end - start)."""
    back = motion.attitude[:, start:end].conj()
    np.negative(motion.attitude[1, start:end], out=back[1])
    return rotated(back, motion.velocity_mps[:, start:end])


def point_climb(
    climb_mps: FloatArray, tilt: FloatArray, rate: FloatArray, forward_m: float | FloatArray, up_m: float
) -> FloatArray:
    """Return the upward velocity [m/s] of a point of the shoe, forward_m before and up_m above the sensor.

    forward_m: (m, 1) of several points gives (m, n).
    """
    pitch = rate[1]  # (rate x point) = (r1 up, r2 forward - r0 up, -r1 forward)
    turn = tilt[1] * (rate[2] * forward_m - rate[0] * up_m)
    turn += tilt[0] * (pitch * up_m)
    turn -= tilt[2] * (pitch * forward_m)
    turn += climb_mps
    result: FloatArray = turn
    return result


def rises_through(values: Sequence[float], level: float, is_last: bool = False) -> float:
    """Return the row, with its fraction, at which values rise through `level`, for the first or the last time;
    nan if never.

    For the ten to forty rows of a stance a loop over a list is faster than array calls.
    """
    rows = range(len(values) - 1)
    for row in reversed(rows) if is_last else rows:
        below, above = values[row], values[row + 1]
        if below < level and not above < level:
            return row + (level - below) / (above - below)
    return math.nan


def peak_shift(values: Sequence[float], k: int) -> float:
    """Return by how many rows the top of a parabola through rows k - 1, k, k + 1 lies after k; 0 at the ends."""
    if not 0 < k < len(values) - 1:
        return 0.0
    left, top, right = values[k - 1 : k + 2]
    bend = left - 2.0 * top + right
    return min(max(0.5 * (left - right) / bend, -0.5), 0.5) if bend < 0.0 else 0.0
