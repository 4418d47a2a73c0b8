"""A sensor's profile and use in, its decoder out: notifications become samples, and every byte is accounted for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from coach.errors import PacketError
from coach.model.links import SensorUse
from coach.model.samples import HeartRateSample, Notification, RunningSpeedSample, Sample, StreamReport, TreadmillSample
from coach.model.sites import WearSite
from coach.packets.battery import decode_battery
from coach.packets.cadence import CadenceDecision, CadenceResolver, known_by_name
from coach.packets.device_information import decode_information
from coach.packets.heart_rate import decode_heart_rate
from coach.packets.movesense_stream import MovesenseReader
from coach.packets.running_speed import decode_control_reply, decode_feature, decode_location, decode_running_speed
from coach.packets.settings import number, settings_of
from coach.packets.stream import ImuStreamFacts, PacketReader, Tally
from coach.packets.wearable_my_foot import WearableMyFootReader
from firmware_config.schema import Characteristic, DeviceProfile

_SAME_WITHIN_S: Final = 0.05  # equal bytes without time or number in them, this soon after: the same packet twice


class Decoder:
    """Reads all characteristics of one sensor.

    Each `feed` may raise PacketError for its packet; the decoder stays usable. Values that were read (features,
    ranges, charge) are fed like notifications. Unknown characteristics give nothing.
    """

    def __init__(self, profile: DeviceProfile, use: SensorUse) -> None:
        self._profile = profile
        self._use = use
        self._tally = Tally()
        self._resolver = CadenceResolver(use.cadence_unit, known_by_name(use.name, profile.cadence_units))
        shared = Shared(profile, use, self._tally, self._resolver)
        found = profile.characteristics().values()
        self._data = {c.uuid for c in found if c.role == "data"}
        self._readers = {c.uuid: reader_for(c, shared) for c in found if c.decoder}

    def feed(self, notification: Notification) -> list[Sample]:
        """Samples that this notification completes; raises PacketError where its bytes do not fit."""
        uuid = notification.characteristic.lower()
        if uuid in self._data:
            self._tally.n_notifications += 1
        reader = self._readers.get(uuid)
        if reader is None:
            return []
        try:
            return reader.feed(notification.payload, notification.t_s)
        except PacketError as error:
            self._tally.n_bad_packets += 1
            self._tally.last_error = str(error)
            raise

    @property
    def cadence(self) -> CadenceDecision:
        """Whether a running pod counts steps or strides, and why."""
        return self._resolver.decision

    def report(self) -> StreamReport:
        """What became of the bytes so far. n_notifications: of data characteristics; n_samples: readings in them."""
        tally = self._tally
        return StreamReport(
            sensor_id=self._use.sensor_id,
            profile_id=self._profile.id,
            wear_site=self._use.wear_site,
            n_notifications=tally.n_notifications,
            n_samples=tally.n_samples,
            n_bad_packets=tally.n_bad_packets,
            n_duplicates=tally.n_duplicates,
            n_missing=tally.n_missing,
            n_clipped=tally.n_clipped,
            rate_hz=tally.rate_hz,
            gaps=tuple(tally.gaps),
            last_error=tally.last_error,
        )


def decoder_for(profile: DeviceProfile, use: SensorUse) -> Decoder:
    """The decoder of one sensor in one run."""
    return Decoder(profile, use)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the readers of one sensor's characteristics have in common."""

    profile: DeviceProfile
    use: SensorUse
    tally: Tally
    resolver: CadenceResolver

    def imu(self) -> ImuStreamFacts:
        """Facts of the motion stream; a sensor without a place yet counts as worn at its profile's first site."""
        settings = settings_of(self.profile, self.use)
        site = self.use.wear_site or WearSite(self.profile.wear_sites[0])
        return ImuStreamFacts(
            sensor_id=self.use.sensor_id,
            wear_site=site,
            rate_hz=number(settings, "rate_hz") or 100.0,
            acc_range_g=number(settings, "acc_range_g"),
            gyr_range_dps=number(settings, "gyr_range_dps"),
        )


class OnePerPacket:
    """A format whose packets each hold one sample, without time or number."""

    def __init__(self, decode: Callable[[bytes, float], Sample], tally: Tally) -> None:
        self._decode = decode
        self._tally = tally
        self._last: tuple[bytes, float] | None = None

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        sample = self._decode(payload, t_s)
        last, self._last = self._last, (payload, t_s)
        if last is not None and last[0] == payload and t_s - last[1] < _SAME_WITHIN_S:
            self._tally.n_duplicates += 1
            return []
        if isinstance(sample, (RunningSpeedSample, HeartRateSample, TreadmillSample)):
            self._tally.n_samples += 1
        return [sample]


class Checked:
    """A characteristic that gives no samples: its bytes are only checked."""

    def __init__(self, decode: Callable[[bytes], object]) -> None:
        self._decode = decode

    def feed(self, payload: bytes, t_s: float) -> list[Sample]:
        self._decode(payload)
        return []


def _running_speed(shared: Shared) -> PacketReader:
    def decode(payload: bytes, t_s: float) -> Sample:
        sample = decode_running_speed(payload, t_s)
        return replace(sample, cadence_spm=shared.resolver.steps_per_min(sample))

    return OnePerPacket(decode, shared.tally)


def _battery(shared: Shared) -> PacketReader:
    return OnePerPacket(lambda payload, t_s: decode_battery(payload, t_s, shared.use.sensor_id), shared.tally)


READERS: Final[dict[str, Callable[[Shared], PacketReader]]] = {
    "running_speed": _running_speed,
    "running_speed_feature": lambda shared: Checked(decode_feature),
    "sensor_location": lambda shared: Checked(decode_location),
    "running_speed_control": lambda shared: Checked(decode_control_reply),
    "heart_rate": lambda shared: OnePerPacket(decode_heart_rate, shared.tally),
    "battery": _battery,
    "device_information": lambda shared: Checked(decode_information),
    "movesense": lambda shared: MovesenseReader(shared.imu(), shared.tally),
    "wearable_my_foot": lambda shared: WearableMyFootReader(shared.imu(), shared.tally),
}


def reader_for(characteristic: Characteristic, shared: Shared) -> PacketReader:
    """The reader that a profile names for a characteristic."""
    return READERS[str(characteristic.decoder)](shared)
