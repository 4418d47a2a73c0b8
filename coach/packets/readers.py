"""The name of a decoder in a profile in, the reader of that characteristic out."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from coach.model.links import SensorUse
from coach.model.samples import Sample
from coach.model.sites import WearSite
from coach.packets import heart_rate, running_speed
from coach.packets.battery import decode_battery
from coach.packets.cadence import CadenceResolver
from coach.packets.coach_board import CoachBoardReader
from coach.packets.device_information import decode_information
from coach.packets.ftms import TreadmillReader
from coach.packets.heart_rate import decode_heart_rate
from coach.packets.movella_dot import MovellaReader
from coach.packets.movesense_stream import MovesenseReader
from coach.packets.polar_stream import PolarReader
from coach.packets.running_speed import decode_control_reply, decode_feature, decode_location, decode_running_speed
from coach.packets.settings import number, settings_of
from coach.packets.stream import ImuStreamFacts, PacketReader, Tally
from coach.packets.wearable_my_foot import WearableMyFootReader
from coach.packets.witmotion_stream import WitmotionReader
from firmware_config.schema import DeviceProfile

_SAME_WITHIN_S: Final = 0.05  # equal bytes without time or number in them, this soon after: the same packet twice
Feed = Callable[[bytes, float], list[Sample]]


@dataclass(slots=True)
class SharedReading:
    """What the readers of one sensor's characteristics have in common; each device reader is made once."""

    profile: DeviceProfile
    use: SensorUse
    tally: Tally
    resolver: CadenceResolver
    measured_spm: float | None = None
    _made: dict[type, PacketReader] = field(default_factory=dict)

    def imu(self) -> ImuStreamFacts:
        """Facts of the motion stream; a sensor without a place yet counts as worn at its profile's first site."""
        settings = settings_of(self.profile, self.use)
        return ImuStreamFacts(
            sensor_id=self.use.sensor_id,
            wear_site=self.use.wear_site or WearSite(self.profile.wear_sites[0]),
            rate_hz=number(settings, "rate_hz") or 100.0,
            acc_range_g=number(settings, "acc_range_g"),
            gyr_range_dps=number(settings, "gyr_range_dps"),
        )

    def polar(self) -> PolarReader:
        made = self._made.setdefault(PolarReader, PolarReader(self.imu(), self.tally))
        assert isinstance(made, PolarReader)
        return made

    def board(self) -> CoachBoardReader:
        made = self._made.setdefault(CoachBoardReader, CoachBoardReader(self.imu(), self.tally))
        assert isinstance(made, CoachBoardReader)
        return made


def one_per_packet(decode: Callable[[bytes, float], Sample], tally: Tally, odd_bytes: Callable[[bytes], int]) -> Feed:
    """A format whose packets each hold one sample, without time or number. odd_bytes: too many or too few in one."""
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


def checked(decode: Callable[[bytes], object]) -> Feed:
    """A characteristic that gives no samples: its bytes are only checked."""

    def feed(payload: bytes, t_s: float) -> list[Sample]:
        decode(payload)
        return []

    return feed


def _running_speed(shared: SharedReading) -> Feed:
    def decode(payload: bytes, t_s: float) -> Sample:
        sample = decode_running_speed(payload, t_s)
        return replace(sample, cadence_spm=shared.resolver.steps_per_min(sample, shared.measured_spm))

    return one_per_packet(decode, shared.tally, running_speed.odd_bytes)


def _treadmill(shared: SharedReading) -> TreadmillReader:
    fault = shared.profile.treadmill_fault(shared.use.name)
    return TreadmillReader(shared.tally, has_wrong_incline=fault is not None and fault.has_wrong_incline)


def _battery(shared: SharedReading) -> Feed:
    return lambda payload, t_s: [decode_battery(payload, t_s, shared.use.sensor_id)]


READERS: Final[dict[str, Callable[[SharedReading], Feed]]] = {
    "running_speed": _running_speed,
    "running_speed_feature": lambda shared: checked(decode_feature),
    "sensor_location": lambda shared: checked(decode_location),
    "running_speed_control": lambda shared: checked(decode_control_reply),
    "heart_rate": lambda shared: one_per_packet(decode_heart_rate, shared.tally, heart_rate.odd_bytes),
    "battery": _battery,
    "device_information": lambda shared: checked(decode_information),
    "treadmill": lambda shared: _treadmill(shared).feed,
    "polar_data": lambda shared: shared.polar().feed,
    "polar_control": lambda shared: shared.polar().control,
    "movesense": lambda shared: MovesenseReader(shared.imu(), shared.tally).feed,
    "witmotion": lambda shared: WitmotionReader(shared.imu(), shared.profile.rates_hz, shared.tally).feed,
    "movella_dot": lambda shared: MovellaReader(shared.imu(), shared.tally).feed,
    "wearable_my_foot": lambda shared: WearableMyFootReader(shared.imu(), shared.tally).feed,
    "coach_board": lambda shared: shared.board().feed,
    "coach_board_description": lambda shared: shared.board().describe,
}
