"""Our decoders against those of other people, on random packets: what both read is the same.

bluetooth-sig reads the standard's characteristics from the SIG's own tables; pycycling and bleakheart read straps,
polar-python and bleakheart Polar's frames.
"""

import math
import struct
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bleakheart import HeartRate, PolarMeasurementData
from hypothesis import given
from hypothesis import strategies as st
from polar_python.parsers import parse_polar_data
from pycycling.heart_rate_service import _parse_hr_measurement

from coach.model.units import GRAVITY_MPS2
from coach.packets import polar
from coach.packets.ftms import decode_part
from coach.packets.heart_rate import decode_heart_rate
from coach.packets.running_speed import decode_running_speed

if TYPE_CHECKING:
    from bluetooth_sig import BluetoothSIGTranslator


@cache  # it reads its tables, which takes seconds: when a test asks, not when a worker collects
def sig() -> "BluetoothSIGTranslator":
    from bluetooth_sig import BluetoothSIGTranslator

    return BluetoothSIGTranslator()


@given(
    flags=st.integers(0, 7),
    speed=st.integers(0, 2000),
    cadence=st.integers(0, 220),
    stride=st.integers(20, 300),
    distance=st.integers(0, 2**31),
)
def test_running_speed_as_bluetooth_sig_reads_it(
    flags: int, speed: int, cadence: int, stride: int, distance: int
) -> None:
    payload = struct.pack("<BHB", flags, speed, cadence)
    payload += struct.pack("<H", stride) if flags & 1 else b""
    payload += struct.pack("<I", distance) if flags & 2 else b""
    theirs, ours = sig().parse_characteristic("2A53", payload), decode_running_speed(payload, 0.0)
    assert ours.speed_mps == pytest.approx(theirs.instantaneous_speed)
    assert ours.raw_cadence_per_min == theirs.instantaneous_cadence
    assert ours.stride_length_m == pytest.approx(theirs.instantaneous_stride_length)
    assert ours.distance_m == pytest.approx(theirs.total_distance)


@given(
    flags=st.integers(0, 31),
    rate=st.integers(30, 250),
    energy=st.integers(0, 5000),
    rr=st.lists(st.integers(300, 1500), min_size=1, max_size=4),
)
def test_heart_rate_as_three_others_read_it(flags: int, rate: int, energy: int, rr: list[int]) -> None:
    payload = bytes([flags]) + struct.pack("<H" if flags & 1 else "<B", rate)
    payload += struct.pack("<H", energy) if flags & 8 else b""
    payload += b"".join(struct.pack("<H", interval) for interval in rr) if flags & 16 else b""
    theirs, ours = sig().parse_characteristic("2A37", payload), decode_heart_rate(payload, 0.0)
    assert ours.heart_rate_bpm == theirs.heart_rate
    assert ours.rr_s == pytest.approx(tuple(theirs.rr_intervals))
    cycling = _parse_hr_measurement(payload)
    assert (ours.heart_rate_bpm, ours.rr_s) == (cycling.bpm, tuple(rr / 1024 for rr in cycling.rr_interval))
    strap = HeartRate(None, callback=print)._decode(payload)
    assert (ours.heart_rate_bpm, [round(1000 * rr_s) for rr_s in ours.rr_s]) == (strap["hr"], strap.get("rr", []))
    assert ours.has_skin_contact == strap.get("contact")


@given(
    axes=st.lists(st.tuples(*3 * [st.integers(-8000, 8000)]), min_size=1, max_size=36),
    time_ns=st.integers(1, 2**62),
)
def test_polars_plain_frames_as_bleakheart_reads_them(axes: list[tuple[int, int, int]], time_ns: int) -> None:
    frame = b"\x02" + time_ns.to_bytes(8, "little") + b"\x01" + b"".join(struct.pack("<3h", *axis) for axis in axes)
    theirs = PolarMeasurementData(None)._decode_acc_data(frame)
    ours = polar.acceleration(polar.decode_frame(frame), 1.0) / GRAVITY_MPS2 * 1e3
    assert np.allclose(ours, np.array(theirs, dtype=float), atol=1e-6)


FTMS_SIZES = {2: 2, 4: 3, 8: 4, 16: 4, 32: 2, 64: 2, 128: 5, 256: 1, 512: 1, 1024: 2, 2048: 2, 4096: 4}


@given(flags=st.integers(0, 0x1FFF), speed=st.integers(0, 2000), incline=st.integers(-100, 150), data=st.data())
def test_a_treadmill_as_bluetooth_sig_reads_it(flags: int, speed: int, incline: int, data: st.DataObject) -> None:
    payload = struct.pack("<H", flags) + (b"" if flags & 1 else struct.pack("<H", speed))
    for bit, size in FTMS_SIZES.items():
        if flags & bit == 0:
            continue
        field = (
            struct.pack("<hh", incline, 5)
            if bit == 8
            else bytes(data.draw(st.lists(st.integers(0, 200), min_size=size, max_size=size)))
        )
        payload += field
    theirs, ours = sig().parse_characteristic("2ACD", payload), decode_part(payload)
    speed_mps = None if theirs.instantaneous_speed is None else theirs.instantaneous_speed / 3.6
    assert ours.speed_mps == pytest.approx(speed_mps)
    assert ours.distance_m == pytest.approx(theirs.total_distance)
    assert ours.incline_pct == pytest.approx(theirs.inclination)
    assert ours.elapsed_s == pytest.approx(theirs.elapsed_time)


def delta_block(width: int, deltas: list[list[int]]) -> bytes:
    """A block of Polar's delta frames: width, count, then the bits, lowest first."""
    bits = 0
    for i, delta in enumerate(value for row in deltas for value in row):
        bits |= (delta & ((1 << width) - 1)) << (i * width)
    n_bytes = math.ceil(width * len(deltas) * 3 / 8)
    return bytes([width, len(deltas)]) + bits.to_bytes(n_bytes, "little")


@given(
    measure=st.sampled_from([2, 5]),
    first=st.lists(st.integers(-8000, 8000), min_size=3, max_size=3),
    width=st.integers(2, 10),
    n=st.integers(1, 20),
    seed=st.integers(0, 2**32 - 1),
)
def test_polars_delta_frames_as_polar_python_reads_them(
    measure: int, first: list[int], width: int, n: int, seed: int
) -> None:
    if measure == 5:  # in deg/s, and ours refuses what no sensor can turn
        first, width = [value // 10 for value in first], min(width, 6)
    half = 1 << (width - 1)
    deltas = np.random.default_rng(seed).integers(-half, half, size=(n, 3)).tolist()
    frame_type = 0x81 if measure == 2 else 0x80
    frame = bytes([measure]) + (2_000_000_000).to_bytes(8, "little") + bytes([frame_type])
    frame += struct.pack("<3h", *first) + delta_block(width, deltas)
    theirs = np.array(parse_polar_data(bytearray(frame), lambda _: 1.0).data, dtype=float)
    decoded = polar.decode_frame(frame)
    ours = (
        polar.acceleration(decoded, 1.0) / GRAVITY_MPS2 * 1e3
        if measure == 2
        else np.degrees(polar.turn_rate(decoded, 1.0))
    )
    assert ours.shape == theirs.shape == (n + 1, 3)
    assert np.abs(ours - theirs).max() <= 1.0  # polar-python gives whole milli-g
