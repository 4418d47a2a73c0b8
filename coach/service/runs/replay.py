"""A recording played as if live: its notifications at their own pace, or faster.

Time is that of the recording: it stays at the last thing that was played, so that nothing goes stale only because
this machine cannot keep up with the speed that was asked for.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from coach.errors import UserError
from coach.model.links import LinkEvent, SensorUse
from coach.model.plain import from_plain
from coach.model.recordings import RunEvent
from coach.model.samples import Notification
from coach.packets.wearable_my_foot import encode_reading
from coach.recording.reader import read_recording
from coach.recording.reference import ReferenceRecording, is_reference, read_reference
from firmware_config.loader import load_profile

OPEN_SHOE_SENSOR: Final = "wearable_my_foot"
BREATH: Final = 50  # items after which others on the loop get their turn


class ReplaySource:
    """Implements `coach.live.run.Source`. speed: seconds of the recording per second of the wall."""

    def __init__(self, items: Iterable[Notification | RunEvent], speed: float = 1.0) -> None:
        if speed <= 0:
            raise UserError(f"a speed of {speed:g} would never end: choose one above 0")
        self._items = items
        self._speed = speed
        self._now_s = 0.0

    def now(self) -> float:
        """Return the time of the recording [s] that has been played."""
        return self._now_s

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        """Give everything in order, each at its time; returns at the end of the recording."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, item in enumerate(self._items):
            ahead_s = item.t_s / self._speed - (loop.time() - start)
            if ahead_s > 0 or number % BREATH == 0:
                await asyncio.sleep(max(0.0, ahead_s))
            self._now_s = max(self._now_s, item.t_s)
            if isinstance(item, Notification):
                receive(item)
            elif item.kind == "link":
                report(from_plain(LinkEvent, dict(item.data)))


def open_replay(path: Path) -> tuple[tuple[SensorUse, ...], Iterable[Notification | RunEvent]]:
    """Return sensors and content of a recording (MCAP), or of a reference folder turned back into its sensor's packets.

    Raises:
        RecordingError: the file cannot be read. UserError: the folder has nothing that can be played.
    """
    if path.is_dir() and is_reference(path):
        reference = read_reference(path)
        return (use_of(reference),), encoded(reference)
    recording = read_recording(path)
    return recording.header.sensors, recording.items()


def use_of(reference: ReferenceRecording) -> SensorUse:
    """Return the open shoe sensor that could have sent this recording."""
    return SensorUse(f"reference:{reference.id}", reference.description, OPEN_SHOE_SENSOR, reference.wear_site)


def encoded(reference: ReferenceRecording) -> Iterator[Notification]:
    """Yield each reading as the 28-byte notification of the open shoe sensor: u32 ms, 3 x f32 g, 3 x f32 deg/s.

    Raises:
        UserError: the recording has no gyroscope, which that sensor's packets carry.
    """
    data = next(c.uuid for c in load_profile(OPEN_SHOE_SENSOR).characteristics().values() if c.role == "data")
    start_s = float(reference.chunks[0].t_s[0])
    for chunk in reference.chunks:
        if chunk.gyr_radps is None:
            raise UserError(f"{reference.id} has no gyroscope: `coach analyse` reads it, but it cannot be played")
        for t_s, acc, gyr in zip(chunk.t_s - start_s, chunk.acc_mps2, chunk.gyr_radps, strict=True):
            yield Notification(f"reference:{reference.id}", data, float(t_s), encode_reading(float(t_s), acc, gyr))
