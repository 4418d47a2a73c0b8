"""Write an activity as a FIT file: running dynamics in native fields, the rest as developer fields.

Order as readers expect it: file_id, developer data, devices, timer start, records, timer stop, laps, session, activity.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from coach.interchange import fit_messages as fm
from coach.interchange.activity import Activity, Record
from coach.interchange.climb import climb_of
from coach.interchange.fit_encoding import DeveloperField, Field, FitFile, Value, fit_time
from coach.interchange.totals import Totals, laps_of, whole_of

_DEVELOPMENT: Final = 255
_RUNNING, _TREADMILL, _GENERIC = 1, 1, 0
_TIMER, _LAP_EVENT, _SESSION_EVENT, _ACTIVITY_EVENT = 0, 9, 8, 26
_START, _STOP, _STOP_ALL = 0, 1, 4
_SOFTWARE: Final = 10  # 0.10
_MOST_SPM: Final = 300.0  # beyond lies no runner, but a reading that went wrong
_APPLICATION: Final = hashlib.md5(b"running-coach", usedforsecurity=False).digest()
Row = list[tuple[Field, Value]]


def write_fit(activity: Activity) -> bytes:
    """Return the bytes of a FIT activity file."""
    file = FitFile()
    start = fit_time(activity.started_at)
    whole = whole_of(activity)
    end = start + max(1, round(whole.end_s))
    _head(file, activity, start)
    _devices(file, activity, start)
    _timer(file, start, _START)
    _records(file, activity, start)
    _timer(file, end, _STOP_ALL)
    laps = laps_of(activity)
    for index, lap in enumerate(laps):
        _lap(file, lap, index, start)
    _session(file, activity, whole, len(laps), start, end)
    row: Row = [
        (fm.TIMESTAMP, end),
        (fm.ACTIVITY_TIMER, activity.duration_s),
        (fm.NUM_SESSIONS, 1),
        (fm.ACTIVITY_TYPE, 0),
        (fm.ACTIVITY_EVENT, _ACTIVITY_EVENT),
        (fm.ACTIVITY_EVENT_TYPE, _STOP),
    ]
    if activity.utc_offset_s is not None:
        row.append((fm.LOCAL_TIMESTAMP, end + round(activity.utc_offset_s)))
    file.add(fm.ACTIVITY, row)
    return file.close()


def _head(file: FitFile, activity: Activity, start: int) -> None:
    file.add(
        fm.FILE_ID,
        [
            (fm.FILE_TYPE, 4),
            (fm.MANUFACTURER, _DEVELOPMENT),
            (fm.PRODUCT, 1),
            (fm.SERIAL, start or 1),
            (fm.TIME_CREATED, start),
        ],
    )
    file.add(fm.FILE_CREATOR, [(fm.SOFTWARE_VERSION, _SOFTWARE)])
    used = {name for record in activity.records for name in record.values}
    fields = [field for name, field in fm.DEVELOPER_VALUES.items() if name in used]
    fields += [field for field, _ in _session_texts(activity)]
    if fields:
        file.add(fm.DEVELOPER_DATA_ID, [(fm.APPLICATION_ID, _APPLICATION), (fm.DEVELOPER_INDEX, 0)])
    for field in fields:
        file.add(
            fm.FIELD_DESCRIPTION,
            [
                (fm.DESCRIPTION_INDEX, 0),
                (fm.DESCRIPTION_NUMBER, field.number),
                (fm.DESCRIPTION_TYPE, field.kind.code),
                (fm.DESCRIPTION_NAME, field.name),
                (fm.DESCRIPTION_UNITS, field.units),
                (fm.NATIVE_MESSAGE, fm.SESSION if field in (fm.TITLE, fm.ALGORITHM) else fm.RECORD),
            ],
        )


def _session_texts(activity: Activity) -> list[tuple[DeveloperField, str]]:
    """Return what the session says in words of our own."""
    texts = ((fm.TITLE, activity.name), (fm.ALGORITHM, activity.algorithm))
    return [(field, text) for field, text in texts if text]


def _devices(file: FitFile, activity: Activity, start: int) -> None:
    """Write this program as creator (index 0), then each sensor with its place on the body."""
    own: Row = [(fm.DEVICE_INDEX, 0), (fm.DEVICE_SOFTWARE, _SOFTWARE / 100), (fm.SOURCE_TYPE, fm.LOCAL)]
    file.add(fm.DEVICE_INFO, [(fm.TIMESTAMP, start), *own, (fm.DEVICE_NAME, fm.CREATOR)])
    for index, sensor in enumerate(activity.sensors, start=1):
        place = fm.BODY_LOCATIONS.get(sensor.wear_site) if sensor.wear_site else None
        row: Row = [(fm.DEVICE_INDEX, index), (fm.SENSOR_POSITION, place), (fm.SOURCE_TYPE, fm.BLUETOOTH)]
        file.add(fm.DEVICE_INFO, [(fm.TIMESTAMP, start), *row, (fm.DEVICE_NAME, sensor.model or sensor.name)])


def _timer(file: FitFile, at: int, kind: int) -> None:
    file.add(fm.EVENT, [(fm.TIMESTAMP, at), (fm.EVENT_KIND, _TIMER), (fm.EVENT_TYPE, kind)])


def _records(file: FitFile, activity: Activity, start: int) -> None:
    """Write records and pauses in the order of time. One layout for all records, so that one definition serves."""
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
        row: Row = [(fm.TIMESTAMP, at)]
        if has_place:
            row += [(fm.LATITUDE, record.latitude_deg), (fm.LONGITUDE, record.longitude_deg)]
        if has_height:
            row.append((fm.ALTITUDE, record.altitude_m))
        row += _values(record, used)
        own = [(field, record.values.get(name)) for name, field in fm.DEVELOPER_VALUES.items() if name in used]
        file.add(fm.RECORD, row, own)
    for at_s, kind in marks:
        _timer(file, start + round(at_s), kind)


def _values(record: Record, used: set[str]) -> Row:
    row: Row = []
    values = record.values
    for name, (field, factor) in fm.RECORD_VALUES.items():
        if name in used:
            row.append((field, values[name] * factor if name in values else None))
    if "cadence_spm" in used:
        row += _cadence(values.get("cadence_spm"), fm.CADENCE, fm.FRACTIONAL_CADENCE)
    if {"contact_time_ms", "cadence_spm"} <= used:
        row.append((fm.STANCE_TIME_PERCENT, _stance_percent(values)))
    return row


def _cadence(cadence_spm: float | None, whole: Field, fraction: Field) -> Row:
    """Return the steps per minute of both feet as strides per minute of one."""
    if cadence_spm is None or not 0 <= cadence_spm < 500:
        return [(whole, None), (fraction, None)]
    parts = round(cadence_spm / 2 * 128)
    return [(whole, parts // 128), (fraction, parts % 128 / 128)]


def _stance_percent(values: Mapping[str, float]) -> float | None:
    if "contact_time_ms" not in values or not values.get("cadence_spm"):
        return None
    return 100 * values["contact_time_ms"] / (120_000 / values["cadence_spm"])


def _averages(part: Totals, place: int) -> Row:
    """Return means, maxima and sums of a part; place 0: numbers of a session, 1: of a lap."""
    records = part.records
    row: Row = []
    for name, (in_session, in_lap, kind, scale, factor) in fm.AVERAGES.items():
        mean = _mean(records, name, factor)
        if name == "speed_mps" and part.distance_m is not None and part.timer_s > 0:
            mean = part.distance_m / part.timer_s  # as readers compute it
        row.append((Field((in_session, in_lap)[place], kind, scale), mean))
    cadences = [value for r in records if (value := r.values.get("cadence_spm")) and value < _MOST_SPM]
    row += _cadence(_mean(records, "cadence_spm", 1.0), fm.AVERAGE_CADENCE[place], fm.AVERAGE_FRACTION[place])
    row += _cadence(max(cadences, default=None), fm.MAX_CADENCE[place], fm.MAX_FRACTION[place])
    for name, field in (("heart_rate_bpm", fm.MAX_HEART_RATE), ("speed_mps", fm.MAX_SPEED), ("power_w", fm.MAX_POWER)):
        row.append((field[place], max((r.values[name] for r in records if name in r.values), default=None)))
    row.append((fm.TOTAL_STRIDES[place], part.n_strides))
    t_s = np.array([r.t_s for r in records])
    climb = climb_of(t_s, np.array([np.nan if r.altitude_m is None else r.altitude_m for r in records], dtype=float))
    row += [
        (fm.TOTAL_ASCENT[place], climb.up_m if climb else None),
        (fm.TOTAL_DESCENT[place], climb.down_m if climb else None),
    ]
    return row


def _mean(records: Sequence[Record], name: str, factor: float) -> float | None:
    values = [record.values[name] for record in records if name in record.values]
    return factor * sum(values) / len(values) if values else None


def _lap(file: FitFile, part: Totals, index: int, start: int) -> None:
    file.add(
        fm.LAP,
        [
            (fm.MESSAGE_INDEX, index),
            (fm.TIMESTAMP, start + round(part.end_s)),
            (fm.EVENT_KIND, _LAP_EVENT),
            (fm.EVENT_TYPE, _STOP),
            (fm.START_TIME, start + round(part.start_s)),
            (fm.TOTAL_ELAPSED, part.end_s - part.start_s),
            (fm.TOTAL_TIMER, part.timer_s),
            (fm.TOTAL_DISTANCE, part.distance_m),
            (fm.LAP_INTENSITY, fm.INTENSITY.get(part.lap.kind, 0)),
            (fm.LAP_TRIGGER, 0),
            (fm.LAP_SPORT, _RUNNING),
            *_averages(part, 1),
        ],
    )


def _session(file: FitFile, activity: Activity, whole: Totals, n_laps: int, start: int, end: int) -> None:
    file.add(
        fm.SESSION,
        [
            (fm.MESSAGE_INDEX, 0),
            (fm.TIMESTAMP, end),
            (fm.EVENT_KIND, _SESSION_EVENT),
            (fm.EVENT_TYPE, _STOP),
            (fm.START_TIME, start),
            (fm.SPORT_SESSION, _RUNNING),
            (fm.SUB_SPORT, _TREADMILL if activity.is_indoor else _GENERIC),
            (fm.TOTAL_ELAPSED, whole.end_s),
            (fm.TOTAL_TIMER, whole.timer_s),
            (fm.TOTAL_DISTANCE, whole.distance_m),
            (fm.FIRST_LAP, 0),
            (fm.NUM_LAPS, n_laps),
            (fm.SESSION_TRIGGER, 0),
            *_averages(whole, 0),
        ],
        _session_texts(activity),
    )
