"""Pages of runs afterwards: the list with its calendar, and one run with all that can be done to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from coach.errors import UserError
from coach.model.history import RunDetail, RunRoute
from coach.model.metrics_table import FOOT_M
from coach.model.runs import Lap, RunFilter, RunPlace, Sport
from coach.model.time_zones import zone_or_utc
from coach.service.runs.files import EXPORTS
from coach.service.runs.history import HistoryService
from coach.wall_clock import utc_now
from web.context import answer_of, profile, the_coach, words
from web.runs_calendar import MonthTotal, month_key, month_of, month_totals
from web.runs_story import DOTS_HEIGHT, STRIP_HEIGHT, STRIP_WIDTH, story_of
from web.runs_view import (
    KINDS,
    cues_of,
    difference_text,
    drifts_of,
    is_shown,
    lane_of,
    reach_of,
    record_name,
    signed,
    split_length,
    split_names,
    tiles_of,
    title_of,
)
from web.units import local_time

blueprint = Blueprint("runs", __name__)
PLACES: Final = tuple(place.value for place in RunPlace)
SPORTS: Final = tuple(sport.value for sport in Sport)


def history() -> HistoryService:
    """Return the service of runs that have ended."""
    return the_coach().history


def route_shown(run_id: str, is_waiting: bool = True) -> RunRoute | None:
    """Return where a run went; a file or log that was not read yet is read beside this process.

    is_waiting: whether other work there is waited for; else there is no route yet.
    """
    if not history().has_unread_route(run_id):
        return history().route(run_id)
    return the_coach().heavy.route(run_id) if is_waiting or not the_coach().worker.is_busy else None


def detail_of(run_id: str) -> RunDetail:
    """Return all that is known of a run, its splits in the runner's kilometres or miles; abort with 404 without one."""
    try:
        return history().detail(run_id, split_length())
    except UserError as error:
        abort(404, str(error))


def now() -> datetime:
    """Return this moment on the runner's clock."""
    return local_time(utc_now().astimezone(), profile().time_zone)


@blueprint.app_context_processor
def _helpers() -> dict[str, object]:
    helpers = (title_of, difference_text, signed, record_name, split_names, is_shown, month_key)
    return {helper.__name__: helper for helper in helpers}


# The list -----------------------------------------------------------------------------------------------------------


@blueprint.get("/runs")
def runs_page() -> str:
    """Return all runs by page and filter, with a calendar."""
    found = history().list(_filter(), request.args.get("page", 1, type=int))
    kept = {k: v for k, v in request.args.items() if k not in ("page", "month", "note", "run", "n") and v}
    month = month_of(request.args.get("month", ""), now())
    last = month.first + timedelta(days=31)
    days = {
        day.day: day
        for day in history().calendar(month.first.date(), last.date())
        if day.day[:7] == f"{month.first:%Y-%m}"
    }
    return render_template(
        "runs/list.html",
        found=found,
        month=month,
        days=days,
        places=PLACES,
        sports=SPORTS,
        n_open=history().list(RunFilter(sport=Sport.OTHER), per_page=1).n_total,
        shoes=history().shoes(),
        wanted=request.args,
        kept=kept,
        months={} if kept else _months([entry.run.started_at for entry in found.entries]),
        note=request.args.get("note", ""),
        noted=request.args.get("run", ""),
        n_noted=request.args.get("n", 0, type=int),
    )


def _months(moments: Sequence[datetime]) -> dict[str, MonthTotal]:
    """Return totals of every month from the first to the last of these moments."""
    if not moments:
        return {}
    local = [local_time(moment, profile().time_zone).date() for moment in moments]
    first, last = min(local).replace(day=1), max(local).replace(day=1) + timedelta(days=31)
    return month_totals(history().calendar(first, last))


def _filter() -> RunFilter:
    query = request.args
    place = query.get("place", "")
    return RunFilter(
        since=_day(query.get("since", "")),
        until=_day(query.get("until", ""), 1),
        place=RunPlace(place) if place in PLACES else None,
        shoes=query.get("shoes") or None,
        words=query.get("words", "")[:200],
        is_deleted="deleted" in query,
        sport=_sport(query.get("sport", "")),
    )


