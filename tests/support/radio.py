"""What the radio's tests share: a loop whose time jumps, a body that swings, and a record of what the links said."""

import asyncio
import contextlib
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bleak import BleakClient

from coach.model.links import LinkEvent, LinkStatus
from coach.model.samples import HeartRateSample, Notification, RunningSpeedSample, TreadmillSample
from coach.model.sites import WearSite
from coach.radio.clock import RunClock
from coach.radio.links import LinkSet, open_radio
from coach.radio.virtual.world import VirtualWorld


class _JumpSelector(selectors.DefaultSelector):
    """Never waits for a timer: makes the loop put its time forward instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jump: Callable[[float], None] = lambda _seconds: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        events = super().select(0)
        if not events and timeout > 0:
            self.jump(timeout)
        return events


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which sleeping takes no time: half an hour runs as fast as its work is done, always alike."""

    def __init__(self) -> None:
        self._now_s = 0.0
        selector = _JumpSelector()
        super().__init__(selector)
        selector.jump = self._jump

    def time(self) -> float:
        return self._now_s

    def _jump(self, seconds: float) -> None:
        self._now_s += seconds


def run_jumping(main: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine on a JumpingLoop."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main)


class SwingingBody:
    """A body whose every place swings at the rate of its strides: smooth, known, nothing like a run."""

    def __init__(self, stride_hz: float = 1.4) -> None:
        self.stride_hz = stride_hz

    def imu(self, wear_site: WearSite, start_s: float, n: int, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
        t_s = start_s + np.arange(n) / rate_hz
        phase = 2 * np.pi * self.stride_hz * t_s + (0.0 if wear_site.is_left else np.pi)
        sin, cos = np.sin(phase), np.cos(phase)
        acc = np.column_stack([20 * sin, 5 * cos, 9.81 + 60 * sin * cos])
        gyr = np.column_stack([0.5 * sin, 8 * sin, 0.2 * cos])
        return acc, gyr

    def running_speed(self, t_s: float) -> RunningSpeedSample:
        return RunningSpeedSample(t_s, 3.0, 168, 168.0, 2.14, 3.0 * t_s, True)

    def heart_rate(self, t_s: float) -> HeartRateSample:
        return HeartRateSample(t_s, 142, (0.42,), True)

    def treadmill(self, t_s: float) -> TreadmillSample:
        return TreadmillSample(t_s, 3.0, 1.0, 3.0 * t_s, None, t_s)


class JumpingBody(SwingingBody):
    """Is still, and jumps three times once it is asked to: 0.1 s of 6 g on the feet."""

    jumps_s = -100.0

    def imu(self, wear_site: WearSite, start_s: float, n: int, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
        t_s = start_s + np.arange(n) / rate_hz
        after_s = t_s - self.jumps_s
        is_landing = ((after_s % 1.0) < 0.1) & (after_s > 0.9) & (after_s < 3.5)
        acc = 0.05 * np.sin(t_s[:, np.newaxis] * (17.1, 23.3, 31.7))
        acc[:, 2] += np.where(is_landing, 60.0, 9.81)
        gyr = 0.05 * np.cos(t_s[:, np.newaxis] * (17.1, 23.3, 31.7))
        gyr[:, 1] += np.where(is_landing, 9.0, 0.1)
        return acc, gyr


class LiftingBody(SwingingBody):
    """Lifts one foot, or both, once a second: a shoe tilts by 40 degrees; the one on the ground, by one."""

    def __init__(self, *lifted: WearSite) -> None:
        super().__init__()
        self.lifted = lifted

    def imu(self, wear_site: WearSite, start_s: float, n: int, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
        t_s = start_s + np.arange(n) / rate_hz
        tilt = np.radians(40.0 if wear_site in self.lifted else 1.0) * (1 - np.cos(2 * np.pi * t_s)) / 2
        noise = 0.05 * np.sin(31.7 * t_s)
        return np.column_stack([9.81 * np.sin(tilt), noise, 9.81 * np.cos(tilt)]), np.zeros((n, 3))


@dataclass
class Diary:
    """All that links passed on."""

    notifications: list[Notification] = field(default_factory=list)
    events: list[LinkEvent] = field(default_factory=list)

    def statuses(self, sensor_id: str) -> list[LinkStatus]:
        return [event.status for event in self.events if event.sensor_id == sensor_id]

    def reasons(self, sensor_id: str) -> list[str]:
        return [event.reason for event in self.events if event.sensor_id == sensor_id]

    def of(self, sensor_id: str, characteristic: str) -> list[Notification]:
        return [n for n in self.notifications if (n.sensor_id, n.characteristic) == (sensor_id, characteristic)]


def link_set(world: VirtualWorld, diary: Diary) -> LinkSet:
    radio = open_radio(world.backend, world.clock)
    return LinkSet(radio, diary.notifications.append, diary.events.append)


async def until(is_so: Callable[[], bool], clock: RunClock, within_s: float = 60.0) -> None:
    """Wait until `is_so`, looking every 50 ms of the clock."""
    end_s = clock() + within_s
    while not is_so():
        assert clock() < end_s, "it never came so"
        await clock.sleep(0.05)


@contextlib.asynccontextmanager
async def connected_client(world: VirtualWorld, sensor_id: str) -> AsyncIterator[BleakClient]:
    """A client of bleak's that is connected to a sensor of the virtual radio, without a link of ours."""
    device = await open_radio(world.backend, world.clock).ear.find(sensor_id, 8.0)
    assert device is not None
    client = world.backend.make_client(device, lambda _client: None, 15.0, pair=False)
    await client.connect()
    yield client
    await client.disconnect()
