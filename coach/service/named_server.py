"""Requests that stay with the server that the runner named, and which addresses can be one.

Keys and health data go to no other: an answer that points elsewhere is a refusal (`HTTPError`, an `OSError`).
"""

import ipaddress
import urllib.request
from email.message import Message
from typing import IO, Final


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


OPENER: Final = urllib.request.build_opener(_NoRedirect)


def is_nowhere(host: str) -> bool:
    """Whether a host is a literal address at which no server can be: link-local, multicast, unspecified."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_link_local or address.is_multicast or address.is_unspecified
