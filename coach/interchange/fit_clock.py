"""Give a date to times of FIT files whose watch did not know it, or found it out in the middle of the run.

Without a date a watch counts seconds since it was switched on: times below 0x10000000 (FIT protocol, type `date_time`),
which decoders leave as plain numbers. Their differences are right. The date comes from the first of: a message
`timestamp_correlation`, which states both times of one moment; the first record with a date, which follows on the last
one without as records of that file follow on each other (longer where the watch lost records just then); the file's
creation: a file is created when its activity begins.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from coach.errors import InterchangeError
from coach.model.documents import JsonObject

_TIMES = ("timestamp", "start_time", "time_created", "local_timestamp")
Message = tuple[str, JsonObject]


def dated(messages: Sequence[Message]) -> list[Message]:
    """Return the messages with times, where some of their records count seconds since the watch was switched on.

    Raises:
        InterchangeError: they do, and the file has no date at all.
    """
    times = [fields.get("timestamp") for name, fields in messages if name == "record"]
    counted = [t for t in times if isinstance(t, int)]
    if not counted:
        return list(messages)
    has_dates = any(isinstance(t, datetime) for t in times)
    switched_on = _correlated(messages) or (_joined(times) if has_dates else _created(messages, min(counted)))
    if switched_on is None and has_dates:
        return list(messages)  # a date first, then none: such records stay without a time
    if switched_on is None:
        raise InterchangeError("this FIT file has no date, since its watch had none: export the run again with a date")

    def moment(value: object) -> object:
        return switched_on + timedelta(seconds=value) if isinstance(value, int) else value

    return [
        (name, {key: moment(value) if key in _TIMES else value for key, value in fields.items()})
        for name, fields in messages
    ]


def _correlated(messages: Sequence[Message]) -> datetime | None:
    """Return when the watch was switched on, as it states itself."""
    for name, fields in messages:
        at, count_s = fields.get("timestamp"), fields.get("system_timestamp")
        if name == "timestamp_correlation" and isinstance(at, datetime) and isinstance(count_s, int):
            return _aware(at) - timedelta(seconds=count_s)
    return None


def _joined(times: Sequence[object]) -> datetime | None:
    """Return when the watch was switched on, by the first record with a date and those before it."""
    n_counted = next((n for n, t in enumerate(times) if isinstance(t, datetime)), len(times))
    counted = [t for t in times[:n_counted] if isinstance(t, int)]
    dated_s = [t.timestamp() for t in times[n_counted:] if isinstance(t, datetime)]
    if not counted or not dated_s:
        return None
    steps_s = [b - a for part in (counted, dated_s) for a, b in pairwise(part) if b > a]
    step_s = median(steps_s) if steps_s else 1.0
    first = next(t for t in times[n_counted:] if isinstance(t, datetime))
    return _aware(first) - timedelta(seconds=counted[-1] + step_s)


def _created(messages: Sequence[Message], first_s: int) -> datetime | None:
    """Return when the watch was switched on, by the creation of the file, which is at its first record."""
    created = (fields.get("time_created") for name, fields in messages if name == "file_id")
    began = next((at for at in created if isinstance(at, datetime)), None)
    return None if began is None else _aware(began) - timedelta(seconds=first_s)


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
