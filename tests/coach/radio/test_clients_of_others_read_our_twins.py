"""Programs that others wrote for real sensors work with our virtual ones, and read from them what we read.

bleakheart (MPL-2.0) for straps and Polar's streams, pycycling (MIT) for straps and power meters, both over bleak.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from bleak import BleakClient
from bleakheart import HeartRate, PolarMeasurementData
from pycycling.cycling_power_service import CyclingPowerService
from pycycling.heart_rate_service import HeartRateService

from coach.model.links import SensorUse
from coach.model.samples import HeartRateSample, ImuChunk, Notification, PowerSample, Sample
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.packets.decoders import decoder_for
from coach.radio.virtual.twin import Twin
from coach.radio.virtual.world import VirtualWorld
from firmware_config.loader import load_profile
from tests.support.radio import SwingingBody, connected_client, run_jumping, until


class Overheard:
    """A client whose notifications are kept as they come, for us to decode beside the other program."""

    def __init__(self, client: BleakClient) -> None:
        self._client = client
        self.heard: list[tuple[str, bytes]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def start_notify(self, characteristic: str, callback: Any) -> None:
        def receive(sender: Any, data: bytearray) -> Any:
            self.heard.append((characteristic.lower(), bytes(data)))
            return callback(sender, data)

        async def receive_slowly(sender: Any, data: bytearray) -> None:
            await receive(sender, data)

        is_slow = asyncio.iscoroutinefunction(callback)
        await self._client.start_notify(characteristic, receive_slowly if is_slow else receive)

    def as_we_read_it(self, profile_id: str, wear_site: WearSite | None = None) -> list[Sample]:
        use = SensorUse("sensor", "sensor", profile_id, wear_site)
        decoder = decoder_for(load_profile(profile_id), use)
        samples: list[Sample] = []
        for n, (characteristic, payload) in enumerate(self.heard):
            samples += decoder.feed(Notification(use.sensor_id, characteristic, float(n), payload))
        return samples


@contextlib.asynccontextmanager
async def connected_to(world: VirtualWorld, twin: Twin) -> AsyncIterator[Overheard]:
    await world.start()
    async with connected_client(world, twin.sensor_id) as client:
        yield Overheard(client)
    await world.stop()


def test_a_strap_as_bleakheart_and_pycycling_read_it() -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        strap = world.add_heart_rate_strap()
        async with connected_to(world, strap) as client:
            beats: list[tuple[str, int, tuple[int, list[int]], int | None]] = []
            theirs = HeartRate(client, callback=beats.append, unpack=False)
            await theirs.start_notify()
            await until(lambda: len(beats) >= 4, world.clock)
            ours = [s for s in client.as_we_read_it("heart_rate") if isinstance(s, HeartRateSample)]
            await theirs.stop_notify()
            for (_, _, (rate, intervals_ms), _), sample in zip(beats, ours, strict=True):
                assert rate == sample.heart_rate_bpm
                assert intervals_ms == [round(1e3 * rr_s) for rr_s in sample.rr_s]
            measured: list[Any] = []
            service = HeartRateService(client)
            service.set_hr_measurement_handler(measured.append)
            await service.enable_hr_measurement_notifications()
            await until(lambda: len(measured) >= 2, world.clock)
            assert {(m.bpm, m.sensor_contact) for m in measured} == {(142, True)}

    run_jumping(main())


def test_a_polar_h10_as_bleakheart_streams_it() -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        strap = world.add_polar_h10()
        async with connected_to(world, strap) as client:
            frames: list[tuple[str, int, list[tuple[int, int, int]]]] = []
            theirs = PolarMeasurementData(client, callback=frames.append)
            assert "ACC" in await theirs.available_measurements()
            offered = await theirs.available_settings("ACC")
            assert {"SAMPLE_RATE", "RESOLUTION", "RANGE"} <= offered.keys()
            assert (await theirs.start_streaming("ACC", RANGE=8, SAMPLE_RATE=200))[:2] == (0, "SUCCESS")
            assert (await theirs.start_streaming("ACC", RANGE=8))[1] == "ALREADY IN STATE"
            await until(lambda: len(frames) >= 12, world.clock)
            assert (await theirs.stop_streaming("ACC"))[0] == 0
            chunks = [s for s in client.as_we_read_it("polar_h10", WearSite.CHEST) if isinstance(s, ImuChunk)]
            ours_mg = np.concatenate([chunk.acc_mps2 for chunk in chunks]) / GRAVITY_MPS2 * 1e3
            theirs_mg = np.concatenate([np.array(frame[2], dtype=float) for frame in frames])
            assert len(theirs_mg) > 300
            assert len(ours_mg) == len(theirs_mg)
            assert np.abs(ours_mg - theirs_mg).max() < 0.51

    run_jumping(main())


def test_the_power_of_a_stryd_as_pycycling_reads_it() -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        pod = world.add_stryd()
        async with connected_to(world, pod) as client:
            measured: list[Any] = []
            service = CyclingPowerService(client)
            service.set_cycling_power_measurement_handler(measured.append)
            await service.enable_cycling_power_measurement_notifications()
            await until(lambda: len(measured) >= 3, world.clock)
            ours = [s.power_w for s in client.as_we_read_it("stryd") if isinstance(s, PowerSample)]
            assert ours == [m.instantaneous_power for m in measured]
            assert min(ours) > 50

    run_jumping(main())
