"""Which files a notification enters from its receipt to the feed: `python -m tests.journey`.

A virtual run is played into `LiveRun.receive`, with log, coaching and feed. Counted are the distinct files below coach/
and web/ in which a function of ours is called while one notification is received, and what it publishes (by
`sys.setprofile`; dataclasses' own methods count for no file). Most only wait for the next tick; the one that comes
after it sets off the tick's work for all sensors.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import merge
from pathlib import Path
from types import FrameType

from coach.coaching.engine import CueEngine
from coach.coaching.loader import load_rules
from coach.live.batches import PendingRows
from coach.live.feed import LiveFeed
from coach.live.pipeline_factory import make_pipeline, profile_texts
from coach.live.run import LiveRun
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.runs import Run, RunState
from coach.recording.writer import RecordingWriter
from tests.coach.coaching.metric_runner import Body
from tests.coach.live.mean_radio import CHEST, LEFT, POD, RIGHT, STARTED_AT, sent
from tests.support.coaching import PROFILE, answered, baseline, plan

ROOT = Path(__file__).resolve().parents[1]
_SOON_S = 4.0  # dwell time of the rules here: a cue is due within the 24 s of the run
ONE_FOOT, ALL_FOUR = (RIGHT,), (LEFT, RIGHT, CHEST, POD)


@dataclass(frozen=True)
class Journey:
    """One notification. files: below the top folder, each at its first entry."""

    sensor_id: str
    t_s: float
    files: tuple[str, ...]


class _Entered:
    """The files that are entered while it is watching, each once."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self._ours = tuple(f"{ROOT}/{top}/" for top in ("coach", "web", "firmware_config"))

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(self._ours):
            self.files.setdefault(str(Path(frame.f_code.co_filename).relative_to(ROOT)))


class _Nothing:
    def keep(self, run_id: str, batch: PendingRows) -> None:
        """The database is written on another thread, later."""


def coached() -> CueEngine:
    """An engine that lets cues speak soon: this runner lands harder than its baseline says."""
    body = Body(own_cadence_spm=176.0, speed_mps=2.9)
    rules = [replace(rule, for_s=_SOON_S) for rule in load_rules()]
    return CueEngine(rules, plan("softer"), answered(), replace(PROFILE, height_m=body.height_m), baseline(body))


async def journeys(uses: Sequence[SensorUse], engine: CueEngine | None) -> list[Journey]:
    """Play a run with these sensors and follow each of its notifications."""
    found: list[Journey] = []
    header = RecordingHeader("run", STARTED_AT, "", tuple(uses), profile_texts(uses))
    run = Run("run", STARTED_AT, RunState.RECORDING, sensors=tuple(uses))
    now_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        writer = RecordingWriter(Path(folder), header)
        live = LiveRun(run, make_pipeline(uses, None, engine), writer, _Nothing(), LiveFeed(), lambda: now_s)
        before = sys.getprofile()
        for one in merge(*(sent()[use.sensor_id] for use in uses), key=lambda n: n.t_s):
            now_s, entered = one.t_s, _Entered()
            sys.setprofile(entered)
            try:
                live.receive(one)
            finally:
                sys.setprofile(before)
            found.append(Journey(one.sensor_id, one.t_s, tuple(entered.files)))
        writer.close()
    return found


def richest(found: Sequence[Journey]) -> Journey:
    """The notification that enters most files."""
    return max(found, key=lambda journey: len(journey.files))


def main() -> None:
    """Print the table, and the richest notification of the last row file by file."""
    for name, uses, is_coached in (
        ("one foot, not coached", ONE_FOOT, False),
        ("one foot, coached", ONE_FOOT, True),
        ("two feet, chest and pod, coached", ALL_FOUR, True),
    ):
        found = asyncio.run(journeys(uses, coached() if is_coached else None))
        sizes = [len(journey.files) for journey in found]
        print(f"{name:34} {len(found):5} notifications: median {statistics.median(sizes):.0f} files, most {max(sizes)}")
    most = richest(found)
    print(f"\n{most.sensor_id} at {most.t_s:.2f} s:")
    for file in most.files:
        print(f"  {file:40} {len((ROOT / file).read_text(encoding='utf-8').splitlines()):4} lines")


if __name__ == "__main__":
    main()
