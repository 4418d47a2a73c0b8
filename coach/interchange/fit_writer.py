"""An activity to a FIT file: running dynamics in native fields, the rest as developer fields.

Order as readers expect it: file_id, developer data, timer start, records, timer stop, laps, session, activity.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from coach.interchange.activity import Activity, Record
from coach.interchange.fit_encoding import Field, FitFile, Value, fit_time
from coach.interchange.fit_messages import (
    ACTIVITY,
    ACTIVITY_EVENT,
    ACTIVITY_EVENT_TYPE,
    ACTIVITY_TIMER,
    ACTIVITY_TYPE,
    ALTITUDE,
    APPLICATION_ID,
    AVERAGE_CADENCE,
    AVERAGE_FRACTION,
    AVERAGES,
    CADENCE,
    DESCRIPTION_INDEX,
    DESCRIPTION_NAME,
    DESCRIPTION_NUMBER,
    DESCRIPTION_TYPE,
    DESCRIPTION_UNITS,
    DEVELOPER_DATA_ID,
    DEVELOPER_INDEX,
    DEVELOPER_VALUES,
    EVENT,
    EVENT_KIND,
    EVENT_TYPE,
    FIELD_DESCRIPTION,
    FILE_ID,
    FILE_TYPE,
    FIRST_LAP,
    FRACTIONAL_CADENCE,
    INTENSITY,
    LAP,
    LAP_INTENSITY,
    LAP_SPORT,
    LAP_TRIGGER,
    LATITUDE,
    LONGITUDE,
    MANUFACTURER,
    MAX_HEART_RATE,
    MESSAGE_INDEX,
    NUM_LAPS,
    NUM_SESSIONS,
    PRODUCT,
    RECORD,
    RECORD_VALUES,
    SERIAL,
    SESSION,
    SESSION_TRIGGER,
    SPORT_SESSION,
    STANCE_TIME_PERCENT,
    START_TIME,
    SUB_SPORT,
    TIME_CREATED,
    TIMESTAMP,
    TITLE,
    TOTAL_DISTANCE,
    TOTAL_ELAPSED,
    TOTAL_TIMER,
)
from coach.model.runs import Lap

_DEVELOPMENT: Final = 255
_RUNNING, _TREADMILL, _GENERIC = 1, 1, 0
_TIMER, _LAP_EVENT, _SESSION_EVENT, _ACTIVITY_EVENT = 0, 9, 8, 26
_START, _STOP, _STOP_ALL = 0, 1, 4
_APPLICATION: Final = hashlib.md5(b"running-coach", usedforsecurity=False).digest()
Row = list[tuple[Field, Value]]


def write_fit(activity: Activity) -> bytes:
    """The bytes of a FIT activity file."""
    file = FitFile()
    start = fit_time(activity.started_at)
    end = start + max(1, round(activity.end_s))
    _head(file, activity, start)
    _timer(file, start, _START)
    _records(file, activity, start)
    _timer(file, end, _STOP_ALL)
    laps = activity.laps or (Lap(1, 0.0, activity.end_s),)
    for index, lap in enumerate(laps):
        _lap(file, activity, lap, index, start)
    _session(file, activity, len(laps), start, end)
    file.add(
        ACTIVITY,
        [
            (TIMESTAMP, end),
            (ACTIVITY_TIMER, activity.duration_s),
            (NUM_SESSIONS, 1),
            (ACTIVITY_TYPE, 0),
            (ACTIVITY_EVENT, _ACTIVITY_EVENT),
            (ACTIVITY_EVENT_TYPE, _STOP),
        ],
    )
    return file.close()


def _head(file: FitFile, activity: Activity, start: int) -> None:
    file.add(
        FILE_ID,
        [(FILE_TYPE, 4), (MANUFACTURER, _DEVELOPMENT), (PRODUCT, 1), (SERIAL, start or 1), (TIME_CREATED, start)],
    )
    used = {name for record in activity.records for name in record.values}
    fields = [field for name, field in DEVELOPER_VALUES.items() if name in used]
    fields += [TITLE] if activity.name else []
    if fields:
        file.add(DEVELOPER_DATA_ID, [(APPLICATION_ID, _APPLICATION), (DEVELOPER_INDEX, 0)])
    for field in fields:
        file.add(
            FIELD_DESCRIPTION,
            [
                (DESCRIPTION_INDEX, 0),
                (DESCRIPTION_NUMBER, field.number),
                (DESCRIPTION_TYPE, field.kind.code),
                (DESCRIPTION_NAME, field.name),
                (DESCRIPTION_UNITS, field.units),
            ],
        )


def _timer(file: FitFile, at: int, kind: int) -> None:
    file.add(EVENT, [(TIMESTAMP, at), (EVENT_KIND, _TIMER), (EVENT_TYPE, kind)])


def _records(file: FitFile, activity: Activity, start: int) -> None:
    """Records and pauses in the order of time. One layout for all records, so that one definition serves."""
    used = {name for record in activity.records for name in record.values}
    has_place = any(record.latitude_deg is not None for record in activity.records)
    has_height = any(record.altitude_m is not None for record in activity.records)
    marks = sorted([(a, _STOP_ALL) for a, _ in activity.pauses] + [(b, _START) for _, b in activity.pauses])
    last = None
    for record in activity.records:
        while marks and marks[0][0] <= record.t_s:
            at_s, kind = marks.pop(0)
            _timer(file, start + round(at_s), kind)
        at = start + int(record.t_s)
        if at == last:
            continue
        last = at
        row: Row = [(TIMESTAMP, at)]
        if has_place:
            row += [(LATITUDE, record.latitude_deg), (LONGITUDE, record.longitude_deg)]
        if has_height:
            row.append((ALTITUDE, record.altitude_m))
        row += _values(record, used)
        own = [(field, record.values.get(name)) for name, field in DEVELOPER_VALUES.items() if name in used]
        file.add(RECORD, row, own)
    for at_s, kind in marks:
        _timer(file, start + round(at_s), kind)


def _values(record: Record, used: set[str]) -> Row:
    row: Row = []
    values = record.values
    for name, (field, factor) in RECORD_VALUES.items():
        if name in used:
            row.append((field, values[name] * factor if name in values else None))
    if "cadence_spm" in used:
        row += _cadence(values.get("cadence_spm"), CADENCE, FRACTIONAL_CADENCE)
    if {"contact_time_ms", "cadence_spm"} <= used:
        row.append((STANCE_TIME_PERCENT, _stance_percent(values)))
    return row


def _cadence(cadence_spm: float | None, whole: Field, fraction: Field) -> Row:
    """Steps per minute of both feet as strides per minute of one."""
    if cadence_spm is None or not 0 <= cadence_spm < 500:
        return [(whole, None), (fraction, None)]
    parts = round(cadence_spm / 2 * 128)
    return [(whole, parts // 128), (fraction, parts % 128 / 128)]


def _stance_percent(values: Mapping[str, float]) -> float | None:
    if "contact_time_ms" not in values or not values.get("cadence_spm"):
        return None
    return 100 * values["contact_time_ms"] / (120_000 / values["cadence_spm"])


def _averages(records: Sequence[Record], place: int) -> Row:
    """Means of the records; place 0: numbers of a session, 1: of a lap."""
    row: Row = []
    for name, (in_session, in_lap, kind, scale, factor) in AVERAGES.items():
        field = Field((in_session, in_lap)[place], kind, scale)
        row.append((field, _mean(records, name, factor)))
    row += _cadence(_mean(records, "cadence_spm", 1.0), AVERAGE_CADENCE[place], AVERAGE_FRACTION[place])
    beats = [r.values["heart_rate_bpm"] for r in records if "heart_rate_bpm" in r.values]
    row.append((MAX_HEART_RATE[place], max(beats, default=None)))
    return row


def _mean(records: Sequence[Record], name: str, factor: float) -> float | None:
    values = [record.values[name] for record in records if name in record.values]
    return factor * sum(values) / len(values) if values else None


def _lap(file: FitFile, activity: Activity, lap: Lap, index: int, start: int) -> None:
    end_s = activity.end_s if lap.end_s is None else lap.end_s
    inside = [record for record in activity.records if lap.start_s <= record.t_s < end_s]
    far = [record.values["distance_m"] for record in inside if "distance_m" in record.values]
    paused = sum(max(0.0, min(b, end_s) - max(a, lap.start_s)) for a, b in activity.pauses)
    file.add(
        LAP,
        [
            (MESSAGE_INDEX, index),
            (TIMESTAMP, start + round(end_s)),
            (EVENT_KIND, _LAP_EVENT),
            (EVENT_TYPE, _STOP),
            (START_TIME, start + round(lap.start_s)),
            (TOTAL_ELAPSED, end_s - lap.start_s),
            (TOTAL_TIMER, end_s - lap.start_s - paused),
            (TOTAL_DISTANCE, far[-1] - far[0] if far else None),
            (LAP_INTENSITY, INTENSITY.get(lap.kind, 0)),
            (LAP_TRIGGER, 0),
            (LAP_SPORT, _RUNNING),
            *_averages(inside, 1),
        ],
    )


def _session(file: FitFile, activity: Activity, n_laps: int, start: int, end: int) -> None:
    file.add(
        SESSION,
        [
            (MESSAGE_INDEX, 0),
            (TIMESTAMP, end),
            (EVENT_KIND, _SESSION_EVENT),
            (EVENT_TYPE, _STOP),
            (START_TIME, start),
            (SPORT_SESSION, _RUNNING),
            (SUB_SPORT, _TREADMILL if activity.is_indoor else _GENERIC),
            (TOTAL_ELAPSED, timedelta(seconds=activity.end_s).total_seconds()),
            (TOTAL_TIMER, activity.duration_s),
            (TOTAL_DISTANCE, activity.distance_m),
            (FIRST_LAP, 0),
            (NUM_LAPS, n_laps),
            (SESSION_TRIGGER, 0),
            *_averages(activity.records, 0),
        ],
        [(TITLE, activity.name)] if activity.name else (),
    )
