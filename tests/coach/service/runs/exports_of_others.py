"""Exports of other services, made small by hand: their folders and lists, with a run of a few minutes in each file."""

import gzip
import io
import math
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from coach.interchange import fit_messages as fm
from coach.interchange.fit_encoding import FitFile

DISTANCE, SPEED = fm.RECORD_VALUES["distance_m"][0], fm.RECORD_VALUES["speed_mps"][0]
DAY = datetime(2026, 5, 4, 7, tzinfo=UTC)
_FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
_DEGREE_M = 6378137.0 * (1 - 0.00669437999014) * math.pi / 180


def gpx(at: datetime = DAY, speed_mps: float = 3.0, sport: str = "", seconds: int = 200) -> bytes:
    """A straight track northwards at the equator, one point a second."""
    points = "".join(
        f'<trkpt lat="{speed_mps * s / _DEGREE_M:.9f}" lon="8"><ele>{100 + s / 10:.1f}</ele>'
        f"<time>{at + timedelta(seconds=s):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for s in range(seconds)
    )
    kind = f"<type>{sport}</type>" if sport else ""
    return f"<gpx><trk>{kind}<trkseg>{points}</trkseg></trk></gpx>".encode()


def fit(at: datetime = DAY, sport: int = 1, seconds: int = 200) -> bytes:
    """A FIT activity at 170 steps a minute. sport: number as in the FIT profile (1: running, 2: cycling)."""
    first = round((at - _FIT_EPOCH).total_seconds())
    file = FitFile()
    file.add(fm.FILE_ID, [(fm.FILE_TYPE, 4)])
    for s in range(seconds):
        file.add(fm.RECORD, [(fm.TIMESTAMP, first + s), (fm.CADENCE, 85), (DISTANCE, 3.0 * s), (SPEED, 3.0)])
    session = [(fm.TIMESTAMP, first + seconds), (fm.START_TIME, first), (fm.SPORT_SESSION, sport)]
    file.add(fm.SESSION, session)
    return file.close()


def monitoring() -> bytes:
    """A FIT file of daily monitoring, as a watch writes several a day."""
    file = FitFile()
    file.add(fm.FILE_ID, [(fm.FILE_TYPE, 32)])
    return file.close()


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def strava() -> dict[str, bytes]:
    """An export in German: the list's headings are translated, its files are packed one by one."""
    rows = (
        "Aktivitäts-ID,Aktivitätsdatum,Name der Aktivität,Aktivitätsart,Beschreibung,Dateiname",
        '1,"4. Mai 2026, 07:00:00",Morgenrunde,Lauf,,activities/1.fit.gz',
        '2,"5. Mai 2026, 07:00:00","Zum See, locker",Lauf,,activities/2.gpx.gz',
        '3,"6. Mai 2026, 07:00:00",Pendeln,Radfahrt,,activities/3.gpx',
        '4,"7. Mai 2026, 07:00:00",Kräftigung,Krafttraining,,',
    )
    days = [DAY + timedelta(days=n) for n in range(3)]
    return {
        "activities.csv": "\n".join(rows).encode("utf-8-sig"),
        "activities/1.fit.gz": gzip.compress(fit(days[0])),
        "activities/2.gpx.gz": gzip.compress(gpx(days[1])),
        "activities/3.gpx": gpx(days[2], 3.0),
        "media/1.jpg": b"\xff\xd8\xff",
        "profile.csv": b"name\nrunner\n",
    }


def garmin() -> dict[str, bytes]:
    """An export: the files lie in zips within the zip, among daily monitoring and rides."""
    days = [DAY + timedelta(days=n) for n in range(10, 13)]
    first = {"r_1.fit": fit(days[0]), "r_2.fit": monitoring()}
    second = {"r_3.fit": fit(days[1], sport=2), "r_4.fit": fit(days[2]), "r_5.fit": fit(days[2])[:40]}
    return {
        "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip": zipped(first),
        "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part2.zip": zipped(second),
        "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part3.zip": b"PK\x03\x04 cut off",
        "DI_CONNECT/DI-Connect-User/user_profile.json": b"{}",
    }


def _sample(kind: str, unit: str, at: datetime, until: datetime, value: float, source: str = "Watch") -> str:
    return (
        f'<Record type="HKQuantityTypeIdentifier{kind}" sourceName="{source}" unit="{unit}" '
        f'startDate="{at:%Y-%m-%d %H:%M:%S} +0000" endDate="{until:%Y-%m-%d %H:%M:%S} +0000" value="{value}"/>'
    )


def apple() -> dict[str, bytes]:
    """An export: a run with a route, one on the treadmill, a ride; the telephone counts the same steps again."""
    out, inside, ride = (DAY + timedelta(days=n) for n in (20, 21, 22))
    samples = []
    for at in (out, inside):
        for s in range(0, 200, 5):
            now, then = at + timedelta(seconds=s), at + timedelta(seconds=s + 5)
            samples.append(_sample("HeartRate", "count/min", now, now, 140 + s / 10))
            samples.append(_sample("StepCount", "count", now, then, 14))
            samples.append(_sample("DistanceWalkingRunning", "km", now, then, 0.015))
            samples.append(_sample("RunningGroundContactTime", "ms", now, now, 250))
            samples.append(_sample("StepCount", "count", now, then, 99, source="Telephone"))

    def workout(kind: str, at: datetime, inner: str) -> str:
        return (
            f'<Workout workoutActivityType="HKWorkoutActivityType{kind}" duration="3.3333" durationUnit="min" '
            f'sourceName="Watch" startDate="{at:%Y-%m-%d %H:%M:%S} +0000" '
            f'endDate="{at + timedelta(seconds=200):%Y-%m-%d %H:%M:%S} +0000">{inner}</Workout>'
        )

    route = '<WorkoutRoute><FileReference path="/workout-routes/route_1.gpx"/></WorkoutRoute>'
    indoor = '<MetadataEntry key="HKIndoorWorkout" value="1"/>'
    total = '<WorkoutStatistics type="HKQuantityTypeIdentifierDistanceWalkingRunning" sum="0.6" unit="km"/>'
    body = "".join(
        (
            *samples,
            workout("Running", out, total + route),
            workout("Running", inside, indoor),
            workout("Cycling", ride, ""),
        )
    )
    head = '<?xml version="1.0"?><!DOCTYPE HealthData [<!ELEMENT HealthData (Record|Workout)*>]>'
    return {
        "apple_health_export/export.xml": f'{head}<HealthData locale="en">{body}</HealthData>'.encode(),
        "apple_health_export/export_cda.xml": b"<ClinicalDocument/>",
        "apple_health_export/workout-routes/route_1.gpx": gpx(out),
    }


def unpack(folder: Path, members: Mapping[str, bytes]) -> Path:
    for name, content in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
