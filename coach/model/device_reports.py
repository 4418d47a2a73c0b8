"""What one real sensor did in a minute, as its owner can send it: advertisement, services, settings, bytes, counts."""

from collections.abc import Mapping

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Advertised:
    """How a sensor advertises. services: 128-bit UUIDs; companies: Bluetooth SIG numbers of makers."""

    name: str
    services: tuple[str, ...]
    companies: tuple[int, ...]
    rssi_dbm: int | None


@dataclass(frozen=True, slots=True)
class GattCharacteristic:
    """A characteristic as the sensor lists it. properties: "read", "notify", "write" ..."""

    uuid: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GattService:
    """A service as the sensor lists it."""

    uuid: str
    characteristics: tuple[GattCharacteristic, ...]


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """What became of the bytes of the whole time, by the profile's decoder. rate_hz: readings a second, measured."""

    n_notifications: int
    n_samples: int
    n_bad_packets: int
    n_duplicates: int
    n_missing: int
    n_clipped: int
    n_odd_packets: int
    rate_hz: float | None
    expected_rate_hz: float | None


@dataclass(frozen=True, slots=True)
class Packet:
    """A value that was notified or read, `t_s` after the connection was made."""

    t_s: float
    characteristic: str
    hex: str


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """One sensor, one connection.

    program, system: versions. profile_id, counts: None where no profile knows the sensor. information: what it says
    of itself (manufacturer, model, firmware, hardware, software), never its serial number. seconds: how long it was
    listened to. problems: what does not fit the profile, in words. packets: everything of the first `kept_s`.
    n_redacted: places in packets where its address, serial number or own name was and zeros are now.
    """

    program: str
    system: str
    made_on: str
    profile_id: str | None
    advertised: Advertised
    services: tuple[GattService, ...]
    information: Mapping[str, str]
    settings: tuple[tuple[str, str], ...]
    mtu: int | None
    seconds: float
    counts: StreamCounts | None
    problems: tuple[str, ...]
    kept_s: float
    packets: tuple[Packet, ...]
    n_redacted: int = 0
