"""Polar H10 and Verity Sense: the measurement control point with settings, SDK mode, streams and their errors.

Source: polar-ble-sdk, technical documentation "online measurement". Requests `<op> <type> <settings>`; answers by
indication `F0 <op> <type> <status> [<more> <parameters>]`.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import field

import numpy as np
from bumble.gatt import Service

from coach.model.frozen import dataclass
from coach.model.motion import MotionSource
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air
from coach.radio.virtual.sampler import SampleBlock, Sampler
from coach.radio.virtual.twin import Identity, Outgoing, P, Twin, held, notifying, uuid
from coach.radio.virtual.twins.heart_rate_strap import heart_rate_packet
from coach.radio.virtual.twins.polar_frames import DeltaFrames, RawFrames, frame_head

_BASE = "-02E7-F387-1CAD-8ACD2D8DF0C8"
SERVICE, CONTROL, DATA = (f"FB005C8{n}{_BASE}" for n in range(3))
ACC, GYRO, SDK_MODE = 2, 5, 9
_RATE, _RESOLUTION, _RANGE, _CHANNELS, _FACTOR = 0, 1, 2, 4, 5
_OK, _BAD_OP, _BAD_TYPE, _UNSUPPORTED, _BAD_LENGTH, _BAD_PARAMETER, _ALREADY = 0, 1, 2, 3, 4, 5, 6
_WRONG_VALUE = {_RESOLUTION: 7, _RATE: 8, _RANGE: 9, _CHANNELS: 11}
_WRONG_STATE = 12
_YEAR_2019_NS = 599_616_000_000_000_000
_MG = GRAVITY_MPS2 / 1000
Settings = Mapping[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Offer:
    """What a sensor can do. factor: what its gyroscope counts must be multiplied by, said at the start."""

    normal: Mapping[int, Settings]
    sdk: Mapping[int, Settings] = field(default_factory=dict)
    features: bytes = b""
    is_compressed: bool = False


H10 = Offer(
    normal={ACC: {_RATE: (25, 50, 100, 200), _RESOLUTION: (16,), _RANGE: (2, 4, 8)}},
    features=b"\x0f\x05\x00",
)
_SDK_RATES = (26, 52, 104, 208, 416)
VERITY_SENSE = Offer(
    normal={
        ACC: {_RATE: (52,), _RESOLUTION: (16,), _RANGE: (8,), _CHANNELS: (3,)},
        GYRO: {_RATE: (52,), _RESOLUTION: (16,), _RANGE: (2000,), _CHANNELS: (3,)},
    },
    sdk={
        ACC: {_RATE: _SDK_RATES, _RESOLUTION: (16,), _RANGE: (2, 4, 8, 16), _CHANNELS: (3,)},
        GYRO: {_RATE: _SDK_RATES, _RESOLUTION: (16,), _RANGE: (250, 500, 1000, 2000), _CHANNELS: (3,)},
    },
    features=b"\x0f\x6e\x02",
    is_compressed=True,
)


def pack_settings(settings: Settings) -> bytes:
    """Return settings as the control point lists them: number, how many values, the values (little-endian)."""
    packed = b""
    for number, values in settings.items():
        form = "B" if number == _CHANNELS else "H"
        packed += struct.pack(f"<BB{len(values)}{form}", number, len(values), *values)
    return packed


def parse_settings(data: bytes) -> dict[int, int] | None:
    """Return the settings of a start request, each with one value; None if they do not parse."""
    chosen: dict[int, int] = {}
    while data:
        width = 1 if data[0] == _CHANNELS else 2
        if data[0] not in _WRONG_VALUE or len(data) < 2 + width or data[1] != 1:
            return None
        chosen[data[0]] = int.from_bytes(data[2 : 2 + width], "little")
        data = data[2 + width :]
    return chosen


class _Stream:
    """One running measurement."""

    def __init__(self, kind: int, sampler: Sampler, full_scale: int, is_compressed: bool) -> None:
        self.kind = kind
        self.sampler = sampler
        self._full_scale = full_scale
        self._raw = None if is_compressed else RawFrames()
        self._deltas = DeltaFrames()

    @property
    def is_raw(self) -> bool:
        """A raw frame ends with the block that completes it; a compressed one with the block before."""
        return self._raw is not None

    @property
    def factor(self) -> float | None:
        """What gyroscope counts must be multiplied by for deg/s; acceleration comes in mg."""
        return self._full_scale / 32768 if self.kind == GYRO else None

    def frames(self, block: SampleBlock, boot_ns: int) -> Iterator[tuple[bytes, int]]:
        """Yield frames that this block completes, each with its number of readings."""
        counts = self._counts(block)
        period_ns = 1e9 / self.sampler.rate_hz
        last = block.first + len(counts) - 1
        if self._raw is not None:
            for body in self._raw.add(counts):
                n = len(body) // 6
                yield frame_head(self.kind, boot_ns + round(last * period_ns), 0x01) + body, n
            return
        frame_type = 0x81 if self.kind == ACC else 0x80
        for body, n in self._deltas.add(counts):
            head = frame_head(self.kind, boot_ns + round((block.first - 1) * period_ns), frame_type)
            yield head + body, n

    def _counts(self, block: SampleBlock) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        if self.kind == ACC:
            limit = 1000 * self._full_scale
            values = np.clip(block.acc_mps2 / _MG, -limit, limit - 1)
        else:
            values = np.clip(np.degrees(block.gyr_radps) / (self.factor or 1.0), -32768, 32767)
        counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = np.round(values).astype(np.int64)
        return counts


class Polar(Twin):
    """is_left_on: a stream was running when the last connection ended (an H10 then stays on until it is empty).

    is_shy: takes commands from a paired computer only, as some hosts meet it.
    """

    def __init__(
        self,
        air: Air,
        clock: RunClock,
        source: MotionSource,
        wear_site: WearSite,
        name: str = "Polar H10 0A1B2C3D",
        address: str = "F0:00:00:00:FB:10",
        battery_pct: float = 90.0,
        drift_ppm: float = 0.0,
        offer: Offer = H10,
        is_shy: bool = False,
    ) -> None:
        model = "H10" if offer is H10 else "Polar Sense"
        services = (uuid("180D"), uuid("FEEE"))
        identity = Identity(name, address, "Polar Electro Oy", model, "3.1.1", services=services, mtu=232)
        super().__init__(air, clock, identity, battery_pct)
        self._source = source
        self._wear_site = wear_site
        self._drift_ppm = drift_ppm
        self._offer = offer
        self._is_shy = is_shy
        self._streams: dict[int, _Stream] = {}
        self._is_sdk = False
        self._next_heart_s = 0.0
        self.is_left_on = False
        self.data = notifying(DATA)
        self.control = held(
            CONTROL, lambda: offer.features.ljust(17, b"\0"), self._on_control, P.READ | P.WRITE | P.INDICATE
        )
        self.heart = notifying("2A37")
        self.device.add_service(Service(uuid("180D"), [self.heart]))
        self.device.add_service(Service(uuid(SERVICE), [self.control, self.data]))

    def connected(self) -> None:
        """Begin each connection without streams and outside SDK mode."""
        self.is_left_on = bool(self._streams)
        self._streams.clear()
        self._is_sdk = False

    def disconnected(self) -> None:
        """Note whether a stream was still running: then the sensor stays on."""
        self.is_left_on = bool(self._streams)

    # -- control point

    def _on_control(self, request: bytes) -> None:
        if self._is_shy:
            self.demand_bond()
        self.demand_subscription(self.control)
        if len(request) < 2:
            operation = request[0] if request else 0
            self._reply(operation, 0, self._status_of(operation), b"")
            return
        operation, kind, rest = request[0], request[1] & 0x7F, request[2:]
        status, parameters = self._obey(operation, kind, rest)
        self._reply(operation, kind, status, parameters)

    def _reply(self, operation: int, kind: int, status: int, parameters: bytes) -> None:
        more = b"\x00" if status == _OK else b""
        payload = bytes([0xF0, operation, kind, status]) + more + parameters
        self.answer(self.control, payload, indicate=True)

    def _status_of(self, operation: int) -> int:
        return _OK if operation in (5, 6) else _BAD_LENGTH

    def _obey(self, operation: int, kind: int, rest: bytes) -> tuple[int, bytes]:
        if kind == SDK_MODE:
            return self._switch_sdk(operation), b""
        kinds = self._offer.sdk if operation == 4 else self._kinds
        if kind not in kinds:
            return (_UNSUPPORTED if kind <= 14 else _BAD_TYPE), b""
        if operation in (1, 4):
            return _OK, pack_settings(kinds[kind])
        if operation == 2:
            return self._start(kind, rest)
        if operation == 3:
            return (_OK if self._streams.pop(kind, None) else _ALREADY), b""
        return _BAD_OP, b""

    @property
    def _kinds(self) -> Mapping[int, Settings]:
        return self._offer.sdk if self._is_sdk else self._offer.normal

    def _switch_sdk(self, operation: int) -> int:
        if not self._offer.sdk:
            return _UNSUPPORTED
        if operation not in (2, 3):
            return _BAD_OP
        if self._streams:
            return _WRONG_STATE
        if self._is_sdk == (operation == 2):
            return _ALREADY
        self._is_sdk = operation == 2
        return _OK

    def _start(self, kind: int, rest: bytes) -> tuple[int, bytes]:
        if kind in self._streams:
            return _ALREADY, b""
        chosen, offered = parse_settings(rest), self._kinds[kind]
        if chosen is None or not {_RATE, _RESOLUTION, _RANGE} <= set(chosen):
            return _BAD_PARAMETER, b""
        for number, value in chosen.items():
            if value not in offered.get(number, ()):
                return _WRONG_VALUE[number], b""
        n_block = 8 if self._offer.is_compressed else 12
        sampler = Sampler(self._source, self._wear_site, chosen[_RATE], n_block, self._drift_ppm)
        sampler.restart(self.clock())
        stream = _Stream(kind, sampler, chosen[_RANGE], self._offer.is_compressed)
        self._streams[kind] = stream
        factor = stream.factor
        return _OK, struct.pack("<BBf", _FACTOR, 1, factor) if factor is not None else b""

    # -- data

    def due(self, now_s: float) -> Iterator[Outgoing]:
        """Yield the heart rate once a second, but not in SDK mode, and the frames of every running stream."""
        if now_s >= self._next_heart_s:
            self._next_heart_s = now_s + 1.0
            if self.is_subscribed(self.heart) and not self._is_sdk:
                yield self.heart, heart_rate_packet(self._source.heart_rate(now_s))
        if not self.is_subscribed(self.data):
            return
        for stream in list(self._streams.values()):
            for block in stream.sampler.take(now_s):
                for frame, n_readings in stream.frames(block, _YEAR_2019_NS):
                    n_lost = self.count.n_lost
                    yield self.data, frame
                    first = block.first + (len(block.acc_mps2) if stream.is_raw else 0) - n_readings
                    self.count.packet(n_readings, self.count.n_lost > n_lost, first if stream.kind == ACC else None)
