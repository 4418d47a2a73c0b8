"""Motions of a foot that are no running: pedalling, leg swings, stairs, marching, a rope, a shoe in a swinging hand.

Each is a smooth path of the foot in the plane of motion, from which an ideal sensor's readings follow; rest before it.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2

RATE_HZ: Final = 100.0
SECONDS: Final = 60.0
Path = tuple[FloatArray, FloatArray, FloatArray]  # forward [m], up [m], toes down [rad]


def times() -> FloatArray:
    return np.arange(0.0, SECONDS, 1.0 / RATE_HZ)


def _smoothed(values: FloatArray, seconds: float) -> FloatArray:
    window = np.hanning(int(seconds * RATE_HZ) | 1)
    return np.convolve(values, window / window.sum(), "same")


def _lift(t: FloatArray, hz: float) -> FloatArray:
    """Height of a foot that is lifted for 45 % of each cycle, as a share of the whole."""
    phase = (t * hz) % 1.0
    return _smoothed(np.where(phase < 0.45, np.sin(np.pi * phase / 0.45), 0.0), 0.05)


def pedalling(rpm: float) -> Path:
    """On a crank of 17 cm."""
    turn = 2.0 * np.pi * rpm / 60.0 * times()
    return 0.17 * np.cos(turn), 0.17 * np.sin(turn), np.radians(12.0 + 22.0 * np.sin(turn))


def swinging(hz: float) -> Path:
    """A leg swung while standing on the other."""
    turn = 2.0 * np.pi * hz * times()
    return 0.3 * np.sin(turn), 0.05 * (1.0 - np.cos(2.0 * turn)), np.radians(35.0 * np.sin(turn))


def in_a_hand(hz: float) -> Path:
    """A shoe that is carried in a swinging hand."""
    turn = 2.0 * np.pi * hz * times()
    return 0.2 * np.sin(turn), 0.05 * np.sin(2.0 * turn), np.radians(40.0 * np.sin(turn))


def stairs(hz: float) -> Path:
    """Upstairs, two steps of 17 cm at once by each foot."""
    t = times()
    phase = (t * hz) % 1.0
    up = np.minimum(phase / 0.45, 1.0)
    whole = np.floor(t * hz)
    forward = _smoothed(0.28 * (whole + up - 1.0), 0.1)
    height = _smoothed(0.34 * (whole + up - 1.0) + 0.1 * np.sin(np.pi * up), 0.1)
    return forward, height, np.radians(30.0 * np.sin(np.pi * up) * np.cos(2.0 * np.pi * up))


def marching(hz: float) -> Path:
    """On the spot, the foot lifted by 15 cm."""
    lift = _lift(times(), hz)
    return 0.0 * lift, 0.15 * lift, np.radians(45.0) * lift


def skipping(hz: float) -> Path:
    """Over a rope."""
    hop = np.maximum(0.0, np.sin(2.0 * np.pi * hz * times()))
    return 0.0 * hop, 0.04 * hop, np.radians(25.0) * hop


MOTIONS: Final[dict[str, Callable[[], Path]]] = {
    **{f"pedalling at {rpm} rpm": lambda rpm=rpm: pedalling(rpm) for rpm in (60, 80, 90, 100, 120)},
    **{f"a leg swung {60 * hz:.0f} times a minute": lambda hz=hz: swinging(hz) for hz in (0.8, 1.0, 1.3, 1.5)},
    **{f"a shoe in a hand at {60 * hz:.0f}": lambda hz=hz: in_a_hand(hz) for hz in (0.9, 1.42)},
    **{f"stairs at {120 * hz:.0f} a minute": lambda hz=hz: stairs(hz) for hz in (0.8, 1.0, 1.3, 1.5)},
    **{f"marching at {120 * hz:.0f} a minute": lambda hz=hz: marching(hz) for hz in (0.8, 1.0, 1.3, 1.5)},
    **{f"a rope at {60 * hz:.0f}": lambda hz=hz: skipping(hz) for hz in (2.0, 2.3, 2.6)},
}


def chunk(name: str, seed: int = 5) -> ImuChunk:
    """Return one of MOTIONS as a shoe sensor reads it, with a sensor's noise, after four seconds of rest."""
    rng, t, dt = np.random.default_rng(seed), times(), 1.0 / RATE_HZ
    forward, up, pitch = (np.clip(t - 4.0, 0.0, 1.0) * part for part in MOTIONS[name]())
    along = np.gradient(np.gradient(forward, dt), dt)
    against = np.gradient(np.gradient(up, dt), dt) + GRAVITY_MPS2
    c, s, n = np.cos(pitch), np.sin(pitch), len(t)
    acc = np.stack([along * c - against * s, np.zeros(n), along * s + against * c], 1) + rng.normal(0.0, 0.1, (n, 3))
    gyr = np.stack([np.zeros(n), np.gradient(pitch, dt), np.zeros(n)], 1) + rng.normal(0.0, 0.01, (n, 3))
    return ImuChunk(WearSite.RIGHT_FOOT, t, acc, gyr, 16.0 * GRAVITY_MPS2, float(np.radians(2000.0)), RATE_HZ)
