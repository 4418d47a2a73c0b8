"""Raw samples of a sensor on a shoe in, the flat foot's forward, left and up in sensor axes out. Any mounting.

Up is gravity while standing, or else the mean specific force at mid-stance. The swing axis is the dominant axis of
the turn rate. Its sign follows from the stance: the foot rests after the swing and pushes before it.
Functional calibration as in Falbriard 2018 (doi:10.3389/fphys.2018.00610), without a magnetometer.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.foot_phases import SWING_OVER_RADPS, SWING_RADPS
from coach.model.samples import FloatArray

REST_FROM_S: Final = 0.05  # after swing's end; the foot comes to rest within
REST_UNTIL_S: Final = 0.20
CLEAR_SWING_RAD: Final = 0.7  # swing turns 0.8 rad and more, the slap of a landing rearfoot 0.5 rad
LANDS_FROM_S: Final = 0.02  # before swing's end
LANDS_UNTIL_S: Final = 0.21  # after it: slow jogging puts the foot down late
LEAST_REST_RATIO: Final = 2.0  # of turning energy before the swing against after it, to be sure of the sign
REST_SHARE: Final = 0.1  # of samples, the slowest turning: mid-stance
TRUST_STANDING_COS: Final = 0.87  # standing gravity and mid-stance agree within 30 deg, or the shoe was not worn yet


@dataclass(frozen=True, slots=True, eq=False)
class FootAxes:
    """axes: (3, 3) rows forward, left, up in sensor axes. bias_radps: (3,) turn rate read at rest, sensor axes.

    is_sure: the sign of the swing axis was clear. shock_mps2: typical largest step of the specific force from one
    sample to the next as the foot lands.
    """

    axes: FloatArray
    bias_radps: FloatArray
    is_sure: bool
    shock_mps2: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What quiet standing showed, in sensor axes: up (unit vector) and the gyroscope's bias."""

    up: FloatArray
    bias_radps: FloatArray


def find_axes(t_s: FloatArray, acc: FloatArray, gyr: FloatArray, standing: Standing | None) -> FootAxes | None:
    """Axes from a few seconds of walking or running; None where nothing turned."""
    bias = standing.bias_radps if standing else np.zeros(3)
    rate = gyr - bias
    swing = dominant_axis(rate.T @ rate)
    pitch = rate @ swing
    energy = np.einsum("ni,ni->n", rate, rate)
    energy = np.convolve(energy, np.full(5, 0.2), "same")
    ratios = [_rest_ratio(t_s, sign * pitch, energy) for sign in (1.0, -1.0)]
    if max(ratios) <= 0.0:
        return None
    sign = 1.0 if ratios[0] >= ratios[1] else -1.0
    up = _up(acc, rate, standing)
    shock = _shock(t_s, acc, sign * pitch)
    return FootAxes(frame(sign * swing, up), bias, max(ratios) > LEAST_REST_RATIO, shock)


def dominant_axis(second_moment: FloatArray) -> FloatArray:
    """Unit vector about which a turn rate with this (3, 3) second moment turns most."""
    _, vectors = np.linalg.eigh(second_moment)
    axis: FloatArray = vectors[:, 2]
    return axis


def frame(left: FloatArray, up: FloatArray) -> FloatArray:
    """(3, 3) rows forward, left, up: up is kept, left made square to it."""
    up = up / np.sqrt(up @ up)
    left = left - (left @ up) * up
    left = left / np.sqrt(left @ left)
    return np.array([np.cross(left, up), left, up])


def _up(acc: FloatArray, rate: FloatArray, standing: Standing | None) -> FloatArray:
    energy = np.einsum("ni,ni->n", rate, rate)
    around = np.convolve(energy, np.ones(5), "same")
    resting = around <= np.quantile(around, REST_SHARE)
    up: FloatArray = acc[resting].mean(axis=0)
    length = float(np.sqrt(up @ up))
    if standing is not None and (length == 0.0 or up @ standing.up > TRUST_STANDING_COS * length):
        return standing.up
    return up if length > 0.0 else np.array([0.0, 0.0, 1.0])


def _rest_ratio(t_s: FloatArray, pitch: FloatArray, energy: FloatArray) -> float:
    """Turning energy before swings (push-off) against after them (mid-stance); 0 where there are no swings."""
    after, before = [], []
    for start, end in swings(t_s, pitch):
        over, begun = float(t_s[end]), float(t_s[start])
        after.append(_least_between(t_s, energy, over + REST_FROM_S, over + REST_UNTIL_S))
        before.append(_least_between(t_s, energy, begun - REST_UNTIL_S, begun - REST_FROM_S))
    if not after:
        return 0.0
    return float(np.median(before)) / max(float(np.median(after)), 1e-9)


def _shock(t_s: FloatArray, acc: FloatArray, pitch: FloatArray) -> float:
    """Median over the landings of the largest step of the specific force between samples."""
    step = np.diff(acc, axis=0, prepend=acc[:1])
    size = np.sqrt(np.einsum("ni,ni->n", step, step))
    largest = []
    for _, end in swings(t_s, pitch):
        a, b = np.searchsorted(t_s, [t_s[end] - LANDS_FROM_S, t_s[end] + LANDS_UNTIL_S])
        largest.append(float(size[a:b].max()))
    return float(np.median(largest)) if largest else 0.0


def swings(t_s: FloatArray, pitch: FloatArray) -> list[tuple[int, int]]:
    """First and last row of each stretch in which the foot turns toes-up by CLEAR_SWING_RAD or more."""
    turning = pitch < SWING_OVER_RADPS
    edges = np.flatnonzero(np.diff(turning.astype(np.int8), prepend=0, append=0))
    found = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start < 3 or end >= len(t_s) or pitch[start:end].min() > SWING_RADPS:
            continue
        if -np.trapezoid(pitch[start:end], t_s[start:end]) >= CLEAR_SWING_RAD:
            found.append((start, end))
    return found


def _least_between(t_s: FloatArray, values: FloatArray, start_s: float, end_s: float) -> float:
    a, b = np.searchsorted(t_s, [start_s, end_s])
    return float(values[a:b].min()) if b > a else 0.0
