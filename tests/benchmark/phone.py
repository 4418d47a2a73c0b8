"""What the phone alone costs: bytes on the wire, start, memory, CPU seconds per minute of running; by Node.

`python -m tests.benchmark phone` prints it beside the limits that were set. "cold" is the first start of the runtime in
a process; "warm" the second one in it, with its code compiled already, as when the page is opened again. CPU seconds
are normalised by a fixed piece of work before and after each measurement. No phone has been measured.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from coach.cli.phone import start_in_node
from coach.model.plain import to_plain
from coach.recording.reader import read_recording
from tests.benchmark import phone_core
from tests.benchmark.machine import slowness
from tests.benchmark.recordings import make_recording
from tests.coach.phone.scenes import NOW, answers, make_pack
from web.phone_bundle import make_bundle, page_files

MINUTES: Final = 5


def went_in_node(recording: Path, folder: Path) -> dict[str, object] | None:
    """What the phone's core in its runtime takes for the notifications of a recording; None without Node.

    run_cpu_s: normalised; starting the runtime does not count, reading the notifications from a file of text does.
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
    return None if went is None else {**went, "run_cpu_s": float(str(went["run_cpu_s"])) / _slow(before)}


def phone_s(recording: Path, folder: Path) -> float | None:
    """CPU seconds of `went_in_node`, normalised; None without Node."""
    went = went_in_node(recording, folder)
    return None if went is None else float(str(went["run_cpu_s"]))


def main() -> None:
    """Print figure and limit of each."""
    bundle = make_bundle(page_files())
    before = slowness()
    twice = start_in_node(bundle, "twice")
    if twice is None:
        print("Node is not installed: nothing was measured")
        return
    slow = _slow(before)
    with tempfile.TemporaryDirectory() as name:
        recording = Path(name) / "feet.mcap"
        make_recording(recording, MINUTES, has_chest=False)
        went = went_in_node(recording, Path(name) / "case")
    assert went is not None
    rows = (
        ("on the wire, once, MB", bundle.wire_bytes / 1e6, 15.0),
        ("start, cold, CPU s", _sum(twice["start_cpu_s"]) / slow, 8.0),
        ("start, warm, CPU s", _sum(twice["again_cpu_s"]) / slow, 5.0),
        ("memory, ready, MB", float(str(twice["heap_mb"])), 80.0),
        (f"memory, after {MINUTES} minutes, MB", float(str(went["heap_mb"])), 80.0),
        ("two feet at 208 Hz, pod, heart rate, CPU s per run-minute", float(str(went["run_cpu_s"])) / MINUTES, 2.5),
    )
    print(f"| {'what':<58} | {'now':>5} | limit |\n|{'-' * 60}|{'-' * 7}|{'-' * 7}|")
    for what, now, limit in rows:
        print(f"| {what:<58} | {now:>5.1f} | {limit:>5.1f} |")


def _slow(before: float) -> float:
    return 0.5 * (before + slowness())


def _sum(stages: object) -> float:
    assert isinstance(stages, Mapping)
    return float(sum(stages.values()))
