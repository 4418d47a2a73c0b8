"""A sensor's sampling: which readings are complete by now, on a crystal that runs a little fast or slow."""

import math
from collections.abc import Iterator

from coach.model.frozen import dataclass
from coach.model.motion import MotionSource
from coach.model.samples import FloatArray
from coach.model.sites import WearSite


@dataclass(frozen=True, slots=True)
class SampleBlock:
    """Consecutive readings. first: number of the first one since the sensor was switched on."""

    first: int
    acc_mps2: FloatArray
    gyr_radps: FloatArray


class Sampler:
    """Reads a body's motion at `rate_hz` of the sensor's own clock, `n_block` readings at a time.

    Reading k is taken when the sensor's clock shows k / rate_hz; that clock gains `drift_ppm` against true time.
    """

    def __init__(
        self, source: MotionSource, wear_site: WearSite, rate_hz: float, n_block: int, drift_ppm: float = 0.0
    ) -> None:
        self._source = source
        self._wear_site = wear_site
        self._n_block = n_block
        self._next = 0
        self.rate_hz = rate_hz
        self.true_rate_hz = rate_hz * (1.0 + drift_ppm * 1e-6)

    def restart(self, now_s: float) -> None:
        """Begin to stream: the next reading is the first one after `now_s`."""
        self._next = max(self._next, math.ceil(now_s * self.true_rate_hz))

    def take(self, now_s: float) -> Iterator[SampleBlock]:
        """Yield the blocks complete by `now_s`, each once."""
        while (self._next + self._n_block - 1) / self.true_rate_hz <= now_s:
            start_s = self._next / self.true_rate_hz
            acc, gyr = self._source.imu(self._wear_site, start_s, self._n_block, self.true_rate_hz)
            block = SampleBlock(self._next, acc, gyr)
            self._next += self._n_block
            yield block
