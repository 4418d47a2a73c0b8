"""Web Push: one reminder to one phone's browser, encrypted and signed with our own keys (extra `[push]`).

Source: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (VAPID); done by pywebpush and py_vapid.
"""

import base64
import importlib.util
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from coach.errors import UserError
from coach.model.reminders import PushPhone, Reminder
from coach.service.whole_files import write_first

if TYPE_CHECKING:
    from py_vapid import Vapid02


_KEY_FILE: Final = "web_push.pem"
_SUBJECT: Final = "mailto:coach@example.com"  # push services want some contact; there is no central one here
_STAYS_S: Final = 4 * 3600
_GONE: Final = (404, 410)


class WebPushError(Exception):
    """A push service refused or was not reached. is_gone: the phone has taken its permission back."""

    def __init__(self, words: str, is_gone: bool = False) -> None:
        self.is_gone = is_gone
        super().__init__(words)


def check_push_address(endpoint: str) -> None:
    """Raises UserError where `endpoint` is no address of a push service: those have a name and no port."""
    try:
        parts = urlsplit(endpoint)
        name, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UserError("this is no push address of a phone") from error
    is_literal = name.replace(".", "").isdigit() or ":" in name
    if (
        "." not in name
        or is_literal
        or name.endswith(".local")
        or port not in (None, 443)
        or not endpoint.isprintable()
    ):
        raise UserError("this is no push address of a phone")


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


def send_web_push(phone: PushPhone, reminder: Reminder, keys: VapidKeys) -> None:
    """Send a reminder to one phone.

    Raises:
        WebPushError: the push service refused or was not reached.
        UserError: the extra `[push]` is missing.
    """
    private = keys.private()
    import requests
    from pywebpush import WebPushException, webpush

    facts = {"title": reminder.title, "body": reminder.body, "link": reminder.link, "key": reminder.key}
    subscription = {"endpoint": phone.endpoint, "keys": {"p256dh": phone.p256dh, "auth": phone.auth}}
    session = requests.Session()
    session.max_redirects = 0  # the message goes to the service that the phone named, and nowhere else
    try:
        webpush(
            subscription_info=subscription,
            data=json.dumps(facts),
            vapid_private_key=private,
            vapid_claims={"sub": _SUBJECT},
            ttl=_STAYS_S,
            timeout=10,
            requests_session=session,
        )
    except WebPushException as error:
        status = error.response.status_code if error.response is not None else None
        raise WebPushError(f"the push service answered {status or error}", status in _GONE) from error
    except (requests.RequestException, ValueError) as error:
        raise WebPushError(f"the push service was not reached: {error}") from error
