"""Rewrite a raw log without its runner: the same strides, and nobody is named.

A raw log holds the addresses of sensors, their names with serial numbers, the start to the microsecond, shoes and
notes, the wall clock of a phone. Here the sensors are s1, s2 and so on, the run has its label in the study, the start
is shifted, of the settings only the place stays, and of the events only those that a summary rests on, without words.
Positions never go out, nor answers that no decoder reads (a serial number). What the sensors measured is kept byte for
byte: it is what later algorithms need. A Polar sensor's packets hold its clock; where an app has set it, the
date is in them.
"""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.packets.cadence import known_by_name
from coach.recording.layout import McapFile
from coach.recording.reader import Recording
from firmware_config.loader import load_profile

POSITIONS: Final = "phone_position"  # profile of a phone's satellite fixes
# Data that stay of each kind of event. Other kinds (links with their words, clocks, whatever comes later) stay here.
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "lap": ("lap_kind", "tapped_s"),
    "pause": ("tapped_s",),
    "resume": ("tapped_s",),
    "mute": ("is_muted",),
    "stop": (),
}
_FLUSH_EVERY_S: Final = 1.0
_TO_1970: Final = timedelta(weeks=4592)  # 88 years: a raw log's clock begins in 1970, shifted dates lie from 1887 on


def anonymous_log(recording: Recording, run_id: str, started_at: datetime) -> bytes:
    """Return the bytes of the sound part of a recording, as the run `run_id`. started_at: shifted start; a raw log's
    clock begins in 1970, so 88 years are added to it."""
    uses = [use for use in recording.header.sensors if use.profile_id != POSITIONS]
    names = {use.sensor_id: f"s{number}" for number, use in enumerate(uses, start=1)}
    is_read = {(use.sensor_id, uuid) for use in uses for uuid in _read_by_decoders(use)}
    profiles = {name: text for name, text in recording.header.profiles.items() if name != POSITIONS}
    place = {name: recording.header.settings[name] for name in ("place",) if name in recording.header.settings}
    sensors = tuple(_nameless(use, names[use.sensor_id]) for use in uses)
    header = RecordingHeader(run_id, started_at + _TO_1970, recording.header.program_version, sensors, profiles, place)
    out, flushed_s = io.BytesIO(), 0.0
    file = McapFile(out, header)
    for item in recording.sound_items():
        if isinstance(item, Notification):
            if (item.sensor_id, item.characteristic.lower()) in is_read:
                file.add_notification(item._replace(sensor_id=names[item.sensor_id]))
        elif item.kind in _KEPT:
            file.add_event(RunEvent(item.t_s, item.kind, _kept(item)))
        if item.t_s - flushed_s >= _FLUSH_EVERY_S:
            flushed_s = item.t_s
            file.flush()
    file.finish()
    return out.getvalue()


def _read_by_decoders(use: SensorUse) -> list[str]:
    return [one.uuid for one in load_profile(use.profile_id).characteristics().values() if one.decoder]


def _nameless(use: SensorUse, name: str) -> SensorUse:
    """Return a sensor without address, name and serial number.
    What its name says of a pod's counts is kept in words."""
    known = known_by_name(use.name, load_profile(use.profile_id).cadence_units)
    counts = use.cadence_unit or (known.counts.value if known and known.counts else None)
    return replace(use, sensor_id=name, name=name, cadence_unit=counts)


def _kept(event: RunEvent) -> dict[str, object]:
    return {name: event.data[name] for name in _KEPT[event.kind] if name in event.data}
