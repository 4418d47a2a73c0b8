"""The twins answer as the real sensors do, refusals included: without that, a link tested on them proves nothing."""

import contextlib
import struct
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from bumble import att
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import LinkError
from coach.model.links import SensorUse
from coach.model.samples import TreadmillSample
from coach.model.sites import WearSite
from coach.model.steps import Conversation, Pause, Write, ask
from coach.radio.links import open_radio
from coach.radio.session import connected, full_uuid
from coach.radio.talk import Wire
from coach.radio.virtual.twins.coach_board import crc16
from coach.radio.virtual.twins.heart_rate_strap import heart_rate_packet
from coach.radio.virtual.twins.polar_frames import DeltaFrames, pack_deltas
from coach.radio.virtual.world import VirtualWorld
from tests.support.radio import Diary, SwingingBody, run_jumping

LEFT = WearSite.LEFT_FOOT
SC_CONTROL = full_uuid("2a55")
PMD_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
GSP_COMMAND, GSP_DATA = (f"3480000{n}-7185-4d5d-b431-630e7050e8f0" for n in (1, 2))
WIT_NOTIFY, WIT_WRITE = (f"0000{n}-0000-1000-8000-00805f9a34fb" for n in ("ffe4", "ffe9"))


def with_wire(make: Callable[[VirtualWorld], object], use: Callable[[object, Wire, Diary], Awaitable[None]]) -> None:
    """Connect to one twin and let `use` talk to it."""

    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        twin = make(world)
        await world.start()
        radio, diary = open_radio(world.backend, world.clock), Diary()
        async with connected(radio, SensorUse(twin.sensor_id, "twin", "any"), diary.notifications.append) as session:
            await use(twin, session.wire, diary)
        await world.stop()

    run_jumping(main())


async def answer(wire: Wire, write: str, listen: str, request: str, begins: str = "") -> str:
    """The answer to a request, both as hex."""
    head = bytes.fromhex(begins)

    def conversation() -> Conversation[bytes | None]:
        return (yield from ask(Write(write, bytes.fromhex(request)), listen, lambda heard: heard.startswith(head)))

    heard = await wire.hold(conversation())
    return heard.hex() if heard is not None else ""


def test_a_pods_control_point_sets_distance_and_location_and_refuses_the_rest() -> None:
    async def use(pod: object, wire: Wire, _diary: Diary) -> None:
        with pytest.raises(LinkError) as caught:
            await answer(wire, SC_CONTROL, SC_CONTROL, "0100000000")
        assert caught.value.reason == "rejected"  # 0x81: it wants to be listened to first
        await wire.subscribe(SC_CONTROL)
        assert await answer(wire, SC_CONTROL, SC_CONTROL, "0110270000") == "100101"
        assert struct.unpack_from("<I", pod.measure(0.0), 6)[0] == 10_000
        assert await answer(wire, SC_CONTROL, SC_CONTROL, "0301") == "100301"
        assert await wire.read(full_uuid("2a5d")) == b"\x01"
        assert await answer(wire, SC_CONTROL, SC_CONTROL, "0309") == "100303"
        assert await answer(wire, SC_CONTROL, SC_CONTROL, "04") == "10040100010203"
        assert await answer(wire, SC_CONTROL, SC_CONTROL, "07") == "100702"

    with_wire(lambda world: world.add_running_pod(), use)


def test_a_movesense_answers_with_http_like_codes() -> None:
    async def use(_sensor: object, wire: Wire, _diary: Diary) -> None:
        await wire.subscribe(GSP_DATA)

        async def ask_path(command: int, reference: int, path: str) -> str:
            request = bytes([command, reference]) + path.encode()
            return await answer(wire, GSP_COMMAND, GSP_DATA, request.hex(), f"01{reference:02x}")

        assert await ask_path(4, 0x61, "/Meas/Acc/Config") == "0161c80010"
        assert await ask_path(4, 0x62, "/Meas/Nonsense") == "01629401"
        assert await ask_path(1, 0x63, "/Meas/IMU6/100") == "01639401"
        assert await ask_path(1, 0x63, "/Meas/IMU6/13") == "0163c800"
        assert await ask_path(1, 0x63, "/Meas/IMU6/13") == "01639901"
        for reference in (0x64, 0x65, 0x66):
            assert await ask_path(1, reference, "/Meas/Acc/13") == f"01{reference:02x}c800"
        assert await ask_path(1, 0x67, "/Meas/Acc/13") == "0167fb01"
        assert await ask_path(2, 0x66, "") == "0166c800"
        assert await ask_path(2, 0x66, "") == "01669401"
        assert (await ask_path(0, 0x01, "")).startswith("010101")

    with_wire(lambda world: world.add_movesense(LEFT), use)


def test_a_polar_offers_refuses_and_starts_as_its_paper_says() -> None:
    async def use(_sensor: object, wire: Wire, _diary: Diary) -> None:
        await wire.subscribe(PMD_CONTROL)

        async def pmd(request: str) -> str:
            return await answer(wire, PMD_CONTROL, PMD_CONTROL, request, "f0")

        assert (await wire.read(PMD_CONTROL))[:2] == b"\x0f\x05"
        assert await pmd("0102") == "f0010200000004190032006400c8000101100002030200040008 00".replace(" ", "")
        assert await pmd("020202010800 0001c800 01011000".replace(" ", "")) == "f002020000"
        assert await pmd("020202010800 0001c800 01011000".replace(" ", "")) == "f0020206"
        assert await pmd("0302") == "f003020000"
        assert await pmd("0302") == "f0030206"
        assert await pmd("020202011000 0001c800 01011000".replace(" ", "")) == "f0020209"
        assert await pmd("020202010800 0001c900 01011000".replace(" ", "")) == "f0020208"
        assert await pmd("0105") == "f0010503"
        assert await pmd("0209") == "f0020903"

    with_wire(lambda world: world.add_polar_h10(), use)


