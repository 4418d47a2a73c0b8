"""Go through many files at once: a folder, a zip or an export of another service.

What is known of exports, none of it documented by its maker:
- Strava: `activities.csv` and `activities/ID.fit.gz` (.tcx.gz, .gpx ...). The list names type and title of each file;
  its headings are in the runner's language, so its columns are found by their content.
- Garmin: FIT files in zips within the zip (`DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip`), among them
  thousands of daily monitoring.
- Apple Health: `export.xml` with workouts and samples, routes as GPX, zipped or unpacked (see apple_health).

Nothing is unpacked as a whole: an item is read when its turn comes, and may unpack to 256 MiB at most.
"""

import contextlib
import csv
import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Final

from coach.errors import InterchangeError
from coach.interchange.activity import Activity
from coach.interchange.damage import DAMAGE
from coach.interchange.formats import NO_HINT, Hint
from coach.model.frozen import dataclass
from coach.model.runs import Sport

SUFFIXES: Final = (".fit", ".tcx", ".gpx", ".mcap", ".gz", ".zip")
_MOST_ITEM: Final = 256 << 20  # as a single file may have
_MOST_MEMBERS: Final = 200_000  # fifty years of ten files a day
_MOST_DEEP: Final = 2  # zips within zips, as Garmin packs them
_MOST_NESTED: Final = 8 << 30


@dataclass(frozen=True, slots=True)
class Item:
    """One file or workout. progress: share of the whole that lies before it, 0 to 1. read: its bytes; for a workout its
    route (b"" without one). refusal: why it cannot be read at all. mark: distinguishes it from others unread; ""
    where nothing does."""

    name: str
    progress: float
    read: Callable[[], bytes]
    hint: Hint = NO_HINT
    workout: Activity | None = None
    refusal: str = ""
    mark: str = ""


def is_bundle(source: Path | IO[bytes]) -> bool:
    """Whether a path or stream is a folder or a zip that is no archive of this program."""
    if isinstance(source, Path) and source.is_dir():
        return True
    try:
        with zipfile.ZipFile(source) as archive:
            return "account.json" not in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def items_of(path: Path) -> Iterator[Item]:
    """Yield every file that may hold a run, at or below a path, in the order of their names.

    Raises:
        InterchangeError: the path is a damaged zip, or holds more than any account.
    """
    if not path.is_dir():
        yield from _items_of_file(path, plain_name(path.name), 0.0, 1.0)
        return
    from coach.interchange.apple_health import ROUTES, FolderMembers, find_export, workouts

    members = FolderMembers(path)
    export = find_export(members)
    routes: Path | None = None
    if export is not None:
        for workout in workouts(members, export):
            yield Item(workout.name, 0.0, workout.read_route, NO_HINT, workout.activity, workout.refusal)
        routes = (path / export).parent / ROUTES  # read with their workouts, which say what they were
    found = [one for one in files_below(path) if routes is None or routes not in one.parents]
    sizes = [_size_of(one) for one in found]
    total, before = sum(sizes), 0
    lists = _lists_beside(path)
    hints = _hints(lists)
    for one, size in zip(found, sizes, strict=True):
        name = plain_name(one.relative_to(path).as_posix())
        yield from _items_of_file(one, name, before / total, size / total, hints.get(name, NO_HINT))
        before += size
    yield from _without_file(lists)


def _size_of(path: Path) -> int:
    """Return the size of a file, for the progress only: at least 1, also where the file is gone."""
    try:
        return max(1, path.stat().st_size)
    except OSError:
        return 1


