"""Write and read TCX (Training Center Database v2).

Elements are in the order of the schema. RunCadence counts whole strides of one leg, as watches write it; what TCX has
no element for, and the exact cadence, is in an extension of our own.
Source: Garmin TrainingCenterDatabasev2.xsd and ActivityExtensionv2.xsd.
"""

import dataclasses
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree as ET

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record
from coach.interchange.mending import in_steps, joined_distance, of_one_clock, of_totals
from coach.interchange.own_extension import (
    add_lap,
    add_run,
    add_values,
    lap_of,
    own_number,
    register,
    run_facts,
    values_of,
)
from coach.interchange.totals import Totals, laps_of
from coach.interchange.xml_text import child, local, moment, moment_text, number, parse_whole, to_bytes
from coach.model.runs import Lap

_TCX: Final = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_EXT: Final = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_DECIMALS: Final = 9
_NATIVE: Final = ("distance_m", "speed_mps")
_LONGEST_BREAK_S: Final = 12 * 3600.0  # between laps; a start further on is a wrong clock's. Chosen by judgement


def write_tcx(activity: Activity) -> bytes:
    """Return the bytes of a TCX file."""
    ET.register_namespace("", _TCX)
    ET.register_namespace("ae", _EXT)
    ET.register_namespace("xsi", _XSI)
    register()
    root = ET.Element(_t("TrainingCenterDatabase"))
    root.set(f"{{{_XSI}}}schemaLocation", f"{_TCX} http://www.garmin.com/xmlschemas/TrainingCenterDatabasev2.xsd")
    run = ET.SubElement(ET.SubElement(root, _t("Activities")), _t("Activity"), Sport="Running")
    _text(run, "Id", moment_text(activity.started_at))
    parts = laps_of(activity)
    for part, records in zip(parts, _by_lap(activity.records, parts), strict=True):
        _lap(run, activity, part, records)
    if activity.name:
        _text(run, "Notes", activity.name)
    extensions = ET.SubElement(run, _t("Extensions"))
    whole = {"duration_s": activity.duration_s, "distance_m": activity.distance_m}
    add_run(extensions, activity.pauses, activity.is_indoor, **whole)
    return to_bytes(root)


def _by_lap(records: Sequence[Record], laps: Sequence[Totals]) -> list[list[Record]]:
    """Return the records by lap: every record belongs to the last lap that has begun; what lies before the first,
    to the first."""
    starts = [lap.start_s for lap in laps[1:]]
    found: list[list[Record]] = [[] for _ in laps]
    for record in records:
        found[bisect_right(starts, record.t_s)].append(record)
    return found


def _lap(run: ET.Element, activity: Activity, part: Totals, inside: list[Record]) -> None:
    beats = [r.values["heart_rate_bpm"] for r in inside if "heart_rate_bpm" in r.values]
    speeds = [r.values["speed_mps"] for r in inside if "speed_mps" in r.values]
    lap, element = part.lap, ET.SubElement(run, _t("Lap"))
    element.set("StartTime", moment_text(activity.started_at + timedelta(seconds=part.start_s)))
    _text(element, "TotalTimeSeconds", f"{part.timer_s:.3f}")
    _text(element, "DistanceMeters", f"{part.distance_m or 0.0:.3f}")
    if speeds:
        _text(element, "MaximumSpeed", f"{max(speeds):.4f}")
    _text(element, "Calories", "0")
    if beats:
        _text(ET.SubElement(element, _t("AverageHeartRateBpm")), "Value", _beats(sum(beats) / len(beats)))
        _text(ET.SubElement(element, _t("MaximumHeartRateBpm")), "Value", _beats(max(beats)))
    _text(element, "Intensity", "Resting" if lap.kind in ("warm_up", "cool_down") else "Active")
    _text(element, "TriggerMethod", "Manual")
    _tracks(element, activity, inside)
    extensions = ET.SubElement(element, _t("Extensions"))
    reported = _lap_extended(part, inside)
    if reported:
        native = ET.SubElement(extensions, f"{{{_EXT}}}LX")
        for name, text in reported.items():
            ET.SubElement(native, f"{{{_EXT}}}{name}").text = text
    add_lap(extensions, lap, activity.end_s if lap.end_s is None else lap.end_s)


def _lap_extended(part: Totals, inside: Sequence[Record]) -> dict[str, str]:
    """Return the elements of Garmin's extension of a lap, in its order, within its ranges."""
    found = {}
    if part.distance_m is not None and part.timer_s > 0:
        found["AvgSpeed"] = f"{part.distance_m / part.timer_s:.4f}"
    cadences = [value for r in inside if (value := r.values.get("cadence_spm"))]
    if cadences:
        found["AvgRunCadence"] = str(_strides(sum(cadences) / len(cadences)))
        found["MaxRunCadence"] = str(_strides(max(cadences)))
    if part.n_strides is not None and 0 <= 2 * part.n_strides <= 65535:
        found["Steps"] = str(round(2 * part.n_strides))
    watts = [r.values["power_w"] for r in inside if "power_w" in r.values]
    if watts:
        found["AvgWatts"], found["MaxWatts"] = str(_watts(sum(watts) / len(watts))), str(_watts(max(watts)))
    return found


