"""Integrate the motion of the shoe about mid-stance: attitude, upward velocity and height in one stance.

Strapdown integration from mid-stance, where the shoe rests (zero-velocity update; Foxlin 2005,
doi:10.1109/MCG.2005.140): backwards to the landing, forwards to the push-off. Within 0.2 s a gyroscope's bias of
0.01 rad/s comes to 0.1 degree. Slow sensors are interpolated by cubics first: reading by reading, the derivatives of
52 Hz blur a landing by 40 ms.
"""

import math
from typing import NamedTuple

import numpy as np

from coach.gait.foot.constants import AX, GX, T
from coach.gait.foot.trajectory import ComplexArray, attitude, rotated
from coach.gait.signal.constants import GRAVITY_MPS2
from coach.gait.signal.filters import cubic
from coach.model.samples import FloatArray


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


def _half_turns(of: Fine) -> FloatArray:
    turns = of.rate[:, 1:] + of.rate[:, :-1]
    turns *= 0.25 * of.dt_s
    return turns


def _tilt(a: ComplexArray, b: ComplexArray) -> FloatArray:
    """(3, n) upward direction in the shoe's axes of attitudes against the ground."""
    square = a * a
    square -= b * b
    across = a * a
    across += b * b
    tilt = np.empty((3, len(a)))
    np.multiply(-2.0, (a * b).real, out=tilt[0])
    tilt[1], tilt[2] = across.imag, square.real
    return tilt


def integral(values: FloatArray, dt_s: float) -> FloatArray:
    """Integral from the first row, by trapezoids: (..., n) to (..., n)."""
    out = np.empty_like(values)
    out[..., 0] = 0.0
    steps = values[..., 1:] + values[..., :-1]
    steps *= 0.5 * dt_s
    np.add.accumulate(steps, axis=-1, out=out[..., 1:])
    return out


def landing_motion(of: Fine) -> Motion:
    """Return the motion before mid-stance, the last row."""
    a, b = attitude(_half_turns(of))
    last_a, last_b = a[-1].conjugate(), -b[-1]  # the inverse of the last attitude, applied before each
    tilt = _tilt(last_a * a - last_b * b.conj(), last_a * b + last_b * a.conj())
    lift = np.add.reduce(tilt * of.force)
    lift -= GRAVITY_MPS2
    climb = integral(lift, of.dt_s)
    climb -= climb[-1]
    height = integral(climb, of.dt_s)
    height -= height[-1]
    return Motion(tilt, lift, climb, height)


class PushMotion(NamedTuple):
    """Motion after mid-stance. tilt: (3, n), climb_mps: (n,) as in `Motion`. own: (3, n) velocity along the shoe's
    axes."""

    tilt: FloatArray
    climb_mps: FloatArray
    own: FloatArray


def push_motion(of: Fine) -> PushMotion:
    """Return the motion after mid-stance, the first row."""
    a, b = attitude(_half_turns(of))
    world = rotated(a, b, of.force)
    world[2] -= GRAVITY_MPS2
    velocity = integral(world, of.dt_s)
    return PushMotion(_tilt(a, b), velocity[2], rotated(a.conj(), -b, velocity))


def point_climb(climb_mps: FloatArray, tilt: FloatArray, rate: FloatArray, forward_m: float, up_m: float) -> FloatArray:
    """Upward velocity [m/s] of a point of the shoe, forward_m before and up_m above the sensor."""
    pitch = rate[1]  # (rate x point) = (r1 up, r2 forward - r0 up, -r1 forward)
    turn = tilt[0] * (pitch * up_m)
    turn += tilt[1] * (rate[2] * forward_m - rate[0] * up_m)
    turn -= tilt[2] * (pitch * forward_m)
    turn += climb_mps
    result: FloatArray = turn
    return result


def rises_through(values: FloatArray, level: float, is_last: bool = False) -> float:
    """Row, with its fraction, at which values rise through `level`, for the first or the last time; nan if never."""
    is_below = values < level
    at = (is_below[:-1] > is_below[1:]).nonzero()[0]
    if not len(at):
        return math.nan
    k = at.item(-1 if is_last else 0)
    below = values.item(k)
    return k + (level - below) / (values.item(k + 1) - below)


def peak_shift(values: FloatArray, k: int) -> float:
    """By how many rows the top of a parabola through rows k - 1, k, k + 1 lies after k; 0 at the ends."""
    if not 0 < k < len(values) - 1:
        return 0.0
    left, top, right = values[k - 1 : k + 2].tolist()
    bend = left - 2.0 * top + right
    return min(max(0.5 * (left - right) / bend, -0.5), 0.5) if bend < 0.0 else 0.0
