"""What runners use, end to end: recompute of a run, a live run, start-up and memory, as one table with goals.

Recordings of a virtual runner are made as its sensors would send them: two Movesense feet at 208 Hz, a running pod and
a heart rate strap, and the same with a Movesense on the chest at 104 Hz. Each line is CPU time of this process or of
a command of its own. A fixed piece of work before and after each measurement gives the machine's speed: figures
are normalised to `REFERENCE_S` for that piece.

The floor of a recompute: the file read and unpacked, its motion readings made numbers once, and one pass over them.
"""

import asyncio
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import Any, Final

import numpy as np

from coach.bootstrap import Coach
from coach.cli.phone import start_in_node
from coach.gait.bulk import analyse
from coach.live.batches import Batch
from coach.live.feed import LiveFeed
from coach.live.pipeline import TICK_S
from coach.live.pipeline_factory import make_pipeline, profile_texts
from coach.live.run import LiveRun
from coach.model.links import SensorUse
from coach.model.plain import to_plain
from coach.model.recordings import RecordingHeader
from coach.model.runs import Run, RunState
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.model.strides import Stride
from coach.recording.layout import McapFile
from coach.recording.reader import read_recording
from coach.recording.writer import RecordingWriter
from coach.service.runs.coaching import CoachingService
from coach.settings import make_settings
from coach.storage.store import Store
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner
from tests.benchmark import phone_core
from tests.benchmark.gait import DURATION_S, chunks_of, gaitmap_s, recorded
from tests.coach.live.mean_radio import LEFT, POD, STRAP, data_of, movesense
from tests.coach.phone.scenes import NOW, answers, make_pack
from tests.support.marks import put_between
from web.phone_bundle import make_bundle, page_files

ROOT: Final = Path(__file__).parents[2]
PHONE_MINUTES: Final = 2
PAGE: Final = ROOT / "docs" / "performance.md"
REFERENCE_S: Final = 0.0172  # CPU time of `piece_of_work` on the machine of the first figures, idle
STARTED_AT: Final = datetime(2026, 11, 1, 9, tzinfo=UTC)
RIGHT: Final = SensorUse("F0:02", "Movesense 2", "movesense", WearSite.RIGHT_FOOT)
CHEST: Final = SensorUse("F0:03", "Movesense 3", "movesense", WearSite.CHEST, settings=(("rate_hz", "104"),))
RATES_HZ: Final = {LEFT: 208.0, RIGHT: 208.0, CHEST: 104.0}


@dataclass(frozen=True, slots=True)
class Line:
    """One row. goal: what it should be at most; value: None where not measured."""

    name: str
    before: str
    goal: str
    value: float | None
    digits: int = 1

    def row(self) -> str:
        now = "-" if self.value is None else f"{self.value:.{self.digits}f}"
        return f"| {self.name} | {self.before} | {self.goal} | {now} |"


def piece_of_work() -> float:
    """Half plain Python, half small numpy calls, as the program is."""
    kept, total = {}, 0.0
    rows = np.arange(24.0).reshape(8, 3)
    for k in range(30000):
        kept[k & 255] = (k, total)
        total += 0.5 * (k % 7) - (total > 1e3)
        if not k & 3:
            (rows * 2.0).sum(axis=1)
    return total


def slowness() -> float:
    """How many times slower than the reference this machine is just now."""
    start = time.process_time()
    for _ in range(8):
        piece_of_work()
    return (time.process_time() - start) / 8 / REFERENCE_S


def normalised_s(work: Callable[[], object]) -> float:
    """CPU seconds of this process for `work`, at the reference's speed."""
    before, start = slowness(), time.process_time()
    work()
    taken_s = time.process_time() - start
    return taken_s / (0.5 * (before + slowness()))


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
    uses = (*sites, POD, STRAP)
    header = RecordingHeader(path.stem, STARTED_AT, "benchmark", uses, profile_texts(uses))
    with path.open("wb") as stream:
        file, flushed_s = McapFile(stream, header), 0.0
        for notification in merge(*streams, slow, key=lambda n: n.t_s):
            file.add_notification(notification)
            if notification.t_s - flushed_s >= 0.5:
                flushed_s = notification.t_s
                file.flush()
        file.finish()


