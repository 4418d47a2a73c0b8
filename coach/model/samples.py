"""What sensors send: notifications as received, and the samples decoded from them.

Times `t_s` are seconds since the run started, on the host's monotonic clock. Device clocks are mapped onto it in
`coach.packets`; nobody after that room knows which device it was.
"""

from dataclasses import field
from enum import StrEnum
from typing import NamedTuple

from coach.model.arrays import FloatArray as FloatArray  # the samples' own arrays, for whoever reads samples
from coach.model.frozen import dataclass
from coach.model.sites import WearSite


class Notification(NamedTuple):
    """Bytes of one characteristic, as they arrived. A tuple: a run of an hour has 400,000.

    sensor_id: the sensor's address. characteristic: 128-bit UUID, lower case.
    t_s: arrival time [s].
    """

    sensor_id: str
    characteristic: str
    t_s: float
    payload: bytes


@dataclass(frozen=True, slots=True, eq=False)
class ImuChunk:
    """Consecutive motion readings of one sensor, in the sensor's own right-handed axes.

    The gait room finds forward, left and up by itself. How a stream is cut into chunks means nothing; a jump in
    `t_s` of more than one and a half sampling intervals is a gap, within a chunk or between two.

    t_s: (n,) seconds, strictly rising.
    acc_mps2: (n, 3) specific force (at rest +9.81 on the axis that points up); NaN in the column of a missing axis.
    gyr_radps: (n, 3) turn rate about the same axes, or None for a sensor without gyroscope.
    acc_range_mps2, gyr_range_radps: full scale of one axis (inf: unknown); readings at it are clipped.
    rate_hz: nominal sampling rate; the true one follows from `t_s`.
    """

    wear_site: WearSite
    t_s: FloatArray
    acc_mps2: FloatArray
    gyr_radps: FloatArray | None
    acc_range_mps2: float
    gyr_range_radps: float
    rate_hz: float

    def __post_init__(self) -> None:
        for array in (self.t_s, self.acc_mps2, self.gyr_radps):
            if array is not None:
                array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples that never came: always reported, never filled silently.

    n_missing: readings lost, as far as sequence numbers or timestamps show.
    """

    sensor_id: str
    wear_site: WearSite | None
    start_s: float
    end_s: float
    n_missing: int


@dataclass(frozen=True, slots=True)
class RunningSpeedSample:
    """One Running Speed and Cadence measurement.

    raw_cadence_per_min: as on the wire, steps or strides per minute. cadence_spm: steps per minute of both feet once
    that is resolved, None before. contact_time_s: mean ground contact of a foot, from the few pods that send it.
    """

    t_s: float
    speed_mps: float
    raw_cadence_per_min: int
    cadence_spm: float | None = None
    stride_length_m: float | None = None
    distance_m: float | None = None
    is_running: bool | None = None
    contact_time_s: float | None = None


@dataclass(frozen=True, slots=True)
class HeartRateSample:
    """One heart rate measurement. rr_s: intervals between beats, oldest first."""

    t_s: float
    heart_rate_bpm: int
    rr_s: tuple[float, ...] = ()
    has_skin_contact: bool | None = None


@dataclass(frozen=True, slots=True)
class PowerSample:
    """Running power [W] as a pod states it: a model's figure, no measurement of work."""

    t_s: float
    power_w: float


@dataclass(frozen=True, slots=True)
class TreadmillSample:
    """One record of a treadmill (FTMS); a field it does not send is None. incline_pct: grade in percent."""

    t_s: float
    speed_mps: float | None = None
    incline_pct: float | None = None
    distance_m: float | None = None
    heart_rate_bpm: int | None = None
    elapsed_s: float | None = None


@dataclass(frozen=True, slots=True)
class PositionSample:
    """One fix of a satellite receiver. accuracy_m: radius as the system states it.

    Taken as the circle that holds the place in 68 of 100 cases, as Android's getAccuracy and Apple's horizontalAccuracy
    are (about 65 there). The W3C's Geolocation API asks browsers for 95 of 100; they hand on what the system says.
    altitude_m: above the WGS 84 ellipsoid. speed_mps: over ground, None where the receiver gives none.
    """

    t_s: float
    latitude_deg: float
    longitude_deg: float
    accuracy_m: float
    altitude_m: float | None = None
    speed_mps: float | None = None


@dataclass(frozen=True, slots=True)
class BatterySample:
    """Charge of a sensor."""

    t_s: float
    sensor_id: str
    battery_pct: float


Sample = (
    ImuChunk
    | Gap
    | RunningSpeedSample
    | HeartRateSample
    | PowerSample
    | TreadmillSample
    | PositionSample
    | BatterySample
)


class Counts(StrEnum):
    """What a sensor's cadence counts: both feet's contacts (STEPS) or one foot's (STRIDES)."""

    STEPS = "steps"
    STRIDES = "strides"

    @property
    def steps(self) -> int:
        """Steps per count."""
        return 1 if self is Counts.STEPS else 2


@dataclass(frozen=True, slots=True)
class CadenceDecision:
    """What a running pod counts, None while not known, and why. is_firm: no data will change it."""

    counts: Counts | None
    reason: str
    is_firm: bool = False


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What became of one sensor's bytes during a run: the counts are exact, but for what is missing over an absence,
    which the device's clock says to one in ten thousand.

    cadence: how a running pod's counts were read; None for every other sensor. n_odd_packets: packets with more or
    fewer bytes than their flags announce, whose whole fields were read. last_s: arrival of the last packet that gave a
    reading [s], None where none did. silent_s: from then to the end of the run, 0 where it sent until the end.
    """

    sensor_id: str
    profile_id: str
    wear_site: WearSite | None
    n_notifications: int = 0
    n_samples: int = 0
    n_bad_packets: int = 0
    n_duplicates: int = 0
    n_missing: int = 0
    n_clipped: int = 0
    rate_hz: float | None = None
    gaps: tuple[Gap, ...] = field(default=())
    last_error: str | None = None
    cadence: CadenceDecision | None = None
    n_odd_packets: int = 0
    last_s: float | None = None
    silent_s: float = 0.0
