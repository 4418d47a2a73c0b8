"""Read Apple Health's export.zip: stream `export.xml`, and give workouts with their samples and routes.

Its document type is skipped, for iOS 16 wrote a broken one, and control characters are left out, which are in what
other apps keep there (seen in github.com/jameno/Simple-Apple-Health-XML-to-CSV, pull request 3).

A file of years has gigabytes, nearly all of it samples that belong to no run. It is read twice: first its workouts,
then those samples that lie within one on foot and come from the workout's own source (a telephone counts the same steps
again). Nothing else is held.

Source: names as in HealthKit (HKWorkoutActivityType, HKQuantityTypeIdentifier); the file's layout is not documented and
was taken from exports that others describe. Stride length is left out: whether a sample means a step or two is not
documented well enough to be used.
"""

import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol
from xml.parsers import expat

from coach.errors import InterchangeError
from coach.interchange.activity import Activity, Record
from coach.interchange.damage import DAMAGE
from coach.interchange.gpx import read_gpx_tracks
from coach.interchange.sport import named_sport
from coach.interchange.xml_text import child, local, parse, to_bytes
from coach.model.frozen import dataclass
from coach.model.runs import Sport

ROUTES: Final = "workout-routes"  # the folder of an export in which its routes lie
_ROOT: Final = b"<HealthData"
_CONTROL: Final = bytes(one for one in range(32) if one not in b"\t\n\r")
_HEAD: Final = 64 << 10
_BLOCK: Final = 1 << 20
_MOST_ROUTE: Final = 64 << 20
_NAME: Final = "HKQuantityTypeIdentifier"
# Samples of a moment: (our name, factor by unit)
_MOMENTS: Final[Mapping[str, tuple[str, Mapping[str, float]]]] = {
    "HeartRate": ("heart_rate_bpm", {"count/min": 1.0}),
    "RunningSpeed": ("speed_mps", {"m/s": 1.0, "km/hr": 1 / 3.6, "mi/hr": 0.44704}),
    "RunningVerticalOscillation": ("vertical_oscillation_mm", {"cm": 10.0, "mm": 1.0, "in": 25.4}),
    "RunningGroundContactTime": ("contact_time_ms", {"ms": 1.0, "s": 1000.0}),
    "RunningPower": ("power_w", {"W": 1.0}),
}
_STEPS: Final = "StepCount"
_DISTANCE: Final = "DistanceWalkingRunning"
_METRES: Final = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "ft": 0.3048, "yd": 0.9144}
_SECONDS: Final = {"s": 1.0, "min": 60.0, "hr": 3600.0}
_HOLD_S: Final = 10.0  # a watch writes a heart rate every five seconds or so: older ones say nothing of now
_LEAST_S: Final = 2.0  # steps counted over less than this give no cadence


@dataclass(frozen=True, slots=True)
class HealthWorkout:
    """A workout as an activity. refusal: why it is none on foot. read_route: the bytes of its GPX file."""

    name: str
    progress: float
    activity: Activity | None
    read_route: Callable[[], bytes]
    refusal: str = ""


@dataclass(slots=True)
class _Open:
    """A workout while it is read. samples: (seconds, our name, value). spans: (start, end, value) by name."""

    kind: str
    start: datetime
    end: datetime
    source: str
    duration_s: float
    distance_m: float | None = None
    routes: list[str] = field(default_factory=list)
    is_indoor: bool = False
    stops: list[tuple[datetime, bool]] = field(default_factory=list)
    samples: list[tuple[float, str, float]] = field(default_factory=list)
    steps: list[tuple[float, float, float]] = field(default_factory=list)
    far: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def is_on_foot(self) -> bool:
        return named_sport(self.kind) in (Sport.RUNNING, Sport.WALKING, None)


class Members(Protocol):
    """Files by name: those of a zip, or of a folder."""

    def namelist(self) -> list[str]:
        """Return the names of all files, as paths with "/"."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read its bytes.

        Raises:
            KeyError, OSError: there is no such file, or it cannot be read.
        """


