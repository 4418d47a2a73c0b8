"""Recordings of a virtual runner, as the sensors send them: what the benchmark computes again and plays live."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import Any, Final

import numpy as np

from coach.live.pipeline_factory import profile_texts
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.recording.layout import McapFile
from coach.recording.reader import read_recording
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from tests.coach.live.mean_radio import LEFT, POD, STRAP, data_of, movesense

STARTED_AT: Final = datetime(2026, 11, 1, 9, tzinfo=UTC)
RIGHT: Final = SensorUse("F0:02", "Movesense 2", "movesense", WearSite.RIGHT_FOOT)
CHEST: Final = SensorUse("F0:03", "Movesense 3", "movesense", WearSite.CHEST, settings=(("rate_hz", "104"),))
RATES_HZ: Final = {LEFT: 208.0, RIGHT: 208.0, CHEST: 104.0}
_FLUSH_S: Final = 0.5  # as a live run's log
_MOVESENSE_DATA: Final = b"\x02\x63"


def make_recording(path: Path, minutes: int, *, has_chest: bool) -> None:
    """A run as its sensors send it, in the chunks of a live run's log."""
    sites = [LEFT, RIGHT, *([CHEST] if has_chest else [])]
    runner = VirtualRunner(VirtualBody(tires_after_s=1e9))
    parts: dict[SensorUse, list[Any]] = {use: [] for use in sites}
    for second in range(60 * minutes):  # the virtual body's time only goes forward: all sites together
        for use in sites:
            assert use.wear_site is not None
            parts[use].append(runner.imu(use.wear_site, float(second), int(RATES_HZ[use]), RATES_HZ[use]))
    streams = []
    for use in sites:
        acc, gyr = (np.concatenate(of) for of in zip(*parts[use], strict=True))
        streams.append(movesense(use, acc, gyr, RATES_HZ[use]))
    slow = []
    for second in range(1, 60 * minutes):
        pod, heart = runner.running_speed(float(second)), runner.heart_rate(float(second))
        words = struct.pack("<BHB", 4, round(256 * pod.speed_mps), pod.raw_cadence_per_min)
        slow.append(Notification(POD.sensor_id, data_of(POD), second + 0.3, words))
        slow.append(Notification(STRAP.sensor_id, data_of(STRAP), second + 0.5, bytes([0, heart.heart_rate_bpm])))
    write_recording(path, (*sites, POD, STRAP), [*streams, slow])


def write_recording(path: Path, uses: tuple[SensorUse, ...], streams: Sequence[Iterable[Notification]]) -> None:
    """Write what several sensors send in the order of its arrival."""
    _write(path, uses, merge(*streams, key=lambda n: n.t_s))


def make_again(path: Path, like: Path, times: int = 1) -> None:
    """The run of another recording under a name of its own, so many times one after the other."""
    whole = read_recording(like)
    length_s = max(n.t_s for n in whole.notifications()) + 0.1

    def items() -> Iterator[Notification]:
        for k in range(times):
            for notification in whole.notifications():
                yield _later(notification, k * length_s)

    _write(path, whole.header.sensors, items())


def _later(notification: Notification, by_s: float) -> Notification:
    """The same, so much later by the host's and by the sensor's own clock."""
    payload = notification.payload
    if payload.startswith(_MOVESENSE_DATA):
        (ms,) = struct.unpack_from("<I", payload, 2)
        payload = payload[:2] + struct.pack("<I", ms + round(1000 * by_s)) + payload[6:]
    return notification._replace(t_s=notification.t_s + by_s, payload=payload)


def _write(path: Path, uses: tuple[SensorUse, ...], notifications: Iterator[Notification]) -> None:
    header = RecordingHeader(path.stem, STARTED_AT, "benchmark", uses, profile_texts(uses))
    with path.open("wb") as stream:
        file, flushed_s = McapFile(stream, header), 0.0
        for notification in notifications:
            file.add_notification(notification)
            if notification.t_s - flushed_s >= _FLUSH_S:
                flushed_s = notification.t_s
                file.flush()
        file.finish()
