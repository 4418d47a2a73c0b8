"""One packet of a profile in, its samples as flat dictionaries out, named with units: for people who look at bytes.

A single packet has no history: what needs one (which events a pod counts, a device's clock) is None or left out.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from coach.errors import PacketError, SettingsError
from coach.model.plain import to_plain
from coach.model.samples import FloatArray
from coach.packets import coach_board, ftms, movella_dot, movesense, polar, wearable_my_foot, witmotion
from coach.packets.battery import decode_battery
from coach.packets.cadence import evidence
from coach.packets.device_information import decode_information
from coach.packets.heart_rate import decode_heart_rate
from coach.packets.polar_control import ANSWER, decode_features, decode_reply
from coach.packets.running_speed import decode_control_reply, decode_feature, decode_location, decode_running_speed
from firmware_config.loader import load_profiles
from firmware_config.schema import Characteristic, DeviceProfile, full_uuid

Row = dict[str, Any]
_CLOSE_MPS2: Final = 1.0  # neighbouring readings of a still sensor. chosen by eye, 2026-11-20


def decode_payload(profile_id: str, payload: bytes, characteristic: str | None = None) -> list[Row]:
    """Samples of one notification; `characteristic` is by default the profile's first data characteristic.

    Raises:
        PacketError: the bytes do not fit.
        SettingsError: no such profile or characteristic; the message names those there are.
    """
    profiles = load_profiles()
    if profile_id not in profiles:
        raise SettingsError(f"no profile is called {profile_id}: choose one of {', '.join(profiles)}")
    found = _characteristic(profiles[profile_id], characteristic)
    return ROWS[str(found.decoder)](bytes(payload))


def _characteristic(profile: DeviceProfile, uuid: str | None) -> Characteristic:
    readable = {c.uuid: c for c in profile.characteristics().values() if c.decoder}
    if uuid is None:
        return profile.with_role("data")[0]
    try:
        return readable[full_uuid(uuid)]
    except (KeyError, ValueError):
        names = ", ".join(f"{c.uuid} ({c.name})" for c in readable.values())
        raise SettingsError(f"{profile.id} reads no characteristic {uuid}: choose one of {names}") from None


def _running_speed(payload: bytes) -> list[Row]:
    sample = decode_running_speed(payload, 0.0)
    said = evidence(sample)
    row = _without_time(sample)
    row["cadence_spm"] = float(sample.raw_cadence_per_min * said[0].steps) if said else None
    return [row]


def _treadmill(payload: bytes) -> list[Row]:
    part = ftms.decode_part(payload)
    return [_without_time(ftms.merged([part], 0.0)) | {"is_last_part": part.is_last}]


def _polar_data(payload: bytes) -> list[Row]:
    frame = polar.decode_frame(payload)
    row: Row = {"device_time_ns": frame.last_ns}
    if frame.measure is polar.Measure.ACC:
        return [row | {"acc_mps2": _triples(polar.acceleration(frame, None))}]
    if frame.measure is polar.Measure.GYRO:
        return [row | {"gyr_radps": _triples(polar.turn_rate(frame, None))}]
    return [row | {"raw": _triples(frame.raw)}]


def _polar_control(payload: bytes) -> list[Row]:
    if payload[:1] != bytes([ANSWER]):
        return [{"measures": sorted(m.name.lower() for m in decode_features(payload))}]
    reply = decode_reply(payload)
    return [{"request": reply.op, "measure": reply.measure, "status": reply.words}]


def _movesense(payload: bytes) -> list[Row]:
    message = movesense.decode_message(payload)
    if message.kind is movesense.Kind.RESPONSE:
        return [{"reference": message.reference, "status": message.status}]
    if message.kind is movesense.Kind.DATA_PART2:
        raise PacketError("this is a second part: it makes sense behind its first one only", payload)
    ms, acc, gyr = movesense.decode_imu6(message.body)
    if _goes_on(acc, gyr):
        raise PacketError("this is a first part or a cut packet: its readings are not all there", payload)
    return [_motion(ms * 1e-3, acc, gyr)]


def _goes_on(acc: FloatArray, gyr: FloatArray) -> bool:
    """Whether what stands where turn rates should goes on as acceleration: the sign of a body that was cut.

    Nothing in a packet says how many readings it should hold; in a stream `coach.packets.movesense_stream` knows.
    """
    first_dps = np.degrees(gyr[0])
    return bool(np.linalg.norm(first_dps - acc[-1]) < min(_CLOSE_MPS2, 0.25 * float(np.linalg.norm(acc[-1]))))


def _witmotion(payload: bytes) -> list[Row]:
    cutter = witmotion.FrameCutter()
    frames = [*cutter.feed(payload), *cutter.finish()]
    if not frames or cutter.n_skipped or sum(map(len, frames)) != len(payload):
        raise PacketError("these are not whole WitMotion frames", payload)
    if any(frame[1] == 0x71 for frame in frames):
        answers = [witmotion.decode_register(frame) for frame in frames]
        return [{"register": register, "values": list(values)} for register, values in answers]
    readings = [witmotion.decode_motion(frame) for frame in frames]
    return [{"acc_mps2": [to_plain(a) for a, _ in readings], "gyr_radps": [to_plain(g) for _, g in readings]}]


def _movella(payload: bytes) -> list[Row]:
    us, acc, gyr = movella_dot.decode_reading(payload)
    return [_motion(us * 1e-6, acc[None, :], gyr[None, :])]


def _wearable_my_foot(payload: bytes) -> list[Row]:
    ms, acc, gyr = wearable_my_foot.decode_reading(payload)
    return [_motion(ms * 1e-3, acc[None, :], gyr[None, :])]


def _board(payload: bytes) -> list[Row]:
    frame = coach_board.decode_frame(payload)
    return [_motion(frame.first_us * 1e-6, frame.acc_mps2, frame.gyr_radps) | {"sequence": frame.sequence}]


def _motion(device_s: float, acc: FloatArray, gyr: FloatArray) -> Row:
    return {"device_time_s": device_s, "acc_mps2": _triples(acc), "gyr_radps": _triples(gyr)}


def _triples(values: FloatArray) -> list[list[float]]:
    return [[float(v) for v in row] for row in values]


def _without_time(sample: object) -> Row:
    row: Row = to_plain(sample)
    del row["t_s"]
    return row


def _plain(decode: Callable[[bytes], object], name: str | None = None) -> Callable[[bytes], list[Row]]:
    def rows(payload: bytes) -> list[Row]:
        value = to_plain(decode(payload))
        return [{name: value} if name else value]

    return rows


ROWS: Final[dict[str, Callable[[bytes], list[Row]]]] = {
    "running_speed": _running_speed,
    "running_speed_feature": _plain(decode_feature),
    "sensor_location": _plain(decode_location, "location"),
    "running_speed_control": _plain(decode_control_reply),
    "heart_rate": lambda payload: [_without_time(decode_heart_rate(payload, 0.0))],
    "battery": lambda payload: [{"battery_pct": decode_battery(payload, 0.0, "").battery_pct}],
    "device_information": _plain(decode_information, "words"),
    "treadmill": _treadmill,
    "polar_data": _polar_data,
    "polar_control": _polar_control,
    "movesense": _movesense,
    "witmotion": _witmotion,
    "movella_dot": _movella,
    "wearable_my_foot": _wearable_my_foot,
    "coach_board": _board,
    "coach_board_description": _plain(coach_board.decode_description),
}
