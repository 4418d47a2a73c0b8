"""Requests that stay with the server that the runner named.

Keys and health data go to no other: an answer that points elsewhere is a refusal (`HTTPError`, an `OSError`).
"""

import urllib.request
from email.message import Message
from typing import IO, Final


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


OPENER: Final = urllib.request.build_opener(_NoRedirect)
