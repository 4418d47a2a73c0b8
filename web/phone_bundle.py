"""All that a phone takes along, as named files with hashes: the runtime, the coach's own core, the page.

The runtime (Pyodide, numpy, pydantic, mcap) is vendored with a manifest of hashes; the core is cut from the installed
program itself, so that phone and home cannot run different code under one version. The bundle's version is the hash of
all its files: an address with it in may be cached for ever.
"""

import gzip
import hashlib
import io
import json
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from coach.errors import UserError
from coach.language.locales import OTHERS
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass

ROOT: Final = Path(__file__).resolve().parents[1]
STATIC: Final = Path(__file__).resolve().parent / "static"
RUNTIME: Final = STATIC / "vendor" / "pyodide-314.0.4"
CORE: Final = "core.zip"
_SAID_ALONE: Final = ("coaching_cue_rules", "coaching_workouts", "sentences_coaching", "sentences_runs")
# What of the program the core is cut from; tests see to it that it imports nothing else of ours.
CORE_PARTS: Final = (
    "coach/__init__.py",
    "coach/errors.py",
    "coach/model",
    "coach/packets",
    "coach/gait",
    "coach/language/__init__.py",
    "coach/language/phrases.py",
    "coach/language/signs.py",
    *(f"coach/language/{tag}/{name}.toml" for tag in OTHERS for name in _SAID_ALONE),
    "coach/coaching",
    "coach/live/__init__.py",
    "coach/live/timeline.py",
    "coach/live/pipeline.py",
    "coach/live/pipeline_factory.py",
    "coach/phone",
    "coach/recording/__init__.py",
    "coach/recording/folder.py",
    "coach/recording/layout.py",
    "firmware_config",
)
_SCRIPTS: Final = ("js/phone/page.js", "js/phone/worker.js")  # and all that these import
_IMPORT: Final = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+\.js)["']""")
_STYLES: Final = ("tokens", "page", "live", "phone")
_ICONS: Final = ("icons/mark.svg",)
_LOCK: Final = "pyodide-lock.json"  # the official list of hashes that vouches for numpy; not taken along
_OLDEST: Final = (1980, 1, 1, 0, 0, 0)  # of a zip file: the same code gives the same bytes


@dataclass(frozen=True, slots=True)
class BundledFile:
    """One file of the bundle. held: its bytes as they go over the wire, or the file that has them: the runtime's eleven
    megabytes stay on disk. sha256, n_bytes: unpacked. is_packed: over the wire it is gzip."""

    name: str
    held: bytes | Path
    sha256: str
    n_bytes: int
    wire_bytes: int
    is_packed: bool = False

    def content(self) -> bytes:
        """Return its bytes as they go over the wire.

        Raises:
            UserError: its file is not there any more.
        """
        return self.held if isinstance(self.held, bytes) else _read(self.held)

    def unpacked(self) -> bytes:
        """Return the file's own bytes, whose hash is `sha256`. Raises as `content` does."""
        return gzip.decompress(self.content()) if self.is_packed else self.content()


@dataclass(frozen=True, slots=True)
class Bundle:
    """version: hash over all names and hashes. packages: what the runtime unpacks, in order."""

    version: str
    core_version: str
    files: Mapping[str, BundledFile]
    packages: tuple[str, ...]

    @property
    def wire_bytes(self) -> int:
        """Return how many bytes a phone fetches that has none of the files yet."""
        return sum(file.wire_bytes for file in self.files.values())

    def manifest(self) -> dict[str, object]:
        """Return what the page reads before it fetches: names, hashes and sizes."""
        return {
            "version": self.version,
            "core_version": self.core_version,
            "packages": list(self.packages),
            "wire_bytes": self.wire_bytes,
            "files": [
                {"name": f.name, "sha256": f.sha256, "n_bytes": f.n_bytes, "wire_bytes": f.wire_bytes}
                for f in self.files.values()
            ],
        }


def runtime_manifest(folder: Path = RUNTIME) -> list[JsonObject]:
    """Return the rows of the vendored runtime's manifest.

    Raises:
        UserError: it is missing or cannot be read.
    """
    try:
        rows: list[JsonObject] = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"the phone's runtime is missing or damaged ({folder.name}): install again") from error
    return rows


