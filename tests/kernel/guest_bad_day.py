"""Runs inside the user-mode kernel: one run of eight sensors over real BlueZ, and what befalls it, minute by minute.

All is as a runner has it: bluetoothd, bleak, the whole service with its log and database on a disk that can be full (a
file system in memory), its page served to a phone. The guest's clock, its adapter and its network are its own, so that
they are stepped, pulled out and switched off as root can. Prints one line "RESULT {json}"; the host judges it.
"""

import contextlib
import http.client
import json
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bumble.transport import open_transport

from coach.bootstrap import Coach
from coach.model.links import SensorUse
from coach.model.samples import Notification
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.virtual.controller import Air, SteadyController
from coach.radio.virtual.world import VirtualWorld
from coach.recording.folder import inside
from coach.recording.reader import read_recording
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from coach.summary.silence import lost_before
from coach.virtual_runner.runner import VirtualRunner
from tests.kernel.guest import adapter_up, say
from tests.kernel.sent import Sent
from tests.reliability.storm import worn
from web.app import create_app
from web.server import serve

DISK: Final = Path("/run/coach")
DISK_MB: Final = 192
LOST_SHARE: Final = 0.02
SUPERVISION_S: Final = 4.0
LEFT_FOOT, RIGHT_FOOT, LEFT_SHANK, RIGHT_SHANK, PELVIS, CHEST, POD, TREADMILL = range(8)


class Adapter:
    """The guest's one Bluetooth adapter, which can be pulled out. Use on the world's event loop."""

    def __init__(self, air: Air) -> None:
        self._air = air
        self._parts = AsyncExitStack()
        self._controller: SteadyController | None = None

    async def plug(self) -> None:
        transport = await self._parts.enter_async_context(await open_transport("vhci"))
        self._controller = SteadyController(
            "bluez", host_source=transport.source, host_sink=transport.sink, link=self._air, feature_delay_s=0.03
        )
        await adapter_up()

    async def pull(self) -> None:
        """Its connections end where they are; the sensors notice by the silence."""
        if self._controller is not None:
            self._air.time_out(self._controller)
            self._air.remove_controller(self._controller)  # type: ignore[no-untyped-call]  # bumble gives it no types
        await self._parts.aclose()