def plain_name(name: str) -> str:
    """Return a file's name in signs that can be kept and printed: others,
    such as line breaks or bytes that are no Unicode, are written out."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)


def _is_file(path: Path) -> bool:
    """Whether a path is a file, or a link that leads nowhere now: reading a pipe or a device has no end."""
    return path.is_file() or not path.exists()


def files_below(folder: Path) -> Iterator[Path]:
    """Yield files that may hold a run, links to folders followed, each folder once."""
    seen: set[Path] = set()
    for top, folders, names in os.walk(folder, followlinks=True):
        real = Path(top).resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        found = (Path(top) / name for name in sorted(names) if _may_hold_a_run(name))
        yield from (path for path in found if _is_file(path))


def _may_hold_a_run(name: str) -> bool:
    path = PurePosixPath(name)
    is_hidden = path.name.startswith(".") or "__MACOSX" in path.parts
    return path.name.lower().endswith(SUFFIXES) and not is_hidden


def _items_of_file(path: Path, name: str, start: float, width: float, hint: Hint = NO_HINT) -> Iterator[Item]:
    if not _is_file(path):
        yield Item(name, start, lambda: b"", hint, refusal="it is no file, but a pipe or a device")
    elif is_bundle(path):
        with path.open("rb") as stream:
            yield from _items_of_zip(stream, name, start, width, 0)
    else:
        try:
            found = path.stat()
        except OSError as error:
            refusal = f"it cannot be read ({error.strerror}): a link to it leads nowhere, or it was removed just now"
            yield Item(name, start, lambda: b"", hint, refusal=refusal)
            return
        yield Item(name, start, _of_path(path, name), hint, mark=_mark(name, found.st_size, found.st_mtime_ns))


def _items_of_zip(stream: IO[bytes], name: str, start: float, width: float, depth: int) -> Iterator[Item]:
    try:
        archive = zipfile.ZipFile(stream)
    except DAMAGE as error:
        raise InterchangeError(f"{name} is no zip, or damaged: export or download it again") from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > _MOST_MEMBERS:
            raise InterchangeError(f"{name} holds more than {_MOST_MEMBERS:,} files: import it in parts")
        from coach.interchange.apple_health import find_export, workouts

        export = find_export(archive)
        if export is not None:
            for workout in workouts(archive, export):
                done = start + width * workout.progress
                yield Item(workout.name, done, workout.read_route, NO_HINT, workout.activity, workout.refusal)
            return
        found = [info for info in infos if _may_hold_a_run(info.filename)]
        total, before = sum(max(1, info.compress_size) for info in found), 0
        lists = _lists_in(archive)
        hints = _hints(lists)
        for info in sorted(found, key=lambda info: info.filename):
            size = max(1, info.compress_size)
            at, share = start + width * before / total, width * size / total
            if info.filename.lower().endswith(".zip"):
                yield from _nested(archive, info, at, share, depth)
            else:
                hint, mark = hints.get(info.filename, NO_HINT), _mark(info.filename, info.file_size, info.CRC)
                yield Item(info.filename, at, _reader(archive, info), hint, mark=mark)
            before += size
        yield from _without_file(lists)


def _mark(*facts: object) -> str:
    return hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:32]


def _of_path(path: Path, name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return _limited(path.open("rb"), name)
        except OSError as error:
            raise InterchangeError(f"{name} cannot be read ({error.strerror}): check its permissions") from error

    return read


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        if info.file_size > _MOST_ITEM:
            raise InterchangeError(f"{info.filename} is far larger than a run: not read")
        try:
            return _limited(archive.open(info), info.filename)
        except DAMAGE as error:
            raise InterchangeError(f"{info.filename} cannot be read ({error}): unpack it, or export again") from error

    return read


def _nested(archive: zipfile.ZipFile, info: zipfile.ZipInfo, start: float, width: float, depth: int) -> Iterator[Item]:
    """Yield the items of a zip within a zip, which is copied beside: its index is at its end."""
    if depth + 1 > _MOST_DEEP or info.file_size > _MOST_NESTED:
        refusal = "it is packed too deep or too large: unpack it, and import it alone"
        yield Item(info.filename, start, lambda: b"", refusal=refusal)
        return
    with tempfile.TemporaryFile() as copy:
        try:
            with archive.open(info) as source:
                n_bytes = 0
                while block := source.read(1 << 20):
                    n_bytes += len(block)
                    if n_bytes > _MOST_NESTED:
                        raise ValueError("it unpacks to more than it says")
                    copy.write(block)
            copy.seek(0)
            yield from _items_of_zip(copy, info.filename, start, width, depth + 1)
        except (*DAMAGE, InterchangeError) as error:
            refusal = f"this zip is damaged: {error}"
            yield Item(info.filename, start, lambda: b"", refusal=refusal)


def _limited(stream: IO[bytes], name: str) -> bytes:
    """Return all of a file, up to the size that any run has."""
    try:
        with closing(stream):
            content = stream.read(_MOST_ITEM + 1)
    except DAMAGE as error:
        raise InterchangeError(f"{name} cannot be read ({error}): export or download it again") from error
    if len(content) > _MOST_ITEM:
        raise InterchangeError(f"{name} is far larger than a run: not read")
    return content


def _lists_beside(folder: Path) -> list[tuple[str, bytes]]:
    """Return Strava's lists at or a little below a folder: (where their paths begin, content)."""
    found = []
    for pattern in ("activities.csv", "*/activities.csv", "*/*/activities.csv"):
        for path in folder.glob(pattern):
            top = path.parent.relative_to(folder).as_posix()
            with contextlib.suppress(InterchangeError, OSError):  # the files are worth more than their list
                found.append(("" if top == "." else f"{top}/", _limited(path.open("rb"), path.name)))
    return found


def _lists_in(archive: zipfile.ZipFile) -> list[tuple[str, bytes]]:
    found = []
    for listed in [name for name in archive.namelist() if PurePosixPath(name).name == "activities.csv"]:
        with contextlib.suppress(InterchangeError, *DAMAGE):  # as beside
            found.append((listed.removesuffix("activities.csv"), _limited(archive.open(listed), listed)))
    return found


def _rows(content: bytes) -> list[tuple[list[str], str | None]]:
    """Return rows of a list below its headings, each with the name of its file, None without one."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig", errors="replace"))))
    except csv.Error:
        return []
    named = [(row, next((cell for cell in row if cell.startswith("activities/")), None)) for row in rows[1:]]
    return [(row, name) for row, name in named if len(row) > 4]


def _hints(lists: Iterable[tuple[str, bytes]]) -> Mapping[str, Hint]:
    """Return type and title by file name. In every language the third column is the title and the fourth the type."""
    return {
        top + name: Hint(row[3].strip()[:60], row[2].strip()[:200])
        for top, content in lists
        for row, name in _rows(content)
        if name is not None
    }


def _without_file(lists: Iterable[tuple[str, bytes]]) -> Iterator[Item]:
    """Yield runs that a list names without a file. Their units follow the runner's settings there: no distance is
    guessed."""
    from coach.interchange.sport import named_sport  # the inbox is looked through by a service that reads no file

    refusal = "the export holds no file of it, as of all that was entered by hand: it is not imported"
    for _, content in lists:
        for row, name in _rows(content):
            if name is None and named_sport(row[3]) == Sport.RUNNING:
                yield Item(
                    f"activities.csv: {row[1].strip()[:60]}, {row[2].strip()[:120]}", 1.0, bytes, refusal=refusal
                )