def test_a_witmotion_takes_writes_only_when_unlocked_and_forgets_what_was_not_saved() -> None:
    async def use(sensor: object, wire: Wire, _diary: Diary) -> None:
        await wire.subscribe(WIT_NOTIFY)

        async def write(request: str) -> None:
            def conversation() -> Conversation[None]:
                yield Write(WIT_WRITE, bytes.fromhex(request), with_response=False)
                yield Pause(0.1)

            await wire.hold(conversation())

        assert await answer(wire, WIT_WRITE, WIT_NOTIFY, "ffaa270300", "5571") == "5571030006" + "00" * 15
        await write("ffaa030b00")
        assert sensor.rate_hz == 10
        await write("ffaa6988b5")
        await write("ffaa030b00")
        await write("ffaa1f0100")
        assert sensor.rate_hz == 200
        sensor.cut_power()
        assert sensor.rate_hz == 10
        await write("ffaa6988b5")
        await write("ffaa030b00")
        await write("ffaa000000")
        sensor.cut_power()
        assert sensor.rate_hz == 200

    with_wire(lambda world: world.add_witmotion(LEFT), use)


@pytest.mark.parametrize(("register", "largest_g"), [(4, 4.27), (0, 8.0)], ids=["20 Hz as sold", "256 Hz"])
async def test_the_bandwidth_a_witmotion_is_sold_with_smears_an_impact(register: int, largest_g: float) -> None:
    sensor = VirtualWorld(SwingingBody()).add_witmotion(LEFT)
    sensor.registers.update({0x03: 11, 0x1F: register})
    sensor._smooth = None
    seen = [sensor._through_filter(np.array([g, 0, 0, 0, 0, 0.0]))[0] for g in (1, 1, 8, 1, 1)]
    assert max(seen) == pytest.approx(largest_g, abs=0.1)


async def test_a_split_treadmill_record_says_more_first_and_speed_last() -> None:
    treadmill = VirtualWorld(SwingingBody()).add_treadmill(is_split=True)
    first, last = treadmill.record(TreadmillSample(0.0, 3.0, 2.5, 1234.0, 150, 61.0))
    assert first[0] & 1
    assert not last[0] & 1
    assert struct.unpack_from("<H", last, 2)[0] == 1080
    assert max(len(first), len(last)) <= 20


def test_a_fast_heart_takes_two_bytes() -> None:
    sample = SwingingBody().heart_rate(0.0)
    assert heart_rate_packet(sample) == bytes([0x16, 142]) + struct.pack("<H", round(0.42 * 1024))
    fast = type(sample)(0.0, 300)
    assert heart_rate_packet(fast) == b"\x01\x2c\x01"


def test_deltas_are_packed_as_in_polars_own_test() -> None:
    """Polar SDK, AccDataTest: reference (-15, 20, 1008), one delta (-5, -3, 0) in 6 bits: `06 01 7b 0f 00`."""
    block = pack_deltas(np.array([[-5, -3, 0]]))
    width, count = block[0], block[1]
    bits = int.from_bytes(block[2:], "little")
    mask = (1 << width) - 1
    values = [(bits >> (width * i)) & mask for i in range(3)]
    assert count == 1
    assert [v - (1 << width) if v >> (width - 1) else v for v in values] == [-5, -3, 0]
    frames = DeltaFrames()
    rng = np.random.default_rng(3)
    bodies = [body for _ in range(200) for body, _n in frames.add(rng.integers(-8000, 8000, (8, 3)))]
    assert all(len(body) <= 219 for body in bodies)


def test_the_boards_checksum_is_the_one_of_the_standard() -> None:
    """CRC-16/CCITT-FALSE of "123456789" is 0x29B1 (the catalogue of CRC algorithms)."""
    assert crc16(b"123456789") == 0x29B1


async def test_two_twins_of_one_body_lose_packets_alike_each_time() -> None:
    def lost(seed: int) -> list[bool]:
        pod = VirtualWorld(SwingingBody()).add_running_pod()
        pod.lose_packets(0.5, seed)
        return [pod._is_lost() for _ in range(50)]

    assert lost(1) == lost(1)
    assert lost(1) != lost(2)


@given(requests=st.lists(st.binary(max_size=24), max_size=20))
def test_no_request_whatever_breaks_a_twin(requests: list[bytes]) -> None:
    async def main() -> None:
        world = VirtualWorld(SwingingBody())
        handlers = [
            world.add_running_pod()._on_control,
            world.add_heart_rate_strap()._on_control,
            world.add_movesense(LEFT)._on_command,
            world.add_witmotion(LEFT)._on_write,
            world.add_movella_dot(WearSite.CHEST)._on_control,
            world.add_movella_dot(WearSite.CHEST)._on_settings,
            world.add_coach_board(LEFT)._on_control,
            world.add_polar_verity_sense(LEFT)._on_control,
        ]
        for twin in world.twins.values():
            twin.demand_subscription = lambda _characteristic: None
        for handler in handlers:
            for request in requests:
                with contextlib.suppress(att.ATT_Error):
                    handler(request)

    run_jumping(main())
