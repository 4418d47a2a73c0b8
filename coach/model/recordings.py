"""The raw log of a run as read or written: its header, and what happened beside the sensors."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.model.links import SensorUse


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened in a run; data: JSON values.

    t_s: seconds since the run started; from then on it counts. A lap or pause that reached the run late has the
    earlier time at which it was tapped as tapped_s in data.
    kind: "link", "lap", "pause", "resume", "mute", "pain", "cue", "cadence_unit" or "stop"; on the phone also "hidden"
    (the page got nothing from start_s to end_s) and "clock" (wall_ms of the phone's wall clock).
    """

    t_s: float
    kind: str
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordingHeader:
    """What a recording says about itself.

    started_at: aware UTC time of t_s = 0. profiles: text of the TOML profile by profile id, as it was on that day.
    settings: JSON values of the settings in force.
    """

    run_id: str
    started_at: datetime
    program_version: str = ""
    sensors: tuple[SensorUse, ...] = ()
    profiles: Mapping[str, str] = field(default_factory=dict)
    settings: JsonObject = field(default_factory=dict)
