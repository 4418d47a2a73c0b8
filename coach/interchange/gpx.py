"""GPX 1.1 with Garmin's TrackPointExtension: an activity with positions in, XML out, and back.

What neither has an element for stands in an extension of our own.

Source: http://www.topografix.com/GPX/1/1/gpx.xsd, TrackPointExtensionv2.xsd (cad: strides of one leg in running).
"""

import dataclasses
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree as ET

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record
from coach.interchange.own_extension import (
    add_lap,
    add_run,
    add_values,
    laps_of,
    register,
    run_facts,
    told_number,
    values_of,
)
from coach.interchange.xml_text import child, local, moment, moment_text, number, parse, to_bytes

_GPX: Final = "http://www.topografix.com/GPX/1/1"
_TPX: Final = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"


def write_gpx(activity: Activity) -> bytes:
    """The bytes of a GPX file.

    Raises:
        InterchangeError: the run has no positions, without which GPX cannot say anything.
    """
    located = [r for r in activity.records if r.latitude_deg is not None and r.longitude_deg is not None]
    if not located:
        raise InterchangeError("this run has no positions: export it as FIT, TCX or CSV")
    ET.register_namespace("", _GPX)
    ET.register_namespace("gpxtpx", _TPX)
    register()
    root = ET.Element(_g("gpx"), version="1.1", creator="running-coach")
    metadata = ET.SubElement(root, _g("metadata"))
    ET.SubElement(metadata, _g("time")).text = moment_text(activity.started_at)
    track = ET.SubElement(root, _g("trk"))
    if activity.name:
        ET.SubElement(track, _g("name")).text = activity.name
    ET.SubElement(track, _g("type")).text = "running"
    extensions = ET.SubElement(track, _g("extensions"))
    for lap in activity.laps:
        add_lap(extensions, lap, activity.end_s if lap.end_s is None else lap.end_s)
    whole = {"duration_s": activity.duration_s, "distance_m": activity.distance_m}
    add_run(extensions, activity.pauses, activity.is_indoor, **whole)
    segment = ET.SubElement(track, _g("trkseg"))
    before_s = 0.0
    for record in located:
        if len(segment) and any(before_s <= a and b <= record.t_s for a, b in activity.pauses):
            segment = ET.SubElement(track, _g("trkseg"))
        _point(segment, record, activity.started_at)
        before_s = record.t_s
    return to_bytes(root)


def _point(segment: ET.Element, record: Record, started_at: datetime) -> None:
    place = {"lat": f"{record.latitude_deg:.9f}", "lon": f"{record.longitude_deg:.9f}"}
    point = ET.SubElement(segment, _g("trkpt"), place)
    if record.altitude_m is not None:
        ET.SubElement(point, _g("ele")).text = f"{record.altitude_m:.2f}"
    ET.SubElement(point, _g("time")).text = moment_text(started_at + timedelta(seconds=record.t_s))
    values = record.values
    told: dict[str, tuple[str, float]] = {}
    if "heart_rate_bpm" in values:
        beats = min(255, max(1, round(values["heart_rate_bpm"])))
        told["heart_rate_bpm"] = ("hr", beats)
    if "cadence_spm" in values:
        strides = min(254, max(0, round(values["cadence_spm"] / 2)))
        told["cadence_spm"] = ("cad", strides)
    if "speed_mps" in values:
        told["speed_mps"] = ("speed", round(values["speed_mps"], 4))
    back = {name: 2 * value if name == "cadence_spm" else value for name, (_, value) in told.items()}
    own = {name: value for name, value in values.items() if name != "speed_mps" and back.get(name) != value}
    if told or own:
        extensions = ET.SubElement(point, _g("extensions"))
        if told:
            native = ET.SubElement(extensions, f"{{{_TPX}}}TrackPointExtension")
            for name, value in told.values():
                ET.SubElement(native, f"{{{_TPX}}}{name}").text = f"{value}"
        add_values(extensions, own)


def _g(name: str) -> str:
    return f"{{{_GPX}}}{name}"


def read_gpx(content: bytes) -> Activity:
    """Read the first track with times of a GPX file.

    Raises:
        InterchangeError: not GPX, or without points that have a time.
    """
    return read_gpx_tracks(content)[0]


def read_gpx_tracks(content: bytes) -> tuple[Activity, ...]:
    """Read every track with times of a GPX file, each an activity.

    Raises:
        InterchangeError: not GPX, or without points that have a time.
    """
    root = parse(content, "gpx", "GPX")
    began_at = moment(getattr(child(root, "metadata", "time"), "text", None))
    found = [activity for track in root if local(track) == "trk" if (activity := track_of(track, began_at))]
    if not found:
        raise InterchangeError("this GPX file holds no track with times: export it again")
    has_others = sum(local(one) in ("trk", "wpt", "rte") for one in root) > 1
    return tuple(dataclasses.replace(activity, has_others=has_others) for activity in found)


def track_of(track: ET.Element, began_at: datetime | None) -> Activity | None:
    """One `trk` as an activity; None without times. began_at: the start that the file as a whole names."""
    segments = [s for s in track if local(s) == "trkseg"]
    timed = [[(at, p) for p in segment if (at := _time(p))] for segment in segments]
    timed = [points for points in timed if points]
    if not timed:
        return None
    own = run_facts(child(track, "extensions"))
    started_at = min(at for points in timed for at, _ in points)
    if own is not None:  # ours begins where it says, even if nothing was told there
        started_at = min(started_at, began_at or started_at)
    records = tuple(
        sorted((_record(p, at, started_at) for points in timed for at, p in points), key=lambda record: record.t_s)
    )
    name = (getattr(child(track, "name"), "text", None) or "").strip()
    sport = (getattr(child(track, "type"), "text", None) or "").strip() or None
    if own is not None:
        facts, pauses = own
        duration_s, distance_m = told_number(facts, "duration_s") or 0.0, told_number(facts, "distance_m")
        laps, is_indoor = laps_of(child(track, "extensions")), facts.get("is_indoor") == "true"
        return Activity(started_at, records, laps, pauses, duration_s, distance_m, name, is_indoor, sport)
    pauses = _between(timed, started_at)
    duration_s = records[-1].t_s - sum(b - a for a, b in pauses)
    return Activity(started_at, records, (), pauses, duration_s, None, name, sport=sport)


def _between(timed: list[list[tuple[datetime, ET.Element]]], started_at: datetime) -> tuple[tuple[float, float], ...]:
    """Pauses: between one segment and the next."""
    spans = [(min(times), max(times)) for times in ([at for at, _ in points] for points in timed)]
    return tuple(
        ((a[1] - started_at).total_seconds(), (b[0] - started_at).total_seconds())
        for a, b in pairwise(spans)
        if b[0] > a[1]
    )


def _time(point: ET.Element) -> datetime | None:
    element = child(point, "time")
    return moment(element.text) if element is not None else None


def _record(point: ET.Element, at: datetime, started_at: datetime) -> Record:
    extensions = child(point, "extensions")
    extension = child(extensions, "TrackPointExtension")
    strides = number(child(extension, "cad"))
    found = {
        "heart_rate_bpm": number(child(extension, "hr")),
        "cadence_spm": None if strides is None else 2 * strides,
        "speed_mps": number(child(extension, "speed")),
    }
    values = {name: value for name, value in found.items() if value is not None} | values_of(extensions)
    return Record(
        (at - started_at).total_seconds(),
        values,
        _degrees(point.get("lat"), 90.0),
        _degrees(point.get("lon"), 180.0),
        number(child(point, "ele")),
    )


def _degrees(text: str | None, limit: float) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) <= limit else None
