"""Stride-based speed and distance over ANT+ (device type 124): data pages to samples of running speed.

Page 1 has time, distance, speed and strides, pages 2 to 15 have cadence, speed and status. Distance counts 256 m in
sixteenths and strides 256, then both begin again. Cadence is strides a minute of the foot that wears the pod, so steps
are twice as many.

Source: Loghorn/ant-plus `stride-speed-distance-sensors.ts` for the places, Nordic's SDK `ant_sdm_page_1.c`,
`ant_sdm_page_2.c` and `ant_sdm_page_2.h` for the units and the status.
"""

from typing import Final

from coach.model.frozen import dataclass
from coach.model.plain import to_plain
from coach.model.samples import RunningSpeedSample, Sample
from coach.model.steps import Charge
from coach.packets.ant_page import WrappingTotal, common_charge, page_of
from coach.packets.formats import Feed, Format, Row, SharedReading
from coach.packets.stream import Tally

_SPEED, _FIRST_CADENCE, _LAST_CADENCE = 1, 2, 15
_LOW: Final = 3
_ACTIVE: Final = 1
_FRESH_S: Final = 3.0  # a cadence that is older is no longer said: pods send it every second
_REPEATED_S: Final = 1.0  # a pod sends a page again until it has computed another; after this it is standing
_UNITS_PER_M: Final = 16
_SLACK_M: Final = 2.0  # a step or two while it says it is standing


@dataclass(frozen=True, slots=True)
class StridePage:
    """One page as it is on the wire. distance_m, n_strides: of 256, page 1. cadence_spm: strides a minute, page 2 on.

    time_s: when speed and distance were computed, of 256 s. latency_s: from the last movement to the sending.
    is_active: the pod moves. has_low_battery: as its status says.
    """

    number: int
    speed_mps: float
    time_s: float | None = None
    distance_m: float | None = None
    n_strides: int | None = None
    latency_s: float | None = None
    cadence_strides_per_min: float | None = None
    is_active: bool | None = None
    has_low_battery: bool | None = None


def decode_stride_page(payload: bytes) -> StridePage | None:
    """Read one page; None for pages that hold nothing of running (who made it, its battery).

    Raises:
        PacketError: not eight bytes.
    """
    number = page_of("a page of a foot pod", payload)
    if not _SPEED <= number <= _LAST_CADENCE:
        return None
    speed_mps = (payload[4] & 0x0F) + payload[5] / 256.0
    upper = (payload[4] >> 4) / 16.0
    if number == _SPEED:
        return StridePage(
            number,
            speed_mps,
            time_s=payload[2] + payload[1] / 200.0,
            distance_m=payload[3] + upper,
            n_strides=payload[6],
            latency_s=payload[7] / 32.0,
        )
    status = payload[7]
    return StridePage(
        number,
        speed_mps,
        cadence_strides_per_min=payload[3] + upper,
        is_active=status & 0x03 == _ACTIVE,
        has_low_battery=status >> 4 & 0x03 == _LOW,
    )


class StrideReader:
    """Pages of one pod as samples: one for each page 1, with the cadence of the page before it."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._distance = WrappingTotal(256 * _UNITS_PER_M, _SLACK_M * _UNITS_PER_M)
        self._cadence: tuple[float, float] | None = None  # when, strides per minute
        self._speed_mps = 0.0
        self._last: tuple[bytes, float] | None = None

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one page; raises PacketError."""
        page = decode_stride_page(payload)
        if page is None:
            return []
        if page.cadence_strides_per_min is not None:
            self._cadence = (t_s, page.cadence_strides_per_min)
            return []
        if self._last is not None and self._last[0] == payload and t_s - self._last[1] < _REPEATED_S:
            return []
        self._last = (payload, t_s)
        self._tally.n_samples += 1
        return [self._sample(page, t_s)]

    def _sample(self, page: StridePage, t_s: float) -> RunningSpeedSample:
        assert page.distance_m is not None, "page 1 has a distance"
        faster_mps = max(self._speed_mps, page.speed_mps)
        self._speed_mps = page.speed_mps
        units = self._distance.add(round(page.distance_m * _UNITS_PER_M), t_s, faster_mps * _UNITS_PER_M)
        strides = self._cadence[1] if self._cadence and t_s - self._cadence[0] <= _FRESH_S else None
        if strides == 0.0 and page.speed_mps > 0.0:
            strides = None  # it does not measure cadence
        return RunningSpeedSample(
            t_s=t_s,
            speed_mps=page.speed_mps,
            raw_cadence_per_min=0 if strides is None else round(strides),
            cadence_spm=None if strides is None else 2.0 * strides,
            distance_m=units / _UNITS_PER_M,
        )


def read_charge(page: bytes) -> Charge | None:
    """Return what a page says of the battery: low or not, never how full; None where it says nothing."""
    if len(page) == 8 and _FIRST_CADENCE <= page[0] <= _LAST_CADENCE:
        return Charge(None, page[7] >> 4 & 0x03 == _LOW)
    return common_charge(page)


def _reader(shared: SharedReading) -> Feed:
    return StrideReader(shared.tally).feed


def _rows(payload: bytes) -> list[Row]:
    page = decode_stride_page(payload)
    return [{"number": payload[0]} if page is None else to_plain(page)]


FORMATS: Final = (Format("ant_stride_speed", _reader, _rows, charge=read_charge),)
