"""The open shoe sensor of Fuzzy Labs (Arduino Nano 33 IoT): one 28-byte reading per notification, about 100 Hz.

Source: wearable-my-foot firmware (Apache-2.0): u32 milliseconds in steps of 10, 3 f32 g, 3 f32 deg/s, little-endian.
"""

import math
import struct
from collections.abc import Iterator

import numpy as np
from bumble.gatt import Service

from coach.model.motion import MotionSource
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.sampler import Sampler
from coach.radio.virtual.twin import Identity, Outgoing, Twin, notifying, uuid

_ACC_LIMIT_G, _GYR_LIMIT_DPS = 16.0, 2000.0


class WearableMyFoot(Twin):
    """It streams as soon as it is subscribed; there is nothing to set."""

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        wear_site: WearSite,
        name: str = "IMU Run",
        address: str = "F0:00:00:00:1F:FF",
        drift_ppm: float = 0.0,
    ) -> None:
        identity = Identity(name, address, "Fuzzy Labs", "Wearable My Foot", "1.0.0", services=(uuid("1FFF"),), mtu=64)
        super().__init__(air, clock, identity)
        self._sampler = Sampler(source, wear_site, 100.0, 1, drift_ppm)
        self._is_sending = False
        self.reading = notifying("2FFF")
        self.device.add_service(Service(uuid("1FFF"), [self.reading]))

    def connected(self) -> None:
        """Begin each connection without a stream."""
        self._is_sending = False

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield each reading since the last call; the stream starts when the characteristic is subscribed."""
        if not self.is_subscribed(self.reading):
            self._is_sending = False
            return
        if not self._is_sending:
            self._is_sending = True
            self._sampler.restart(now_s)
        for block in self._sampler.take(now_s):
            acc = np.clip(block.acc_mps2[0] / GRAVITY_MPS2, -_ACC_LIMIT_G, _ACC_LIMIT_G)
            gyr = np.clip(np.degrees(block.gyr_radps[0]), -_GYR_LIMIT_DPS, _GYR_LIMIT_DPS)
            ms = math.floor(1000 * block.first / 100.0)
            n_lost = self.count.n_lost
            yield self.reading, struct.pack("<I6f", ms % 2**32, *acc, *gyr)
            self.count.packet(1, self.count.n_lost > n_lost, block.first)