def runtime_faults(folder: Path = RUNTIME) -> list[str]:
    """Return what is wrong with the vendored runtime, a line each: missing files, other bytes, numpy not the lock's."""
    rows = runtime_manifest(folder)
    faults = [words for row in rows if (words := _fault(folder, row))]
    if not faults:
        official = json.loads(_vendored(folder, next(r for r in rows if r["name"] == _LOCK)).unpacked())["packages"]
        numpy = next(row for row in rows if row["name"].startswith("numpy-"))
        if official["numpy"]["sha256"] != numpy["sha256"]:
            faults.append("numpy: its hash is not the one in the official lock of the runtime")
    return faults


def core_zip(root: Path = ROOT) -> bytes:
    """Return the core's code as one zip; the same code gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(_core_files(root)):
            info = zipfile.ZipInfo(path.relative_to(root).as_posix(), _OLDEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, path.read_bytes())
    return out.getvalue()


@cache
def runtime_files() -> tuple[BundledFile, ...]:
    """Return the vendored files that go along, in the order of their manifest."""
    return tuple(_vendored(RUNTIME, row) for row in runtime_manifest() if row["name"] != _LOCK)


def make_bundle(page: Mapping[str, bytes]) -> Bundle:
    """Join runtime, core and the files of the page (name to bytes)."""
    core = core_zip()
    runtime = runtime_files()
    files = [*runtime, _file(CORE, core), *(_packed(name, content) for name, content in sorted(page.items()))]
    digest = hashlib.sha256("".join(f"{f.name}\0{f.sha256}\n" for f in files).encode()).hexdigest()
    packages = tuple(f.name for f in runtime if f.name.endswith(".whl"))
    core_version = hashlib.sha256(core).hexdigest()[:16]
    return Bundle(digest[:16], core_version, {f.name: f for f in files}, (*packages, CORE))


def unpack(bundle: Bundle, folder: Path) -> None:
    """Lay the bundle out as plain files, as a phone sees it."""
    for file in bundle.files.values():
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.unpacked())
    (folder / "manifest.json").write_text(json.dumps(bundle.manifest()), "utf-8")


def page_files() -> dict[str, bytes]:
    """Return the page's own files by name: its scripts, those it shares with the home's pages, styles and icons."""
    names = [*_with_imports(_SCRIPTS), *(f"css/{name}.css" for name in _STYLES), *_ICONS]
    return {name: (STATIC / name).read_bytes() for name in names}


def _with_imports(names: Iterable[str]) -> list[str]:
    """Return names of scripts and of all that they import, each once."""
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.append(name)
        here = posixpath.dirname(name)
        targets = _IMPORT.findall((STATIC / name).read_text("utf-8"))
        waiting += [posixpath.normpath(posixpath.join(here, target)) for target in targets]
    return sorted(found)


def _core_files(root: Path) -> Iterable[Path]:
    for part in CORE_PARTS:
        path = root / part
        if path.is_file():
            yield path
            continue
        yield from (p for p in path.rglob("*") if p.suffix in (".py", ".toml") and "__pycache__" not in p.parts)


def _vendored(folder: Path, row: JsonObject) -> BundledFile:
    path = folder / row["file"]
    try:
        wire_bytes = path.stat().st_size
    except OSError as error:
        raise _lacking(path) from error
    return BundledFile(row["name"], path, row["sha256"], int(row["bytes"]), wire_bytes, row["file"] != row["name"])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _lacking(path) from error


def _lacking(path: Path) -> UserError:
    return UserError(f"the phone's runtime lacks {path.name}: install again")


def _fault(folder: Path, row: JsonObject) -> str:
    try:
        content = _vendored(folder, row).unpacked()
    except (UserError, OSError, EOFError) as error:
        return f"{row['name']}: {error}"
    is_same = hashlib.sha256(content).hexdigest() == row["sha256"]
    return "" if is_same else f"{row['name']}: its bytes are not those of the manifest"


def _file(name: str, content: bytes) -> BundledFile:
    return BundledFile(name, content, hashlib.sha256(content).hexdigest(), len(content), len(content))


def _packed(name: str, content: bytes) -> BundledFile:
    packed = gzip.compress(content, 9, mtime=0)
    return BundledFile(name, packed, hashlib.sha256(content).hexdigest(), len(content), len(packed), True)
