"""What runners use, end to end: recompute of a run, a live run, start-up and memory, as one table with goals.

Recordings of a virtual runner are made as its sensors would send them: two Movesense feet at 208 Hz, a running pod and
a heart rate strap, and the same with a Movesense on the chest at 104 Hz. Each line is CPU time of this process or of
a command of its own. A fixed piece of work before and after each measurement gives the machine's speed: figures
are normalised to `REFERENCE_S` for that piece.

The floor of a recompute: the file read and unpacked, its motion readings made numbers once, and one pass over them.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Final

import numpy as np

from coach.bootstrap import Coach
from coach.live.feed import LiveFeed
from coach.recording.reader import read_recording
from coach.settings import make_settings
from coach.storage.store import Store
from tests.benchmark.live_page import main_thread_pct
from tests.benchmark.live_run import play
from tests.benchmark.machine import normalised_s
from tests.benchmark.peer import Recomputed, compared
from tests.benchmark.phone import phone_s
from tests.benchmark.processes import adopt, command_s, efficiency_pct, live_mb, opened_mb, recompute_peak_mb, serve
from tests.benchmark.recordings import make_again, make_recording
from tests.benchmark.resident import floor_mb
from tests.support.marks import put_between

PHONE_MINUTES: Final = 10  # as the figure before was taken: what a core loads once is part of it
ROUNDS: Final = 7  # the machine is noisy, the program is not: the least counts
N_RUNS: Final = 16  # shared by two processes: their own start is then a twentieth of the work
PAGE: Final = Path(__file__).parents[2] / "docs" / "performance.md"


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


def recompute(recording: Path, folder: Path) -> Recomputed:
    """CPU seconds of a recompute, from the file to the rows and the summary in the database: the least of several; and
    how many strides it found."""
    settings = make_settings(folder, "127.0.0.1", 0)
    settings.recordings.mkdir(parents=True, exist_ok=True)
    (settings.recordings / recording.name).write_bytes(recording.read_bytes())
    coach = Coach(settings)
    try:
        (run,) = coach.recovery.adopt()
        taken_s = normalised_s(lambda: coach.recovery.recompute(run.run_id), ROUNDS)
        return taken_s, len(coach.store.runs.data.strides(run.run_id))
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

    return normalised_s(work, ROUNDS)


def live_s(recording: Path, folder: Path) -> float:
    """CPU seconds of a live run: the least of several."""
    whole = read_recording(recording)
    items = list(whole.notifications())

    def once() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as name:
            store = Store(Path(name) / "live.sqlite")
            play(items, whole.header, store, LiveFeed(), Path(name))
            store.close()

    return normalised_s(once, ROUNDS)


def lines(minutes: int, hours: int) -> tuple[list[Line], str]:
    """Measure everything; what was run to compare with gaitmap. minutes: length of the recordings; hours: of the long
    one, 0: none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        feet, chest = folder / "feet.mcap", folder / "chest.mcap"
        make_recording(feet, minutes, has_chest=False)
        make_recording(chest, minutes, has_chest=True)
        peer = compared(folder, recompute)
        of_runs = _of_runs(feet, chest, folder, minutes, peer.times)
        return [*of_runs, *_of_commands(feet, folder), *_of_hours(feet, folder, hours)], peer.words


def _of_runs(feet: Path, chest: Path, folder: Path, minutes: int, times: float | None) -> list[Line]:
    """Recompute, live and on the phone; recompute of several runs by two processes. times: faster than gaitmap."""
    per_hour = 60 / minutes
    feet_s, chest_s = recompute(feet, folder / "a")[0] * per_hour, recompute(chest, folder / "b")[0] * per_hour
    floor = floor_s(feet) * per_hour
    live_feet, live_chest = live_s(feet, folder / "a") / minutes, live_s(chest, folder / "b") / minutes
    phone = folder / "phone.mcap"
    make_recording(phone, PHONE_MINUTES, has_chest=False)
    on_phone = phone_s(phone, folder / "case")
    shared, apart = shared_pct(feet, folder / "many")
    per_minute = None if on_phone is None else on_phone / PHONE_MINUTES
    return [
        Line("recompute of a run-hour, two feet, pod, heart rate, file to database, CPU s", "52", "10", feet_s),
        Line("the same with a chest sensor, CPU s", "81", "20", chest_s),
        Line("the first in floors (read, unpack, convert, one pass)", "170", "35", feet_s / floor, 0),
        Line("two feet of a person, all of it, against gaitmap's core on both, times faster", "1.2-1.5", "7", times, 1),
        Line(
            f"`coach runs recompute --all`, {N_RUNS} runs of {minutes} min, 2 processes, efficiency by the clock, %",
            "-",
            "90",
            shared,
            0,
        ),
        Line("two commands at once, each on runs of its own with 1 process, the same", "-", "-", apart, 0),
        Line("live, CPU s per run-minute, two feet, pod, heart rate", "1.07", "0.4", live_feet, 2),
        Line("the same with a chest sensor", "1.9", "0.6", live_chest, 2),
        Line(
            "the phone's core in wasm (Node), of ten minutes, CPU s per run-minute, as the first",
            "2.1",
            "1.2",
            per_minute,
            2,
        ),
    ]


