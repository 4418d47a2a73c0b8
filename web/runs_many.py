"""Pages of many runs: two side by side, trends with records and shoes, and the report for a physiotherapist."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from coach.model.runs import RunEntry, RunFilter, RunPlace, Shoe
from coach.service.strength.progress import Outline
from coach.summary.bins import MATCHED
from web.context import answer_of, the_coach, words
from web.runs import PLACES, history, now, read_number
from web.runs_calendar import pain_by_week, worst_back
from web.runs_charts import RouteLine, pain_bars, route_line, spark_of
from web.runs_view import split_length, title_of

blueprint = Blueprint("runs_many", __name__)
REPORT_WEEKS: Final = 12
REPORT_DAYS: Final = 7 * REPORT_WEEKS
MAP_AMONG: Final = 10  # newest runs among which one with positions is looked for: each may read a file
REPORTED: Final = (
    "step_length_m",
    "cadence_spm",
    "contact_time_ms",
    "impact_g",
    "foot_strike_angle_deg",
    "vertical_oscillation_mm",
    "trunk_lean_deg",
)


@blueprint.get("/runs/compare")
def compare_page() -> str | Response:
    """Return two runs side by side at their common speed; back to the list where not exactly two were chosen."""
    chosen = request.args.getlist("run")
    if len(chosen) != 2 or chosen[0] == chosen[1]:
        return redirect("/runs?note=choose_two")
    older, newer = sorted((history().entry(run_id) for run_id in chosen), key=lambda entry: entry.run.started_at)
    found = history().compare(older.run.run_id, newer.run.run_id)
    at_plot = {"run_ids": [older.run.run_id, newer.run.run_id], "names": [title_of(older.run), title_of(newer.run)]}
    page_words = words().below("runs.plot", "metrics")
    return render_template(
        "runs/compare.html", older=older, newer=newer, found=found, at_plot=at_plot, page_words=page_words
    )


@blueprint.get("/runs/trends")
def trends_page() -> str:
    """Return each measure at one speed over many runs; records and shoes."""
    query = request.args
    metric = query.get("metric", "step_length_m")
    days = {"90": 90, "365": 365}.get(query.get("days", ""))
    since = now() - timedelta(days=days) if days else None
    place = query.get("place") or history().main_place(since).value  # without a choice: like with like
    trend = history().trend(
        metric if metric in MATCHED else "step_length_m",
        since=since,
        place=RunPlace(place) if place in PLACES else None,
    )
    return render_template(
        "runs/trends.html",
        trend=trend,
        at_plot={
            "metric": trend.metric,
            "per_week": trend.per_week,
            "run_id": [point.run_id for point in trend.points],
            "at_s": [round(point.started_at.timestamp()) for point in trend.points],
            "value": [round(point.value, 5) for point in trend.points],
            "se": [round(point.se, 5) for point in trend.points],
            "is_measured_there": [int(point.is_measured_there) for point in trend.points],
            "programme_start": _programme_start(),
        },
        metrics=MATCHED,
        places=PLACES,
        place=place if place in PLACES else "any",
        wanted=query,
        records=history().records(),
        shoes=history().shoes(),
        page_words=words().below("runs.plot", "runs.trend", "metrics"),
    )


@blueprint.post("/runs/shoes")
def save_shoes() -> Response:
    """Keep a pair by its name, with the kilometres or miles that it had before, and whether it is retired.

    Raises:
        UserError: the distance is no number.
    """
    form = request.form
    before = read_number(form.get("start", "0") or "0") * split_length()
    retired = now().date() if form.get("is_retired") else None
    history().save_shoe(Shoe(form.get("name", "").strip()[:80], start_m=before, retired_on=retired))
    return redirect("/runs/trends#shoes")


@blueprint.get("/runs/report")
def report_page() -> str:
    """Return one page for a physiotherapist, to be printed. With `map` in the query also where the newest run went."""
    until = now()
    since = until - timedelta(days=REPORT_DAYS)
    runs = history().list(RunFilter(since=since), per_page=1000).entries
    place = history().main_place(since)
    trends = [trend for name in REPORTED if (trend := history().trend(name, since=since, place=place)).points]
    weeks = pain_by_week(history().pain_since(since))
    programme = _programme()
    start = programme.start if programme else None
    return render_template(
        "runs/report.html",
        since=since,
        until=until,
        runs=runs,
        place=place.value,
        trends=trends,
        sparks=[spark_of(trend, since, until, start) for trend in trends],
        pain=pain_bars(weeks, REPORT_WEEKS, until),
        has_pain=bool(weeks),
        pain_first=worst_back(weeks, since, since + timedelta(weeks=4)),
        pain_last=worst_back(weeks, until - timedelta(weeks=4), until),
        programme=programme,
        has_map="map" in request.args,
        mapped=_mapped(runs) if "map" in request.args else None,
    )


def _mapped(runs: Sequence[RunEntry]) -> tuple[RunEntry, RouteLine] | None:
    """Return the newest run whose positions are known, and its line; None where none of the newest has any."""
    for entry in runs[:MAP_AMONG]:
        route = answer_of(partial(history().route, entry.run.run_id))
        if route is not None:
            return entry, route_line(route, split_length())
    return None


def _programme() -> Outline | None:
    """Return the state of the strength programme; None where there is none."""
    return answer_of(the_coach().strength.progress.outline)


def _programme_start() -> str | None:
    """Return the day on which the strength programme begins; None where there is none."""
    plan = the_coach().strength.plans.show()
    return plan.wish.start.isoformat() if plan is not None else None