def recompute_s(recording: Path, folder: Path) -> float:
    """CPU seconds of one recompute, from the file to the rows and the summary in the database."""
    settings = make_settings(folder, "127.0.0.1", 0)
    settings.recordings.mkdir(parents=True, exist_ok=True)
    (settings.recordings / recording.name).write_bytes(recording.read_bytes())
    coach = Coach(settings)
    try:
        (run,) = coach.recovery.adopt()
        return normalised_s(lambda: coach.recovery.recompute(run.run_id))
    finally:
        coach.close()


def floor_s(recording: Path) -> float:
    """CPU seconds of reading the file, unpacking it, one conversion of its motion readings and one pass over them."""

    def work() -> None:
        from mcap.records import Chunk
        from mcap.stream_reader import StreamReader, get_chunk_data_stream

        n_bytes = 0
        with recording.open("rb") as stream:
            for record in StreamReader(stream, emit_chunks=True).records:
                if isinstance(record, Chunk):
                    n_bytes += len(get_chunk_data_stream(record)[0].read(record.uncompressed_size))
        readings = np.ones(n_bytes // 4, "<f4")
        np.cumsum(readings.astype(np.float64))

    return normalised_s(work)


class _Kept:
    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, run_id: str, batch: Batch) -> None:
        self._store.runs.data.add(run_id, batch.strides, batch.seconds, batch.decisions)


def live_s(recording: Path, folder: Path) -> float:
    """CPU seconds of a live run with log, feed and database, without radio and browser."""
    whole = read_recording(recording)
    items = list(whole.notifications())
    store = Store(folder / "live.sqlite")
    run = Run("live", STARTED_AT, RunState.RECORDING, recording="live.mcap", sensors=whole.header.sensors)
    store.runs.create(run)
    engine = CoachingService(store).prepare_again(run)
    now_s = 0.0

    async def live() -> None:
        nonlocal now_s
        header = RecordingHeader("live", STARTED_AT, "", whole.header.sensors, whole.header.profiles)
        pipeline = make_pipeline(whole.header.sensors, store.runner.get(), engine)
        one = LiveRun(run, pipeline, RecordingWriter(folder, header), _Kept(store), LiveFeed(), lambda: now_s)
        tick_s, keep_s = TICK_S, 5.0
        for item in items:
            now_s = item.t_s
            if now_s >= tick_s:
                one.tick()
                tick_s = now_s + TICK_S
            one.receive(item)
            if now_s >= keep_s:
                keep_s += 5.0
                await asyncio.to_thread(one.keep_rest)

    taken_s = normalised_s(lambda: asyncio.run(live()))
    store.close()
    return taken_s


def phone_s(recording: Path, folder: Path) -> float | None:
    """CPU seconds of the phone's core in its runtime, by Node, for the notifications of a recording; None without Node.

    Starting the runtime does not count, reading the notifications from a file of text does.
    """
    whole = read_recording(recording)
    case = {
        "sensors": to_plain(list(whole.header.sensors)),
        "items": [[n.sensor_id, n.characteristic, n.t_s, n.payload.hex()] for n in whole.notifications()],
        "now": NOW.isoformat(),
        "pack": to_plain(make_pack(whole.header.sensors)),
        "answers": to_plain(answers()),
    }
    folder.mkdir()
    (folder / "case.json").write_text(json.dumps(case), encoding="utf-8")
    before = slowness()
    went = start_in_node(make_bundle(page_files()), phone_core.__file__, str(folder), str(folder.parent / "out.json"))
    return None if went is None else float(str(went["run_cpu_s"])) / (0.5 * (before + slowness()))


def gaitmap_hour_s() -> float | None:
    """CPU seconds of gaitmap, end to end, for an hour of two feet, normalised; None without a Python that has it."""
    t, acc, gyr = recorded()
    strides = [event for event in analyse(chunks_of(t, acc, gyr, len(t))) if isinstance(event, Stride)]
    before = slowness()
    taken_s = gaitmap_s(t, acc, gyr, strides)
    if taken_s is None:
        return None
    return 2.0 * taken_s * 3600.0 / DURATION_S / (0.5 * (before + slowness()))


def command_s(*words: str) -> float:
    """CPU seconds of a command of its own, normalised."""
    before, start = slowness(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "coach", *words], cwd=ROOT, check=True, capture_output=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken_s = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    return taken_s / (0.5 * (before + slowness()))


