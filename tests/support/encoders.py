"""Bytes as a board and the phone's page send them, packed by hand: apart from the code that decodes them."""

import struct

import numpy as np

from coach.model.samples import PositionSample
from coach.model.units import RADPS_PER_DPS
from coach.packets.coach_board import (
    ACC_RANGES_G,
    GYR_RANGES_DPS,
    BoardDescription,
    BoardFrame,
    BoardScale,
    checksum,
)
from coach.packets.phone_motion import MotionPacket


def encode_scale(scale: BoardScale) -> int:
    """Return the code of a scale."""
    code = ACC_RANGES_G.index(scale.acc_range_g) | GYR_RANGES_DPS.index(scale.gyr_range_dps) << 4
    return code | (0x80 if scale.is_st else 0)


def encode_frame(frame: BoardFrame) -> bytes:
    """Return the bytes of a board's frame; readings beyond full scale are clipped, as a chip does.

    A small frame has one reading.
    """
    code = encode_scale(frame.scale)
    if frame.is_small:
        head = struct.pack("<BB3sB", 0xA6, frame.sequence, (frame.first_us // 16).to_bytes(3, "little"), code)
    else:
        head = struct.pack("<BBHIBB", 0xA5, 1, frame.sequence, frame.first_us, len(frame.acc_mps2), code)
    counts = np.hstack([frame.acc_mps2 / frame.scale.acc_mps2, frame.gyr_radps / frame.scale.gyr_radps])
    body = head + np.clip(np.rint(counts), -32768, 32767).astype("<i2").tobytes()
    return body + struct.pack("<H", checksum(body))


def encode_description(what: BoardDescription) -> bytes:
    """Return the bytes of a board's description."""
    body = struct.pack("<BBHHHH", 1, 0, what.rate_hz, what.acc_range_g, what.gyr_range_dps, what.bandwidth_hz)
    return body + struct.pack("<H", checksum(body))


def encode_motion(packet: MotionPacket) -> bytes:
    """Return the bytes of a packet of a phone's motion."""
    rows = np.zeros(len(packet.device_s), [("t_ms", "<f8"), ("acc", "<f4", 3), ("gyr", "<f4", 3)])
    rows["t_ms"], rows["acc"] = packet.device_s * 1000.0, packet.acc_mps2
    if packet.gyr_radps is not None:
        rows["gyr"] = packet.gyr_radps / RADPS_PER_DPS
    return struct.pack("<BBBB", 0x50, 1, len(rows), packet.gyr_radps is not None) + rows.tobytes()


def encode_position(sample: PositionSample, unix_ms: float) -> bytes:
    """Return the bytes of a fix of a phone's position."""
    altitude, speed = sample.altitude_m, sample.speed_mps
    flags = (0x01 if altitude is not None else 0) | (0x02 if speed is not None else 0)
    place = (sample.latitude_deg, sample.longitude_deg, sample.accuracy_m)
    return struct.pack("<BBBBdddfff", 0x47, 1, flags, 0, unix_ms, *place, altitude or 0.0, speed or 0.0)
