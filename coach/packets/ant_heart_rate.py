"""Heart rate over ANT+ (device type 120): data pages to samples.

Every page ends in the time of the last beat (1/1024 s), the number of beats and the rate; what is before differs.
Page 4 also has the time of the beat before, so an interval is known though pages were lost. The upper bit of the page
number only says that a strap uses pages at all.

Source: openant `devices/heart_rate.py` (MIT), which a test holds this against.
"""

from typing import Final

from coach.model.frozen import dataclass
from coach.model.plain import to_plain
from coach.model.samples import HeartRateSample, Sample
from coach.model.steps import Charge
from coach.packets.ant_page import common_charge, page_of
from coach.packets.formats import Feed, Format, Row, SharedReading
from coach.packets.stream import Tally

_NUMBER: Final = 0x7F
_PREVIOUS_BEAT, _BATTERY, _LAST_PAGE = 4, 7, 7
_TICKS: Final = 1024.0
_LONGEST_S: Final = 3.0  # an interval of more is not one between two beats: 20 a minute
_AWAY_S: Final = 30.0  # of silence: beats may have wrapped (256) and their clock has certainly not been the same 64 s


@dataclass(frozen=True, slots=True)
class HeartPage:
    """One page as it is on the wire. beat_s, previous_beat_s: of 64 s. n_beats: of 256. rate_bpm: 0 where unknown."""

    number: int
    beat_s: float
    n_beats: int
    rate_bpm: int
    previous_beat_s: float | None = None


def decode_heart_page(payload: bytes) -> HeartPage | None:
    """Read one page; None for pages that hold no beat (who made it, its battery as all ANT+ sensors say it).

    Raises:
        PacketError: not eight bytes.
    """
    number = page_of("a page of a heart rate strap", payload, _NUMBER)
    if number > _LAST_PAGE:
        return None
    previous_s = int.from_bytes(payload[2:4], "little") / _TICKS if number == _PREVIOUS_BEAT else None
    return HeartPage(number, int.from_bytes(payload[4:6], "little") / _TICKS, payload[6], payload[7], previous_s)


class HeartReader:
    """Pages of one strap as samples: one for each page with a new beat. A strap that counts no beats gives none."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._last: tuple[HeartPage, float] | None = None

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        """Take one page; raises PacketError."""
        page = decode_heart_page(payload)
        if page is None:
            return []
        last, self._last = self._last, (page, t_s)
        if last is None or page.n_beats == last[0].n_beats:
            return []
        self._tally.n_samples += 1
        return [HeartRateSample(t_s, page.rate_bpm, _interval(page, last[0], t_s - last[1]), None)]


def _interval(page: HeartPage, last: HeartPage, away_s: float) -> tuple[float, ...]:
    """Return the interval before the newest beat [s], where it is known."""
    if page.previous_beat_s is not None:
        between_s = (page.beat_s - page.previous_beat_s) % 64.0
    elif (page.n_beats - last.n_beats) % 256 == 1 and away_s < _AWAY_S:
        between_s = (page.beat_s - last.beat_s) % 64.0
    else:
        return ()
    return (between_s,) if 0.0 < between_s <= _LONGEST_S else ()


def read_charge(page: bytes) -> Charge | None:
    """Return what a page says of the battery; None where it says nothing."""
    if len(page) == 8 and page[0] & _NUMBER == _BATTERY:
        pct = float(page[1]) if page[1] <= 100 else None
        return Charge(pct, (page[3] >> 4 & 0x07) in (4, 5))
    return common_charge(page, is_strap=True)


def _reader(shared: SharedReading) -> Feed:
    return HeartReader(shared.tally).feed


def _rows(payload: bytes) -> list[Row]:
    page = decode_heart_page(payload)
    return [{"number": payload[0] & _NUMBER} if page is None else to_plain(page)]


FORMATS: Final = (Format("ant_heart_rate", _reader, _rows, charge=read_charge),)
