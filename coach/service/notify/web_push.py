"""Web Push: one reminder to one phone's browser, encrypted and signed with our own keys (extra `[push]`).

Source: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (VAPID); done by pywebpush and py_vapid.
"""

import base64
import importlib.util
import json
import logging
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from coach.errors import UserError
from coach.model.reminders import PushPhone, Reminder
from coach.service.named_server import is_busy, is_literal, within
from coach.service.whole_files import write_first

if TYPE_CHECKING:
    from py_vapid import Vapid02
    from requests.adapters import HTTPAdapter


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
    """A push service refused or was not reached. is_gone: the phone has taken its permission back. never_arrived: the
    message is certainly not with the service."""

    def __init__(self, words: str, is_gone: bool = False, never_arrived: bool = False) -> None:
        self.is_gone = is_gone
        self.never_arrived = never_arrived
        super().__init__(words)


def check_push_phone(phone: PushPhone) -> None:
    """Raise UserError where a phone's address is none of a push service, which has a name and no port, or its keys are
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
    """Return what base64url text holds, without its padding or with it; empty where it is none."""
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
        """Return the key pair; raises UserError without the extra, or where the file cannot be kept."""
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
        """Return the public point as browsers want it: uncompressed, base64url without padding."""
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

    def send() -> None:
        if not is_outside(urlsplit(phone.endpoint).hostname or ""):
            raise ValueError("its name leads into this network, or nowhere")
        _post(phone, reminder, private, is_outside)

    try:
        within(2 * _PATIENCE_S, send)
    except (OSError, ValueError) as error:  # all errors of requests, and those of looking up a name, are OSErrors
        _log.info("a push service was not reached: %s", error)
        raise WebPushError("the push service was not reached", never_arrived=_never_connected(error)) from error


def _only_outside(is_outside: IsOutside) -> "HTTPAdapter":
    """Return connections that are given up before a byte is sent where they lead into this network.

    A name's owner may say one address when we ask what it is, and another when the connection is made (DNS rebinding):
    so the address at the other end of the open connection counts. Through a proxy, the proxy decides.
    """
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection

    def checked(made: socket.socket, has_proxy: bool) -> socket.socket:
        if not has_proxy and not is_outside(made.getpeername()[0]):
            made.close()
            raise ValueError("its name leads into this network now")
        return made

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return checked(super()._new_conn(), self.proxy is not None)

    class Secured(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return checked(super()._new_conn(), self.proxy is not None)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecuredPool(HTTPSConnectionPool):
        ConnectionCls = Secured

    adapter = HTTPAdapter()
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecuredPool}
    return adapter


def _never_connected(error: Exception) -> bool:
    """Whether no connection to the service was made, so that nothing can have arrived."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    why = getattr(error.args[0], "reason", None) if error.args else None  # what urllib3 gave up for
    return isinstance(error, socket.gaierror) or isinstance(why, (ConnectTimeoutError, NewConnectionError))


def _post(phone: PushPhone, reminder: Reminder, private: "Vapid02", is_outside: IsOutside) -> None:
    """Send one message, to the service that the phone named and nowhere else; only the status of its answer is read."""
    import requests
    from pywebpush import WebPushException, webpush

    class StatusOnly(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            for scheme in ("https://", "http://"):
                self.mount(scheme, _only_outside(is_outside))

        def post(self, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]  # fewer names
            answer = super().post(url, *args, stream=True, **options)
            answer._content = b""  # else it would be read to its end, if it has one
            answer.close()
            return answer

        def get_redirect_target(self, _answer: requests.Response) -> None:
            """Lead nowhere: before it followed or refused one, requests would read the answer to its end."""

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
        raise WebPushError(f"the push service answered {status}", status in _GONE, is_busy(status)) from error
