"""`python -m tests.interchange_corpus FOLDER` imports every foreign file of a folder and judges the outcome.

Each file goes into an account of its own, through the call behind `coach runs import`. FIT files are compared with what
their own sessions say (read by fitdecode, not by this program): every running session a run, its distance within 1 %,
its timer within 2 s, and no other sport among the runs. Printed are the files that are wrong, and a table by format.
Ends with 1 where anything is wrong or crashed.
"""

import io
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import fitdecode

from coach.errors import CoachError
from coach.interchange.bundles import items_of
from coach.interchange.formats import format_of, unpacked
from coach.model.runs import Run, Sport
from coach.service.runs.history import HistoryService
from coach.storage.store import Store

RUNNING: Final = "running"
_NEAR: Final = 0.01
_NEAR_S: Final = 2.0
_SHORT_M: Final = 100.0  # a hundredth of less is within a position's own error


@dataclass(frozen=True)
class Judged:
    """One file. verdict: run, apart, refused, wrong or crashed. reason: why."""

    name: str
    kind: str
    verdict: str
    reason: str = ""
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Session:
    """What a FIT file's own session says."""

    sport: str
    distance_m: float | None
    timer_s: float | None


def judge_folder(folder: Path) -> Iterator[Judged]:
    """Every file at or below a folder, those within zips too."""
    for item in items_of(folder):
        if item.workout is None and not item.refusal:
            yield judge(item.name, item.read())


def judge(name: str, content: bytes) -> Judged:
    """Import one file into an empty account and compare."""
    start_s = time.process_time()
    try:
        if content.startswith(b"\x1f\x8b"):
            content, name = unpacked(io.BytesIO(content)), name.removesuffix(".gz")
        kind = format_of(content, name)
    except CoachError as error:
        return Judged(name, Path(name).suffix.lstrip(".") or "other", "refused", str(error))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "coach.sqlite")
        try:
            history = HistoryService(store, Path(folder) / "recordings")
            found = history.files.import_file(io.BytesIO(content), name)
            runs = [history.entry(run_id).run for run_id in found.run_ids]
            for run in runs:
                history.detail(run.run_id)
                history.route(run.run_id)
            history.records()
        except CoachError as error:
            return Judged(name, kind, *_refusal(content, kind, str(error)), time.process_time() - start_s)
        except Exception as error:  # noqa: BLE001  (what a crash is, is the question)
            return Judged(name, kind, "crashed", f"{type(error).__name__}: {error}")
        finally:
            store.close()
    wrong = _compare(runs, sessions_of(content)) if kind == "fit" else ""
    is_apart = all(run.sport is not Sport.RUNNING for run in runs)
    verdict = "wrong" if wrong else "apart" if is_apart else "run"
    reason = wrong or "; ".join(run.sport_reason for run in runs if run.sport_reason)
    return Judged(name, kind, verdict, reason, time.process_time() - start_s)


def _refusal(content: bytes, kind: str, words: str) -> tuple[str, str]:
    """A file with a running session that has a distance is refused wrongly."""
    lost = [one for one in sessions_of(content) if one.sport == RUNNING and one.distance_m] if kind == "fit" else []
    return ("wrong", f"a run was refused: {words}") if lost else ("refused", words)


def sessions_of(content: bytes) -> list[Session]:
    """The sessions of a FIT file as fitdecode reads them; of a damaged one, those before the damage."""
    found = []
    try:
        ignore, unchecked = fitdecode.ErrorHandling.IGNORE, fitdecode.CrcCheck.DISABLED
        with fitdecode.FitReader(io.BytesIO(content), check_crc=unchecked, error_handling=ignore) as reader:
            for frame in reader:
                if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.name == "session":
                    sport = str(frame.get_value("sport", fallback=""))
                    numbers = [frame.get_value(name, fallback=None) for name in ("total_distance", "total_timer_time")]
                    found.append(Session(sport, *(n if isinstance(n, int | float) else None for n in numbers)))
    except Exception:  # noqa: BLE001  (whatever the decoder stumbles over)
        return found
    return found


def _compare(runs: list[Run], sessions: list[Session]) -> str:
    """What is wrong with the runs of a FIT file; "" where nothing is."""
    wanted = [one for one in sessions if one.sport == RUNNING]
    if sessions and not wanted and any(run.sport is Sport.RUNNING for run in runs):
        named = {one.sport for one in sessions} - {"generic", "training", "fitness_equipment", "", "None", "all"}
        return f"{', '.join(sorted(named))} became a run" if named - {"walking", "hiking"} else ""
    faults = []
    for session in wanted:
        if not session.distance_m or session.distance_m < _SHORT_M:
            continue
        near = [
            run
            for run in runs
            if run.distance_m is not None and abs(run.distance_m - session.distance_m) <= _NEAR * session.distance_m
        ]
        if not near:
            faults.append(f"{session.distance_m:.0f} m are not among {[run.distance_m for run in runs]}")
        elif session.timer_s and all(abs((run.duration_s or 0.0) - session.timer_s) > _NEAR_S for run in near):
            faults.append(f"{session.timer_s:.0f} s are not among {[run.duration_s for run in near]}")
    return "; ".join(faults)


def table(judged: list[Judged]) -> str:
    """Counts by format and verdict."""
    verdicts = ("run", "apart", "refused", "wrong", "crashed")
    lines = [f"{'':8}" + "".join(f"{verdict:>9}" for verdict in verdicts)]
    for kind in sorted({one.kind for one in judged}):
        counts = Counter(one.verdict for one in judged if one.kind == kind)
        lines.append(f"{kind:8}" + "".join(f"{counts[verdict]:9}" for verdict in verdicts))
    return "\n".join(lines)


def main(words: list[str]) -> int:
    if len(words) != 1 or not Path(words[0]).is_dir():
        print("say which folder holds the files: python -m tests.interchange_corpus FOLDER", file=sys.stderr)
        return 2
    judged = []
    for one in judge_folder(Path(words[0])):
        judged.append(one)
        if one.verdict != "run":
            print(f"{one.verdict:8} {one.name}: {one.reason}")
    print(table(judged))
    print(f"{len(judged)} files, {sum(one.cpu_s for one in judged):.1f} s of CPU")
    return int(any(one.verdict in ("wrong", "crashed") for one in judged))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
