"""Sensors as the radio and the runner see them: found, linked, lost, remembered."""

from enum import StrEnum

from coach.model.frozen import dataclass
from coach.model.sites import WearSite


class LinkStatus(StrEnum):
    """What a link does.

    CONNECTING: looks for the sensor. STARTING: connected, being set up. STREAMING: data come. SILENT: connected, but no
    data came for some seconds. LOST: not connected, and tried again. STOPPED: ended because it was asked to.
    """

    CONNECTING = "connecting"
    STARTING = "starting"
    STREAMING = "streaming"
    SILENT = "silent"
    LOST = "lost"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FoundSensor:
    """A sensor heard in a scan. profile_id: the profile that matches its advertisement, None where none does.

    rssi_dbm: None where what hears it does not measure the signal (older sticks of ANT+).
    """

    sensor_id: str
    name: str
    profile_id: str | None
    rssi_dbm: int | None
    seen_s: float
    battery_pct: float | None = None


@dataclass(frozen=True, slots=True)
class SensorUse:
    """A sensor as used in a run: which, by which profile, worn where, and what is known of it.

    cadence_unit: the runner's override for running pods, "steps" or "strides"; None lets the resolver decide.
    """

    sensor_id: str
    name: str
    profile_id: str
    wear_site: WearSite | None = None
    cadence_unit: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """A change in the link to one sensor. words: for the runner; reason: short machine word for it."""

    sensor_id: str
    t_s: float
    status: LinkStatus
    reason: str
    words: str
    battery_pct: float | None = None
