"""Send requests of a runner's coach to a clinic, signed by the runner's key; every failure is in words.

Health data go over TLS, or stay on this machine: another address by plain http is refused. What the clinic answers is
believed only where its own signature is below it (orders); everything else only says how far a sending has come.
"""

import hashlib
import ipaddress
import json
import urllib.error
import urllib.parse
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from coach.errors import LinkError, StorageError, UserError
from coach.model.frozen import dataclass
from coach.seal.events import request_of
from coach.service.named_server import OPENER
from coach.wall_clock import utc_now

HEADER: Final = "Coach-Request"
PIECE_BYTES: Final = 1 << 20  # of one request: a slow uplink of 1 Mbit/s takes eight seconds
_TIMEOUT_S: Final = 60.0
_MOST_ANSWER: Final = 4 << 20


class NotKnownError(UserError):
    """The clinic does not know this coach, or its runner has withdrawn: nothing goes out until that is put right."""


class DamagedError(UserError):
    """The bytes that arrived are not those that were sealed: they are sent again from the beginning."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a clinic's code says. base: address of the clinic; clinic_key: its public key."""

    base: str
    token: str
    clinic_key: str


def read_invitation(link: str) -> Invitation:
    """Read a link such as https://clinic.example/join?token=...&key=...

    Raises:
        UserError: it is no such link, or would send health data over plain http.
    """
    parts = urllib.parse.urlsplit(link.strip())
    query = dict(urllib.parse.parse_qsl(parts.query))
    if parts.scheme not in ("http", "https") or not parts.hostname or not query.get("token") or not query.get("key"):
        raise UserError("this is no invitation of a clinic: copy the whole link that the clinic gave you")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise UserError("this clinic's address is not encrypted: ask the clinic for one that begins with https")
    return Invitation(f"{parts.scheme}://{parts.netloc}", query["token"], query["key"])


class ClinicLink:
    """Requests to the clinic at `base`, signed with the private key of the runner.

    may_go_on: asked before each piece of a recording: consent may end in the middle of it.
    """

    def __init__(
        self,
        base: str,
        key: bytes,
        clock: Callable[[], datetime] = utc_now,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        self._base = base
        self._may_go_on = may_go_on
        self._key = key
        self._clock = clock

    def ask(self, method: str, path: str, body: object = None) -> object:
        """Send a request with a JSON body; return the JSON answer.

        Raises:
            LinkError: no answer, or not now: try later. NotKnownError, DamagedError. UserError: refused for good.
        """
        return self._send(method, path, b"" if body is None else json.dumps(body).encode(), "application/json")

    def send_file(self, path: Path, sha256: str, offset: int) -> None:
        """Send the bytes of a file from an offset on, piece by piece; where the clinic has more or less, from there.

        Raises:
            As `ask`, and StorageError: the file cannot be read.
        """
        size = path.stat().st_size
        with path.open("rb") as file:
            n_still = 0
            while offset < size:
                if not self._may_go_on():
                    raise LinkError("consent", "consent has changed while a run was sent: it is sealed again")
                file.seek(offset)
                piece = file.read(PIECE_BYTES)
                if not piece:
                    raise StorageError(f"{path} became shorter while it was sent")
                answer = self._send("POST", f"/api/v1/raw/{sha256}?offset={offset}", piece, "application/octet-stream")
                now = offset_of(answer, size)
                n_still = n_still + 1 if now == offset else 0
                if n_still > 2:
                    raise LinkError("answer", "the clinic takes no more of this run: it waits")
                offset = now

    def _send(self, method: str, path: str, body: bytes, kind: str) -> object:
        request = urllib.request.Request(f"{self._base}{path}", body if method != "GET" else None, method=method)
        signed = request_of(method, path, self._clock(), hashlib.sha256(body).hexdigest(), self._key)
        request.add_header(HEADER, urlsafe_b64encode(json.dumps(signed).encode()).decode())
        request.add_header("Content-Type", kind)
        request.add_header("Accept", "application/json")
        request.add_header("User-Agent", "running-coach")
        try:
            with OPENER.open(request, timeout=_TIMEOUT_S) as response:
                text = response.read(_MOST_ANSWER)
        except urllib.error.HTTPError as error:
            raise _refusal(error) from error
        except (OSError, HTTPException, ValueError) as error:
            raise LinkError("offline", f"the clinic does not answer ({error}): what is to be sent waits") from error
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError) as error:
            raise LinkError("answer", "the clinic gave no answer that can be read: what is to be sent waits") from error


def offset_of(answer: object, size: int) -> int:
    """Return how many of `size` bytes of a recording the clinic has, as it answers;
    raises LinkError where it does not say."""
    offset = answer.get("offset") if isinstance(answer, dict) else None
    if type(offset) is not int or not 0 <= offset <= size:
        raise LinkError("answer", "the clinic does not say how much of a run it has: the run waits")
    return offset


def list_of(answer: object, name: str) -> list[Any]:
    """Return the list of this name in an answer; empty where there is none."""
    found = answer.get(name) if isinstance(answer, dict) else None
    return found if isinstance(found, list) else []


def looks_of(answer: object) -> list[dict[str, str]]:
    """Return what a clinic says of who looked, as far as it can be read: it is shown, and believed no further."""
    found = []
    for one in list_of(answer, "looks"):
        try:
            at = datetime.fromisoformat(one["at"])
            if at.tzinfo is not None:
                found.append({"at": at.isoformat(), "name": str(one["name"])[:80], "verb": str(one["verb"])[:40]})
        except (ValueError, KeyError, TypeError):
            continue
    return found[:50]


def _refusal(error: urllib.error.HTTPError) -> Exception:
    """Return the error for a refusal: what the clinic itself says, in words, is final;
    what a proxy before it says is for now."""
    words = _words(error)
    if not words or error.code in (408, 425, 429) or error.code >= 500:
        return LinkError("busy", f"the clinic cannot take it now (HTTP {error.code}): what is to be sent waits")
    if error.code in (401, 403):
        return NotKnownError(words)
    return DamagedError(words) if error.code == 422 else UserError(f"the clinic refuses this: {words}")


def _words(error: urllib.error.HTTPError) -> str:
    try:
        document = json.loads(error.read(64 << 10))
        return str(document["error"]["words"])[:300]
    except (OSError, HTTPException, ValueError, RecursionError, KeyError, TypeError):
        return ""


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