def _sport(word: str) -> Sport | None:
    """Return the activities to list; None: all of them."""
    return None if word == "all" else Sport(word) if word in SPORTS else Sport.RUNNING


def _day(text: str, later: int = 0) -> datetime | None:
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=zone_or_utc(profile().time_zone))
        return (day + timedelta(days=later)).astimezone(UTC)
    except (ValueError, OverflowError):  # no day, or one beyond the calendar
        return None


# One run ------------------------------------------------------------------------------------------------------------


@blueprint.get("/runs/<run_id>")
def run_page(run_id: str) -> str:
    """Return what happened in one run; the plots come by themselves."""
    detail = detail_of(run_id)
    run, summary = detail.entry.run, detail.entry.summary
    route = answer_of(lambda: route_shown(run_id, is_waiting=False))
    cues = cues_of(detail.cues, detail.responses)
    drifts = drifts_of(summary) if summary else []
    at_plot = {
        "run_id": run_id,
        "laps": [lap for lap in run.laps if len(run.laps) > 1],
        "pauses": run.pauses,
        **lane_of(cues),
        "kinds": KINDS,
    }
    return render_template(
        "runs/run.html",
        story=story_of(the_coach(), detail, title_of(run)),
        run=run,
        summary=summary,
        detail=detail,
        tiles=tiles_of(summary, detail.usual) if summary else [],
        drifts=drifts,
        reach_pct=reach_of(drifts),
        has_route=route is not None,
        climb=climb_of(route) if route else None,
        cues=cues,
        at_plot=at_plot,
        exports=[kind for kind in EXPORTS if _can_export(run.source, run.recording, kind)],
        shoes=history().shoes(),
        places=PLACES,
        sports=SPORTS,
        kinds=KINDS,
        note=request.args.get("note", ""),
        trim_before=(request.args.get("start", ""), request.args.get("end", "")),
        page_words=words().below("runs.plot", "runs.map", "metrics", "runs.share"),
        sizes=(STRIP_WIDTH, STRIP_HEIGHT, DOTS_HEIGHT),
    )


def climb_of(route: RunRoute) -> tuple[str, str] | None:
    """Return metres or feet up and down, each with half its 95 % interval; None where no heights are known."""
    if route.up_m is None or route.down_m is None:
        return None
    factor, unit = (1 / FOOT_M, "ft") if profile().units == "imperial" else (1.0, "m")

    def text(value_m: float, sd_m: float | None) -> str:
        return f"{value_m * factor:.0f} ± {max(1.0, 1.96 * (sd_m or 0.0) * factor):.0f} {unit}"

    return text(route.up_m, route.up_sd_m), text(route.down_m, route.down_sd_m)


def _can_export(source: str, recording: str | None, kind: str) -> bool:
    if kind == "gpx":
        return source in ("fit", "tcx", "gpx")
    if kind == "parquet":
        from coach.interchange.parquet import has_parquet  # tables of exports: not until a run is looked at

        return has_parquet()
    return recording is not None if kind == "mcap" else True


@blueprint.post("/runs/<run_id>/edit")
def edit_run(run_id: str) -> Response:
    """Keep title, notes, shoes, place, sport and slope, each where the form has it; an empty slope is not known.

    Raises:
        UserError: the slope is no number.
    """
    form = request.form
    slope = form.get("slope_pct", "").strip().replace(",", ".")
    fields: dict[str, object] = {
        name: form[name].strip()[:4000] for name in ("title", "notes", "shoes") if name in form
    }
    if form.get("place") in PLACES:
        fields["place"] = form["place"]
    if form.get("sport") in SPORTS:
        fields["sport"] = form["sport"]
    if "slope_pct" in form:
        fields["slope_pct"] = read_number(slope) if slope else None
    history().edit(run_id, **fields)
    return redirect(f"/runs/{run_id}?note=kept")


