"""Where a study's recordings and results lie: a folder or a store of objects (`s3://bucket/prefix`), by fsspec.

Recordings are either sealed runs (a folder with `recording.mcap` and `manifest.json`, see `coach.seal`) or plain raw
logs (`*.mcap`). A recording is known by its mark: a hash of its path, size and version (entity tag, else the time of
its last change) and of its manifest's, so that one listing says which recordings are new, without reading any.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from coach.errors import UserError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.recording.layout import SUFFIX
from coach.seal.manifest import MANIFEST, RECORDING
from coach.service.study.extra import needed

WITHDRAWN: Final = "withdrawn.tsv"  # as `coach clinic export` writes it: participant_id, withdrawn (date)
RESULTS: Final = "results"  # below the store, unless another place is named
PRIVATE: Final = "study"  # below the store: participants, sessions, outcomes, and the key of pseudonyms
_DIGITS: Final = 16  # 64 bits: among a million recordings two share a mark with a chance of 3e-8


@dataclass(frozen=True, slots=True)
class Found:
    """A recording of a store. source: path below the store. manifest: of its manifest, "" for a plain raw log."""

    source: str
    mark: str
    n_bytes: int
    manifest: str = ""


class StudyStore:
    """Files below one URL. Thread-safe as far as the file system is.

    Raises:
        UserError: fsspec, or what it needs for this kind of URL, is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") if "://" in url else str(Path(url).resolve())
        fsspec = needed("fsspec", "a study")
        try:
            self._fs, self._root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            raise UserError(f"{self.url}: {error}. pip install 'running-coach[study]'") from error
        except ValueError as error:
            raise UserError(f"{self.url}: {error}. Give a folder, or a URL such as s3://bucket/prefix") from error
        self._root = str(self._root).rstrip("/")
        protocol = self._fs.protocol
        self._is_folder = "file" in ((protocol,) if isinstance(protocol, str) else protocol)

    def recordings(self) -> Iterator[Found]:
        """Yield every recording, in the order of their paths; one folder at the top is listed at a time.

        Raises:
            UserError: the store cannot be read.
        """
        for top in self._tops():
            files = dict(self._listing(top))
            for source in sorted(files):
                if source.endswith(SUFFIX) and not PurePosixPath(source).name.startswith("."):
                    yield self._found(source, files)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file. Raises OSError."""
        return bytes(self._fs.cat_file(self._path(name)))

    def put(self, name: str, data: bytes) -> None:
        """Keep a file, whole or not at all: a file is written beside and renamed, an object is put at once."""
        path = self._path(name)
        if not self._is_folder:
            self._fs.pipe_file(path, data)
            return
        file = Path(path)
        half = file.with_name(f"{file.name}.{uuid.uuid4().hex[:8]}.half")
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            half.write_bytes(data)
            half.replace(file)
        finally:
            half.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Delete a file.

        Raises:
            OSError: there is none, or it may not be deleted.
        """
        self._fs.rm_file(self._path(name))

    def names(self, prefix: str) -> list[str]:
        """Return files below a prefix, as paths below the store."""
        return [name for name, _ in self._listing(prefix)]

    # Inside --------------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/")

    def _tops(self) -> list[str]:
        """Return folders and recordings at the top, without what is no recording."""
        try:
            entries = self._fs.ls(self._root, detail=True)
        except OSError as error:
            raise UserError(f"{self.url} cannot be read ({type(error).__name__}): give a folder or a bucket") from error
        names = sorted(self._name(entry["name"]) for entry in entries)
        for name in sorted({RESULTS, PRIVATE} & set(names)):
            if any(self._fs.glob(self._path(f"{name}/{below}{SUFFIX}")) for below in ("*", "*/*")):
                raise UserError(
                    f"{self.url}/{name} holds recordings, but its name is one of the study's own: rename it"
                )
        return [name for name in names if name and name not in (RESULTS, PRIVATE)]

    def _listing(self, prefix: str) -> Iterator[tuple[str, JsonObject]]:
        try:
            found = self._fs.find(self._path(prefix), detail=True)
        except FileNotFoundError:
            return
        for path, entry in found.items():
            yield self._name(path), entry

    def _name(self, path: str) -> str:
        return str(path).removeprefix(self._root).strip("/")

    def _found(self, source: str, files: Mapping[str, JsonObject]) -> Found:
        path = PurePosixPath(source)
        manifest = str(path.with_name(MANIFEST)) if path.name == RECORDING else ""
        manifest = manifest if manifest in files else ""
        facts = [source, *_version(files[source]), *(_version(files[manifest]) if manifest else ())]
        mark = hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:_DIGITS]
        return Found(source, mark, int(files[source].get("size") or 0), manifest)


def _version(entry: Mapping[str, object]) -> tuple[object, object]:
    changed = entry.get("ETag") or entry.get("etag") or entry.get("mtime") or entry.get("LastModified")
    return entry.get("size"), changed
