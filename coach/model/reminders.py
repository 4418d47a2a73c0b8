"""Messages to the runner, what became of them, and the channels they take beyond the page. Moments are aware UTC."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Reminder:
    """One message to the runner at a moment. key: unique for good. group: only the newest of a group is ever offered.

    due_at, expires_at: aware UTC; after expires_at it is let go. link: page to open. facts: numbers for the page.
    """

    key: str
    group: str
    due_at: datetime
    expires_at: datetime
    title: str
    body: str
    link: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SentReminder:
    """A reminder and what became of it.

    state: "waiting", "delivered", "closed" (the runner dealt with it), "superseded" (a newer one of its group came) or
    "expired". delivered_by: the process that delivered it. delivered_at: aware UTC.
    """

    reminder: Reminder
    state: str
    source: str
    delivered_by: str | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PushPhone:
    """A phone that takes Web Push.

    endpoint, p256dh, auth: as its browser gave them. phone_id: as which it was let in; "" where that is not known.
    """

    endpoint: str
    p256dh: str
    auth: str
    name: str = ""
    phone_id: str = ""


@dataclass(frozen=True, slots=True)
class Channels:
    """How reminders reach the runner beyond the page. ntfy_url: server and topic, such as https://ntfy.sh/my-topic."""

    ntfy_url: str = ""
    ntfy_token: str = ""
    speaks: bool = True
