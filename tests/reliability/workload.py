"""What a process does to its data folder, in a process of its own that is killed at one point of it.

`python -m tests.reliability.workload DATA WORK AT`: says on its standard output what was acknowledged to the runner, so
that the survivor can be held to it. AT: the point (`kill_points`), or "none": to the end, with the number of points.
"""

import asyncio
import hashlib
import os
import struct
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from coach.bootstrap import Coach
from coach.live import batches
from coach.model.links import LinkEvent, SensorUse
from coach.model.samples import Notification
from coach.service.phone.arrivals import ArrivalState
from coach.service.runs import history
from coach.settings import make_settings
from tests.reliability.kill_points import KillPoints

POD: Final = SensorUse("F0:00", "Pod", "running_speed_cadence")
MEASUREMENT: Final = "00002a53-0000-1000-8000-00805f9b34fb"
RUN_S, STEP_S, FASTER = 24.0, 0.25, 12.0
LOG_ID: Final = "20260302-070000-aaaa"
GPX_START: Final = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Feeder:
    """A pod that notifies four times a second of the run's clock, which goes faster than the wall's.

    wait_s: the longest time on the wall's clock by which a notification came late, since it was set to 0.
    """

    def __init__(self, run_s: float = RUN_S, faster: float = FASTER) -> None:
        self._run_s = run_s
        self._faster = faster
        self.now_s = 0.0
        self.n_sent = 0
        self.wait_s = 0.0

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        while self.now_s < self._run_s:
            self.now_s += STEP_S
            packet = struct.pack("<BHB", 4, 768, 170)
            receive(Notification(POD.sensor_id, MEASUREMENT, self.now_s, packet))
            self.n_sent += 1
            self.say("fed", self.now_s)
            began_s = time.monotonic()
            await asyncio.sleep(STEP_S / self._faster)
            self.wait_s = max(self.wait_s, time.monotonic() - began_s - STEP_S / self._faster)

    def say(self, *words: object) -> None:
        """Report what was fed; nobody listens unless the process is to be killed."""


def run(coach: Coach, points: KillPoints) -> None:
    """A whole run with a lap, a pause and a pain tap."""
    batches.KEEP_EVERY_S = 0.3  # type: ignore[misc]  # as often for its length as in a real run
    feeder = Feeder()
    feeder.say = say  # type: ignore[method-assign]  # this process is to be killed: its parent listens
    points.arm()
    run_id = coach.runs.begin((POD,), lambda: (feeder, lambda: feeder.now_s)).run_id
    say("started", run_id)
    wait_for(lambda: feeder.now_s > RUN_S / 3)
    coach.runs.pain(3, run_id=run_id)
    say("tapped", feeder.now_s)
    coach.runs.lap(run_id=run_id)
    wait_for(lambda: feeder.now_s >= RUN_S)
    say("ended", coach.runs.stop(run_id).run_id)


def import_(coach: Coach, points: KillPoints) -> None:
    """A file of a watch."""
    points.arm()
    say("imported", coach.history.files.import_bytes(gpx(), "run.gpx").run_ids[0])


def log(coach: Coach, points: KillPoints) -> None:
    """The raw log of a run of another machine."""
    content = (coach.settings.data.parent / "other.mcap").read_bytes()
    points.arm()
    say("imported", coach.history.files.import_bytes(content, "other.mcap").run_ids[0])


def home(coach: Coach, points: KillPoints) -> None:
    """A run that comes home from a phone, in pieces."""
    content, run_id = (coach.settings.data.parent / "other.mcap").read_bytes(), LOG_ID
    points.arm()
    arrivals = coach.phone.runs
    while (n_bytes := arrivals.state(run_id).n_bytes) < len(content):
        arrivals.append(run_id, n_bytes, content[n_bytes : n_bytes + 1000])
    if arrivals.finish(run_id, hashlib.sha256(content).hexdigest()).state is ArrivalState.KEPT:
        say("kept", run_id)
    arrivals.wait()
    if arrivals.state(run_id).state is ArrivalState.DONE:
        say("imported", run_id)


def archive(coach: Coach, points: KillPoints) -> None:
    """An archive of another folder."""
    points.arm()
    with (coach.settings.data.parent / "other.zip").open("rb") as stream:
        coach.history.files.import_archive(stream)
    say("joined")


def recompute(coach: Coach, points: KillPoints) -> None:
    """The newest run that has a log, from its bytes."""
    run_id = next(entry.run.run_id for entry in coach.store.runs.list() if entry.run.recording)
    points.arm()
    coach.recovery.recompute(run_id)
    say("recomputed", run_id)


def cut(coach: Coach, points: KillPoints) -> None:
    """The newest run that has a log, in two, and back to the whole."""
    run_id = next(entry.run.run_id for entry in coach.store.runs.list() if entry.run.recording)
    points.arm()
    for part in coach.history.split(run_id, RUN_S / 2):
        say("part", part.run_id)
    coach.history.join(run_id)
    say("whole", run_id)


def erase(coach: Coach, points: KillPoints) -> None:
    """Everything that is kept of the runner."""
    points.arm()
    coach.account.erase()
    say("erased")


def purge(coach: Coach, points: KillPoints) -> None:
    """Every run that was deleted, for good."""
    history.KEEP_DELETED = timedelta(0)  # type: ignore[misc]  # Final in the program
    points.arm()
    coach.history.purge()
    say("purged")


def plan(coach: Coach, points: KillPoints) -> None:
    """Another strength plan."""
    points.arm()
    coach.strength.create("home", "tue,fri", "07:15", "Europe/Berlin")
    say("planned")


def recover(coach: Coach, points: KillPoints) -> None:
    """The start after a kill is killed, too."""
    points.arm()
    for found in coach.recovery.recover():
        say("recovered", found.run_id)


def gpx() -> bytes:
    """Ten minutes at 3 m/s along a meridian."""
    points = "".join(
        f'<trkpt lat="{48 + t * 3 / 111_111:.7f}" lon="11.5"><ele>500</ele>'
        f"<time>{GPX_START + timedelta(seconds=t):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for t in range(0, 600, 2)
    )
    head = '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><type>running</type><trkseg>'
    return f"{head}{points}</trkseg></trk></gpx>".encode()


def wait_for(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.005)


WORKS: Final = {
    "run": run,
    "recover": recover,
    "import": import_,
    "log": log,
    "home": home,
    "archive": archive,
    "recompute": recompute,
    "cut": cut,
    "purge": purge,
    "erase": erase,
    "plan": plan,
    "upgrade": lambda coach, points: None,  # of the database, which is done when it is opened
}


def main(data: Path, work: str, at: int | None) -> None:
    points = KillPoints(at)
    points.install()
    if work == "upgrade":
        points.arm()
    coach = Coach(make_settings(data, "127.0.0.1", 0))
    try:
        WORKS[work](coach, points)
    finally:
        coach.close()
    say("points", points.n, time.monotonic() - points.armed_s)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], None if sys.argv[3] == "none" else int(sys.argv[3]))
