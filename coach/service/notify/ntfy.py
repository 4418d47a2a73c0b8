"""One reminder to one ntfy topic, by plain HTTP POST to the server the runner named.

Source: https://docs.ntfy.sh/publish/ (title, tags and click as headers, the message as body, a bearer token).
"""

import urllib.request
from typing import Final
from urllib.parse import urlsplit

from coach.errors import SettingsError
from coach.model.reminders import Reminder

_PATIENCE_S: Final = 10.0


def check_ntfy(url: str) -> None:
    """Raises SettingsError where `url` is no server with a topic."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or not parts.path.strip("/"):
        raise SettingsError(
            f"{url!r} is no ntfy address: write server and topic, such as https://ntfy.sh/my-secret-word"
        )


def send_ntfy(url: str, token: str, reminder: Reminder) -> None:
    """Post the reminder; raises OSError where the server is not reached or refuses."""
    check_ntfy(url)
    headers = {"Title": _ascii(reminder.title), "Tags": "runner"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data=reminder.body.encode(), headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
        answer.read()


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")
