"""Write dated entries as an iCalendar file with alarms (RFC 5545), for import into any calendar.

Times are written in the runner's own zone with its VTIMEZONE, so that 18:30 stays 18:30 when clocks change.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from coach.model.frozen import dataclass
from coach.model.time_zones import zone_or_utc

if TYPE_CHECKING:
    from icalendar import Event

PRODUCT = "-//running-coach//strength//EN"


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """uid: stable, so that a second import replaces. starts_at, changed_at: aware. alarm_min: minutes before."""

    uid: str
    starts_at: datetime
    minutes: int
    title: str
    words: str
    changed_at: datetime
    alarm_min: int = 0


def write_calendar(entries: Sequence[CalendarEntry], tz: str, name: str = "Running coach") -> bytes:
    """Return one calendar file with all entries.

    tz: IANA name of the runner's zone; times are in UTC where this computer does not know it.
    """
    from icalendar import Calendar  # only now: it takes as long as a tenth of the start of the service

    zone = zone_or_utc(tz)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", "UTC" if zone is UTC else tz)
    for entry in entries:
        calendar.add_component(_event(entry, zone))
    if entries and zone is not UTC and tz != "UTC":
        days = [entry.starts_at.astimezone(zone).date() for entry in entries]
        calendar.add_missing_timezones(date(min(days).year, 1, 1), date(max(days).year + 1, 12, 31))
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry, zone: tzinfo) -> "Event":
    from icalendar import Alarm, Event

    starts_at = entry.starts_at.astimezone(zone)
    ends_at = (entry.starts_at.astimezone(UTC) + timedelta(minutes=entry.minutes)).astimezone(zone)
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("dtstart", starts_at)
    event.add("dtend", ends_at)
    event.add("summary", entry.title)
    event.add("description", entry.words)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", entry.title)
    alarm.add("trigger", timedelta(minutes=-entry.alarm_min))
    event.add_component(alarm)
    return event