class Phone(threading.Thread):
    """A phone at the live page: it opens the stream again whenever it ends, and keeps when metrics arrived."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self.arrived_s: list[float] = []

    def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=6.0)
                link.request("GET", "/api/v1/live")
                answer = link.getresponse()
                while line := answer.readline():
                    if line == b"event: metrics\n":
                        self.arrived_s.append(time.monotonic())
            time.sleep(1.0)

    def ask(self, method: str, path: str, body: object = None, request_id: str = "") -> tuple[int, dict[str, object]]:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60.0)
        headers = {"Content-Type": "application/json", **({"X-Request-Id": request_id} if request_id else {})}
        link.request(method, path, None if body is None else json.dumps(body), headers)
        answer = link.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else {}


class Day:
    """The run and what befalls it. length_s: from the first number to the stop [s]."""

    def __init__(self, length_s: float) -> None:
        self.length_s = length_s
        self.loop = LoopThread()
        self.world = self.loop.call(lambda: VirtualWorld(VirtualRunner(), RunClock()))
        self.uses: list[SensorUse] = self.loop.call(lambda: worn(self.world))
        self.twins = [self.world.twins[use.sensor_id] for use in self.uses]
        self.adapter = Adapter(self.world.air)
        self.sent = [Sent(twin) for twin in self.twins]
        self.loop.do(self._switch_on(), 120.0)
        self.coach = Coach(make_settings(DISK / "data", "127.0.0.1", 0), Backend(), loop=self.loop)
        self.server = serve(create_app(self.coach), "127.0.0.1", 0)
        self.phone = Phone(int(self.server.port))
        self.seen: dict[str, object] = {}
        self.began_s = 0.0
        self.run_id = ""
        self.n_taps = 0

    async def _switch_on(self) -> None:
        await self.adapter.plug()
        for twin in self.twins:
            await twin.start()

    # -- the run

    def live(self) -> None:
        self.coach.runner.answer_red_flags(())
        for use in self.uses:
            self.coach.sensors.book.remember(use)
        self.run_id = self.coach.runs.start().run_id
        started_s = time.monotonic()
        self.phone.start()
        wait(self.is_all_streaming, "eight streams", 120.0)
        self.seen["all_streaming_s"] = round(time.monotonic() - started_s, 1)
        say("eight streams after", self.seen["all_streaming_s"])
        self.began_s = time.monotonic()
        threading.Thread(target=self.watch_links, daemon=True).start()
        self.loop.call(lambda: self.world.lose_packets(LOST_SHARE, 7))
        for share, name, befall in self.plan():
            time.sleep(max(0.0, self.began_s + share * self.length_s - time.monotonic()))
            say(f"--- {name}", os.getloadavg()[0])
            befall()
        self.loop.call(lambda: self.world.lose_packets(1.0))  # what is sent while we hang up is heard by nobody
        time.sleep(0.5)
        ended_s = time.monotonic()
        self.seen["run_s"] = round(ended_s - started_s, 2)
        self.seen["stop"] = self.phone.ask("POST", "/api/v1/run/stop", {"run_id": self.run_id})[0]

    def plan(self) -> Iterator[tuple[float, str, Callable[[], None]]]:
        """(share of the length, what happens then and how), in the order of time."""
        yield 0.08, "the left foot drops", lambda: self.drop(LEFT_FOOT)
        yield 0.14, "the right shank is out of range", lambda: self.walk_off(RIGHT_SHANK, 30.0)
        yield 0.22, "the chest drops", lambda: self.drop(CHEST)
        yield 0.26, "the clock is set", self.step_clock
        yield 0.32, "the left foot is out of range", lambda: self.walk_off(LEFT_FOOT, 60.0)
        yield 0.42, "the disk is full", self.fill_disk
        yield 0.50, "the adapter is pulled out", self.pull_adapter
        yield 0.60, "the phone is out of the network", self.lose_phone
        yield 0.70, "the pelvis is out of range", lambda: self.walk_off(PELVIS, 10.0)
        yield 0.74, "both feet drop", lambda: self.drop(LEFT_FOOT, RIGHT_FOOT)
        yield 0.80, "the pod's battery is empty", self.empty_pod
        yield 0.97, "calm", lambda: self.loop.call(lambda: self.world.lose_packets(0.0))
        yield 1.00, "the end", lambda: None

    def watch_links(self) -> None:
        """Print every change of a link."""
        known: dict[str, str] = {}
        while True:
            links = self.coach.runs.status()["links"]
            assert isinstance(links, list)
            for link in links:
                words = f"{link['status']} {link['reason']}"
                if known.get(link["sensor_id"]) != words:
                    say("   ", link["sensor_id"][-2:], words)
                known[link["sensor_id"]] = words
            time.sleep(0.3)

    def span_s(self, seconds: float) -> float:
        """`seconds` of half an hour; as much less in a shorter day, but no less than what a loss takes to be one."""
        return max(SUPERVISION_S + 4.0, seconds * min(1.0, self.length_s / 1800.0))

    def is_all_streaming(self, without: int | None = None) -> bool:
        links = self.coach.runs.status()["links"]
        assert isinstance(links, list)
        status = {link["sensor_id"]: link["status"] for link in links}
        return all(status.get(u.sensor_id) == "streaming" for n, u in enumerate(self.uses) if n != without)

    def is_said(self, reason: str) -> bool:
        _, status = self.phone.ask("GET", "/api/v1/run")
        links = status["links"]
        assert isinstance(links, list)
        return reason in {link["reason"] for link in links}

    def tap(self, name: str, age_s: float = 0.0, times: int = 1) -> None:
        began_s = time.monotonic()
        body = {"run_id": self.run_id, "level": 3, "age_s": age_s}
        answers = [self.phone.ask("POST", "/api/v1/run/pain", body, f"tap-{name}")[0] for _ in range(times)]
        self.seen[f"tap_{name}"] = {"answers": answers, "took_s": round(time.monotonic() - began_s, 2)}
        self.n_taps += 1

    # -- what befalls it

    def drop(self, *numbers: int) -> None:
        for n in numbers:
            self.loop.do(self.twins[n].drop())

    def walk_off(self, n: int, seconds: float) -> None:
        self.loop.call(lambda: self.twins[n].go_away(SUPERVISION_S))
        time.sleep(self.span_s(seconds))
        self.loop.call(self.twins[n].come_back)

    def step_clock(self) -> None:
        """An hour forward, then two back, then right again."""
        for hours in (1.0, -2.0, 1.0):
            time.clock_settime(time.CLOCK_REALTIME, time.time() + 3600.0 * hours)
            time.sleep(self.span_s(20.0))

    def fill_disk(self) -> None:
        ballast = DISK / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        wait(lambda: self.is_said("recording_failed"), "the full disk is said", 60.0)
        self.tap("full_disk")
        time.sleep(self.span_s(60.0))
        ballast.unlink()
        wait(lambda: not self.is_said("recording_failed"), "the log goes on", 60.0)
        self.seen["is_full_said"] = True

    def pull_adapter(self) -> None:
        def away() -> None:
            self.world.air.away |= {twin.controller for twin in self.twins}

        def back() -> None:
            for twin in self.twins:
                twin.come_back()

        self.loop.call(away)
        self.loop.do(self.adapter.pull())
        time.sleep(self.span_s(30.0))
        self.loop.call(back)
        self.loop.do(self.adapter.plug(), 120.0)
        plugged_s = time.monotonic()
        wait(self.is_all_streaming, "eight streams after the adapter is back", 120.0)
        self.seen["adapter_back_s"] = round(time.monotonic() - plugged_s, 1)

    def lose_phone(self) -> None:
        """Out of the network for a minute, in which the runner taps; the phone sends it later, twice."""
        left_s = time.monotonic()
        subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
        tapped_s = left_s + self.span_s(60.0) / 2
        time.sleep(self.span_s(60.0))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        back_s = time.monotonic()
        wait(lambda: self.phone.arrived_s[-1] > back_s, "live numbers for the phone that is back", 60.0)
        self.seen["phone_back_s"] = round(next(t for t in self.phone.arrived_s if t > back_s) - back_s, 1)
        away = [t for t in self.phone.arrived_s if left_s + 1.0 < t < back_s]
        self.seen["phone_was_away"] = not away
        self.tap("phone_away", age_s=time.monotonic() - tapped_s, times=2)
        self.seen["tap_at_s"] = round(tapped_s - self.began_s, 1)

    def empty_pod(self) -> None:
        self.loop.call(lambda: self.twins[POD].die(SUPERVISION_S))

    # -- what is left of it

    def count(self) -> None:
        entry = self.coach.store.runs.entry(self.run_id)
        items = read_recording(inside(self.coach.settings.recordings, str(entry.run.recording))).items()
        logged: dict[str, Counter[int]] = {use.sensor_id: Counter() for use in self.uses}
        last_s: dict[str, float] = {}
        for item in items:
            if isinstance(item, Notification):
                logged[item.sensor_id][hash(item.payload)] += 1
                last_s[item.sensor_id] = item.t_s
        reports = {report.sensor_id: report for report in entry.summary.streams} if entry.summary else {}
        sensors = []
        for use, twin, sent in zip(self.uses, self.twins, self.sent, strict=True):
            report = reports[use.sensor_id]
            counts = sent.against(logged[use.sensor_id])
            holes = counts.pop("holes")
            assert isinstance(holes, list)
            gaps = report.gaps[:-1] if report.silent_s else report.gaps
            wrong = [pair for pair in zip(holes, (g.n_missing for g in gaps), strict=False) if pair[0] != pair[1]]
            say(use.profile_id, "first holes (as they are, as counted) that differ:", wrong[:6])
            sensors.append(
                {
                    **counts,
                    "name": use.profile_id,
                    "site": use.wear_site.value if use.wear_site else "",
                    "n_readings": report.n_samples,
                    "n_missing": lost_before(report),
                    "n_mixed": getattr(twin, "n_mixed", 0),
                    "outages": [g.n_missing for g in gaps if g.end_s - g.start_s > 5.0],
                    "n_bad_packets": report.n_bad_packets,
                    "n_duplicates": report.n_duplicates,
                    "silent_s": round(report.silent_s, 1),
                    "last_s": round(last_s.get(use.sensor_id, 0.0), 1),
                }
            )
        self.seen["sensors"] = sensors
        self.seen["state"] = entry.run.state.value
        self.seen["duration_s"] = entry.run.duration_s
        self.seen["n_taps"] = self.n_taps
        pains = self.coach.store.pain.list(run_id=self.run_id)
        self.seen["taps_kept_s"] = sorted(round((p.at - entry.run.started_at).total_seconds(), 1) for p in pains)


def wait(is_so: Callable[[], bool], what: str, within_s: float) -> None:
    end_s = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > end_s:
            raise SystemExit(f"never came: {what}")
        time.sleep(0.2)


def main() -> None:
    DISK.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "disk", str(DISK)], check=True)
    day = Day(60.0 * float(os.environ.get("COACH_MINUTES", "30")))
    day.live()
    day.count()
    print("RESULT", json.dumps(day.seen), flush=True)
    os._exit(0)  # the guest ends with it: nothing has to be put away


if __name__ == "__main__":
    main()