@blueprint.post("/runs/<run_id>/trim")
def trim_run(run_id: str) -> Response:
    """Leave out what lies before and after the two times, `mm:ss`; an empty one leaves out nothing there.

    Raises:
        UserError: a time cannot be read, or nothing would be left.
    """
    start_s, end_s = _clock(request.form.get("start", "")), _clock(request.form.get("end", ""))
    before = history().entry(run_id).run
    history().trim(run_id, start_s or None, end_s)
    was = [f"{value:.0f}" if value is not None else "" for value in (before.trim_start_s, before.trim_end_s)]
    return redirect(f"/runs/{run_id}?note=trimmed&start={was[0]}&end={was[1]}")


@blueprint.post("/runs/<run_id>/devices")
def choose_devices(run_id: str) -> Response:
    """Show a pod's numbers or the watch's, where an imported file holds both."""
    the_coach().heavy.choose_devices(run_id, prefers_pods=request.form.get("use") == "pod")
    return redirect(f"/runs/{run_id}?note=devices")


@blueprint.post("/runs/<run_id>/split")
def split_run(run_id: str) -> Response:
    """Cut a run in two at a time, `mm:ss`; `join_run` undoes it.

    Raises:
        UserError: the time is missing or outside the run.
    """
    at_s = _clock(request.form.get("at", ""))
    if at_s is None:
        raise UserError("say where to cut, as minutes and seconds such as 12:30")
    the_coach().heavy.split(run_id, at_s)
    return redirect(f"/runs?note=split&run={run_id}")


@blueprint.post("/runs/<run_id>/join")
def join_run(run_id: str) -> Response:
    """Undo a cut: the whole comes back, its two parts go."""
    history().join(run_id)
    return redirect(f"/runs/{run_id}?note=joined")


@blueprint.post("/runs/<run_id>/laps")
def change_laps(run_id: str) -> Response:
    """Set starts and kinds of laps as listed in the form; a lap ends where the next begins."""
    starts = [_clock(text) for text in request.form.getlist("start")]
    kinds = request.form.getlist("kind")
    marks = sorted((start, kind) for start, kind in zip(starts, kinds, strict=False) if start is not None)
    ends = [start for start, _ in marks[1:]] + [None]
    laps = [Lap(i, start, end, kind) for i, ((start, kind), end) in enumerate(zip(marks, ends, strict=True), 1)]
    history().set_laps(run_id, laps)
    return redirect(f"/runs/{run_id}?note=kept")


@blueprint.post("/runs/<run_id>/delete")
def delete_run(run_id: str) -> Response:
    """Hide a run and offer to bring it back, for 30 days."""
    history().delete(run_id)
    return redirect(f"/runs?note=deleted&run={run_id}")


@blueprint.post("/runs/<run_id>/restore")
def restore_run(run_id: str) -> Response:
    """Bring a deleted run back as it was."""
    history().restore(run_id)
    return redirect(f"/runs/{run_id}?note=restored")


@blueprint.post("/runs/<run_id>/recompute")
def recompute_run(run_id: str) -> Response:
    """Compute a run again from its raw log with this version of the program.

    Raises:
        UserError: the run has no recording. ConflictError: it is going on.
    """
    history().recompute(run_id)
    return redirect(f"/runs/{run_id}?note=recomputed")


def _clock(text: str) -> float | None:
    """Read `mm:ss`, `h:mm:ss` or seconds as seconds; None for nothing."""
    if not text.strip():
        return None
    seconds = 0.0
    for part in text.strip().split(":"):
        seconds = 60 * seconds + read_number(part)
    return seconds


def read_number(text: str) -> float:
    """Return a number as people type it, with a point or a comma.

    Raises:
        UserError: it is no number, or larger than any time.
    """
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise UserError(f"{text[:20]!r} is not a number: write times as minutes and seconds, such as 12:30") from error
    if not abs(value) < 1e7:
        raise UserError("this number is too large")
    return value
