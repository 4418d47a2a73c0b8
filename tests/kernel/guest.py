"""Runs inside the user-mode kernel: our link code over bleak, bluetoothd and the kernel, to sensors made with bumble.

Prints one line "RESULT {json}" with what was seen; the test on the host judges it.
"""

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import AsyncIterator, Callable

from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.model.steps import LinkPlan
from coach.packets.commands import link_plan
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.links import LinkSet, open_radio
from coach.radio.session import Radio
from coach.radio.virtual.controller import Air, SteadyController
from coach.radio.virtual.twin import Twin
from coach.radio.virtual.twins.movesense import Movesense
from coach.radio.virtual.twins.running_pod import RunningPod
from firmware_config.loader import load_profile
from tests.support.radio import SwingingBody

RSC = "00002a53-0000-1000-8000-00805f9b34fb"
GSP = "34800002-7185-4d5d-b431-630e7050e8f0"
BEGAN_S = time.monotonic()


def say(*words: object) -> None:
    print(f"[{time.monotonic() - BEGAN_S:6.2f}]", *words, flush=True)


async def adapter_up() -> None:
    """Wait for bluetoothd to know the controller, and switch it on."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    for _ in range(600):
        await asyncio.sleep(0.05)
        reply = await bus.call(
            Message(
                destination="org.bluez",
                path="/org/bluez/hci0",
                interface="org.freedesktop.DBus.Properties",
                member="Set",
                signature="ssv",
                body=["org.bluez.Adapter1", "Powered", Variant("b", True)],
            )
        )
        if reply.message_type is MessageType.METHOD_RETURN:
            bus.disconnect()
            return
    raise SystemExit("bluetoothd never knew the adapter")


@contextlib.asynccontextmanager
async def air_under_bluez() -> AsyncIterator[Air]:
    air = Air()
    async with await open_transport("vhci") as transport:
        SteadyController(
            "bluez", host_source=transport.source, host_sink=transport.sink, link=air, feature_delay_s=0.03
        )
        await adapter_up()
        yield air


class Sight:
    """What the links passed on, and waiting for it."""

    def __init__(self) -> None:
        self.notifications: list[Notification] = []
        self.events: list[LinkEvent] = []

    def report(self, event: LinkEvent) -> None:
        self.events.append(event)
        say(event.sensor_id, event.status.value, event.reason, event.words if event.status is LinkStatus.LOST else "")

    def n(self, sensor_id: str, status: LinkStatus) -> int:
        return sum((e.sensor_id, e.status) == (sensor_id, status) for e in self.events)

    async def stream(self, sensor_id: str, n: int) -> None:
        """Wait for the `n`-th time that a sensor streams."""
        await until(lambda: self.n(sensor_id, LinkStatus.STREAMING) == n, f"stream {n}")

    def payloads(self, characteristic: str) -> list[bytes]:
        return [n.payload for n in self.notifications if n.characteristic == characteristic]


async def until(is_so: Callable[[], bool], what: str, within_s: float = 40.0) -> None:
    end_s = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > end_s:
            raise SystemExit(f"never came: {what}")
        await asyncio.sleep(0.05)


def make_bonding(twin: Twin) -> list[str]:
    """The twin pairs with Secure Connections and keeps the bond; returns a list that grows with each pairing."""
    pairings: list[str] = []
    twin.device.keystore = MemoryKeyStore()
    twin.device.pairing_config_factory = lambda _connection: PairingConfig(
        sc=True, mitm=False, bonding=True, delegate=PairingDelegate(PairingDelegate.NO_OUTPUT_NO_INPUT)
    )
    twin.device.on("connection", lambda c: c.on("pairing", lambda _keys: pairings.append(str(c.peer_address))))
    return pairings


async def main() -> None:
    async with air_under_bluez() as air:
        fast = RunClock(5.0)
        pod = RunningPod(air, fast, SwingingBody(), has_stride_length=False)
        shoe = Movesense(
            air, RunClock(), SwingingBody(), WearSite.LEFT_FOOT, "Movesense 214830000001", "F0:0D:00:00:00:02"
        )
        pairings = make_bonding(pod)
        await pod.start()
        await shoe.start()
        seen: dict[str, object] = {}
        radio = open_radio(Backend(), RunClock())
        async with radio.ear.listening():
            await until(lambda: len([s for s in radio.ear.found() if s.profile_id]) == 2, "both sensors in the scan")
        seen["found"] = {s.sensor_id: s.profile_id for s in radio.ear.found() if s.profile_id}
        say("found", seen["found"])
        await run_links(radio, pod, shoe, air, seen)
        seen["n_pairings"] = len(pairings)
        await pod.stop()
        await shoe.stop()
        print("RESULT", json.dumps(seen), flush=True)


async def run_links(radio: Radio, pod: RunningPod, shoe: Movesense, air: Air, seen: dict[str, object]) -> None:
    sight = Sight()
    links = LinkSet(radio, sight.notifications.append, sight.report)
    links.add(LinkPlan(SensorUse(pod.sensor_id, "RunPod", "running_speed_cadence"), (RSC,), needs_bond=True))
    use = SensorUse(shoe.sensor_id, "Movesense", "movesense", WearSite.LEFT_FOOT)
    links.add(link_plan(load_profile("movesense"), use))
    encrypted, back_s = [], []

    async def streaming(number: int) -> None:
        begun_s = time.monotonic()
        await until(lambda: sight.n(pod.sensor_id, LinkStatus.STREAMING) == number, f"stream {number} of the pod")
        back_s.append(round(time.monotonic() - begun_s, 2))
        n_before = len(sight.payloads(RSC))
        await until(lambda: len(sight.payloads(RSC)) >= n_before + 10, "ten notifications")
        encrypted.append(pod.connection is not None and pod.connection.is_encrypted)

    await streaming(1)
    await until(lambda: sight.n(shoe.sensor_id, LinkStatus.STREAMING) >= 1, "stream of the shoe")
    await pod.drop()
    await streaming(2)
    air.go_away(pod.controller, 4.0)
    await until(lambda: sight.n(pod.sensor_id, LinkStatus.LOST) == 2, "loss out of range")
    await asyncio.sleep(2.0)
    air.come_back(pod.controller)
    await streaming(3)
    n_before, begun_s = len(sight.payloads(GSP)), time.monotonic()
    await asyncio.sleep(4.0)
    seen["shoe_notifications_per_s"] = (len(sight.payloads(GSP)) - n_before) / (time.monotonic() - begun_s)
    await links.stop()
    await asyncio.sleep(0.5)
    seen["is_encrypted"], seen["back_s"] = encrypted, back_s
    seen["distances"] = [struct.unpack_from("<I", payload, 4)[0] for payload in sight.payloads(RSC)]
    seen["reasons"] = [e.reason for e in sight.events if e.sensor_id == pod.sensor_id]
    seen["shoe_reasons"] = [e.reason for e in sight.events if e.sensor_id == shoe.sensor_id]
    shoe_packets = [p for p in sight.payloads(GSP) if p[0] == 2]
    seen["shoe_times_ms"] = [struct.unpack_from("<I", packet, 2)[0] for packet in shoe_packets if len(packet) > 100]
    seen["is_free_after_stop"] = pod.connection is None and shoe.connection is None


if __name__ == "__main__":
    asyncio.run(main())
