"""Runs inside the user-mode kernel: pairing as the page does it, and a sensor that is not there.

The controller filters duplicates as chips do (`SteadyController`), so the kernel and bluetoothd report an advertiser
once for each scan. Prints one line "RESULT {json}"; the test on the host judges it.
"""

import asyncio
import json
import tempfile
import threading
import time
from pathlib import Path

from coach.model.device_reports import DeviceReport
from coach.model.links import LinkStatus, SensorUse
from coach.model.steps import LinkPlan
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.links import LinkSet, open_radio
from coach.radio.virtual.twins.running_pod import RunningPod
from coach.service.event_loop import LoopThread
from coach.service.sensors.device_report import report_on
from coach.service.sensors.service import SensorService
from coach.storage.store import Store
from tests.kernel.guest import RSC, Sight, air_under_bluez, say
from tests.support.radio import SwingingBody

ABSENT = "F0:0D:00:00:00:FF"
Seen = dict[str, object]


class Page(threading.Thread):
    """The Sensors page: it asks each second what is around and how the paired sensors do."""

    def __init__(self, service: SensorService, sensor_id: str) -> None:
        super().__init__(daemon=True)
        self._service, self._sensor_id = service, sensor_id
        self.is_open = True
        self.is_counting = False
        self.n_looks = self.n_listed = 0

    def run(self) -> None:
        while self.is_open:
            self._service.states()
            found = {sensor.sensor_id for sensor in self._service.surroundings().found}
            if self.is_counting:
                self.n_looks += 1
                self.n_listed += self._sensor_id in found
            time.sleep(1.0)


def first_number_s(service: SensorService, sensor_id: str) -> float:
    """From the tap on "pair" to the first number on the sensor's card [s]."""
    tapped_s = time.monotonic()
    service.pair(sensor_id)
    say("paired after", round(time.monotonic() - tapped_s, 2))
    while not any(state.signal for state in service.states()):
        if time.monotonic() > tapped_s + 40.0:
            raise SystemExit("no number came")
        time.sleep(0.1)
    return time.monotonic() - tapped_s


def use_page(sensor_id: str) -> Seen:
    """On a thread of its own, as the web server's are."""
    loop = LoopThread()
    store = Store(Path(tempfile.mkdtemp()) / "coach.db")
    service = SensorService(store, loop, Backend())
    page = Page(service, sensor_id)
    page.start()
    while not service.surroundings().found:
        time.sleep(0.2)
    page.is_counting = True
    time.sleep(36.0)
    page.is_counting = False
    times_s = []
    for pause_s in (2, 1, 3, 2, 4, 1, 2, 3):
        time.sleep(pause_s)
        times_s.append(round(first_number_s(service, sensor_id), 2))
        say("first number after", times_s[-1])
        if len(times_s) < 8:
            service.forget(sensor_id)
    started = check_and_start(service, loop)
    page.is_open = False
    page.join()
    service.close()
    store.close()
    loop.close()
    return {"first_number_s": times_s, "n_looks": page.n_looks, "n_listed": page.n_listed, **started}


def n_reported(report: DeviceReport) -> int:
    return report.counts.n_samples if report.counts else 0


def check_and_start(service: SensorService, loop: LoopThread) -> Seen:
    """As a runner does: the check, then a run, then the page again; the page asks on all the while."""
    checked = service.checks.check(4.0)
    say("checked", checked)
    reported = report_on(service, loop, service.book.remembered()[0].sensor_id, seconds=6.0)
    say("reported", reported.counts, reported.problems)
    sight = Sight()
    begun_s = time.monotonic()

    async def play() -> asyncio.Task[None]:
        source = service.source(service.book.remembered(), RunClock())
        return asyncio.create_task(source.play(sight.notifications.append, sight.report))

    async def end(playing: "asyncio.Task[None]") -> None:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)

    playing = loop.do(play())
    while not sight.payloads(RSC):
        if time.monotonic() > begun_s + 40.0:
            raise SystemExit("the run got no number")
        time.sleep(0.1)
    run_s = round(time.monotonic() - begun_s, 2)
    say("the run's first number after", run_s)
    time.sleep(5.0)
    loop.do(end(playing))
    ended_s = time.monotonic()
    while not any(state.signal for state in service.states()):
        if time.monotonic() > ended_s + 40.0:
            raise SystemExit("the page got no number after the run")
        time.sleep(0.1)
    return {
        "report": {"problems": reported.problems, "mtu": reported.mtu, "n_samples": n_reported(reported)},
        "check": {"is_good": checked.is_good, "n_samples": [one.n_samples for one in checked.sensors]},
        "run_first_number_s": run_s,
        "n_run_losses": sum(event.status is LinkStatus.LOST for event in sight.events),
        "n_run_numbers": len(sight.payloads(RSC)),
    }


def pod_plan(sensor_id: str, name: str) -> LinkPlan:
    return LinkPlan(SensorUse(sensor_id, name, "running_speed_cadence"), (RSC,))


async def leave_one_at_home(pod: RunningPod) -> list[float]:
    sight = Sight()
    links = LinkSet(open_radio(Backend(), RunClock()), sight.notifications.append, sight.report)
    links.add(pod_plan(ABSENT, "absent"))
    await asyncio.sleep(3.0)
    begun_s, back_s = time.monotonic(), []
    links.add(pod_plan(pod.sensor_id, "RunPod"))
    for n in (1, 2, 3, 4):
        await sight.stream(pod.sensor_id, n)
        back_s.append(round(time.monotonic() - begun_s, 2))
        await asyncio.sleep(3.0)
        await pod.drop()
        begun_s = time.monotonic()
    await links.stop()
    return back_s


async def main() -> None:
    async with air_under_bluez() as air:
        pod = RunningPod(air, RunClock(), SwingingBody(), has_stride_length=False)
        await pod.start()
        seen = await asyncio.to_thread(use_page, pod.sensor_id)
        seen["back_s"] = await leave_one_at_home(pod)
        await pod.stop()
        print("RESULT", json.dumps(seen), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
