"""Decide who may use the service: a QR code invites a phone, a cookie keeps it in, the runner removes it.

The invitation is a signed token that lives ten minutes and may be used by several phones in that time. The cookie
holds a random token; only its hash is kept, by `coach.storage`.
"""

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from coach.errors import StorageError, UserError
from coach.model.access import Phone
from coach.service.access.typed_codes import LENGTH, TypedCodes
from coach.storage.store import Store
from coach.wall_clock import utc_now

_log: Final = logging.getLogger(__name__)
INVITATION_S: Final = 600
STAYS: Final = timedelta(days=90)
_SEEN_EVERY: Final = timedelta(minutes=5)
_KNOWN_S: Final = 20.0  # a phone shown out by another process is out after this long
_SECRET: Final = "access.secret"  # the name of a setting


class AccessService:
    """Thread-safe. clock: aware UTC time. on_removed: called with the id of a phone that is removed."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime] = utc_now,
        on_removed: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._phones = store.phones
        self._settings = store.settings
        self._clock = clock
        self._on_removed = on_removed
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Phone, float]] = {}
        self._codes = TypedCodes()
        self._keeper = ThreadPoolExecutor(1, "phones")

    def invitation(self, base: str) -> str:
        """Return the link that lets a phone in, for the service at address `base`."""
        token = self._signer().dumps(secrets.token_urlsafe(6))
        return f"{base.rstrip('/')}/come-in?token={quote(str(token))}"

    def code(self) -> str:
        """Return a short invitation to be typed, as ABCD-EFGH; it lives as long as a link, in this process only."""
        return self._codes.make()

    def let_in(self, token: str, name: str, address: str = "") -> tuple[Phone, str]:
        """Take an invitation, a link's token or a typed code; gives the phone and the text of its cookie.

        address: of the network, from which it came.

        Raises:
            UserError: the invitation is too old or not ours.
        """
        self.check_invitation(token, address)
        now = self._clock()
        cookie = secrets.token_urlsafe(32)
        phone = Phone(secrets.token_hex(6), " ".join(name.split())[:60] or "Phone", now, now, now + STAYS)
        self._phones.add(phone, cookie)
        return phone, cookie

    def check_invitation(self, token: str, address: str = "") -> None:
        """Raise UserError where an invitation is too old or not ours, or too many such came from this address."""
        code = "".join(letter for letter in token.upper() if letter.isalnum())
        if len(code) == LENGTH:
            self._codes.check(code, address)
            return
        try:
            self._signer().loads(token, max_age=INVITATION_S)
        except SignatureExpired as error:
            raise UserError("This invitation is too old. Scan a fresh code from the Phones page.") from error
        except BadSignature as error:
            raise UserError("This is no invitation of this coach. Scan the code that it shows.") from error

    def phone_of(self, cookie: str) -> Phone | None:
        """Return the phone that holds this cookie; None where it was never let in, was removed,
        or stayed away too long."""
        now = self._clock()
        with self._lock:
            known = self._known.get(cookie)
        if known and time.monotonic() < known[1] and known[0].expires_at > now:
            return known[0]
        try:
            phone = self._phones.by_token(cookie, now) if cookie else None
        except StorageError:
            if known is None or known[0].expires_at <= now:
                raise
            return known[0]  # a tap on a run does not wait until the disk is sound again
        with self._lock:
            self._known.pop(cookie, None)
            if phone is not None:
                self._known[cookie] = (phone, time.monotonic() + _KNOWN_S)
        if phone is not None and now - phone.seen_at > _SEEN_EVERY:
            self._keeper.submit(self._saw, phone.phone_id, now)  # not in the way: the database may be busy or full
        return phone

    def _saw(self, phone_id: str, at: datetime) -> None:
        try:
            self._phones.saw(phone_id, at, at + STAYS)
        except StorageError as error:
            _log.warning("that a phone was here is not kept: %s", error)

    def knows(self, cookie: str) -> bool:
        """Whether a phone holds this cookie; writes nothing and never raises, for the thread that reads requests."""
        now = self._clock()
        with self._lock:
            known = self._known.get(cookie)
        if known and time.monotonic() < known[1] and known[0].expires_at > now:
            return True
        try:
            return bool(cookie) and self._phones.by_token(cookie, now) is not None
        except StorageError:
            return False

    def phones(self) -> Sequence[Phone]:
        """Return all phones that are let in, the last seen first."""
        return self._phones.list()

    def revoke(self, phone_id: str) -> None:
        """Remove a phone at once: its cookie, its open streams, its reminders, and every invitation made before.

        The key that signs invitations is made again, since the phone may have seen one.

        Raises:
            UserError: there is no such phone.
        """
        if phone_id not in {phone.phone_id for phone in self._phones.list()}:
            raise UserError(f"there is no phone {phone_id}: it may have been removed before")
        self._phones.revoke(phone_id)
        with self._lock:
            self._known.clear()
            self._codes.forget()
            self._settings.forget(_SECRET)
        self._on_removed(phone_id)

    def close(self) -> None:
        """Write what is left; the store must still be open."""
        self._keeper.shutdown()

    def forget_known(self) -> None:
        """Forget all phones: everything was erased."""
        with self._lock:
            self._known.clear()

    def _signer(self) -> URLSafeTimedSerializer:
        with self._lock:
            secret = self._settings.get(_SECRET)
            if not secret:
                secret = secrets.token_urlsafe(32)
                self._settings.put(_SECRET, secret)
        return URLSafeTimedSerializer(str(secret), salt="coach.invitation")


def lan_address() -> str | None:
    """Return this machine's address on the network that leads outwards; nothing is sent. None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737: only asks the routing table
            address = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if address.startswith("127.") else address
