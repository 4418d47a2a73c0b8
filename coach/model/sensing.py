"""Sensors as the sensors page shows them: what is around, how each one does, what a check found."""

from coach.model.frozen import dataclass
from coach.model.links import FoundSensor, LinkStatus, SensorUse
from coach.model.samples import CadenceDecision
from coach.model.sites import WearSite


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a scan hears. problem: why this machine cannot scan over Bluetooth and what to do; None while it can.

    ant_problem: the same for an ANT+ stick that is there and cannot be used; a machine without one lacks nothing.
    """

    found: tuple[FoundSensor, ...] = ()
    is_scanning: bool = False
    problem: str | None = None
    ant_problem: str | None = None


@dataclass(frozen=True, slots=True)
class SensorState:
    """One remembered sensor now.

    words: why it is ready or not, for the runner. rate_hz: as measured over the last seconds. signal: the newest 5 s
    in 20 values a second, oldest first: specific force [g] of a motion sensor, else speed or heart rate.
    is_tried_on_hardware: whether anyone ran its profile on a real sensor. cadence: how a running pod's counts are read.
    is_in_run: a run of this runner has it; then rate_hz is what arrived of it so far, and there is no signal to draw.
    """

    use: SensorUse
    profile_title: str
    is_tried_on_hardware: bool
    status: LinkStatus | None = None
    reason: str = ""
    words: str = ""
    is_ready: bool = False
    battery_pct: float | None = None
    rate_hz: float | None = None
    expected_rate_hz: float | None = None
    n_clipped: int = 0
    signal: tuple[float, ...] = ()
    signal_unit: str = ""
    cadence: CadenceDecision | None = None
    is_in_run: bool = False


@dataclass(frozen=True, slots=True)
class SensorCheck:
    """What "jump three times" showed of one sensor. problems: sentences with what to do; none: all is well.

    suggested_site: where it sits by the data, None where they do not show it.
    """

    sensor_id: str
    name: str
    wear_site: WearSite | None
    rate_hz: float | None
    expected_rate_hz: float | None
    n_samples: int
    n_missing: int
    n_clipped: int
    n_landings: int
    battery_pct: float | None = None
    problems: tuple[str, ...] = ()
    suggested_site: WearSite | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A check of all sensors at once. problems: what concerns several, such as feet swapped or not in step."""

    seconds: float
    sensors: tuple[SensorCheck, ...]
    problems: tuple[str, ...] = ()
    is_good: bool = False
