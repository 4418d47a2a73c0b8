"""Treadmill Data (0x2ACD): the parts of a record to one sample.

A record too long for one notification is sent in parts; "More Data" is inverted: parts with bit 0 set carry no speed,
the part with bit 0 clear carries it and ends the record.
Source: Bluetooth SIG, GATT Specification Supplement, "Treadmill Data"; captures in TrackMyIndoorWorkout's tests.

ANOMALY: some treadmills cut a part at 20 bytes, others elsewhere: its whole fields count. Some send paces of one byte
(FTMS 1.0) instead of two: the width that fits the length is taken. Life Fitness sends 0x7FFF for an elevation it does
not know.
"""

from dataclasses import fields, replace
from typing import Final

from coach.errors import PacketError
from coach.model.frozen import dataclass
from coach.model.samples import Sample, TreadmillSample
from coach.packets.formats import Feed, Format, Row, SharedReading, without_time
from coach.packets.layout import Fields
from coach.packets.stream import Tally

_MORE: Final = 0x0001
_PACES: Final = (0x0020, 0x0040)
_SIZES: Final = {  # bytes behind each flag, in order; paces apart
    0x0002: 2,
    0x0004: 3,
    0x0008: 4,
    0x0010: 4,
    0x0080: 5,
    0x0100: 1,
    0x0200: 1,
    0x0400: 2,
    0x0800: 2,
    0x1000: 4,
}
_CUT_AT: Final = 20
_NO_INCLINE: Final = 0x7FFF
_KMH_100: Final = 360.0  # 0.01 km/h in a m/s
_TOGETHER_S: Final = 2.0  # parts of one record come closer than this: treadmills send 1 to 4 records a second
_SAME_WITHIN_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class TreadmillPart:
    """One notification; fields it does not carry, or marks as not available, are None."""

    is_last: bool
    speed_mps: float | None = None
    distance_m: float | None = None
    incline_pct: float | None = None
    heart_rate_bpm: int | None = None
    elapsed_s: float | None = None


def decode_part(payload: bytes) -> TreadmillPart:
    """Read one notification. Bytes behind the last field are passed over (the standard may grow).

    One that is shorter than its flags promise gives the fields before the first that may be displaced: cut at 20 bytes,
    up to the cut; else a byte may lack anywhere (some leave the heart rate out, QZ "Error on parsing heart!"), so
    nothing from a pace or the heart rate on is read. `odd_bytes` counts what is missing or too much.

    Raises:
        PacketError: cut within its flags or its speed.
    """
    cursor = Fields("treadmill data", payload)
    flags = cursor.u16()
    is_cut = len(payload) < _length(flags, 1)
    uncertain = ("pace",) if len(payload) == _CUT_AT else ("pace", "heart_rate")
    speed = None if flags & _MORE else cursor.u16() / _KMH_100
    part = TreadmillPart(is_last=not flags & _MORE, speed_mps=speed)
    try:
        for bit, name in _NAMES.items():
            if is_cut and flags & bit and name in uncertain:
                break  # its width, or whether it is there, is not known here, so nor is where the next field begins
            if flags & bit:
                part = _read(cursor, part, name, _pace_width(flags, len(payload)))
    except PacketError:
        if not is_cut:
            raise
    return part


_NAMES: Final = {
    0x0002: "average",
    0x0004: "distance",
    0x0008: "incline",
    0x0010: "elevation",
    0x0020: "pace",
    0x0040: "pace",
    0x0080: "energy",
    0x0100: "heart_rate",
    0x0200: "met",
    0x0400: "elapsed",
    0x0800: "remaining",
    0x1000: "force",
}
_PASSED: Final = {"average": 2, "elevation": 4, "energy": 5, "met": 1, "remaining": 2, "force": 4}


def _read(cursor: Fields, part: TreadmillPart, name: str, pace_width: int) -> TreadmillPart:
    if name == "distance":
        return replace(part, distance_m=float(cursor.u24()))
    if name == "incline":
        incline, _ = cursor.s16(), cursor.s16()
        return replace(part, incline_pct=None if incline == _NO_INCLINE else incline / 10.0)
    if name == "heart_rate":
        return replace(part, heart_rate_bpm=cursor.u8() or None)  # 0: no strap is heard
    if name == "elapsed":
        return replace(part, elapsed_s=float(cursor.u16()))
    for _ in range(_PASSED.get(name, pace_width)):
        cursor.u8()
    return part


def odd_bytes(payload: bytes) -> int:
    """Return how many bytes a part has beyond what its flags announce; negative: how many it lacks.
    Paces may be of either width."""
    flags = int.from_bytes(payload[:2], "little")
    shortest, longest = _length(flags, 1), _length(flags, 2)
    return min(len(payload) - shortest, 0) or max(len(payload) - longest, 0)


def _length(flags: int, pace_width: int) -> int:
    fixed = sum(size for bit, size in _SIZES.items() if flags & bit)
    paces = sum(pace_width for bit in _PACES if flags & bit)
    return 2 + (0 if flags & _MORE else 2) + fixed + paces


def _pace_width(flags: int, n_bytes: int) -> int:
    """Return the width of paces: two bytes by the standard, one by FTMS 1.0; what the length allows, else two."""
    return 2 if n_bytes >= _length(flags, 2) else 1


class TreadmillReader:
    """Join parts to whole records. A record's time is that of its last part.

    has_wrong_incline: this treadmill sends another quantity there; records then have none.
    """

    def __init__(self, tally: Tally, has_wrong_incline: bool = False) -> None:
        self._has_wrong_incline = has_wrong_incline
        self._tally = tally
        self._parts: list[tuple[float, TreadmillPart]] = []
        self._before: tuple[bytes, float] | None = None

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one notification; raises PacketError."""
        part = decode_part(payload)
        if self._has_wrong_incline:
            part = replace(part, incline_pct=None)
        self._tally.n_odd_packets += bool(odd_bytes(payload))
        before, self._before = self._before, (payload, t_s)
        if before is not None and before[0] == payload and t_s - before[1] < _SAME_WITHIN_S:
            self._tally.n_duplicates += 1
            return []
        self._parts = [(s, p) for s, p in self._parts if t_s - s < _TOGETHER_S] + [(t_s, part)]
        if not part.is_last:
            return []
        record, self._parts = [p for _, p in self._parts], []
        self._tally.n_samples += 1
        return [merged(record, t_s)]


def merged(parts: list[TreadmillPart], t_s: float) -> TreadmillSample:
    """Return the parts of one record as one sample; a later part's field wins."""
    values: dict[str, float | int] = {}
    for part in parts:
        for field in fields(part):
            value = getattr(part, field.name)
            if field.name != "is_last" and value is not None:
                values[field.name] = value
    # A record has the fields of its parts, of the same types; mypy cannot follow fields that are named by a string.
    return TreadmillSample(t_s=t_s, **values)  # type: ignore[arg-type]


def _reader(shared: SharedReading) -> Feed:
    fault = shared.profile.treadmill_fault(shared.use.name)
    return TreadmillReader(shared.tally, has_wrong_incline=fault is not None and fault.has_wrong_incline).feed


def _rows(payload: bytes) -> list[Row]:
    part = decode_part(payload)
    return [without_time(merged([part], 0.0)) | {"is_last_part": part.is_last}]


FORMATS: Final = (Format("treadmill", _reader, _rows),)
