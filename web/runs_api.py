"""Runs afterwards as JSON and as files: the same verbs as the pages, under `/api/v1`."""

import io
from datetime import UTC, date, datetime
from typing import Annotated, Final

from flask import Blueprint, Response, send_file
from pydantic import AfterValidator, AwareDatetime, Field

from coach.model.history import (
    CalendarDay,
    Comparison,
    DownsampledSeries,
    PersonalBest,
    RunDetail,
    RunPage,
    RunRoute,
    ShoeUse,
    Trend,
)
from coach.model.runs import Lap, Run, RunFilter, RunPlace, RunSummary, Sport
from coach.service.runs.history import PLOTTED
from web.api import Body, route
from web.context import the_coach
from web.runs import detail_of, history, route_shown
from web.wire import json_response

blueprint = Blueprint("runs_api", __name__)
_KINDS: Final = {
    "fit": "application/vnd.ant.fit",
    "tcx": "application/vnd.garmin.tcx+xml",
    "gpx": "application/gpx+xml",
    "csv": "text/csv; charset=utf-8",
    "strides": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "foxglove": "application/octet-stream",
    "mcap": "application/octet-stream",
}


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class RunsQuery(Body):
    """Which activities: times aware, until excluded; pages count from 1. sport: all for every kind."""

    since: Moment | None = None
    until: Moment | None = None
    place: RunPlace | None = None
    shoes: str | None = None
    words: str = Field("", max_length=200)
    is_deleted: bool = False
    sport: str = Field("running", pattern="^(running|walking|other|all)$")
    page: int = Field(1, ge=1)
    per_page: int = Field(50, ge=1, le=500)


class SeriesQuery(Body):
    """names: measures with commas between; all by default."""

    names: str = ""
    start_s: float | None = None
    end_s: float | None = None
    n_points: int = Field(1200, ge=10, le=20000)


class StretchQuery(Body):
    """Part of a run, in seconds from its start."""

    start_s: float
    end_s: float


class TrendQuery(Body):
    """Which runs, and at which speed [m/s]. speed_mps: None: the runner's usual one."""

    speed_mps: float | None = Field(None, gt=0)
    since: Moment | None = None
    place: RunPlace | None = None


class CompareQuery(Body):
    """Ids of two runs."""

    first_id: str
    second_id: str


class CalendarQuery(Body):
    """First and last day, both included, in the runner's zone."""

    first: date
    last: date


class EditBody(Body):
    """What is left out, or null, stays; a slope that is null is not known."""

    title: str | None = Field(None, max_length=200)
    notes: str | None = Field(None, max_length=4000)
    shoes: str | None = Field(None, max_length=80)
    place: str | None = Field(None, pattern="^(treadmill|outdoor)$")
    slope_pct: float | None = Field(None, ge=-40, le=40)
    sport: str | None = Field(None, pattern="^(running|walking|other)$")


class TrimBody(Body):
    """What is kept, in seconds from the start; null: from the start, to the end."""

    start_s: float | None = Field(None, ge=0)
    end_s: float | None = Field(None, gt=0)


class SplitBody(Body):
    """at_s: where the second part begins, in seconds from the start."""

    at_s: float = Field(gt=0)


class LapEdit(Body):
    """A lap in seconds from the start of the run. end_s: null: to its end, for the last one alone."""

    start_s: float = Field(ge=0)
    end_s: float | None = None
    kind: str = Field("lap", pattern="^(lap|warm_up|cool_down)$")


class LapsBody(Body):
    """All laps of the run, in their order: they replace those that it has."""

    laps: list[LapEdit] = Field(min_length=1, max_length=500)


@route(blueprint, "GET", "/runs", query=RunsQuery, returns=RunPage, summary="One page of the runs, newest first")
def list_runs(query: RunsQuery) -> RunPage:
    """Return one page of the runs that `query` asks for, with how many there are in all."""
    wanted = query.model_dump(exclude={"page", "per_page", "sport"})
    sport = None if query.sport == "all" else Sport(query.sport)
    return history().list(RunFilter(**wanted, sport=sport), query.page, query.per_page)


@route(blueprint, "GET", "/runs/<run_id>", returns=RunDetail, summary="All that is said of one run")
def read_run(run_id: str) -> RunDetail:
    """Return summary, splits, laps, cues and findings of a run; answered with 404 without one."""
    return detail_of(run_id)


@route(
    blueprint,
    "GET",
    "/runs/<run_id>/series",
    query=SeriesQuery,
    returns=DownsampledSeries,
    summary="Measures over time",
)
def read_series(run_id: str, query: SeriesQuery) -> DownsampledSeries:
    """Return measures over time as means of equal steps; names without any value are left out.

    Raises:
        UserError: there is no such measure or run.
    """
    names = [name for name in query.names.split(",") if name] or PLOTTED
    return history().series(run_id, names, query.start_s, query.end_s, query.n_points)


@route(blueprint, "GET", "/runs/<run_id>/route", returns=RunRoute | None, summary="Where a run went, in metres")
def read_route(run_id: str) -> Response:
    """Answer with the line of positions, in metres from its middle; null where none are known."""
    return json_response(route_shown(run_id))


@route(blueprint, "GET", "/runs/<run_id>/stretch", query=StretchQuery, returns=RunSummary, summary="A stretch alone")
def read_stretch(run_id: str, query: StretchQuery) -> RunSummary:
    """Return the averages of a part of a run alone.

    Raises:
        UserError: there is no such run, or the stretch ends before it starts.
    """
    return history().stretch(run_id, query.start_s, query.end_s)


