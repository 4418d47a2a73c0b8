"""Write the whole account as one zip of tables and raw logs, and read it back.

`account.json` names the format and its version; `tables/NAME.jsonl` holds one JSON row a line; `files/...` the raw logs
and imported files as they are. No database is needed to read it. With a password each part is encrypted by AES-256
(WinZip's AE-2, as 7-Zip and others read it, by the library pyzipper); the names of the parts, and so the moments of the
runs, stay readable.
"""

import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import IO, Final

from coach.errors import InterchangeError, LockedArchiveError, UserError
from coach.interchange.damage import DAMAGE

FORMAT: Final = "running-coach-account"
VERSION: Final = 1
_TABLES, _FILES = "tables/", "files/"
_COPY: Final = 1 << 20
_ENCRYPTED: Final = 1  # bit of a zip entry's flags
_STORED: Final = (".mcap",)  # compressed already
# How far a part may unpack, as a multiple of what it takes up in the archive. Our rows, with the same reasons every
# second, pack to a fiftieth; GPX text to a twentieth; a raw log is packed already. Each with room to spare.
_MOST_PACKED: Final = {".jsonl": 400, ".mcap": 10, ".fit": 50, ".tcx": 100, ".gpx": 100}
_SMALL: Final = 1 << 20
_ROWS_BY_TEXT: Final = 4  # rows of a run of two hours take a fifth of their text in the database that checks them
# Ten years of daily runs are 3,650 logs and as many originals; an hour with eight sensors is about 20 MB of log.
MOST_FILES: Final = 20_000
MOST_BYTES: Final = 64 << 30
_MOST_LINE: Final = 16 << 20  # a row: the summary of a long run takes 200 kB
_FILE_NAME: Final = re.compile(r"(\w[\w.-]*\.mcap|imports/\w[\w.-]*\.(fit|tcx|gpx))", re.ASCII)
Row = dict[str, object]


def write_archive(
    out: IO[bytes],
    tables: Mapping[str, Iterable[Row]],
    files: Mapping[str, Path],
    program: str,
    password: str | None = None,
) -> None:
    """Write an archive. files: path below the data folder, with `/`, to the file itself.

    Raises:
        UserError: a password is given, and the library that encrypts is not installed.
    """
    with _new_zip(out, password) as archive:
        about = {"format": FORMAT, "version": VERSION, "program": program, "tables": list(tables)}
        archive.writestr("account.json", json.dumps(about, indent=1))
        for name, rows in tables.items():
            with archive.open(f"{_TABLES}{name}.jsonl", "w", force_zip64=True) as stream:
                for row in rows:
                    stream.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
        for name, path in files.items():
            kind = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
            archive.write(path, _FILES + name, kind)


def _new_zip(out: IO[bytes], password: str | None) -> zipfile.ZipFile:
    if password is None:
        return zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
    library = _library()
    made: zipfile.ZipFile = library.AESZipFile(
        out, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6, encryption=library.WZ_AES
    )
    made.setpassword(password.encode())
    return made


def _library() -> ModuleType:
    try:
        import pyzipper
    except ImportError:
        raise UserError('encrypted archives need a library: pip install "running-coach[encrypt]"') from None
    library: ModuleType = pyzipper
    return library


def _opened(stream: IO[bytes], password: str | None) -> zipfile.ZipFile:
    plain = zipfile.ZipFile(stream)
    if not any(info.flag_bits & _ENCRYPTED for info in plain.infolist()):
        return plain
    if password is None:
        raise LockedArchiveError("this archive is encrypted: import it in the shell, `coach runs import FILE`")
    opened: zipfile.ZipFile = _library().AESZipFile(stream)
    opened.setpassword(password.encode())
    try:
        opened.read("account.json")
    except RuntimeError as error:
        raise LockedArchiveError("this is not the archive's password: try again") from error
    return opened


class Archive:
    """An archive being read. password: of an encrypted one.

    Raises:
        LockedArchiveError: it is encrypted, and the password is missing or another one.
        InterchangeError: not an archive of this program, from a newer one, or damaged.
    """

    def __init__(self, stream: IO[bytes], password: str | None = None) -> None:
        try:
            self._zip = _opened(stream, password)
            about = json.loads(self._zip.read("account.json"))
            kind, version = about["format"], int(about["version"])
        except LockedArchiveError:
            raise
        except (*DAMAGE, KeyError, TypeError, AttributeError) as error:
            raise InterchangeError("this is not an archive of this program, or it is damaged") from error
        if kind != FORMAT:
            raise InterchangeError("this is an archive of another program")
        if version > VERSION:
            raise InterchangeError("this archive was written by a newer version of this program: update the program")
        self._check_sizes()

    @property
    def n_bytes(self) -> int:
        """Return how much disk this archive takes when unpacked [B]: its files, and its rows in a database."""
        sizes = [(info.filename, info.file_size) for info in self._zip.infolist()]
        files = sum(size for name, size in sizes if name.startswith(_FILES))
        return files + sum(size for name, size in sizes if name.startswith(_TABLES)) // _ROWS_BY_TEXT

    def _check_sizes(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > MOST_BYTES:
            raise InterchangeError("this archive holds more than an account can: not ours")
        if len({info.filename for info in infos}) < len(infos):
            raise InterchangeError("this archive holds a name twice: not ours")
        for info in infos:
            most = _MOST_PACKED.get(PurePosixPath(info.filename).suffix, 1)
            if info.file_size > max(_SMALL, most * info.compress_size):
                raise InterchangeError(
                    f"{info.filename} of this archive unpacks to far more than it can hold: not ours"
                )

    def tables(self) -> Mapping[str, Iterator[Row]]:
        """Return the rows of each table, read as they are asked for."""
        names = [n for n in self._zip.namelist() if n.startswith(_TABLES) and n.endswith(".jsonl")]
        return {PurePosixPath(name).stem: self._rows(name) for name in names}

    def unpack(self, target: Callable[[str], Path | None]) -> int:
        """Copy the files to where `target` says (None: leave it); returns how many. Names never lead outside."""
        n_copied = 0
        for info in self._zip.infolist():
            if not info.filename.startswith(_FILES) or info.is_dir():
                continue
            name = info.filename.removeprefix(_FILES)
            if not _FILE_NAME.fullmatch(name) or ".." in name:
                raise InterchangeError(f"this archive holds a file that is no recording and no import: {name[:80]!r}")
            path = target(name)
            if path is not None:
                self._copy(info, path)
                n_copied += 1
        return n_copied

    def _copy(self, info: zipfile.ZipInfo, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(path.name + ".half")
        try:
            with self._zip.open(info) as source, half.open("wb") as out:
                while block := source.read(_COPY):
                    out.write(block)
            half.replace(path)
        except DAMAGE as error:
            half.unlink(missing_ok=True)
            raise InterchangeError(f"{info.filename} cannot be read from this archive: {error}") from error

    def _rows(self, name: str) -> Iterator[Row]:
        try:
            with self._zip.open(name) as stream:
                while line := stream.readline(_MOST_LINE):
                    if len(line) == _MOST_LINE:
                        raise ValueError("a row is longer than a row can be")
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise ValueError("a row is not an object")
                    yield row
        except DAMAGE as error:
            raise InterchangeError(f"{name} of this archive is damaged: {error}") from error
