"""What every format of bytes has in common: its name in profiles, its reader in a stream, its rows for people.

A device module declares its formats as `FORMATS`; `coach.packets.registry` finds them there. So a new sensor is one
profile and one module.
"""

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Final, TypeVar

from coach.model.frozen import dataclass
from coach.model.links import SensorUse
from coach.model.plain import to_plain
from coach.model.samples import FloatArray, ImuChunk, Notification, Sample
from coach.model.sites import WearSite
from coach.model.steps import ReadCharge
from coach.packets.cadence import CadenceResolver
from coach.packets.settings import number, settings_of
from coach.packets.stream import ImuStreamFacts, PacketReader, Tally
from firmware_config.schema import DeviceProfile

_SAME_WITHIN_S: Final = 0.05  # equal bytes without time or number in them, this soon after: the same packet twice
Feed = Callable[[bytes, float], list[Sample]]
# Of notifications: how many were read at once by the end of each packet, and their readings, as many of each packet;
# nothing where the first is for `Feed`.
ReadAhead = Callable[[Sequence[Notification]], tuple[list[int], list[ImuChunk]]]
Row = dict[str, object]
Rows = Callable[[bytes], list[Row]]
_Reader = TypeVar("_Reader", bound=PacketReader)
_State = TypeVar("_State")


@dataclass(slots=True)
class SharedReading:
    """What the readers of one sensor's characteristics have in common; each device reader is made once."""

    profile: DeviceProfile
    use: SensorUse
    tally: Tally
    resolver: CadenceResolver
    measured_spm: float | None = None
    _made: dict[type, object] = field(default_factory=dict)

    def imu(self) -> ImuStreamFacts:
        """Return facts of the motion stream; a sensor without a place yet counts as worn at its profile's first
        site."""
        settings = settings_of(self.profile, self.use)
        return ImuStreamFacts(
            sensor_id=self.use.sensor_id,
            wear_site=self.use.wear_site or WearSite(self.profile.wear_sites[0]),
            rate_hz=number(settings, "rate_hz") or 100.0,
            acc_range_g=number(settings, "acc_range_g"),
            gyr_range_dps=number(settings, "gyr_range_dps"),
        )

    def held(self, kind: type[_State]) -> _State:
        """Return the one `kind()` of this sensor: what one characteristic says and the reader of another needs."""
        state = self._made.setdefault(kind, kind())
        assert isinstance(state, kind)
        return state

    def once(self, reader: type[_Reader], make: Callable[[ImuStreamFacts, Tally], _Reader]) -> _Reader:
        """Return the reader of this class that several characteristics feed, made by `make` for the first of them."""
        made = self._made.setdefault(reader, make(self.imu(), self.tally))
        assert isinstance(made, reader)
        return made


@dataclass(frozen=True, slots=True)
class Format:
    """One format. name: in profiles. reader: of one sensor's stream. rows: of one packet, named with units.
    ahead: reads many packets of a stream at once, the same as `reader` one by one; where one by one is too slow.
    charge: what a packet says of the battery, where the data hold it.

    A single packet has no history: what needs one (which events a pod counts, a device's clock) is None or left out of
    its rows.
    """

    name: str
    reader: Callable[[SharedReading], Feed]
    rows: Rows
    ahead: Callable[[SharedReading], ReadAhead] | None = None
    charge: ReadCharge | None = None


def one_per_packet(decode: Callable[[bytes, float], Sample], tally: Tally, odd_bytes: Callable[[bytes], int]) -> Feed:
    """Make the reader of packets that each hold one sample, without time or number.

    odd_bytes: how many bytes a packet has too many or too few; equal packets within 0.05 s are one that came twice.
    """
    last: tuple[bytes, float] | None = None

    def feed(payload: bytes, t_s: float) -> list[Sample]:
        nonlocal last
        sample = decode(payload, t_s)
        before, last = last, (payload, t_s)
        if before is not None and before[0] == payload and t_s - before[1] < _SAME_WITHIN_S:
            tally.n_duplicates += 1
            return []
        tally.n_samples += 1
        tally.n_odd_packets += bool(odd_bytes(payload))
        return [sample]

    return feed


def checked(name: str, decode: Callable[[bytes], object], row_name: str | None = None) -> Format:
    """Make the format of a characteristic that gives no samples: its bytes are only checked.

    row_name: what a value is called that has no fields.
    """

    def feed(payload: bytes, t_s: float) -> list[Sample]:
        decode(payload)
        return []

    return Format(name, lambda _shared: feed, plain_rows(decode, row_name))


def plain_rows(decode: Callable[[bytes], object], name: str | None = None) -> Rows:
    """Make what turns a payload into one row by `decode`. name: what a value is called that has no fields."""

    def rows(payload: bytes) -> list[Row]:
        value = to_plain(decode(payload))
        return [{name: value} if name else value]

    return rows


def motion_row(device_s: float, acc_mps2: FloatArray, gyr_radps: FloatArray) -> Row:
    """Return the row of readings (n, 3), with the device's own time of the first [s]."""
    return {"device_time_s": device_s, "acc_mps2": triples(acc_mps2), "gyr_radps": triples(gyr_radps)}


def triples(values: FloatArray) -> list[list[float]]:
    """Return (n, 3) as lists."""
    return [[float(v) for v in row] for row in values]


def without_time(sample: object) -> Row:
    """Return a sample's fields but for its time, which a packet does not have."""
    row: Row = to_plain(sample)
    del row["t_s"]
    return row
