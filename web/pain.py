"""The pain check-in: how back and calf feel, what that allows now, and the answers of the last weeks as a picture."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, redirect, render_template, request
from pydantic import Field
from werkzeug.wrappers import Response as Redirect

from coach.errors import UserError
from coach.model.pain import PainEntry, PainMoment, PainState
from coach.wall_clock import utc_now
from web.api import Body, route
from web.context import the_coach

blueprint = Blueprint("pain", __name__)
CHART_DAYS: Final = 28
MOMENTS: Final = (PainMoment.BEFORE_RUN, PainMoment.AFTER_RUN, PainMoment.NEXT_MORNING, PainMoment.NOW)


class PainAnswer(Body):
    """One answer, 0-10. moment: when it was asked; now by default."""

    moment: PainMoment = PainMoment.NOW
    back: int | None = Field(None, ge=0, le=10)
    calf: int | None = Field(None, ge=0, le=10)
    run_id: str | None = None
    session_id: str | None = None
    note: str = Field("", max_length=500)


@blueprint.get("/you/pain")
def pain_page() -> str:
    """Show the check-in and the answers of the last 28 days."""
    return _pain_form(None)


@blueprint.post("/you/pain")
def save_pain() -> str | Redirect | tuple[str, int]:
    """Keep one answer and show what it allows."""
    form = request.form
    try:
        back, calf = (int(form[place]) if form.get(place) else None for place in ("back", "calf"))
        the_coach().runner.report_pain(form.get("moment") or PainMoment.NOW, back, calf, note=form.get("note", ""))
    except (UserError, ValueError) as error:
        return _pain_form(str(error)), 400
    return redirect("/you/pain?saved=1")


@route(blueprint, "GET", "/runner/pain_state", returns=PainState, summary="What pain and red flags allow now")
def get_pain_state() -> PainState:
    """Return what pain and red flags allow at this moment."""
    return the_coach().runner.pain_state()


@route(blueprint, "GET", "/runner/pain", returns=list[PainEntry], summary="Pain answers of the last 28 days")
def get_pain() -> list[PainEntry]:
    """Return the answers of the last 28 days, oldest first."""
    return _recent()


@route(blueprint, "POST", "/runner/pain", body=PainAnswer, returns=PainState, summary="Record how back and calf feel")
def report_pain(body: PainAnswer) -> PainState:
    """Keep one answer and return what is allowed now.

    Raises:
        UserError: no number was given.
    """
    return the_coach().runner.report_pain(**body.model_dump())


def _pain_form(complaint: str | None) -> str:
    entries = _recent()
    return render_template(
        "runner/pain.html",
        complaint=complaint,
        is_saved="saved" in request.args,
        pain=the_coach().runner.pain_state(),
        moments=MOMENTS,
        moment=request.args.get("moment", PainMoment.BEFORE_RUN.value),
        entries=entries[::-1],
        dots=pain_dots(entries, utc_now()),
        chart_days=CHART_DAYS,
    )


def _recent() -> list[PainEntry]:
    since = utc_now() - timedelta(days=CHART_DAYS)
    return list(the_coach().runner.pain_entries(since=since))


def pain_dots(entries: Sequence[PainEntry], now: datetime) -> list[tuple[str, float, float]]:
    """Return place, x (10 a day, newest at the right) and y (10 a point, none at the bottom) of each answer."""
    dots = []
    for entry in entries:
        x = 10.0 * (CHART_DAYS - (now - entry.at).total_seconds() / 86400.0)
        dots += [(place, round(x, 1), 100.0 - 10.0 * level) for place, level in _levels(entry)]
    return dots


def _levels(entry: PainEntry) -> list[tuple[str, int]]:
    return [(place, level) for place, level in (("back", entry.back), ("calf", entry.calf)) if level is not None]
