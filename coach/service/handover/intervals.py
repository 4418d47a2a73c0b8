"""Upload FIT files to intervals.icu by the runner's own API key.

Source: https://forum.intervals.icu/t/intervals-icu-integration-cookbook/80090: multipart POST to
`/api/v1/athlete/0/activities` (0: whom the key belongs to), parameters name and external_id, basic authorization with
the user API_KEY. The list of a day's activities shows whether one of ours is there already.
"""

import base64
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Final

from coach.errors import LinkError, UserError
from coach.service.named_server import OPENER

SERVER: Final = "https://intervals.icu"
_TIMEOUT_S: Final = 60.0  # a file of an hour has 300 kB; a slow uplink takes seconds
_MOST_ANSWER: Final = 16 << 20


class KeyRefusedError(UserError):
    """The server does not know the runner's key: nothing goes out until it is put right."""


def upload(server: str, key: str, content: bytes, name: str, external_id: str) -> str:
    """Upload a FIT file; returns the activity's id there.

    Raises:
        LinkError: no answer, or not now: try later. KeyRefusedError: the key is wrong. UserError: this file
            is refused for good, with the reason.
    """
    query = urllib.parse.urlencode({"name": name, "external_id": external_id})
    edge = secrets.token_hex(16)
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{external_id}.fit"\r\n'
    body = head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content + f"\r\n--{edge}--\r\n".encode()
    answer = _ask(server, key, f"activities?{query}", body, f"multipart/form-data; boundary={edge}")
    return str(answer.get("id", "")) if isinstance(answer, dict) else ""


def find(server: str, key: str, external_id: str, started_at: datetime) -> str | None:
    """Return the id of the activity that has our id, among those of the days around a run; None where there is none.

    Raises:
        LinkError, UserError: as `upload`.
    """
    day = timedelta(days=1)
    query = urllib.parse.urlencode({"oldest": f"{started_at - day:%Y-%m-%d}", "newest": f"{started_at + day:%Y-%m-%d}"})
    answer = _ask(server, key, f"activities?{query}")
    for one in answer if isinstance(answer, list) else ():
        if isinstance(one, dict) and one.get("external_id") == external_id:
            return str(one.get("id", ""))
    return None


def _ask(server: str, key: str, path: str, body: bytes | None = None, kind: str = "") -> object:
    request = urllib.request.Request(f"{server}/api/v1/athlete/0/{path}", body)
    request.add_header("Authorization", "Basic " + base64.b64encode(f"API_KEY:{key}".encode()).decode())
    request.add_header("User-Agent", "running-coach")
    if kind:
        request.add_header("Content-Type", kind)
    try:
        with OPENER.open(request, timeout=_TIMEOUT_S) as response:
            text = response.read(_MOST_ANSWER)
    except urllib.error.HTTPError as error:
        raise _refusal(error.code) from error
    except (OSError, HTTPException, ValueError) as error:
        raise LinkError("offline", f"intervals.icu does not answer ({error}): the upload waits") from error
    try:
        return json.loads(text)
    except ValueError as error:
        raise LinkError("answer", "intervals.icu gave no answer that can be read: the upload waits") from error


def _refusal(code: int) -> Exception:
    if code in (401, 403):
        return KeyRefusedError("intervals.icu does not know this API key: copy it again from its settings page")
    if code == 429 or code >= 500:
        return LinkError("busy", f"intervals.icu cannot take it now (HTTP {code}): the upload waits")
    return UserError(f"intervals.icu refuses this run (HTTP {code})")
