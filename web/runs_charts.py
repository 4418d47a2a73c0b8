"""Draw small pictures for the report on the server, so that they print: coordinates of trends and answers."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from coach.model.frozen import dataclass
from coach.model.history import RunRoute, Trend
from web.runs_calendar import PainWeek
from web.units import K95

SPARK_WIDTH: Final = 150.0
SPARK_HEIGHT: Final = 34.0
PAIN_WIDTH: Final = 360.0
PAIN_HEIGHT: Final = 120.0
MAP_WIDTH: Final = 320.0
MAP_HEIGHT: Final = 200.0
PROGRAMME: Final = timedelta(weeks=8)
_ROOM: Final = 4.0
_MOST_SCALE: Final = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """One run in a picture: its place, and the ends of its 95 % interval."""

    x: float
    y: float
    low_y: float
    high_y: float


@dataclass(frozen=True, slots=True)
class Spark:
    """One measure over the time of the report. band: left edge and width of the programme's weeks, None outside."""

    marks: tuple[Mark, ...]
    band: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class PainBar:
    """One week of a chart of pain: its place, the answers and the tops of their bars, its label where it has one."""

    x: float
    width: float
    back: int | None
    calf: int | None
    back_y: float | None
    calf_y: float | None
    label: datetime | None


@dataclass(frozen=True, slots=True)
class RouteLine:
    """A route from above, north up. path: of an SVG. kilometres: (x, y, number) of each whole one."""

    path: str
    start: tuple[float, float]
    finish: tuple[float, float]
    kilometres: tuple[tuple[float, float, int], ...]


def route_line(route: RunRoute, split_m: float = 1000.0) -> RouteLine:
    """Return a route as large as its picture allows, with the same scale in both directions."""
    east = [x or 0.0 for x in route.east_m]
    north = [y or 0.0 for y in route.north_m]
    width, height = max(east) - min(east), max(north) - min(north)
    scale = min((MAP_WIDTH - 4 * _ROOM) / max(width, 1.0), (MAP_HEIGHT - 4 * _ROOM) / max(height, 1.0))
    left, top = (MAP_WIDTH - scale * width) / 2, (MAP_HEIGHT - scale * height) / 2
    places = [
        (round(left + scale * (x - min(east)), 1), round(top + scale * (max(north) - y), 1))
        for x, y in zip(east, north, strict=True)
    ]
    breaks = {0, *route.breaks}
    path = "".join(f"{'M' if i in breaks else 'L'}{x} {y}" for i, (x, y) in enumerate(places))
    kilometres: list[tuple[float, float, int]] = []
    for (x, y), far in zip(places, route.distance_m, strict=True):
        if far is not None and far >= split_m * (len(kilometres) + 1):
            kilometres.append((x, y, len(kilometres) + 1))
    return RouteLine(path, places[0], places[-1], tuple(kilometres))


def spark_of(trend: Trend, since: datetime, until: datetime, programme_start: date | None) -> Spark:
    """Return a measure over the time of the report, as high as its values and intervals need."""
    span_s = max(1.0, (until - since).total_seconds())

    def across(at: datetime) -> float:
        share = (at - since).total_seconds() / span_s
        return _ROOM + (SPARK_WIDTH - 2 * _ROOM) * min(1.0, max(0.0, share))

    lows = [point.value - K95 * point.se for point in trend.points]
    highs = [point.value + K95 * point.se for point in trend.points]
    least, most = min(lows, default=0.0), max(highs, default=1.0)

    def up(value: float) -> float:
        return SPARK_HEIGHT - _ROOM - (SPARK_HEIGHT - 2 * _ROOM) * (value - least) / ((most - least) or 1.0)

    marks = tuple(
        Mark(across(point.started_at), up(point.value), up(low), up(high))
        for point, low, high in zip(trend.points, lows, highs, strict=True)
    )
    return Spark(marks, _band(programme_start, since, until, across))


def _band(
    start: date | None, since: datetime, until: datetime, across: Callable[[datetime], float]
) -> tuple[float, float] | None:
    if start is None:
        return None
    begins = datetime(start.year, start.month, start.day, tzinfo=since.tzinfo)
    if begins >= until or begins + PROGRAMME <= since:
        return None
    left, right = across(begins), across(begins + PROGRAMME)
    return left, right - left


def pain_bars(weeks: Sequence[PainWeek], n_weeks: int, until: datetime) -> list[PainBar]:
    """Return one place for each of the last `n_weeks`, Monday by Monday; a week without an answer stays empty."""
    monday = (until - timedelta(days=until.weekday())).date()
    by_day = {week.first.date(): week for week in weeks}
    width = PAIN_WIDTH / n_weeks
    bars = []
    for i in range(n_weeks):
        day = monday - timedelta(weeks=n_weeks - 1 - i)
        week = by_day.get(day)
        back, calf = (week.back, week.calf) if week else (None, None)
        label = datetime(day.year, day.month, day.day, 12, tzinfo=until.tzinfo) if i % 3 == 0 else None
        bars.append(PainBar(i * width, width, back, calf, _top(back), _top(calf), label))
    return bars


def _top(level: int | None) -> float | None:
    """Return the top of a bar; a level of nothing is seen, too: as a thin line."""
    return None if level is None else PAIN_HEIGHT * (1 - max(0.12, level) / _MOST_SCALE)
