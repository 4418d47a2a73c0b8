"""Find the time zone that a name stands for: strictly where a runner gives it, forgivingly where it was kept."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coach.errors import UserError


def zone(name: str) -> ZoneInfo:
    """Return the time zone of this name.

    Raises:
        UserError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserError(f"no time zone {name!r}: use a name such as Europe/London") from error


def zone_or_utc(name: str) -> tzinfo:
    """Return the time zone of this name; UTC where this computer does not know it, as for a profile of another."""
    try:
        return zone(name)
    except UserError:
        return UTC
