"""Read a FIT activity file of a watch or pod, or of ours.

A watch counts strides of one leg in running; steps per minute are twice that. A file may hold several FIT files one
after another. Of several sports in one file (a triathlon) every session that may have been on foot is read.
"""

import dataclasses
import io
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import fitdecode
from fitdecode import FitDataMessage

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record
from coach.interchange.fit_clock import dated
from coach.interchange.fit_devices import Candidates, candidates, chosen, plain_number, sources_of, watch_name
from coach.interchange.fit_messages import CREATOR, TITLE
from coach.interchange.mending import in_steps, of_one_clock, of_totals
from coach.interchange.sport import named_sport
from coach.model.documents import JsonObject
from coach.model.runs import Lap, Sport

# Whatever bad bytes make the decoder stumble over.
BAD_FIT: Final = (
    fitdecode.FitError,
    struct.error,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    AssertionError,
    EOFError,
    ZeroDivisionError,
    MemoryError,
)
# Files of a watch that are no activity, by the name of their type: FIT profile, enum `file`.
_NO_ACTIVITIES: Final = {
    "device": "a device's abilities",
    "settings": "settings",
    "sport": "settings of a sport",
    "workout": "a planned workout",
    "course": "a course",
    "schedules": "a schedule",
    "weight": "weights",
    "totals": "totals",
    "goals": "goals",
    "blood_pressure": "blood pressure",
    "monitoring_a": "daily monitoring",
    "monitoring_b": "daily monitoring",
    "monitoring_daily": "daily monitoring",
    "segment": "a segment",
    "segment_list": "segments",
}
_SEMICIRCLE_DEG: Final = 180 / 2**31
_KINDS: Final = {"warmup": "warm_up", "cooldown": "cool_down"}
Message = tuple[str, JsonObject]


def read_fit_sessions(content: bytes, prefers_pods: bool = False) -> tuple[Activity, ...]:
    """Read every run of a FIT file; of one that breaks off or whose checksum is wrong, what is whole (is_cut).

    prefers_pods: where a watch and a pod state the same metric, the pod's counts.

    Raises:
        InterchangeError: it is not a FIT file, nothing of it is whole, or it holds no activity with records.
    """
    messages: list[Message] = []
    broken: Exception | None = None
    try:
        for frame in _frames(content):  # what came before an error stays
            messages.append((frame.name, _fields(frame)))
            if len(messages) == 1:
                _refuse_what_is_no_activity(messages[0])
    except BAD_FIT as error:
        broken = error
    if broken is not None and not any(name in ("record", "session") for name, _ in messages):
        raise _damaged(broken) from broken
    messages = dated(messages)
    try:
        sessions = _on_foot(_sessions(messages))
        found = [one for session in sessions if (one := _activity(messages, session, prefers_pods)) is not None]
    except BAD_FIT as error:
        raise _damaged(error) from error
    if not found:
        raise InterchangeError("this FIT file holds no records of a run: choose an activity file")
    has_others = sum(name == "session" for name, _ in messages) > 1
    return tuple(dataclasses.replace(one, is_cut=broken is not None, has_others=has_others) for one in found)


def _sessions(messages: list[Message]) -> list[JsonObject]:
    """Return the sessions; without any (the file broke off), one with the sport that settings and laps agree on.

    A session over several sports is left out where the sports have their own.
    """
    sessions = [fields for name, fields in messages if name == "session"]
    if sessions:
        return [one for one in sessions if one.get("sport") != "multisport"] or sessions
    for kind in ("sport", "lap"):
        sports = {_sport(fields) for name, fields in messages if name == kind} - {None}
        if len(sports) == 1:
            return [{"sport": sports.pop()}]
    return []


def _refuse_what_is_no_activity(first: Message) -> None:
    """Refuse a file that is no activity after its first message: an export holds thousands of files of daily
    monitoring."""
    name, fields = first
    what = _NO_ACTIVITIES.get(str(fields.get("type"))) if name == "file_id" else None
    if what:
        raise InterchangeError(f"this FIT file holds {what}, no activity: choose an activity file")


def _damaged(error: Exception) -> InterchangeError:
    return InterchangeError(f"this FIT file is damaged: {_cause(error)}; export it again from the watch")


def _cause(error: Exception) -> str:
    if isinstance(error, fitdecode.FitEOFError):
        return "it ends too early"
    return "its checksum is wrong" if isinstance(error, fitdecode.FitCRCError) else str(error)


def _frames(content: bytes) -> Iterator[FitDataMessage]:
    ignore, refuse = fitdecode.ErrorHandling.IGNORE, fitdecode.CrcCheck.RAISE
    with fitdecode.FitReader(io.BytesIO(_with_length(content)), check_crc=refuse, error_handling=ignore) as reader:
        for frame in reader:
            if frame.frame_type == fitdecode.FIT_FRAME_DATA:
                yield frame


