"""A sealed run: what leaves the house of one run, and the manifest that says what it is and who says so.

A sealed run is a folder with two files, `recording.mcap` and `manifest.json`. The manifest names the run, the SHA-256
of the recording's bytes, the algorithm whose numbers the runner saw, when it was sealed, what the runner consented to
at that moment, and the runner's public key; it is signed by that key (see `coach.seal.signing`). So whoever holds the
folder can check, without asking anybody, that these bytes are the runner's and what they may be used for. A recording
whose bytes do not fit the manifest is not the sealed one.

What leaves may be less than what is kept at home: free text never leaves, and positions only by consent. `sha256` is
of the bytes that left.
"""

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from coach.errors import InterchangeError
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from coach.model.runs import check_run_id
from coach.seal.signing import signed, verified

RECORDING: Final = "recording.mcap"
MANIFEST: Final = "manifest.json"
_KIND: Final = "run"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Scope(StrEnum):
    """What the runner may consent to, each by itself; nothing is consented to until the runner says so.

    CARE: the clinicians of the clinic see numbers, answers about pain, warning signs and sessions. RESEARCH: the
    clinic may hand the same to researchers, under a pseudonym. RAW_LOGS: sensors' raw logs leave, too. POSITIONS: raw
    logs keep the positions that a phone measured.
    """

    CARE = "care"
    RESEARCH = "research"
    RAW_LOGS = "raw_logs"
    POSITIONS = "positions"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a sealed run is.

    sha256: of the recording as it left, 64 hexadecimal digits; "" with n_bytes 0 where raw logs stay at home.
    algorithm: identity of the algorithm that computed the runner's numbers; "" where it is not known. created: aware
    time of the sealing. scopes: the consent at that moment. numbers_sha256: of the run's numbers that go with it (see
    `coach.seal.numbers`); "" without them. public_key: of the runner, 64 hexadecimal digits (Ed25519).
    """

    run_id: str
    sha256: str
    n_bytes: int
    algorithm: str
    created: datetime
    scopes: tuple[Scope, ...]
    public_key: str
    numbers_sha256: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError where a field is none of its kind."""
        check_run_id(self.run_id)
        for digest in (self.sha256, self.numbers_sha256):
            if digest and not _SHA256.fullmatch(digest):
                raise ValueError(f"{digest[:80]!r} is no SHA-256")
        if self.n_bytes < 0 or bool(self.sha256) != bool(self.n_bytes):
            raise ValueError(f"a recording of {self.n_bytes} bytes does not fit its hash")
        if self.created.tzinfo is None:
            raise ValueError("the time of sealing has no zone")


def seal(manifest: Manifest, key: bytes) -> str:
    """Return the text of `manifest.json`: the manifest, signed by the private key (32 bytes) of its public key.

    Raises:
        UserError: the extra `[clinic]` is not installed. ValueError: the key is another one's.
    """
    fields = {
        "run_id": manifest.run_id,
        "sha256": manifest.sha256,
        "n_bytes": manifest.n_bytes,
        "algorithm": manifest.algorithm,
        "created": manifest.created.isoformat(),
        "scopes": [scope.value for scope in manifest.scopes],
        "numbers_sha256": manifest.numbers_sha256,
    }
    document = signed(_KIND, fields, key)
    if document["public_key"] != manifest.public_key:
        raise ValueError("a manifest is signed by the key that it names")
    return json.dumps(document, indent=1)


def read_manifest(text: str | bytes) -> Manifest:
    """Return the manifest of a sealed run, its signature checked.

    Whether the signature is the runner's is for those to judge who know the runner's public key.

    Raises:
        InterchangeError: this is no manifest, or something in it was changed after it was signed.
        UserError: the extra `[clinic]` is not installed.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InterchangeError("this manifest cannot be read: it is no JSON") from error
    return manifest_of(document)


def manifest_of(document: object) -> Manifest:
    """Read a manifest as `read_manifest` does, of JSON that was read before."""
    fields = verified(_KIND, document)
    try:
        return Manifest(
            run_id=_text(fields, "run_id"),
            sha256=_text(fields, "sha256"),
            n_bytes=_whole(fields, "n_bytes"),
            algorithm=_text(fields, "algorithm"),
            created=datetime.fromisoformat(_text(fields, "created")),
            scopes=tuple(Scope(scope) for scope in fields["scopes"]),
            public_key=_text(fields, "public_key"),
            numbers_sha256=_text(fields, "numbers_sha256"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InterchangeError(f"this manifest cannot be read: {str(error)[:200]}") from error


def may_leave(scopes: Collection[Scope]) -> bool:
    """Whether anything may leave at all: somebody must be allowed to see it."""
    return Scope.CARE in scopes or Scope.RESEARCH in scopes


def _text(fields: Mapping[str, object], name: str) -> str:
    if not isinstance(fields[name], str):
        raise TypeError(f"{name} is no text")
    return str(fields[name])


def _whole(fields: JsonObject, name: str) -> int:
    if type(fields[name]) is not int:
        raise TypeError(f"{name} is no whole number")
    return int(fields[name])
