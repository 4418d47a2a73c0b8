"""The raw log of the paired sensors without a run: everything they send, into one recording."""

import asyncio
import secrets
from collections import Counter
from pathlib import Path

from coach.errors import RecordingError, UserError
from coach.live.pipeline_factory import profile_texts
from coach.model.links import LinkEvent
from coach.model.plain import to_plain
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.radio.clock import RunClock
from coach.recording.writer import RecordingWriter
from coach.service.event_loop import LoopThread
from coach.service.runs.finish_run import program_version
from coach.service.sensors.service import SensorService
from coach.wall_clock import utc_now


def capture_to(sensors: SensorService, loop: LoopThread, path: Path, seconds: float) -> dict[str, int]:
    """Record for so long, or until interrupted; returns the number of notifications by sensor name.

    Raises:
        UserError: no sensor is paired. RecordingError: PATH exists or cannot be written.
    """
    uses = sensors.book.remembered()
    if not uses:
        raise UserError("no sensor is paired: `coach sensors pair ADDRESS` first")
    if path.exists():
        raise RecordingError(f"{path} exists already: choose another name")
    run_id = f"capture-{secrets.token_hex(3)}"
    texts = profile_texts(uses)
    header = RecordingHeader(run_id, utc_now(), program_version(), tuple(uses), texts)
    writer = RecordingWriter(path.resolve().parent, header)
    counts: Counter[str] = Counter({use.name: 0 for use in uses})
    names = {use.sensor_id: use.name for use in uses}

    def receive(notification: Notification) -> None:
        counts[names.get(notification.sensor_id, notification.sensor_id)] += 1
        writer.write(notification)

    def report(event: LinkEvent) -> None:
        writer.write_event(RunEvent(event.t_s, "link", to_plain(event)))

    async def record() -> None:
        playing = asyncio.create_task(sensors.source(uses, RunClock()).play(receive, report))
        await asyncio.wait([playing], timeout=seconds)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)

    try:
        loop.do(record(), seconds + 60)
    finally:
        writer.close().replace(path)
    return dict(counts)
