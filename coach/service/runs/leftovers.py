"""Put in order what a killed job left in the folder of recordings: at the start, and after a worker's end.

An import is confirmed when it is over, so a cut-off one is taken back whole: its row, its log, the original beside it,
what was half written or half unpacked. So are half-made parts of a run that was being cut in two. Only a whole log of
an import that no row names is kept for the caller: the database may be another one than the log was kept with. Nobody
else may be importing meanwhile.
"""

import contextlib
import glob
import json
import logging
import shutil
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from coach.errors import CoachError, InterchangeError
from coach.interchange.formats import ACTIVITY_FORMATS
from coach.model.runs import Run
from coach.recording.folder import inside
from coach.recording.layout import SUFFIX
from coach.service.runs.split import half_made
from coach.storage.store import Store

_log: Final = logging.getLogger(__name__)
IMPORTS_FOLDER: Final = "imports"
INCOMING: Final = ".incoming-"  # where files wait until they are imported; one that is left was cut off
UNPACKING: Final = f"{INCOMING}archive-"
IMPORTED: Final = "import-"  # a log that came in as a file
HALF: Final = ".half"
ARRIVING: Final = "arriving"  # logs of a phone
WHOLE: Final = ".whole"  # one that waits to become a run
_PLACED: Final = "placed.json"


def take_back(store: Store, recordings: Path, run_id: str) -> None:
    """Leave nothing of an import that was not finished."""
    for kind in ACTIVITY_FORMATS:
        inside(recordings / IMPORTS_FOLDER, f"{run_id}.{kind}").unlink(missing_ok=True)
    store.runs.discard(run_id)


def note_placed(incoming: Path, names: Sequence[str]) -> None:
    """Say which files of an archive are about to be placed, so that a kill before their rows are kept is seen."""
    (incoming / _PLACED).write_text(json.dumps(list(names)), "utf-8")


def clear_leftovers(store: Store, recordings: Path, is_start: bool = True) -> list[Path]:
    """Take back every cut-off import and cut; returns logs of imports that no run names.

    is_start: nobody is at work in the folder; else files that were sent still wait for their turn, and stay.
    """
    if not recordings.is_dir():
        return []
    for run in store.runs.unfinished():
        if _is_import(store, run) or (recordings / ARRIVING / f"{run.run_id}{WHOLE}").is_file():
            _attempt(partial(_take_back_import, store, recordings, run))
    for part_id in half_made(store) if is_start else ():
        _attempt(partial(_take_back_part, store, recordings, part_id))
    incoming = sorted(recordings.glob(f"{INCOMING if is_start else UNPACKING}*"))
    logs = sorted(recordings.glob(f"{IMPORTED}*{SUFFIX}"))
    known = store.runs.names() if incoming or logs else frozenset()
    for path in incoming:
        _attempt(partial(_clear_incoming, recordings, path, known))
    for path in (*recordings.glob(f"*{HALF}"), *(recordings / IMPORTS_FOLDER).glob(f"*{HALF}")):
        _attempt(path.unlink)
    return [path for path in logs if path.name not in known]


def has_leftovers(store: Store, recordings: Path) -> bool:
    """Whether `clear_leftovers` finds anything beside unfinished runs: most starts find nothing."""
    for sign in (f"{INCOMING}*", f"*{HALF}", f"{IMPORTS_FOLDER}/*{HALF}"):
        if any(recordings.glob(sign)):
            return True
    logs = {path.name for path in recordings.glob(f"{IMPORTED}*{SUFFIX}")}
    return bool(logs and logs - store.runs.names()) or bool(half_made(store))


def _is_import(store: Store, run: Run) -> bool:
    """Whether a run that has no end is an import; one that was summed up before is a run that goes on."""
    is_file = run.source != "recorded" if run.recording is None else run.recording.startswith(IMPORTED)
    return is_file and store.runs.summary(run.run_id) is None


def _take_back_import(store: Store, recordings: Path, run: Run) -> None:
    if run.recording is not None:
        with contextlib.suppress(InterchangeError):
            inside(recordings, run.recording).unlink(missing_ok=True)
    take_back(store, recordings, run.run_id)


def _take_back_part(store: Store, recordings: Path, part_id: str) -> None:
    for path in recordings.glob(f"{glob.escape(part_id)}{SUFFIX}*"):  # whole, or being written
        path.unlink()
    store.runs.discard(part_id)


def _clear_incoming(recordings: Path, path: Path, known: Collection[str]) -> None:
    """Remove a folder of files that waited, and of those that were placed the ones whose rows never came."""
    placed = path / _PLACED
    if placed.is_file():
        try:
            names = [str(name) for name in json.loads(placed.read_text("utf-8"))]
        except (ValueError, TypeError):
            names = []  # it was being written: nothing was placed yet
        for name in names:
            stem = Path(name).stem if name.startswith(f"{IMPORTS_FOLDER}/") else name
            if stem not in known:
                with contextlib.suppress(InterchangeError):
                    inside(recordings, name).unlink(missing_ok=True)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _attempt(verb: Callable[[], object]) -> None:
    try:
        verb()
    except (CoachError, OSError) as error:
        _log.warning("what was cut off could not be removed: %s", error)