def _of_commands(feet: Path, folder: Path) -> list[Line]:
    """Start-up and memory of the service, and the live page."""
    helped = min(command_s("--help") for _ in range(3))
    serve(folder / "c")  # the first start makes the database
    served_s, served_mb = min(serve(folder / "c") for _ in range(ROUNDS))
    floor, opened = floor_mb(), opened_mb(_with_run(folder / "pages", feet))
    return [
        Line("`coach --help`, CPU s", "1.4", "0.25", helped, 2),
        Line("`coach serve` to the first byte, CPU s", "1.4", "0.8", served_s, 2),
        Line("`coach serve`, idle, resident MB", "104", "70", served_mb, 0),
        Line("the libraries alone (bleak, Flask, APScheduler, SQLite), imported, MB", "-", "-", floor, 0),
        Line("the service once each page was opened, a run's and the phone's too, MB", "126", "-", opened, 0),
        Line("live page, main thread slowed six times, every number changing, %", "8-15", "5", main_thread_pct(), 1),
    ]


def _of_hours(feet: Path, folder: Path, hours: int) -> list[Line]:
    """Memory over hours: measured where they were asked for."""
    hour, long = folder / "hour.mcap", folder / "d" / "recordings" / "long.mcap"
    live, peak = None, None
    if hours:
        make_recording(hour, 60, has_chest=False)
        live = live_mb(hour, folder / "e")
        long.parent.mkdir(parents=True)
        make_again(long, hour, hours)
        adopt(folder / "d")
        peak = recompute_peak_mb(folder / "d")
    return [
        Line("the service after an hour of a live run, two feet, pod, heart rate, resident MB", "-", "90", live, 0),
        Line("the libraries alone, with numpy", "-", "-", floor_mb(("numpy",)), 0),
        Line(f"recompute of {hours or 6} hours, two feet, pod, heart rate, peak resident MB", "-", "150", peak, 0),
    ]


def _with_run(folder: Path, recording: Path) -> Path:
    """A data folder with this recording in it."""
    recordings = make_settings(folder, "127.0.0.1", 0).recordings
    recordings.mkdir(parents=True, exist_ok=True)
    make_again(recordings / "run.mcap", recording)
    return folder


def shared_pct(recording: Path, folder: Path) -> tuple[float, float]:
    """Efficiency of two processes over several runs like this one, and of two commands that share nothing."""
    for k in range(2):
        settings = make_settings(folder / str(k), "127.0.0.1", 0)
        settings.recordings.mkdir(parents=True, exist_ok=True)
        for number in range(N_RUNS):
            make_again(settings.recordings / f"run{number}.mcap", recording)
        adopt(folder / str(k))
    return efficiency_pct(folder / "0", folder / "1")


def main(words: list[str]) -> None:
    """words: "--write" puts the table into docs/performance.md; "--minutes N" makes recordings of that length; "--hours
    N" measures memory after an hour of a live run and of a recompute of so many hours."""
    minutes, hours = (_number(words, name, usual) for name, usual in (("--minutes", 10), ("--hours", 0)))
    found, of_peer = lines(minutes, hours)
    rows = [line.row() for line in found]
    head = ["| what | before | goal | now |", "|---|---|---|---|"]
    table = "\n".join([*head, *rows, "", *wrap(of_peer, 120)]) + "\n"
    print(table)
    if "--write" in words:
        PAGE.write_text(put_between(PAGE.read_text(encoding="utf-8"), "path", table), encoding="utf-8")


def _number(words: list[str], name: str, usual: int) -> int:
    return int(words[words.index(name) + 1]) if name in words else usual