@route(
    blueprint, "PATCH", "/runs/<run_id>", body=EditBody, returns=Run, summary="Change title, notes, shoes, place, slope"
)
def edit(run_id: str, body: EditBody) -> Run:
    """Change what is given and return the run.

    Raises:
        UserError: there is no such run.
    """
    given = body.model_dump(exclude_unset=True)
    return history().edit(
        run_id, **{name: value for name, value in given.items() if value is not None or name == "slope_pct"}
    )


@route(blueprint, "POST", "/runs/<run_id>/trim", body=TrimBody, returns=Run, summary="Leave out what lies outside")
def trim(run_id: str, body: TrimBody) -> Run:
    """Sum the run up without what lies outside; nothing is lost, and nulls bring all back.

    Raises:
        UserError: there is no such run, or nothing would be left.
    """
    return history().trim(run_id, body.start_s, body.end_s)


@route(blueprint, "POST", "/runs/<run_id>/split", body=SplitBody, returns=list[Run], summary="Cut a run in two")
def split(run_id: str, body: SplitBody) -> list[Run]:
    """Cut a run in two, each with its own raw log, and return both; the whole can be restored.

    Raises:
        UserError: there is no such run, or it does not reach beyond that time.
    """
    return [*the_coach().heavy.split(run_id, body.at_s)]


@route(blueprint, "PUT", "/runs/<run_id>/laps", body=LapsBody, returns=Run, summary="Put other laps in their place")
def set_laps(run_id: str, body: LapsBody) -> Run:
    """Replace the laps by these, numbered from 1, sum the run up again, and return it.

    Raises:
        UserError: there is no such run, or the laps overlap.
    """
    laps = [Lap(i, lap.start_s, lap.end_s, lap.kind) for i, lap in enumerate(body.laps, start=1)]
    return history().set_laps(run_id, laps)


@route(blueprint, "DELETE", "/runs/<run_id>", summary="Hide a run; it can be restored for 30 days")
def delete(run_id: str) -> None:
    """Hide a run from lists, trends and exports; it is purged after 30 days."""
    history().delete(run_id)


@route(blueprint, "POST", "/runs/<run_id>/restore", summary="Bring a deleted run back")
def restore(run_id: str) -> None:
    """Bring back a run that was deleted less than 30 days ago.

    Raises:
        UserError: there is no such run.
    """
    history().restore(run_id)


@route(
    blueprint, "POST", "/runs/<run_id>/recompute", returns=Run, summary="Make a run's numbers again from its raw log"
)
def recompute(run_id: str) -> Run:
    """Compute a run again from its raw log with this version of the program; notes and cues stay.

    Raises:
        UserError: the run has no recording. ConflictError: it is going on.
    """
    return history().recompute(run_id)


@route(
    blueprint,
    "GET",
    "/runs/<run_id>/export/<kind>",
    files=tuple(dict.fromkeys(_KINDS.values())),
    summary="A run as FIT, TCX, GPX, CSV, strides or MCAP",
)
def export(run_id: str, kind: str) -> Response:
    """Answer with a run as a file of `kind`, named by the moment of its start.

    Raises:
        UserError: there is no such kind, or the run has no raw log. InterchangeError: the kind cannot hold it.
    """
    files = history().files
    # A log may have a gigabyte: from the disk. It is closed with the response.
    stream = files.open_log(run_id) if kind == "mcap" else io.BytesIO(the_coach().heavy.export(run_id, kind))
    name = files.export_name(run_id, kind)
    return send_file(stream, _KINDS[kind].partition(";")[0], as_attachment=True, download_name=name)


@route(blueprint, "GET", "/account/archive", files=("application/zip",), summary="The whole account as one zip")
def archive() -> Response:
    """Answer with every table, raw log and imported file as one zip.

    Raises:
        InterchangeError: the disk refuses.
    """
    stream = the_coach().heavy.archive()  # closed with the response
    return send_file(stream, "application/zip", as_attachment=True, download_name="running-coach.zip")


@route(
    blueprint,
    "GET",
    "/trends/<metric>",
    query=TrendQuery,
    returns=Trend,
    summary="A measure over many runs at one speed",
)
def read_trend(metric: str, query: TrendQuery) -> Trend:
    """Return a measure of each run at one speed, and its change a week.

    Raises:
        UserError: there is no trend of this measure.
    """
    return history().trend(metric, query.speed_mps, query.since, query.place)


@route(blueprint, "GET", "/compare", query=CompareQuery, returns=Comparison, summary="Two runs at their common speed")
def read_comparison(query: CompareQuery) -> Comparison:
    """Return two runs' measures at the speed that both have, with the difference and its uncertainty."""
    return history().compare(query.first_id, query.second_id)


@route(blueprint, "GET", "/calendar", query=CalendarQuery, returns=list[CalendarDay], summary="Days that have runs")
def read_calendar(query: CalendarQuery) -> list[CalendarDay]:
    """Return the days from first to last that have runs, each with its metres and seconds."""
    return [*history().calendar(query.first, query.last)]


@route(blueprint, "GET", "/records", returns=list[PersonalBest], summary="The bests of all runs")
def read_records() -> list[PersonalBest]:
    """Return the farthest run, the longest one, and the shortest time [s] over each distance."""
    return [*history().records()]


@route(blueprint, "GET", "/shoes", returns=list[ShoeUse], summary="Shoes and how far they went")
def read_shoes() -> list[ShoeUse]:
    """Return every pair with its distance [m]; retired pairs last."""
    return [*history().shoes()]