def _tracks(lap: ET.Element, activity: Activity, records: list[Record]) -> None:
    """Write one track from pause to pause."""
    track: ET.Element | None = None
    before_s = 0.0
    for record in records:
        if track is None or any(before_s <= a and b <= record.t_s for a, b in activity.pauses):
            track = ET.SubElement(lap, _t("Track"))
        _point(track, record, activity.started_at)
        before_s = record.t_s


def _point(track: ET.Element, record: Record, started_at: datetime) -> None:
    values = record.values
    point = ET.SubElement(track, _t("Trackpoint"))
    _text(point, "Time", moment_text(started_at + timedelta(seconds=record.t_s)))
    if record.latitude_deg is not None and record.longitude_deg is not None:
        place = ET.SubElement(point, _t("Position"))
        _text(place, "LatitudeDegrees", f"{record.latitude_deg:.{_DECIMALS}f}")
        _text(place, "LongitudeDegrees", f"{record.longitude_deg:.{_DECIMALS}f}")
    if record.altitude_m is not None:
        _text(point, "AltitudeMeters", f"{record.altitude_m:.2f}")
    if "distance_m" in values:
        _text(point, "DistanceMeters", f"{values['distance_m']:.3f}")
    if "heart_rate_bpm" in values:
        _text(ET.SubElement(point, _t("HeartRateBpm")), "Value", _beats(values["heart_rate_bpm"]))
    extended = _extended(values)
    whole = _whole(values)
    own = {name: value for name, value in values.items() if name not in _NATIVE and whole.get(name) != value}
    if extended or own:
        extensions = ET.SubElement(point, _t("Extensions"))
        if extended:
            native = ET.SubElement(extensions, f"{{{_EXT}}}TPX")
            for name, text in extended.items():
                ET.SubElement(native, f"{{{_EXT}}}{name}").text = text
        add_values(extensions, own)


def _extended(values: Mapping[str, float]) -> dict[str, str]:
    """Return the elements of Garmin's extension of a point, in its order, within its ranges."""
    found = {}
    if "speed_mps" in values:
        found["Speed"] = f"{values['speed_mps']:.4f}"
    if "cadence_spm" in values:
        found["RunCadence"] = str(_strides(values["cadence_spm"]))
    if "power_w" in values:
        found["Watts"] = str(_watts(values["power_w"]))
    return found


def _whole(values: Mapping[str, float]) -> dict[str, float]:
    """Return what TCX's own elements say of the values that they have in whole numbers."""
    found = {}
    if "heart_rate_bpm" in values:
        found["heart_rate_bpm"] = float(_beats(values["heart_rate_bpm"]))
    if "cadence_spm" in values:
        found["cadence_spm"] = 2.0 * _strides(values["cadence_spm"])
    if "power_w" in values:
        found["power_w"] = float(_watts(values["power_w"]))
    return found


def _watts(power_w: float) -> int:
    return min(65535, max(0, round(power_w)))


def _beats(beats: float) -> str:
    """Write beats within the schema's 1 to 255."""
    return str(min(255, max(1, round(beats))))


def _strides(cadence_spm: float) -> int:
    """Return the steps per minute as strides per minute, within the schema's 0 to 254."""
    return min(254, max(0, round(cadence_spm / 2)))


def _t(name: str) -> str:
    return f"{{{_TCX}}}{name}"


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _t(name)).text = text


def read_tcx_activities(content: bytes) -> tuple[Activity, ...]:
    """Read every activity of a TCX file, those within multi-sport sessions too.

    Raises:
        InterchangeError: not TCX, or without any point in time.
    """
    root, is_cut = parse_whole(content, "TrainingCenterDatabase", "TCX")
    runs = [element for element in root.iter() if local(element) == "Activity"]
    found = [activity for run in runs if (activity := activity_of_element(run))]
    if runs and all(run.get("Sport") == "Biking" for run in runs):
        raise InterchangeError("this TCX file holds Biking, not running: choose the file of a run")
    if not found:
        raise InterchangeError("this TCX file holds no points of a run: export it again")
    has_others = sum(local(element) in ("Activity", "Course") for element in root.iter()) > 1
    return tuple(dataclasses.replace(activity, has_others=has_others, is_cut=is_cut) for activity in found)