def serve(folder: Path) -> tuple[float, float]:
    """CPU seconds of `coach serve` until the first byte of its page, normalised, and resident memory idle [MB]."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    words = ["serve", "--data", str(folder), "--port", port, "--host", "127.0.0.1"]
    before = slowness()
    with subprocess.Popen(
        [sys.executable, "-m", "coach", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until_s = time.monotonic() + 60.0
        while time.monotonic() < until_s and process.poll() is None:
            with suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/static/css/tokens.css", timeout=5).read(1)
                break
            time.sleep(0.05)
        proc = Path(f"/proc/{process.pid}")
        fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        time.sleep(5.0)
        pages = int((proc / "statm").read_text().split()[1])
        process.send_signal(signal.SIGINT)
        process.wait(30)
    return cpu_s / (0.5 * (before + slowness())), pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def recompute_peak_mb(folder: Path) -> float:
    """Peak resident memory [MB] of `coach runs recompute` in a process of its own."""
    words = "import resource, subprocess, sys; subprocess.run([sys.executable, '-m', 'coach', 'runs', 'recompute', "
    words += f"'--all', '--processes', '1', '--data', {str(folder)!r}], check=True, capture_output=True); "
    words += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout) * 1024 / 1e6


def lines(minutes: int) -> list[Line]:
    """Measure everything; `minutes`: length of the recordings."""
    with tempfile.TemporaryDirectory() as name:
        folder, hours = Path(name), minutes / 60
        feet, chest = folder / "feet.mcap", folder / "chest.mcap"
        make_recording(feet, minutes, has_chest=False)
        make_recording(chest, minutes, has_chest=True)
        feet_s, chest_s = recompute_s(feet, folder / "a") / hours, recompute_s(chest, folder / "b") / hours
        floor = floor_s(feet) / hours
        live_feet, live_chest = live_s(feet, folder / "a") / minutes, live_s(chest, folder / "b") / minutes
        peer_s = gaitmap_hour_s()
        times = None if peer_s is None else peer_s / feet_s
        phone = folder / "phone.mcap"
        make_recording(phone, PHONE_MINUTES, has_chest=False)
        on_phone = phone_s(phone, folder / "case")
        per_minute = None if on_phone is None else on_phone / PHONE_MINUTES
        helped = min(command_s("--help") for _ in range(3))
        serve(folder / "c")  # the first start makes the database
        served_s, served_mb = serve(folder / "c")
        return [
            Line("recompute of a run-hour, two feet, pod, heart rate, file to database, CPU s", "52", "10", feet_s),
            Line("the same with a chest sensor, CPU s", "81", "20", chest_s),
            Line("the first in floors (read, unpack, convert, one pass)", "170", "35", feet_s / floor, 0),
            Line("all of it against gaitmap's core end to end on both feet, times faster", "1.2-1.5", "7", times, 1),
            Line("live, CPU s per run-minute, two feet, pod, heart rate", "1.07", "0.4", live_feet, 2),
            Line("the same with a chest sensor", "1.9", "0.6", live_chest, 2),
            Line("the phone's core in wasm (Node), CPU s per run-minute, as the first", "2.1", "1.2", per_minute, 2),
            Line("`coach --help`, CPU s", "1.4", "0.25", helped, 2),
            Line("`coach serve` to the first byte, CPU s", "1.4", "0.8", served_s, 2),
            Line("`coach serve`, idle, resident MB", "104", "70", served_mb, 0),
            Line(f"recompute of {minutes} min, peak resident MB", "-", "-", recompute_peak_mb(folder / "a"), 0),
        ]


def main(words: list[str]) -> None:
    """words: "--write" puts the table into docs/performance.md; "--minutes N" makes recordings of that length."""
    minutes = int(words[words.index("--minutes") + 1]) if "--minutes" in words else 10
    rows = [line.row() for line in lines(minutes)]
    head = ["| what | before | goal | now |", "|---|---|---|---|"]
    table = "\n".join([*head, *rows]) + "\n"
    print(table)
    if "--write" in words:
        PAGE.write_text(put_between(PAGE.read_text(encoding="utf-8"), "path", table), encoding="utf-8")