def _with_length(content: bytes) -> bytes:
    """Return the content with its length in the header, where a watch whose battery ended had not written it yet."""
    head = content[0] if content else 0
    if len(content) <= head or head not in (12, 14) or content[4:8] != bytes(4):
        return content
    length = struct.pack("<I", len(content) - head)
    return content[:4] + length + content[8:12] + bytes(head - 12) + content[head:]


def _fields(frame: FitDataMessage) -> dict[str, object]:
    """Return values by name; a native field wins over a developer field of the same name."""
    found: dict[str, object] = {}
    for field in sorted(frame.fields, key=lambda f: not getattr(f.field_def, "is_dev", False)):
        if field.value is not None:
            found[field.name] = field.value
    return found


def _activity(everything: list[Message], session: dict[str, object], prefers_pods: bool) -> Activity | None:
    messages = _within(everything, session)
    session = _with_laps(session, [fields for name, fields in messages if name == "lap"])
    timed = [(at, fields) for name, fields in messages if name == "record" and (at := _utc(fields.get("timestamp")))]
    laps = [fields for name, fields in messages if name == "lap"]
    if not timed:
        return _of_session(session, laps)
    earliest, latest = of_one_clock([at for at, _ in timed])
    timed = [(at, fields) for at, fields in timed if earliest <= at <= latest]
    starts = [at for at in (_utc(session.get("start_time")),) if at and earliest <= at <= latest]
    started_at = min([*starts, *(at for at, _ in timed)])
    far_m = _far_before(everything, started_at) if len(messages) < len(everything) else 0.0
    timed.sort(key=lambda one: one[0])
    measured = [candidates(fields) for _, fields in timed]
    devices = chosen(measured, prefers_pods)
    records = tuple(
        _record(fields, at, started_at, far_m, found, devices)
        for (at, fields), found in zip(timed, measured, strict=True)
    )
    records = records if _is_own(everything) else in_steps(records)
    pauses = _pauses([f for name, f in messages if name == "event" and f.get("event") == "timer"], started_at)
    last_s = records[-1].t_s
    distance = plain_number(session.get("total_distance"))
    if not distance:
        distance = next((r.values["distance_m"] for r in reversed(records) if "distance_m" in r.values), distance)
    return Activity(
        started_at,
        records,
        tuple(lap for i, fields in enumerate(laps) if (lap := _lap(fields, started_at, i + 1))),
        pauses,
        _timer_s(session, last_s, pauses),
        distance,
        str(session.get(TITLE.name, "")),
        is_indoor=_is_indoor(session),
        sport=_sport(session),
        sources=sources_of(measured, devices, watch_name(everything)),
    )


def _with_laps(session: dict[str, object], laps: list[dict[str, object]]) -> dict[str, object]:
    """Return a session with what its laps add up to, where it says nothing itself or is missing."""
    found = dict(session)
    for name in ("total_distance", "total_timer_time", "total_elapsed_time"):
        total = sum(plain_number(lap.get(name)) or 0.0 for lap in laps)
        if total and not plain_number(session.get(name)):
            found[name] = total
    starts = [at for lap in laps if (at := _utc(lap.get("start_time")))]
    if starts and _utc(session.get("start_time")) is None:
        found["start_time"] = min(starts)
    sports = {sport for lap in laps if (sport := _sport(lap))}
    if len(sports) == 1 and _sport(session) is None:
        found["sport"] = sports.pop()
    return found


def _is_own(messages: list[Message]) -> bool:
    """Whether this program wrote the file: it counts as it should."""
    return any(name == "device_info" and fields.get("product_name") == CREATOR for name, fields in messages)


def _of_session(session: dict[str, object], laps: list[dict[str, object]]) -> Activity | None:
    """Return a run that a file only sums up: entered by hand, or by a machine that keeps no records."""
    length_s = plain_number(session.get("total_timer_time")) or plain_number(session.get("total_elapsed_time")) or 0.0
    far_m, end = plain_number(session.get("total_distance")) or 0.0, _utc(session.get("timestamp"))
    started_at = _utc(session.get("start_time")) or (end - timedelta(seconds=length_s) if end else None)
    if started_at is None or length_s <= 0 or far_m <= 0 or named_sport(_sport(session)) is None:
        return None
    beats, strides = plain_number(session.get("avg_heart_rate")), plain_number(session.get("avg_cadence"))
    means = {} if beats is None else {"heart_rate_bpm": beats}
    means |= {} if strides is None else {"cadence_spm": 2 * strides}
    return Activity(
        started_at,
        in_steps(of_totals([(0.0, length_s, far_m, means)])),
        tuple(lap for i, fields in enumerate(laps) if (lap := _lap(fields, started_at, i + 1))),
        (),
        length_s,
        far_m,
        str(session.get(TITLE.name, "")),
        is_indoor=_is_indoor(session),
        sport=_sport(session),
    )


def _is_indoor(session: dict[str, object]) -> bool:
    return session.get("sub_sport") in ("treadmill", "indoor_running")


