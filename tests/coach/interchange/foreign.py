"""Foreign files made by hand: GPX, TCX and FIT as programs and watches write them, rightly or not."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from coach.interchange import fit_messages as fm
from coach.interchange.fit_encoding import EPOCH_S, STRING, Field, FitFile, Value

DAY = datetime(2026, 5, 4, 7, tzinfo=UTC)
DISTANCE, SPEED = fm.RECORD_VALUES["distance_m"][0], fm.RECORD_VALUES["speed_mps"][0]
SPORT_MESSAGE, SPORT_FIELD, SPORT_NAME = 12, Field(0, fm.ENUM), Field(3, STRING, size=16)
RUNNING, CYCLING, MULTISPORT, SWIMMING, TRANSITION = 1, 2, 18, 5, 3
_DEGREE_M = 6378137.0 * (1 - 0.00669437999014) * math.pi / 180


def where(far_m: float) -> tuple[float, float]:
    """Latitude and longitude after metres north from the equator."""
    return far_m / _DEGREE_M, 8.0


def time_text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def point(at: datetime, far_m: float, inner: str = "", name: str = "trkpt") -> str:
    latitude, longitude = where(far_m)
    return f'<{name} lat="{latitude:.7f}" lon="{longitude:.7f}"><time>{time_text(at)}</time>{inner}</{name}>'


def points(
    speed_mps: float = 3.0,
    seconds: int = 300,
    at: datetime = DAY,
    from_m: float = 0.0,
    inner: str = "",
    every_s: int = 1,
) -> str:
    return "".join(
        point(at + timedelta(seconds=s), from_m + speed_mps * s, inner) for s in range(0, seconds + 1, every_s)
    )


def gpx(*tracks: str, head: str = "", root: str = 'gpx version="1.1"') -> bytes:
    return f"<{root}>{head}{''.join(tracks)}</{root.split()[0]}>".encode()


def track(inner: str, kind: str = "", name: str = "") -> str:
    kind = f"<type>{kind}</type>" if kind else ""
    name = f"<name>{name}</name>" if name else ""
    return f"<trk>{name}{kind}<trkseg>{inner}</trkseg></trk>"


def tcx_point(at: datetime, distance_m: float | None, inner: str = "", place: float | None = None) -> str:
    far = "" if distance_m is None else f"<DistanceMeters>{distance_m:.2f}</DistanceMeters>"
    position = ""
    if place is not None:
        latitude, longitude = where(place)
        position = (
            f"<Position><LatitudeDegrees>{latitude:.7f}</LatitudeDegrees>"
            f"<LongitudeDegrees>{longitude:.7f}</LongitudeDegrees></Position>"
        )
    return f"<Trackpoint><Time>{time_text(at)}</Time>{position}{far}{inner}</Trackpoint>"


def lap(inner: str, at: datetime = DAY, seconds: float = 300, distance_m: float = 900) -> str:
    return (
        f'<Lap StartTime="{time_text(at)}"><TotalTimeSeconds>{seconds}</TotalTimeSeconds>'
        f"<DistanceMeters>{distance_m}</DistanceMeters>{f'<Track>{inner}</Track>' if inner else ''}</Lap>"
    )


def activity(*laps: str, sport: str = "Running", rest: str = "") -> str:
    return f'<Activity Sport="{sport}"><Id>{time_text(DAY)}</Id>{"".join(laps)}{rest}</Activity>'


def tcx(*activities: str) -> bytes:
    return f"<TrainingCenterDatabase><Activities>{''.join(activities)}</Activities></TrainingCenterDatabase>".encode()


def seconds_of_fit(at: datetime) -> int:
    return round(at.timestamp()) - EPOCH_S


def _span(sport_field: Field, sport: int, begin: int, length_s: int, metres: float) -> list[tuple[Field, Value]]:
    """What a lap and a session say alike."""
    return [
        (fm.TIMESTAMP, begin + length_s),
        (fm.START_TIME, begin),
        (sport_field, sport),
        (fm.TOTAL_ELAPSED, length_s),
        (fm.TOTAL_TIMER, length_s),
        (fm.TOTAL_DISTANCE, metres),
    ]


def fit(
    *sessions: tuple[int, datetime, int, float],
    speed_mps: float = 3.0,
    seconds: int = 300,
    cadence: int | None = 85,
    at: datetime = DAY,
    sport: int | None = None,
    strays: Sequence[datetime] = (),
    has_records: bool = True,
    has_distance: bool = True,
    has_speed: bool = True,
    laps: int = 0,
    created: datetime | None = None,
) -> FitFile:
    """An activity with one record a second. sessions: (sport, start, seconds, metres). sport: of a message `sport` at
    the head. strays: moments of records whose clock was wrong. laps: of equal length. created: as the file says."""
    file = FitFile()
    file.add(
        fm.FILE_ID,
        [(fm.FILE_TYPE, 4), *([(fm.TIME_CREATED, seconds_of_fit(created))] if created is not None else [])],
    )
    first = seconds_of_fit(at)
    if sport is not None:
        file.add(SPORT_MESSAGE, [(SPORT_FIELD, sport), (SPORT_NAME, "x")])
    for stray in strays:
        file.add(fm.RECORD, [(fm.TIMESTAMP, seconds_of_fit(stray)), (DISTANCE, 0.0), (SPEED, 0.0)])
    for s in range(seconds + 1) if has_records else ():
        values = [(fm.TIMESTAMP, first + s), *([(SPEED, speed_mps)] if has_speed else [])]
        if has_distance:
            values.append((DISTANCE, speed_mps * s))
        if cadence is not None:
            values.append((fm.CADENCE, cadence))
        file.add(fm.RECORD, values)
    for n in range(laps):
        begin, length_s = first + n * seconds // laps, seconds // laps
        file.add(fm.LAP, _span(fm.LAP_SPORT, RUNNING, begin, length_s, speed_mps * length_s))
    for kind, start, length_s, metres in sessions:
        file.add(fm.SESSION, _span(fm.SPORT_SESSION, kind, seconds_of_fit(start), length_s, metres))
    return file
