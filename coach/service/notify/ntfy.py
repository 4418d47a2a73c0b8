"""One reminder to one ntfy topic, by plain HTTP POST to the server the runner named.

The token goes to that server and to no other: no redirect is followed, and by plain http it goes into private networks
only. Source: https://docs.ntfy.sh/publish/ (title, tags and click as headers, the message as body, a bearer token).
"""

import ipaddress
import re
import urllib.request
from email.header import Header
from typing import Final
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit

from coach.errors import UserError
from coach.model.reminders import Channels, Reminder
from coach.service.named_server import OPENER, is_nowhere, within

_PATIENCE_S: Final = 10.0
_TOKEN: Final = re.compile(r"[\x21-\x7e]{0,200}")
_URL: Final = re.compile(r"[\x21-\x7e]{1,400}")


def check_ntfy(url: str, token: str = "") -> None:
    """Raise UserError where `url` is no server with a topic, or `token` would travel readable for anybody."""
    try:
        parts = urlsplit(url)
        is_odd = parts.port == 0 or not _URL.fullmatch(url)
    except ValueError:
        parts, is_odd = SplitResult("", "", "", "", ""), True
    if is_odd or parts.scheme not in ("http", "https") or not parts.hostname or not parts.path.strip("/"):
        raise UserError(
            f"{url[:100]!r} is no ntfy address: write server and topic, such as https://ntfy.sh/my-secret-word"
        )
    if parts.username is not None or parts.password is not None:
        raise UserError("write the ntfy token into its own field, not into the address")
    if is_nowhere(parts.hostname):
        raise UserError(f"{parts.hostname} is no address of an ntfy server")
    if not _TOKEN.fullmatch(token):
        raise UserError("an ntfy token is one word of letters, digits and signs")
    if token and parts.scheme == "http" and not _is_private(parts.hostname):
        raise UserError("an ntfy token goes by https only: write https:// before the server")


def joined(before: Channels, url: str, token: str) -> Channels:
    """Return channels with a new address; no token given keeps the known one, for the same server only."""
    if not token and url and _server(before.ntfy_url) == _server(url):
        token = before.ntfy_token
    return Channels(url, token if url else "", before.speaks)


def send_ntfy(url: str, token: str, reminder: Reminder) -> None:
    """Post the reminder.

    Raises:
        UserError: the address is none. OSError: the server is not reached, refuses, or points elsewhere.
    """
    check_ntfy(url, token)
    headers = {"Title": _header(reminder.title), "Tags": "runner"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data=reminder.body.encode(), headers=headers, method="POST")

    def post() -> None:
        try:
            with OPENER.open(request, timeout=_PATIENCE_S) as answer:
                answer.read(1 << 16)
        except HTTPError as error:
            error.close()  # it holds the connection until somebody collects it
            raise

    within(2 * _PATIENCE_S, post)


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")


def _server(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        return None


def _header(text: str) -> str:
    """Return `text` as a header may carry it: other letters than ASCII as one encoded word of RFC 2047,
    which ntfy decodes."""
    return text if text.isascii() else Header(text, "utf-8").encode(maxlinelen=0)
