"""A connection that is given up while the controller makes it is not left over: the sensor can be connected again."""

import asyncio

import pytest
from bleak import BleakClient

from coach.radio.virtual.world import VirtualWorld
from tests.support.radio import SwingingBody


@pytest.mark.parametrize("n_turns", [0, 1, 2, 3, 5, 8, 13, 21])
def test_a_connection_given_up_at_any_moment_is_withdrawn(n_turns: int) -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        pod = world.add_running_pod()
        await world.start()
        one = BleakClient(pod.sensor_id, backend=world.backend.client)
        giving_up = asyncio.ensure_future(one.connect())
        for _ in range(n_turns):
            await asyncio.sleep(0)
        giving_up.cancel()
        await asyncio.gather(giving_up, return_exceptions=True)
        async with asyncio.timeout(30), BleakClient(pod.sensor_id, backend=world.backend.client) as again:
            assert again.is_connected
        await world.stop()

    asyncio.run(main())