def _timer_s(session: dict[str, object], last_s: float, pauses: tuple[tuple[float, float], ...]) -> float:
    """Return the time without pauses. A timer that ran longer than the clock, as some files say, is not believed."""
    timer_s, elapsed_s = plain_number(session.get("total_timer_time")), plain_number(session.get("total_elapsed_time"))
    if timer_s and timer_s <= max(elapsed_s or 0.0, last_s) + 1.0:
        return timer_s
    return max(0.0, last_s - sum(b - a for a, b in pauses))


def _sport(session: dict[str, object]) -> str | None:
    """Return the sport's name; where that leaves it open, the kind of sport (fitness_equipment: indoor_rowing,
    treadmill)."""
    sport, kind = session.get("sport"), session.get("sub_sport")
    if sport in (None, "generic", "training", "fitness_equipment", "all") and isinstance(kind, str):
        return kind
    return sport if isinstance(sport, str) else None


def _on_foot(sessions: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the sessions that the file does not call another sport; one without facts where there are no sessions."""
    named = [named_sport(_sport(session)) for session in sessions]
    found = [one for one, name in zip(sessions, named, strict=True) if name in (None, Sport.RUNNING, Sport.WALKING)]
    if sessions and not found:
        what = ", ".join(str(name).replace("_", " ") for name in dict.fromkeys(named))
        raise InterchangeError(f"this FIT file holds {what}, not running: choose the file of a run")
    return found or [{}]


def _within(messages: list[Message], session: dict[str, object]) -> list[Message]:
    """Return what belongs to one session of several, by time; laps by their start."""
    start, length_s = _utc(session.get("start_time")), plain_number(session.get("total_elapsed_time"))
    if sum(name == "session" for name, _ in messages) < 2 or start is None:
        return messages
    later = [at for name, fields in messages if name == "session" and (at := _utc(fields.get("start_time")))]
    end = _utc(session.get("timestamp")) or min((at for at in later if at > start), default=None)
    if length_s is not None:
        end = start + timedelta(seconds=length_s)
    if end is None:
        return messages
    end += timedelta(seconds=1)

    def is_inside(message: Message) -> bool:
        name, fields = message
        at = _utc(fields.get("start_time")) if name == "lap" else _utc(fields.get("timestamp"))
        return at is None or start <= at <= end

    return [message for message in messages if is_inside(message)]


def _far_before(everything: list[Message], started_at: datetime) -> float:
    """Return how far the sports before this one went: a watch counts on through all of them."""
    records = [
        fields for name, fields in everything if name == "record" and plain_number(fields.get("distance")) is not None
    ]
    known = [(at, float(fields["distance"])) for fields in records if (at := _utc(fields.get("timestamp")))]
    before = max((far for at, far in known if at < started_at), default=0.0)
    return before if all(far >= before for at, far in known if at >= started_at) else 0.0


def _record(
    fields: dict[str, object],
    at: datetime,
    started_at: datetime,
    far_m: float,
    found: Candidates,
    devices: Mapping[str, str],
) -> Record:
    values = {name: found[name][device] for name, device in devices.items() if device in found.get(name, ())}
    if "distance_m" in values:
        values["distance_m"] -= far_m
    strides = plain_number(fields.get("cadence"))
    if strides is not None:
        values["cadence_spm"] = 2 * (strides + (plain_number(fields.get("fractional_cadence")) or 0.0))
    latitude, longitude = plain_number(fields.get("position_lat")), plain_number(fields.get("position_long"))
    altitude = plain_number(fields.get("enhanced_altitude", fields.get("altitude")))
    if latitude is None or longitude is None:
        return Record((at - started_at).total_seconds(), values, altitude_m=altitude)
    place = (latitude * _SEMICIRCLE_DEG, longitude * _SEMICIRCLE_DEG)
    return Record((at - started_at).total_seconds(), values, *place, altitude)


def _lap(fields: dict[str, object], started_at: datetime, number: int) -> Lap | None:
    start = _utc(fields.get("start_time"))
    if start is None:
        return None
    start_s = max(0.0, (start - started_at).total_seconds())
    elapsed = plain_number(fields.get("total_elapsed_time"))
    end = _utc(fields.get("timestamp"))
    end_s = start_s + elapsed if elapsed is not None else (end - started_at).total_seconds() if end else None
    return Lap(number, start_s, end_s, _KINDS.get(str(fields.get("intensity")), "lap"))


def _pauses(events: list[dict[str, object]], started_at: datetime) -> tuple[tuple[float, float], ...]:
    """Return stretches between a stop of the timer and the next start."""
    pauses: list[tuple[float, float]] = []
    stopped_s: float | None = None
    for fields in events:
        at = _utc(fields.get("timestamp"))
        if at is None:
            continue
        t_s = (at - started_at).total_seconds()
        if str(fields.get("event_type")).startswith("stop"):
            stopped_s = t_s if stopped_s is None else stopped_s
        elif fields.get("event_type") == "start" and stopped_s is not None:
            if t_s > stopped_s:
                pauses.append((stopped_s, t_s))
            stopped_s = None
    return tuple(pauses)


def _utc(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
