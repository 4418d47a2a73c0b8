"""Requests that stay with the server that the runner named, and which addresses can be one.

Keys and health data go to no other: an answer that points elsewhere is a refusal (`HTTPError`, an `OSError`). Where
such an address comes from a phone that was let in, a server that drips its answer must not hold up what comes after.
"""

import ipaddress
import socket
import threading
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import IO, Final
from urllib.error import HTTPError, URLError


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


OPENER: Final = urllib.request.build_opener(_NoRedirect)


_BUSY: Final = (429, 502, 503)  # the server, or what is before it, took nothing


def never_arrived(error: Exception) -> bool:
    """Whether a request that ended so certainly did nothing: no connection was made, or the server was busy.

    `URLError` is what urllib makes of a request that could not be sent; what fails behind that may have arrived.
    """
    if isinstance(error, HTTPError):
        return is_busy(error.code)
    return isinstance(error, URLError)


def is_busy(status: int) -> bool:
    """Whether a server that answers so took nothing."""
    return status in _BUSY


def is_nowhere(host: str) -> bool:
    """Whether a host is a literal address at which no server can be: link-local, multicast, unspecified."""
    address = _literal(host)
    return address is not None and (address.is_link_local or address.is_multicast or address.is_unspecified)


def is_literal(host: str) -> bool:
    """Whether a host is an address and no name, however it is spelt: 127.1, 0x7f000001 and 2130706433 are one."""
    return _literal(host) is not None


def is_outside(host: str) -> bool:
    """Whether a name or address leads to the internet alone, and to nothing of this machine or its network, as DNS has
    it now.

    Raises:
        socket.gaierror: nothing is known of the name now.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError:  # a label that is none
        return False
    return all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_global for one in found)


def within(seconds: float, work: Callable[[], None]) -> None:
    """Do `work`, which talks to a server, and wait for it no longer than `seconds`; its errors come through.

    A timeout of a socket starts again with each byte: a server that sends one now and then would never meet it.

    Raises:
        TimeoutError: it goes on, on its own thread, and nobody waits for it.
    """
    raised: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            raised.append(error)

    thread = threading.Thread(target=do, name="send", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no whole answer within {seconds:g} s")
    if raised:
        raise raised.pop()


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except (OSError, ValueError):
        return None
