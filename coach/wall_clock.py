"""Read the wall clock; whoever needs the time is given a function like this one, so that tests can set it."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)
