"""Write and read GPX 1.1 with Garmin's TrackPointExtension.

What neither has an element for is in an extension of our own.

Source: http://www.topografix.com/GPX/1/1/gpx.xsd, TrackPointExtensionv2.xsd (cad: strides of one leg in running).
"""

import dataclasses
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from xml.etree import ElementTree as ET

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record
from coach.interchange.mending import groups_of, in_steps
from coach.interchange.own_extension import (
    add_lap,
    add_run,
    add_values,
    laps_of,
    own_number,
    register,
    run_facts,
    values_of,
)
from coach.interchange.xml_text import (
    child,
    local,
    moment,
    moment_text,
    number,
    parse_whole,
    plain_number,
    to_bytes,
)

_GPX: Final = "http://www.topografix.com/GPX/1/1"
_TPX: Final = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"
TRACKS: Final = ("trk", "rte")
_POINTS: Final = ("trkpt", "rtept")
# Names by which extensions call a measure: Garmin's, ClueTrust's (gpxdata), and those without a schema.
_NAMES: Final = {
    "hr": "heart_rate_bpm",
    "heartrate": "heart_rate_bpm",
    "cad": "cadence_spm",
    "cadence": "cadence_spm",
    "runcadence": "cadence_spm",
    "speed": "speed_mps",
    "power": "power_w",
    "watts": "power_w",
    "powerinwatts": "power_w",
}
_LAP_GAP_S: Final = 10.0  # between the last point of a lap and the first of the next, by smart recording; by judgement


