"""Runs inside the user-mode kernel: sensors that want encryption, at a subscription, read or write; private addresses.

Prints one line "RESULT {json}"; the test on the host judges it.
"""

import asyncio
import json
import time

from bumble.hci import Address, HCI_LE_Set_Random_Address_Command

from coach.model.links import LinkStatus, SensorUse
from coach.model.steps import Conversation, LinkPlan, Read, Write
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.links import LinkSet, open_radio
from coach.radio.session import Radio, again_where_paired, connected
from coach.radio.virtual.controller import Air
from tests.kernel.guest import RSC, Sight, air_under_bluez, say, until
from tests.support.secured import CONTROL, FEATURE, SecuredPod

IDENTITY = "F0:0D:00:00:00:77"
ADDRESSES = {"subscribe": "F0:0D:00:00:00:71", "read": "F0:0D:00:00:00:72", "write": "F0:0D:00:00:00:73"}
VISITED = {"read": "F0:0D:00:00:00:74", "write": "F0:0D:00:00:00:75"}
Seen = dict[str, object]


def start() -> Conversation[None]:
    """What a link reads and writes before its stream."""
    yield Read(FEATURE)
    yield Write(CONTROL, b"\x01")


def pod_plan(sensor_id: str, name: str) -> LinkPlan:
    return LinkPlan(SensorUse(sensor_id, name, "running_speed_cadence"), (RSC,), start=start)


async def link_to_one_that_asks(air: Air, asks_at: str) -> Seen:
    """A link that is dropped once: the second connection is encrypted without a second pairing."""
    pod = SecuredPod(air, RunClock(), frozenset({asks_at}), ADDRESSES[asks_at])
    await pod.start()
    sight = Sight()
    links = LinkSet(open_radio(Backend(), RunClock()), sight.notifications.append, sight.report)
    links.add(pod_plan(pod.sensor_id, f"asks at {asks_at}"))
    begun_s = time.monotonic()
    await until(lambda: bool(sight.payloads(RSC)), "first notification")
    first_s = round(time.monotonic() - begun_s, 2)
    await until(lambda: len(sight.payloads(RSC)) >= 8, "eight notifications")
    n_lost = sight.n(pod.sensor_id, LinkStatus.LOST)
    await pod.drop()
    await until(lambda: len(sight.payloads(RSC)) >= 16, "eight more after a drop")
    is_encrypted = pod.connection is not None and pod.connection.is_encrypted
    await links.stop()
    await pod.stop()
    payloads = sight.payloads(RSC)
    return {
        "first_number_s": first_s,
        "n_pairings": len(pod.pairings),
        "n_losses": n_lost,
        "is_encrypted_again": is_encrypted,
        "read": [payload.hex() for payload in sight.payloads(FEATURE)],
        "written": [payload.hex() for payload in pod.written],
        "has_duplicates": len(payloads) != len(set(payloads)),
    }


async def visit_one_that_asks(air: Air, asks_at: str) -> Seen:
    """As reading and writing a sensor's settings does: connect, ask, leave; again where BlueZ forgot the request."""
    pod = SecuredPod(air, RunClock(), frozenset({asks_at}), VISITED[asks_at])
    await pod.start()
    sight = Sight()
    use = SensorUse(pod.sensor_id, f"visited, asks at {asks_at}", "running_speed_cadence")
    radio = open_radio(Backend(), RunClock())

    async def visit() -> None:
        async with connected(radio, use, sight.notifications.append) as session:
            await session.wire.hold(start())

    await again_where_paired(visit)
    await pod.stop()
    return {
        "n_pairings": len(pod.pairings),
        "read": [payload.hex() for payload in sight.payloads(FEATURE)],
        "written": [payload.hex() for payload in pod.written],
    }


async def address_on_air(radio: Radio, name: str) -> str:
    async with radio.ear.listening():
        await until(lambda: any(s.name == name for s in radio.ear.found()), f"{name} in the scan")
    return next(s.sensor_id for s in radio.ear.found() if s.name == name)


async def change_address(pod: SecuredPod) -> None:
    """As a phone or watch does every quarter of an hour; bumble's own `update_rpa` sends the old one."""
    await pod.device.stop_advertising()
    pod.device.random_address = Address.generate_private_address(pod.device.irk)
    await pod.device.send_sync_command(HCI_LE_Set_Random_Address_Command(random_address=pod.device.random_address))
    await pod.device.start_advertising(auto_restart=True)
    say("next address", pod.device.random_address)


async def hide_address(air: Air) -> Seen:
    pod = SecuredPod(air, RunClock(), frozenset({"subscribe"}), IDENTITY)
    pod.device.le_privacy_enabled = True
    pod.device.irk = bytes(range(16))
    await pod.start()
    radio = open_radio(Backend(), RunClock())
    known_by = await address_on_air(radio, "Secured RunPod")
    say("on air as", known_by)
    sight = Sight()
    links = LinkSet(radio, sight.notifications.append, sight.report)
    links.add(pod_plan(known_by, "private"))
    for n in (1, 2, 3):
        await sight.stream(known_by, n)
        await asyncio.sleep(1.0)
        if n < 3:
            await pod.drop()
            await change_address(pod)
    await links.stop()
    again = open_radio(Backend(), RunClock())
    is_found = await again.ear.find(radio.identify(known_by), 10.0) is not None
    await pod.stop()
    return {
        "was_known_by": known_by,
        "identity": radio.identify(known_by),
        "n_streams": sight.n(known_by, LinkStatus.STREAMING),
        "n_pairings": len(pod.pairings),
        "is_found_by_a_new_program": is_found,
    }


async def main() -> None:
    async with air_under_bluez() as air:
        linked = {asks_at: await link_to_one_that_asks(air, asks_at) for asks_at in ADDRESSES}
        visited = {asks_at: await visit_one_that_asks(air, asks_at) for asks_at in VISITED}
        seen = {"linked": linked, "visited": visited, "private": await hide_address(air)}
        print("RESULT", json.dumps(seen), flush=True)


assert Address(IDENTITY).is_static  # only such an address can be a sensor's identity
if __name__ == "__main__":
    asyncio.run(main())