class FolderMembers:
    """An export unpacked, or a folder that holds one. Only names that an export has are looked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def namelist(self) -> list[str]:
        """Return the names of the XML and GPX files that lie where an export has them, sorted."""
        patterns = ("*.xml", "*/*.xml", f"{ROUTES}/*.gpx", f"*/{ROUTES}/*.gpx")
        found = [path for pattern in patterns for path in self._folder.glob(pattern) if path.is_file()]
        return [path.relative_to(self._folder).as_posix() for path in sorted(found)]

    def open(self, name: str) -> IO[bytes]:
        """Open a file below the folder to read its bytes.

        Raises:
            OSError: there is no such file, or it cannot be read.
        """
        return (self._folder / name).open("rb")


def find_export(archive: Members) -> str | None:
    """Name of the XML file of an export of Apple Health in a zip or folder; None where it is no such export."""
    for name in archive.namelist():
        path = PurePosixPath(name)
        if path.suffix.lower() != ".xml" or len(path.parts) > 2 or path.stem.endswith("_cda"):
            continue
        try:
            with archive.open(name) as stream:
                if _ROOT in stream.read(_HEAD):
                    return name
        except DAMAGE:
            continue
    return None


def workouts(archive: Members, export: str) -> Iterator[HealthWorkout]:
    """Yield every workout of an export, oldest first.

    Raises:
        InterchangeError: the file is damaged, or declares entities of its own.
    """
    found: list[_Open] = []
    _read(archive, export, _WorkoutReader(found))
    found.sort(key=lambda one: one.start)
    on_foot = [one for one in found if one.is_on_foot]
    if on_foot:
        _read(archive, export, _SampleReader(on_foot))
    names = {PurePosixPath(name).name: name for name in archive.namelist()}
    for n, one in enumerate(found):
        title = f"{_words(one.kind)} {one.start:%Y-%m-%d %H:%M}"
        if not one.is_on_foot:
            words = f"it is {_words(one.kind).replace('_', ' ')}, not running"
            yield HealthWorkout(title, n / len(found), None, lambda: b"", words)
            continue
        routes = [path for route in one.routes if (path := names.get(PurePosixPath(route).name))]
        content = _joined([_route(archive, route) for route in routes])
        yield HealthWorkout(title, n / len(found), _activity(one, content), partial(bytes, content))


def _words(kind: str) -> str:
    return named_sport(kind) or "workout"


def _route(archive: Members, name: str) -> bytes:
    try:
        with archive.open(name) as stream:
            content = stream.read(_MOST_ROUTE + 1)
    except DAMAGE:
        return b""
    return content if len(content) <= _MOST_ROUTE else b""


def _joined(routes: list[bytes]) -> bytes:
    """Return one GPX file of several: a workout that lost its position on the way has a route before and one after."""
    routes = [route for route in routes if route]
    if len(routes) < 2:
        return routes[0] if routes else b""
    try:
        roots = [parse(route, "gpx", "GPX") for route in routes]
    except InterchangeError:
        return routes[0]
    track = child(roots[0], "trk")
    if track is not None:
        for segment in (one for root in roots[1:] for trk in root for one in trk if local(one) == "trkseg"):
            track.append(segment)
    return to_bytes(roots[0])


def _read(archive: Members, name: str, reader: "_WorkoutReader | _SampleReader") -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = _no_entities
    try:
        with archive.open(name) as stream:
            head = stream.read(_HEAD)
            if b"<!ENTITY" in head:
                raise ValueError("it defines entities")
            parser.Parse(head[max(0, head.find(_ROOT)) :].translate(None, _CONTROL), False)
            while block := stream.read(_BLOCK):
                parser.Parse(block.translate(None, _CONTROL), False)
            parser.Parse(b"", True)
    except (*DAMAGE, expat.ExpatError) as error:
        raise InterchangeError(f"{name} of this export is damaged ({error}): export it again") from error


def _no_entities(*_: object) -> None:
    raise ValueError("it defines entities")


class _WorkoutReader:
    def __init__(self, found: list[_Open]) -> None:
        self._found = found
        self._open: _Open | None = None
        self._depth = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "Workout":
            self._open = _workout(values)
        elif self._open is None:
            return
        elif name == "WorkoutStatistics" and values.get("type") == _NAME + _DISTANCE:
            self._open.distance_m = _amount(values.get("sum"), values.get("unit"), _METRES)
        elif name == "FileReference":
            self._open.routes.append(values.get("path", ""))
        elif name == "MetadataEntry" and values.get("key") == "HKIndoorWorkout":
            self._open.is_indoor = values.get("value") == "1"
        elif name == "WorkoutEvent" and values.get("type", "").endswith(("EventTypePause", "EventTypeResume")):
            at = _time(values.get("date"))
            if at is not None:
                self._open.stops.append((at, values["type"].endswith("Pause")))

    def end(self, name: str) -> None:
        if name == "Workout" and self._open is not None:
            self._found.append(self._open)
            self._open = None


def _workout(values: Mapping[str, str]) -> _Open | None:
    start, end = _time(values.get("startDate")), _time(values.get("endDate"))
    if start is None or end is None or end <= start:
        return None
    duration = _amount(values.get("duration"), values.get("durationUnit", "min"), _SECONDS)
    distance = _amount(values.get("totalDistance"), values.get("totalDistanceUnit"), _METRES)
    kind, source = values.get("workoutActivityType", ""), values.get("sourceName", "")
    return _Open(kind, start, end, source, duration or (end - start).total_seconds(), distance)


class _SampleReader:
    def __init__(self, on_foot: list[_Open]) -> None:
        self._on_foot = on_foot
        self._starts = [one.start for one in on_foot]
        self._wanted = {_NAME + name for name in (*_MOMENTS, _STEPS, _DISTANCE)}

    def start(self, name: str, values: dict[str, str]) -> None:
        if name != "Record" or values.get("type") not in self._wanted:
            return
        at, until = _time(values.get("startDate")), _time(values.get("endDate"))
        if at is None:
            return
        place = bisect.bisect_right(self._starts, at) - 1
        if place < 0 or at > self._on_foot[place].end or values.get("sourceName") != self._on_foot[place].source:
            return
        _keep(self._on_foot[place], values, at, until or at)

    def end(self, _: str) -> None:
        return


def _keep(one: _Open, values: Mapping[str, str], at: datetime, until: datetime) -> None:
    kind, unit = values["type"].removeprefix(_NAME), values.get("unit")
    start_s, end_s = (at - one.start).total_seconds(), (until - one.start).total_seconds()
    if kind in _MOMENTS:
        name, factors = _MOMENTS[kind]
        value = _amount(values.get("value"), unit, factors)
        if value is not None:
            one.samples.append(((start_s + end_s) / 2, name, value))
    elif kind == _STEPS:
        value = _amount(values.get("value"), "count", {"count": 1.0})
        if value is not None and end_s - start_s >= _LEAST_S:
            one.steps.append((start_s, end_s, value))
    else:
        value = _amount(values.get("value"), unit, _METRES)
        if value is not None:
            one.far.append((start_s, end_s, value))


def _activity(one: _Open, route: bytes) -> Activity:
    """Return a workout as records: those of its route, or one for each moment that a sample speaks of."""
    points: dict[float, Record] = {}
    if route:
        try:
            tracks = read_gpx_tracks(route)
        except InterchangeError:
            tracks = ()
        for track in tracks:
            moved_s = (track.started_at - one.start).total_seconds()
            for record in track.records:
                t_s = round(record.t_s + moved_s, 3)
                if t_s >= 0:
                    points[t_s] = Record(t_s, {}, record.latitude_deg, record.longitude_deg, record.altitude_m)
    if not points:
        moments = {round(t_s) for t_s, _, _ in one.samples} | {round(end) for _, end, _ in one.far}
        points = {float(t_s): Record(float(t_s)) for t_s in moments if t_s >= 0}
    by_name: dict[str, list[tuple[float, float]]] = {}
    for t_s, name, value in sorted(one.samples):
        by_name.setdefault(name, []).append((t_s, value))
    steps, far = sorted(one.steps), _total(sorted(one.far)) if not route else []
    records = tuple(
        Record(
            t_s,
            _values(t_s, by_name, steps, far),
            points[t_s].latitude_deg,
            points[t_s].longitude_deg,
            points[t_s].altitude_m,
        )
        for t_s in sorted(points)
    )
    distance_m = one.distance_m or (far[-1][1] if far else None)
    pauses = _pauses(one)
    return Activity(
        one.start.astimezone(UTC),
        records,
        (),
        pauses,
        one.duration_s,
        distance_m,
        is_indoor=one.is_indoor or not any(record.latitude_deg is not None for record in records),
        sport=one.kind,
    )


def _values(
    t_s: float,
    by_name: Mapping[str, list[tuple[float, float]]],
    steps: list[tuple[float, float, float]],
    far: list[tuple[float, float]],
) -> dict[str, float]:
    values: dict[str, float] = {}
    for name, samples in by_name.items():
        place = bisect.bisect_right(samples, (t_s, float("inf")))
        near = [s for s in samples[max(0, place - 1) : place + 1] if abs(s[0] - t_s) <= _HOLD_S]
        if near:
            values[name] = min(near, key=lambda s: abs(s[0] - t_s))[1]
    place = bisect.bisect_right(steps, (t_s, float("inf"), float("inf"))) - 1
    if place >= 0 and steps[place][0] <= t_s <= steps[place][1]:
        start, end, count = steps[place]
        values["cadence_spm"] = 60 * count / (end - start)
    if far:
        place = bisect.bisect_right(far, (t_s, float("inf")))
        before = far[place - 1] if place else (0.0, 0.0)
        after = far[place] if place < len(far) else before
        share = (t_s - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
        values["distance_m"] = before[1] + share * (after[1] - before[1])
    return values


def _total(spans: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Return (seconds, metres until then) at the ends of the spans."""
    total, found = 0.0, [(max(0.0, spans[0][0]), 0.0)] if spans else []
    for _, end, metres in spans:
        total += metres
        found.append((end, total))
    return found


def _pauses(one: _Open) -> tuple[tuple[float, float], ...]:
    pauses, since = [], None
    for at, is_pause in sorted(one.stops):
        t_s = (at - one.start).total_seconds()
        if is_pause:
            since = t_s if since is None else since
        elif since is not None:
            if t_s > since:
                pauses.append((since, t_s))
            since = None
    return tuple(pauses)


def _time(text: str | None) -> datetime | None:
    """Return "2026-05-01 07:00:05 +0200" as an aware time."""
    if not text or len(text) < 25:
        return None
    try:
        return datetime.fromisoformat(text[:19] + text[20:])
    except ValueError:
        return None


def _amount(text: str | None, unit: str | None, factors: Mapping[str, float]) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    factor = factors.get(unit or "")
    return None if factor is None or not 0 <= value < 1e9 else value * factor