def write_gpx(activity: Activity) -> bytes:
    """Return the bytes of a GPX file.

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
    extended: dict[str, tuple[str, float]] = {}
    if "heart_rate_bpm" in values:
        beats = min(255, max(1, round(values["heart_rate_bpm"])))
        extended["heart_rate_bpm"] = ("hr", beats)
    if "cadence_spm" in values:
        strides = min(254, max(0, round(values["cadence_spm"] / 2)))
        extended["cadence_spm"] = ("cad", strides)
    if "speed_mps" in values:
        extended["speed_mps"] = ("speed", round(values["speed_mps"], 4))
    back = {name: 2 * value if name == "cadence_spm" else value for name, (_, value) in extended.items()}
    own = {name: value for name, value in values.items() if name != "speed_mps" and back.get(name) != value}
    if extended or own:
        extensions = ET.SubElement(point, _g("extensions"))
        if extended:
            native = ET.SubElement(extensions, f"{{{_TPX}}}TrackPointExtension")
            for name, value in extended.values():
                ET.SubElement(native, f"{{{_TPX}}}{name}").text = f"{value}"
        add_values(extensions, own)


def _g(name: str) -> str:
    return f"{{{_GPX}}}{name}"


def read_gpx_tracks(content: bytes) -> tuple[Activity, ...]:
    """Read every track with times of a GPX file, each an activity; one that goes on after hours, several.

    Tracks that follow each other without a break are one: some programs write a track for each lap.

    Raises:
        InterchangeError: not GPX, or without points that have a time.
    """
    root, is_cut = parse_whole(content, "gpx", "GPX")
    began_at = began_at_of(root)
    found = _joined([one for track in root if local(track) in TRACKS for one in tracks_of(track, began_at)])
    if not found:
        raise InterchangeError("this GPX file holds no track with times: export it again")
    has_others = len(found) > 1 or sum(local(one) in (*TRACKS, "wpt") for one in root) > 1
    return tuple(dataclasses.replace(activity, has_others=has_others, is_cut=is_cut) for activity in found)


def _joined(found: list[Activity]) -> list[Activity]:
    """Return activities of which none is the next lap of the one before."""
    joined: list[Activity] = []
    for one in sorted(found, key=lambda one: one.started_at):
        before = joined[-1] if joined else None
        if before is not None and _goes_on(before, one):
            joined[-1] = _one_of(before, one)
        else:
            joined.append(one)
    return joined


def _goes_on(before: Activity, after: Activity) -> bool:
    gap_s = (after.started_at - before.started_at).total_seconds() - before.end_s
    return before.sport == after.sport and 0.0 <= gap_s <= _LAP_GAP_S and not (before.laps or after.laps)


def _one_of(before: Activity, after: Activity) -> Activity:
    moved_s = (after.started_at - before.started_at).total_seconds()
    later = [dataclasses.replace(record, t_s=record.t_s + moved_s) for record in after.records]
    if later and before.records and later[0].t_s <= before.records[-1].t_s:
        later = later[1:]  # the point where both laps meet
    pauses = (*before.pauses, *((a + moved_s, b + moved_s) for a, b in after.pauses))
    records = (*before.records, *later)
    duration_s = records[-1].t_s - sum(b - a for a, b in pauses)
    return dataclasses.replace(before, records=records, pauses=pauses, duration_s=duration_s)


def began_at_of(root: ET.Element) -> datetime | None:
    """Return the start that the file as a whole names."""
    return moment(getattr(child(root, "metadata", "time"), "text", None))


def tracks_of(track: ET.Element, began_at: datetime | None) -> tuple[Activity, ...]:
    """Return one `trk` (or a `rte` with times, as some write) as activities.
    began_at: the start that the file names."""
    segments = [track] if local(track) == "rte" else [s for s in track if local(s) == "trkseg"]
    timed = [[(at, p) for p in segment if local(p) in _POINTS and (at := point_time(p))] for segment in segments]
    own = run_facts(child(track, "extensions"))
    if own is not None:
        return _own_track(track, own, timed, began_at)
    found = []
    for first, last in groups_of([at for points in timed for at, _ in points]):
        inside = [[(at, p) for at, p in points if first <= at <= last] for points in timed]
        found.append(_foreign_track(track, [points for points in inside if points]))
    return tuple(found)


def _own_track(
    track: ET.Element,
    own: tuple[ET.Element, tuple[tuple[float, float], ...]],
    timed: list[list[tuple[datetime, ET.Element]]],
    began_at: datetime | None,
) -> tuple[Activity, ...]:
    """Return the activity of our own track: it begins where it says, even if nothing was reported there."""
    moments = [at for points in timed for at, _ in points]
    if not moments:
        return ()
    started_at = min(min(moments), began_at or min(moments))
    facts, pauses = own
    duration_s, distance_m = own_number(facts, "duration_s") or 0.0, own_number(facts, "distance_m")
    laps, is_indoor = laps_of(child(track, "extensions")), facts.get("is_indoor") == "true"
    records = _records(timed, started_at)
    name, sport = _text_of(track, "name"), _text_of(track, "type") or None
    return (Activity(started_at, records, laps, pauses, duration_s, distance_m, name, is_indoor, sport),)


def _foreign_track(track: ET.Element, timed: list[list[tuple[datetime, ET.Element]]]) -> Activity:
    started_at = min(at for points in timed for at, _ in points)
    records = in_steps(_records(timed, started_at))
    pauses = _between(timed, started_at)
    duration_s = records[-1].t_s - sum(b - a for a, b in pauses)
    name, sport = _text_of(track, "name"), _text_of(track, "type") or None
    return Activity(started_at, records, (), pauses, duration_s, None, name, sport=sport)


def _records(timed: list[list[tuple[datetime, ET.Element]]], started_at: datetime) -> tuple[Record, ...]:
    return tuple(
        sorted((_record(p, at, started_at) for points in timed for at, p in points), key=lambda record: record.t_s)
    )


def _text_of(track: ET.Element, name: str) -> str:
    return (getattr(child(track, name), "text", None) or "").strip()


def _between(timed: list[list[tuple[datetime, ET.Element]]], started_at: datetime) -> tuple[tuple[float, float], ...]:
    """Return pauses: between one segment and the next."""
    spans = sorted((min(times), max(times)) for times in ([at for at, _ in points] for points in timed))
    return tuple(
        ((a[1] - started_at).total_seconds(), (b[0] - started_at).total_seconds())
        for a, b in pairwise(spans)
        if b[0] > a[1]
    )


def point_time(point: ET.Element) -> datetime | None:
    """Return when a point was passed."""
    element = child(point, "time")
    return moment(element.text) if element is not None else None


def _record(point: ET.Element, at: datetime, started_at: datetime) -> Record:
    extensions = child(point, "extensions")
    found = _measures(point)
    values = found | values_of(extensions)
    return Record(
        (at - started_at).total_seconds(),
        values,
        _degrees(point.get("lat"), 90.0),
        _degrees(point.get("lon"), 180.0),
        number(child(point, "ele")),
    )


def _measures(point: ET.Element) -> dict[str, float]:
    """Return what a point says beside its place: GPX 1.0 below the point itself, GPX 1.1 in extensions, whoever's."""
    values: dict[str, float] = {}
    inside = [*(child(point, "extensions") or ()), *(one for one in point if local(one) == "speed")]
    for element in (below for one in inside for below in one.iter()):
        name = _NAMES.get(local(element).lower())
        value = number(element) if name is not None else None
        if name is not None and value is not None and value >= 0:
            values.setdefault(name, 2 * value if name == "cadence_spm" else value)
    return values


def _degrees(text: str | None, limit: float) -> float | None:
    try:
        value = plain_number(text or "")
    except ValueError:
        return None
    return value if abs(value) <= limit else None
