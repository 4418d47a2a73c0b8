"""Web Push: one reminder to one phone's browser, encrypted and signed with our own keys (extra `[push]`).

Source: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (VAPID); done by pywebpush and py_vapid.
"""

import base64
import importlib.util
import json
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from coach.errors import UserError
from coach.model.reminders import PushPhone, Reminder
from coach.service.named_server import is_literal, within
from coach.service.whole_files import write_first

if TYPE_CHECKING:
    from py_vapid import Vapid02


IsOutside = Callable[[str], bool]
_log: Final = logging.getLogger(__name__)
_KEY_FILE: Final = "web_push.pem"
_SUBJECT: Final = "mailto:coach@example.com"  # push services want some contact; there is no central one here
_STAYS_S: Final = 4 * 3600
_GONE: Final = (404, 410)
_PATIENCE_S: Final = 10.0
_NAME: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_ADDRESS: Final = re.compile(r"[\x21-\x7e]{1,2000}")  # those of the four large services have some 200 letters
_POINT_BYTES, _AUTH_BYTES = 65, 16
_NOT_OUTSIDE: Final = (".local", ".localhost", ".internal", ".lan", ".home.arpa")  # RFC 6762, 6761, 8375; by custom


class WebPushError(Exception):
    """A push service refused or was not reached. is_gone: the phone has taken its permission back."""

    def __init__(self, words: str, is_gone: bool = False) -> None:
        self.is_gone = is_gone
        super().__init__(words)


def check_push_phone(phone: PushPhone) -> None:
    """Raises UserError where a phone's address is none of a push service, which has a name and no port, or its keys are
    none (RFC 8291: an uncompressed point of P-256, and 16 bytes)."""
    try:
        parts = urlsplit(phone.endpoint)
        name, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UserError("this is no push address of a phone") from error
    is_name = _NAME.fullmatch(name) and not is_literal(name) and not name.endswith(_NOT_OUTSIDE)
    is_plain = _ADDRESS.fullmatch(phone.endpoint) and parts.username is None and port in (None, 443)
    if not (is_name and is_plain):
        raise UserError("this is no push address of a phone")
    if [len(_bytes(phone.p256dh)), len(_bytes(phone.auth))] != [_POINT_BYTES, _AUTH_BYTES]:
        raise UserError("these are no keys of a phone")


def _bytes(text: str) -> bytes:
    """What base64url text holds, without its padding or with it; empty where it is none."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""


def is_installed() -> bool:
    """Whether the extra `[push]` is there."""
    return importlib.util.find_spec("pywebpush") is not None


class VapidKeys:
    """The key pair of this service, made on first use and kept in a file that only its owner reads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _KEY_FILE
        self._lock = threading.Lock()

    def private(self) -> "Vapid02":
        """The key pair; raises UserError without the extra, or where the file cannot be kept."""
        if not is_installed():
            raise UserError("Web Push needs the extra [push]: pip install 'running-coach[push]'")
        from py_vapid import Vapid02

        with self._lock:
            try:
                if not self._path.exists():
                    self._make(Vapid02)
                return Vapid02.from_pem(self._path.read_bytes())
            except OSError as error:
                raise UserError(f"cannot keep the keys of Web Push in {self._path}: {error.strerror}") from error

    def public_key(self) -> str:
        """The public point as browsers want it: uncompressed, base64url without padding."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        point = self.private().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode("ascii")

    def _make(self, kind: "type[Vapid02]") -> None:
        keys = kind()
        keys.generate_keys()
        write_first(self._path, keys.private_pem())


def send_web_push(phone: PushPhone, reminder: Reminder, keys: VapidKeys, is_outside: IsOutside) -> None:
    """Send a reminder to one phone. is_outside: whether a name leads to the internet alone.

    Raises:
        WebPushError: the push service refused or was not reached. Why is not said: a phone that names addresses would
            learn from it what there is in this network.
        UserError: the extra `[push]` is missing.
    """
    private = keys.private()
    import requests

    def send() -> None:
        if not is_outside(urlsplit(phone.endpoint).hostname or ""):
            raise ValueError("its name leads into this network, or nowhere")
        _post(phone, reminder, private)

    try:
        within(2 * _PATIENCE_S, send)
    except (requests.RequestException, ValueError, TimeoutError) as error:
        _log.info("a push service was not reached: %s", error)
        raise WebPushError("the push service was not reached") from error


def _post(phone: PushPhone, reminder: Reminder, private: "Vapid02") -> None:
    """One message, to the service that the phone named and nowhere else; only the status of its answer is read."""
    import requests
    from pywebpush import WebPushException, webpush

    class StatusOnly(requests.Session):
        def post(self, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]  # fewer names
            answer = super().post(url, *args, stream=True, **options)
            answer._content = b""  # else it would be read to its end, if it has one
            answer.close()
            return answer

        def get_redirect_target(self, _answer: requests.Response) -> None:
            """Nowhere: before it followed or refused one, requests would read the answer to its end."""

    facts = {"title": reminder.title, "body": reminder.body, "link": reminder.link, "key": reminder.key}
    try:
        webpush(
            subscription_info={"endpoint": phone.endpoint, "keys": {"p256dh": phone.p256dh, "auth": phone.auth}},
            data=json.dumps(facts),
            vapid_private_key=private,
            vapid_claims={"sub": _SUBJECT},
            ttl=_STAYS_S,
            timeout=_PATIENCE_S,
            requests_session=StatusOnly(),
        )
    except WebPushException as error:
        status = error.response.status_code if error.response is not None else None
        if status is None:
            raise ValueError(str(error)) from error
        raise WebPushError(f"the push service answered {status}", status in _GONE) from error
