"""Give a date to FIT files of a watch that did not know it.

Without a date a watch counts seconds since it was switched on: times below 0x10000000 (FIT protocol, type `date_time`),
which decoders leave as plain numbers. Their differences are right. The date is that of the file's creation, where that
is known: a file is created when its activity begins.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from coach.errors import InterchangeError
from coach.model.documents import JsonObject

_TIMES = ("timestamp", "start_time", "time_created", "local_timestamp")
Message = tuple[str, JsonObject]


def dated(messages: Sequence[Message]) -> list[Message]:
    """The messages with times, where all their records count seconds since the watch was switched on.

    Raises:
        InterchangeError: they do, and the file has no date at all.
    """
    times = [fields.get("timestamp") for name, fields in messages if name == "record"]
    seconds = [t for t in times if isinstance(t, int)]
    if not seconds or any(isinstance(t, datetime) for t in times):
        return list(messages)
    created = [fields.get("time_created") for name, fields in messages if name == "file_id"]
    began = next((at for at in created if isinstance(at, datetime)), None)
    if began is None:
        raise InterchangeError("this FIT file has no date, since its watch had none: export the run again with a date")
    began = began.replace(tzinfo=UTC) if began.tzinfo is None else began
    first = min(seconds)

    def moment(value: object) -> object:
        return began + timedelta(seconds=value - first) if isinstance(value, int) else value

    return [
        (name, {key: moment(value) if key in _TIMES else value for key, value in fields.items()})
        for name, fields in messages
    ]
