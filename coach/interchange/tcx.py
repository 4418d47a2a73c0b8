"""TCX (Training Center Database v2): an activity in, XML out, and back.

Elements stand in the order of the schema. RunCadence counts strides of one leg, as watches write it.
Source: Garmin TrainingCenterDatabasev2.xsd and ActivityExtensionv2.xsd.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree as ET

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record
from coach.interchange.xml_text import child, local, moment, moment_text, number, parse, to_bytes
from coach.model.runs import Lap

_TCX: Final = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_EXT: Final = "http://www.garmin.com/xmlschemas/ActivityExtension/v2"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_DECIMALS: Final = 9


def write_tcx(activity: Activity) -> bytes:
    """The bytes of a TCX file."""
    ET.register_namespace("", _TCX)
    ET.register_namespace("ae", _EXT)
    ET.register_namespace("xsi", _XSI)
    root = ET.Element(_t("TrainingCenterDatabase"))
    root.set(f"{{{_XSI}}}schemaLocation", f"{_TCX} http://www.garmin.com/xmlschemas/TrainingCenterDatabasev2.xsd")
    run = ET.SubElement(ET.SubElement(root, _t("Activities")), _t("Activity"), Sport="Running")
    _text(run, "Id", moment_text(activity.started_at))
    for lap in activity.laps or (Lap(1, 0.0, activity.end_s),):
        _lap(run, activity, lap)
    if activity.name:
        _text(run, "Notes", activity.name)
    return to_bytes(root)


def _lap(run: ET.Element, activity: Activity, lap: Lap) -> None:
    is_last = lap.end_s is None or lap.end_s >= activity.end_s
    end_s = activity.end_s if lap.end_s is None else lap.end_s
    inside = [r for r in activity.records if lap.start_s <= r.t_s and (r.t_s < end_s or is_last)]
    far = [r.values["distance_m"] for r in inside if "distance_m" in r.values]
    beats = [r.values["heart_rate_bpm"] for r in inside if "heart_rate_bpm" in r.values]
    paused = sum(max(0.0, min(b, end_s) - max(a, lap.start_s)) for a, b in activity.pauses)
    element = ET.SubElement(run, _t("Lap"), StartTime=moment_text(activity.started_at + timedelta(seconds=lap.start_s)))
    _text(element, "TotalTimeSeconds", f"{end_s - lap.start_s - paused:.3f}")
    _text(element, "DistanceMeters", f"{far[-1] - far[0] if far else 0.0:.3f}")
    _text(element, "Calories", "0")
    if beats:
        _text(ET.SubElement(element, _t("AverageHeartRateBpm")), "Value", f"{sum(beats) / len(beats):.0f}")
        _text(ET.SubElement(element, _t("MaximumHeartRateBpm")), "Value", f"{max(beats):.0f}")
    _text(element, "Intensity", "Resting" if lap.kind in ("warm_up", "cool_down") else "Active")
    _text(element, "TriggerMethod", "Manual")
    _tracks(element, activity, inside)


def _tracks(lap: ET.Element, activity: Activity, records: list[Record]) -> None:
    """One track from pause to pause."""
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
        _text(ET.SubElement(point, _t("HeartRateBpm")), "Value", f"{max(1, round(values['heart_rate_bpm']))}")
    more = [("Speed", values.get("speed_mps"), "{:.4f}"), ("RunCadence", _strides(values.get("cadence_spm")), "{:.0f}")]
    more.append(("Watts", values.get("power_w"), "{:.0f}"))
    if any(value is not None for _, value, _ in more):
        extension = ET.SubElement(ET.SubElement(point, _t("Extensions")), f"{{{_EXT}}}TPX")
        for name, value, form in more:
            if value is not None:
                ET.SubElement(extension, f"{{{_EXT}}}{name}").text = form.format(value)


def _strides(cadence_spm: float | None) -> float | None:
    """Steps per minute as strides per minute, within the schema's 0 to 254."""
    return None if cadence_spm is None else min(254.0, max(0.0, cadence_spm / 2))


def _t(name: str) -> str:
    return f"{{{_TCX}}}{name}"


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _t(name)).text = text


def read_tcx(content: bytes) -> Activity:
    """Read the first activity of a TCX file.

    Raises:
        InterchangeError: not TCX, or without any point in time.
    """
    run = child(parse(content, "TrainingCenterDatabase", "TCX"), "Activities", "Activity")
    points = [] if run is None else [p for p in run.iter() if local(p) == "Trackpoint"]
    times = [at for point in points if (at := _time(point))]
    if run is None or not times:
        raise InterchangeError("this TCX file holds no points of a run: export it again")
    started_at = min(times)
    laps = [lap for lap in run if local(lap) == "Lap"]
    starts = [at for lap in laps if (at := moment(lap.get("StartTime")))]
    started_at = min([started_at, *starts])
    records = sorted((_record(p, started_at) for p in points if _time(p)), key=lambda record: record.t_s)
    pauses = _pauses(laps, started_at)
    duration = sum(number(child(lap, "TotalTimeSeconds")) or 0.0 for lap in laps)
    distance = next((r.values["distance_m"] for r in reversed(records) if "distance_m" in r.values), None)
    if distance is None and laps:
        distance = sum(number(child(lap, "DistanceMeters")) or 0.0 for lap in laps)
    notes = child(run, "Notes")
    return Activity(
        started_at,
        tuple(records),
        _laps(laps, started_at, records[-1].t_s),
        pauses,
        duration or records[-1].t_s,
        distance,
        (notes.text or "").strip() if notes is not None else "",
        is_indoor=all(record.latitude_deg is None for record in records),
    )


def _time(point: ET.Element) -> datetime | None:
    element = child(point, "Time")
    return moment(element.text) if element is not None else None


def _record(point: ET.Element, started_at: datetime) -> Record:
    at = _time(point)
    assert at is not None
    extension = child(point, "Extensions", "TPX")
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
        {name: value for name, value in found.items() if value is not None},
        number(child(point, "Position", "LatitudeDegrees")),
        number(child(point, "Position", "LongitudeDegrees")),
        number(child(point, "AltitudeMeters")),
    )


def _laps(laps: list[ET.Element], started_at: datetime, last_s: float) -> tuple[Lap, ...]:
    starts = [(at - started_at).total_seconds() if (at := moment(lap.get("StartTime"))) else None for lap in laps]
    known = [(start, lap) for start, lap in zip(starts, laps, strict=True) if start is not None]
    ends = [start for start, _ in known[1:]] + [last_s]
    return tuple(Lap(i, start, max(start, end)) for i, ((start, _), end) in enumerate(zip(known, ends, strict=True), 1))


def _pauses(laps: list[ET.Element], started_at: datetime) -> tuple[tuple[float, float], ...]:
    """Between one track and the next of a lap."""
    pauses = []
    for lap in laps:
        spans = []
        for track in (t for t in lap if local(t) == "Track"):
            times = [(at - started_at).total_seconds() for point in track if (at := _time(point))]
            if times:
                spans.append((min(times), max(times)))
        pauses += [(a[1], b[0]) for a, b in pairwise(spans) if b[0] > a[1]]
    return tuple(pauses)
