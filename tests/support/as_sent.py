"""Change a chunk to what another sensor would have sent of the same motion: other rate, mounting, readings lost."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from coach.model.samples import FloatArray, ImuChunk


def changed(chunk: ImuChunk, change: Callable[[FloatArray], FloatArray]) -> ImuChunk:
    """With both kinds of readings changed alike."""
    gyr = None if chunk.gyr_radps is None else change(chunk.gyr_radps)
    return replace(chunk, acc_mps2=change(chunk.acc_mps2), gyr_radps=gyr)


def at_rate(chunk: ImuChunk, rate_hz: float, phase: float = 0.3) -> ImuChunk:
    """Sampled at another rate, by straight lines; phase: of the first sample, in intervals after the chunk's."""
    t = np.arange(chunk.t_s[0] + phase / rate_hz, chunk.t_s[-1], 1.0 / rate_hz)
    values = changed(chunk, lambda v: np.stack([np.interp(t, chunk.t_s, v[:, k]) for k in range(3)], axis=1))
    return replace(values, t_s=t, rate_hz=rate_hz)


def with_readings(chunk: ImuChunk, t_s: FloatArray, acc_mps2: FloatArray, gyr_radps: FloatArray) -> ImuChunk:
    """Other readings of the same sensor."""
    return replace(chunk, t_s=t_s, acc_mps2=acc_mps2, gyr_radps=gyr_radps)


def part(chunk: ImuChunk, start: int, end: int) -> ImuChunk:
    """The readings start..end."""
    return replace(changed(chunk, lambda v: v[start:end]), t_s=chunk.t_s[start:end])


def kept(chunk: ImuChunk, chosen: npt.NDArray[np.bool_]) -> ImuChunk:
    """Only the chosen readings."""
    return replace(changed(chunk, lambda v: v[chosen]), t_s=chunk.t_s[chosen])


def random_rotation(seed: int) -> FloatArray:
    """A proper rotation matrix, uniform over all."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else -q
