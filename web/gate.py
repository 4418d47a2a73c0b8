"""Limit what a device that was not let in may cost: few connections, little time, no body before its cookie was seen.

waitress takes a whole request before the app sees any of it. Its parser and channel are extended here: a body is read
only from those who were let in (others may send the few bytes of an invitation), headers and bodies have deadlines, and
connections are counted by address. Where all places are taken, the oldest connection of a stranger makes room.
Source: https://docs.pylonsproject.org/projects/waitress (Adjustments), RFC 9110 15.5.2, CWE-400 (slow loris).
"""

import functools
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from coach.language.locales import wished
from web.words import words_in

# Asked with address, port and headers (upper case, `_`) of who sends: whether he was let in.
Waitress = Any  # its server, whose types say nothing of what it is given here
Welcome = Callable[[str, int, Mapping[str, str]], bool]
STRANGER_BYTES: Final = 8192  # an invitation has 200 bytes, and the form around it as many
HEADER_S: Final = 10.0  # from the first byte, or from the connection; a phone at the edge of the network needs two
BODY_S: Final = 30.0
BODY_BYTES_PER_S: Final = 20_000.0  # slower uploads than this are no phone's on a home network
# A browser opens six connections to a host; four browsers on one phone. By eye. This machine itself may have more.
MOST_EACH: Final = 24
MOST_HERE: Final = 200
_HERE: Final = ("127.0.0.1", "::1", "")
MOST_ACCEPTED: Final = 200  # letters of a header that names languages; browsers send 20 to 60
CROWDED: Final = 300  # from here on, strangers make room; waitress itself stops at its connection_limit


class NotLetInError(Error):  # type: ignore[misc]  # waitress has no types
    """The answer to a body of a stranger."""

    code = 401
    reason = "Unauthorized"


class GuardedParser(HTTPRequestParser):  # type: ignore[misc]  # as above
    """Reads a body only from those who were let in. is_welcome: asked once, when the headers are complete."""

    def __init__(self, adj: object, is_welcome: Callable[[Mapping[str, str]], bool]) -> None:
        super().__init__(adj)
        self._is_welcome = is_welcome
        self._is_seen = False

    def received(self, data: bytes) -> int:
        """Take bytes; gives how many were taken."""
        n_taken = int(super().received(data))
        is_sound = getattr(self, "error", None) is None and not self.empty
        if self.headers_finished and not self._is_seen and is_sound:
            self._is_seen = True
            is_welcome = self._is_welcome(self.headers)
            if not is_welcome and (self.chunked or self.content_length > STRANGER_BYTES):
                self.error = NotLetInError(_refusal(self.headers.get("ACCEPT_LANGUAGE", "")))
                self.expect_continue = False
                self.completed = True
        return n_taken


def _refusal(accepted: str) -> str:
    """Return why nothing is read, in the sender's language: a stranger's browser is all that is known of him."""
    languages = parse_accept_header(accepted[:MOST_ACCEPTED], LanguageAccept)
    return words_in(wished(languages.values()))("page.error.unauthorized")


class GuardedChannel(HTTPChannel):  # type: ignore[misc]  # as above
    """One connection with deadlines. `server.is_welcome` and `server.by_address` are set by `web.server`."""

    # A002: waitress gives `map` by this name.
    def __init__(self, server: object, sock: object, addr: object, adj: object, map: object = None) -> None:  # noqa: A002
        super().__init__(server, sock, addr, adj, map)
        self.is_known = False
        self._began_s = time.monotonic()
        self.address = str(addr[0]) if isinstance(addr, tuple) else ""
        self._port = int(addr[1]) if isinstance(addr, tuple) else 0
        self.parser_class = functools.partial(GuardedParser, is_welcome=self._ask)
        self.server.by_address[self.address] += 1
        self._is_counted = True
        most = MOST_HERE if self.address in _HERE else MOST_EACH
        n_over = self.server.by_address[self.address] - most
        if n_over > 0 and not close_oldest(server, n_over, lambda one: one is not self and one.address == self.address):
            self.will_close = True  # the loop closes it before a byte is read
        make_room(server)

    def received(self, data: bytes) -> bool:
        """Take bytes and hand on what is complete."""
        if self.request is None:
            self._began_s = time.monotonic()
        return bool(super().received(data))

    def handle_close(self) -> None:
        """Give the place back."""
        if self._is_counted:
            self._is_counted = False
            self.server.by_address[self.address] -= 1
            if self.server.by_address[self.address] <= 0:
                del self.server.by_address[self.address]
        super().handle_close()

    def is_late(self, now_s: float) -> bool:
        """Whether headers or body take longer than an honest sender needs. now_s: monotonic."""
        request, waited_s = self.request, now_s - self._began_s
        if self.requests or self.total_outbufs_len:
            return False  # being answered
        if request is None:
            return self.last_activity == self.creation_time and waited_s > HEADER_S  # never said a word
        if not request.headers_finished:
            return bool(waited_s > HEADER_S)
        n_bytes = float(max(request.content_length, request.body_bytes_received))
        return waited_s > BODY_S + n_bytes / BODY_BYTES_PER_S

    def _ask(self, headers: Mapping[str, str]) -> bool:
        self.is_known = bool(self.server.is_welcome(self.address, self._port, headers))
        return self.is_known


def guard(waitress: Waitress, is_welcome: Welcome | None) -> None:
    """Have a waitress server guard its connections; is_welcome None: everybody was let in."""
    waitress.is_welcome = is_welcome or (lambda *_: True)
    waitress.by_address = Counter()
    waitress.channel_class = GuardedChannel


def sweep(waitress: Waitress, now_s: float) -> None:
    """Close what is late; from the server's own thread."""
    for channel in list(waitress.active_channels.values()):
        if channel.is_late(now_s):
            channel.will_close = True


def make_room(waitress: Waitress) -> None:
    """Close the oldest connections of strangers where it is crowded; from the server's own thread."""
    n_over = len(waitress.active_channels) - CROWDED
    if n_over <= 0:
        return
    close_oldest(waitress, n_over, lambda _: True)


def close_oldest(waitress: Waitress, n: int, is_meant: Callable[[GuardedChannel], bool]) -> bool:
    """Close the oldest connections of strangers that wait for nothing of ours; whether there were `n` of them.

    The newest stays: where an honest one comes from the address of many idle ones, it is heard.
    """
    channels = [one for one in list(waitress.active_channels.values()) if is_meant(one)]
    idle = [one for one in channels if not one.is_known and not one.requests and not one.total_outbufs_len]
    for channel in sorted(idle, key=lambda one: float(one.creation_time))[:n]:
        channel.handle_close()
    return len(idle) >= n
