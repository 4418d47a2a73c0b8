"""How a run lies in an MCAP file: which noun is which record.

One channel per (sensor, characteristic); a message is the payload as received, its log time the arrival as Unix
nanoseconds. Metadata "recording" and "sensor" hold the header; JSON events have the channel "/events". Chunks are
packed with zstd where that is installed, else not packed (in a phone's browser): readers see it in the chunk itself.
Source: MCAP specification 1.0, https://mcap.dev/spec.
"""

import importlib.util
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

from mcap.writer import CompressionType, Writer

from coach.model.links import SensorUse
from coach.model.plain import from_plain, to_plain
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.runs import check_run_id
from coach.model.samples import Notification
from coach.recording.folder import inside

SUFFIX: Final = ".mcap"
PART_NAME: Final = re.compile(r"(?P<final>.+\.mcap)\.part(?P<number>\d*)", re.ASCII)  # the first has no number
EVENTS_TOPIC: Final = "/events"
HEADER_NAME: Final = "recording"
SENSOR_NAME: Final = "sensor"
NS_PER_S: Final = 1_000_000_000
_PACKING: Final = CompressionType.ZSTD if importlib.util.find_spec("zstandard") else CompressionType.NONE
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def unix_ns(at: datetime) -> int:
    """Return nanoseconds since 1970 of an aware time, exact."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def header_metadata(header: RecordingHeader) -> dict[str, str]:
    """Return a recording's header as the texts of an MCAP metadata record."""
    return {
        "run_id": header.run_id,
        "started_at": header.started_at.astimezone(UTC).isoformat(),
        "program_version": header.program_version,
        "settings": json.dumps(to_plain(header.settings)),
    }


def sensor_metadata(use: SensorUse, profile_text: str) -> dict[str, str]:
    """Return a sensor as the texts of an MCAP metadata record. profile_text: its profile as TOML, as it was used."""
    return {"sensor_id": use.sensor_id, "use": json.dumps(to_plain(use)), "profile": profile_text}


def header_from_metadata(header: Mapping[str, str], sensors: Sequence[Mapping[str, str]]) -> RecordingHeader:
    """Read a header from its metadata; raises ValueError or KeyError where they are not ours.
    The last word about a sensor counts."""
    check_run_id(header["run_id"])
    uses: dict[str, SensorUse] = {}
    profiles: dict[str, str] = {}
    for record in sensors:
        use = from_plain(SensorUse, json.loads(record["use"]))
        uses[use.sensor_id] = use
        if record["profile"]:
            profiles[use.profile_id] = record["profile"]
    return RecordingHeader(
        run_id=header["run_id"],
        started_at=datetime.fromisoformat(header["started_at"]),
        program_version=header.get("program_version", ""),
        sensors=tuple(uses.values()),
        profiles=profiles,
        settings=json.loads(header.get("settings") or "{}"),
    )


def unfinished_path(folder: Path, run_id: str, number: int = 1) -> Path:
    """Return where a part of a run's log lies until it is finished; parts count from 1."""
    return inside(folder, f"{run_id}{SUFFIX}.part{number if number > 1 else ''}")


def finished_path(unfinished: Path) -> Path:
    """Return where the whole log of a part lies in the end."""
    match = PART_NAME.fullmatch(unfinished.name)
    return unfinished.with_name(match["final"]) if match else unfinished


class McapFile:
    """An MCAP file being written. Not thread-safe; whoever opened `stream` closes it."""

    def __init__(self, stream: IO[bytes], header: RecordingHeader) -> None:
        self._writer: Any = Writer(stream, compression=_PACKING)
        self._start_ns = unix_ns(header.started_at)
        self._channels: dict[tuple[str, str], int] = {}
        self._writer.start(profile="", library="running-coach")
        self._writer.add_metadata(HEADER_NAME, header_metadata(header))
        for use in header.sensors:
            self.add_sensor(use, header.profiles.get(use.profile_id, ""))
        self.flush()

    def add_sensor(self, use: SensorUse, profile_text: str) -> None:
        """Add a sensor, or a newer state of one: the last record of a sensor counts. profile_text: its TOML."""
        self._writer.add_metadata(SENSOR_NAME, sensor_metadata(use, profile_text))

    def add_notification(self, notification: Notification) -> None:
        """Add a notification as it was received. It is in the file after the next `flush`."""
        key = (notification.sensor_id, notification.characteristic)
        self._add(key, notification.t_s, notification.payload)

    def add_event(self, event: RunEvent) -> None:
        """Add an event of the run; its data must be plain values or nouns. It is in the file after the next `flush`."""
        document: dict[str, object] = {"t_s": event.t_s, "kind": event.kind, "data": to_plain(event.data)}
        self._add(None, event.t_s, json.dumps(document).encode())

    def flush(self) -> None:
        """Compress what was added and write it to the stream, so that a cut from now on loses none of it."""
        self._writer.flush()

    def finish(self) -> None:
        """Write the rest and the index; nothing may be added afterwards."""
        self._writer.finish()

    def _add(self, key: tuple[str, str] | None, t_s: float, data: bytes) -> None:
        at_ns = self._start_ns + round(t_s * NS_PER_S)
        self._writer.add_message(self._channel(key), at_ns, data, at_ns)

    def _channel(self, key: tuple[str, str] | None) -> int:
        name = key or ("", EVENTS_TOPIC)
        if name not in self._channels:
            self._channels[name] = self._register(key)
        return self._channels[name]

    def _register(self, key: tuple[str, str] | None) -> int:
        if key is None:
            return int(self._writer.register_channel(EVENTS_TOPIC, "json", 0))
        metadata = {"sensor_id": key[0], "characteristic": key[1]}
        return int(self._writer.register_channel(f"/{key[0]}/{key[1]}", "application/octet-stream", 0, metadata))