def activity_of_element(run: ET.Element) -> Activity | None:
    """Return one `Activity` element; None without any point in time, and without laps that sum up a run."""
    laps = [lap for lap in run if local(lap) == "Lap"]
    own = run_facts(child(run, "Extensions"))
    points = [(at, p) for p in run.iter() if local(p) == "Trackpoint" and (at := _time(p))]
    if not points:
        return _of_laps(run, laps)
    earliest, latest = of_one_clock([at for at, _ in points])
    points = [(at, p) for at, p in points if earliest <= at <= latest]
    starts = [at for lap in laps if (at := moment(lap.get("StartTime"))) and earliest <= at <= latest]
    started_at = min([*(at for at, _ in points), *starts])
    if own is not None:  # ours begins where it says, even if nothing was reported there
        started_at = moment(getattr(child(run, "Id"), "text", None)) or started_at
    records = tuple(sorted((_record(p, at, started_at) for at, p in points), key=lambda record: record.t_s))
    sport, name = run.get("Sport"), _title(run)
    found = _laps(laps, started_at, records[-1].t_s)
    if own is not None:
        facts, pauses = own
        duration_s = own_number(facts, "duration_s") or 0.0
        distance_m, is_indoor = own_number(facts, "distance_m"), facts.get("is_indoor") == "true"
        return Activity(started_at, records, found, pauses, duration_s, distance_m, name, is_indoor, sport)
    records = joined_distance(in_steps(records))
    duration_s = sum(number(child(lap, "TotalTimeSeconds")) or 0.0 for lap in laps) or records[-1].t_s
    is_indoor = all(record.latitude_deg is None for record in records)
    pauses = _pauses(laps, started_at)
    return Activity(started_at, records, found, pauses, duration_s, _distance(records, laps), name, is_indoor, sport)


def _of_laps(run: ET.Element, laps: Sequence[ET.Element]) -> Activity | None:
    """Return a run entered by hand, or by a machine that keeps no points: its laps say how far and how long."""
    parts = []
    started_at, before_s = moment(getattr(child(run, "Id"), "text", None)), 0.0
    for lap in laps:
        at, length_s = moment(lap.get("StartTime")), number(child(lap, "TotalTimeSeconds")) or 0.0
        metres, beats = number(child(lap, "DistanceMeters")) or 0.0, number(child(lap, "AverageHeartRateBpm", "Value"))
        started_at = started_at or at
        start_s = (at - started_at).total_seconds() if at and started_at else before_s
        if not before_s <= start_s <= before_s + _LONGEST_BREAK_S:
            start_s = before_s
        if length_s > 0:
            parts.append((start_s, start_s + length_s, metres, {} if beats is None else {"heart_rate_bpm": beats}))
            before_s = start_s + length_s
    if started_at is None or not sum(metres for _, _, metres, _ in parts):
        return None
    found = tuple(Lap(n, a, b) for n, (a, b, _, _) in enumerate(parts, 1))
    pauses = tuple((a[1], b[0]) for a, b in pairwise(parts) if b[0] > a[1])
    length_s, far_m = sum(b - a for a, b, _, _ in parts), sum(metres for _, _, metres, _ in parts)
    sport = run.get("Sport")
    return Activity(started_at, of_totals(parts), found, pauses, length_s, far_m, _title(run), False, sport)


def _title(run: ET.Element) -> str:
    notes = child(run, "Notes")
    return (notes.text or "").strip() if notes is not None else ""


def _distance(records: Sequence[Record], laps: Sequence[ET.Element]) -> float | None:
    far = next((r.values["distance_m"] for r in reversed(records) if "distance_m" in r.values), None)
    if far or not laps:
        return far
    return sum(number(child(lap, "DistanceMeters")) or 0.0 for lap in laps)


def _time(point: ET.Element) -> datetime | None:
    element = child(point, "Time")
    return moment(element.text) if element is not None else None


def _record(point: ET.Element, at: datetime, started_at: datetime) -> Record:
    extensions = child(point, "Extensions")
    extension = child(extensions, "TPX")
    strides = number(child(extension, "RunCadence"))
    if strides is None:
        strides = number(child(point, "Cadence"))
    found = {
        "distance_m": number(child(point, "DistanceMeters")),
        "heart_rate_bpm": number(child(point, "HeartRateBpm", "Value")),
        "speed_mps": number(child(extension, "Speed")),
        "cadence_spm": None if strides is None else 2 * strides,
        "power_w": number(child(extension, "Watts")),
    }
    return Record(
        (at - started_at).total_seconds(),
        {name: value for name, value in found.items() if value is not None} | values_of(extensions),
        number(child(point, "Position", "LatitudeDegrees")),
        number(child(point, "Position", "LongitudeDegrees")),
        number(child(point, "AltitudeMeters")),
    )


def _laps(laps: list[ET.Element], started_at: datetime, last_s: float) -> tuple[Lap, ...]:
    starts = [(at - started_at).total_seconds() if (at := moment(lap.get("StartTime"))) else None for lap in laps]
    known = [(start, lap) for start, lap in zip(starts, laps, strict=True) if start is not None]
    ends = [*(start for start, _ in known[1:]), last_s][: len(known)]  # some programs give laps no start
    return tuple(
        lap_of(child(lap, "Extensions"), Lap(i, start, max(start, end)))
        for i, ((start, lap), end) in enumerate(zip(known, ends, strict=True), 1)
    )


def _pauses(laps: list[ET.Element], started_at: datetime) -> tuple[tuple[float, float], ...]:
    """Return pauses: between one track and the next of a lap."""
    pauses = []
    for lap in laps:
        spans = []
        for track in (t for t in lap if local(t) == "Track"):
            times = [(at - started_at).total_seconds() for point in track if (at := _time(point))]
            if times:
                spans.append((min(times), max(times)))
        pauses += [(a[1], b[0]) for a, b in pairwise(spans) if b[0] > a[1]]
    return tuple(pauses)
