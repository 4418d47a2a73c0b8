"""The strength programme: set-up, the calendar of sessions, and the guided session with its taps."""

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request
from markupsafe import Markup
from pydantic import Field
from werkzeug.wrappers import Response as Redirect

from coach.errors import UserError
from coach.language.phrases import in_language, phrases_of
from coach.model.pain import Lock
from coach.model.plain import to_plain
from coach.model.strength import (
    Prescription,
    SessionAnswer,
    SessionEvent,
    SessionState,
    StrengthPlan,
    StrengthSession,
)
from coach.model.time_zones import zone_or_utc
from coach.service.strength.programme import Programme
from coach.service.strength.wording import parse_track, words_of
from coach.strength.engine import REP_S, estimate_s
from coach.strength.heeding import table
from coach.strength.loader import load_exercises
from coach.strength.rhythm import DAY_NAMES
from web.api import Body, route
from web.context import clock, day, language, profile, said, the_coach
from web.fields import whole
from web.units import local_time

blueprint = Blueprint("strength", __name__)
_DRAWINGS: Final = Path(__file__).parent / "static" / "drawings"
_LONGEST_PAUSE_D: Final = 3650  # no calendar ends before it; chosen by judgement
OPEN: Final = (SessionState.PLANNED, SessionState.WAITING)


class CreateBody(Body):
    """A new programme: track, two weekdays such as "mon,thu", a time such as "18:30" and an IANA zone."""

    track: str
    days: str
    time: str
    tz: str
    start: date | None = None


class LogBody(Body):
    """Taps of a guided session, each with its own id. shown: the exercises on the phone when the session begins."""

    events: list[SessionEvent] = Field(max_length=500)
    shown: list[Prescription] = Field([], max_length=30)


def programme() -> Programme:
    """Return the strength programme."""
    return the_coach().strength


@cache
def drawing(name: str) -> Markup:
    """Return one of our own drawings, to be part of the page, so that it takes the colour of the text."""
    return Markup((_DRAWINGS / Path(name).name).read_text("utf-8"))


@blueprint.app_context_processor
def _helpers() -> dict[str, object]:
    return {"drawing": drawing, "exercise_of": load_exercises().get, "words_of": _words_of, "day_names": DAY_NAMES}


@blueprint.app_template_filter("plan_day")
def _day(at: datetime, tz: str) -> str:
    return day(at, tz)


@blueprint.app_template_filter("plan_clock")
def _clock(at: datetime, tz: str) -> str:
    return clock(at, tz)


@blueprint.app_template_filter("plan_input")
def _input(at: datetime, tz: str) -> str:
    """Write a time as a datetime-local field wants it."""
    return f"{local_time(at, tz):%Y-%m-%dT%H:%M}"


def _words_of(prescription: Prescription) -> str:
    return words_of(prescription, programme().plans.knowledge, phrases_of(language()))


@blueprint.get("/strength")
def page() -> str | Redirect:
    """Return the current plan, or how to get one."""
    made = programme()
    plan = made.plans.show()
    if plan is None:
        return redirect("/strength/setup")
    following = made.plans.next_session(plan)
    return render_template(
        "strength/index.html",
        plan=plan,
        following=following,
        why_not=made.plans.why_not(following.session_id) if following else plan.held_because,
        minutes=_minutes(following),
        weeks=weeks(plan),
        is_overdue=bool(following and following.due_at and following.due_at <= made.plans.now()),
        milestones=made.tests.milestones(plan),
        pain=made.plans.pain(),
        today=local_time(made.plans.now(), plan.wish.tz).date(),
        reminders=made.push.open(),
        time_zone=plan.wish.tz,
    )


def weeks(plan: StrengthPlan) -> list[tuple[int, list[StrengthSession]]]:
    """Return sessions by week of the programme."""
    found: dict[int, list[StrengthSession]] = {}
    for one in plan.sessions:
        found.setdefault(one.week, []).append(one)
    return sorted(found.items())


def _minutes(one: StrengthSession | None) -> int:
    return round(estimate_s(one.exercises, programme().plans.knowledge) / 60) if one else 0


@blueprint.get("/strength/session/<session_id>")
def session(session_id: str) -> str:
    """Return the guided session, or what became of it."""
    plans = programme().plans
    one = plans.session(session_id)
    return render_template(
        "strength/session.html",
        session=one,
        why_not=plans.why_not(session_id),
        asks_signs=plans.pain().lock is Lock.NOT_ASKED,
        minutes=_minutes(one),
        is_open=one.state in OPEN,
        data=_guide(one),
        time_zone=plans.plan().wish.tz,
        warm_up_s=plans.knowledge.dose.warm_up_s,
        last=_last_loads(plans.plan()),
    )


def _guide(one: StrengthSession) -> dict[str, object]:
    """Return what the page's script needs of a session. shown: goes back with the log,
    so it stays as the coach wrote it."""
    exercises = load_exercises()
    return {
        "session_id": one.session_id,
        "exercises": [
            {
                **in_own_words(p),
                "name": said(exercises[p.exercise_id].name),
                "is_each_side": exercises[p.exercise_id].is_each_side,
            }
            for p in one.exercises
        ],
        "done": to_plain(one.log.exercises) if one.log else [],
        "shown": to_plain(one.exercises),
        "advice": in_own_words(table(programme().plans.knowledge.dose)),
        "rep_s": REP_S,
        "speaks": profile().speaks_cues,
        "time_zone": programme().plans.plan().wish.tz,
        "language": language(),
    }


def in_own_words(value: object) -> Any:
    """Return a plain copy of `value` with what the coach says in the language of the page."""
    return in_language(to_plain(value), said)


def _last_loads(plan: StrengthPlan) -> dict[str, float]:
    """Return the load last used with each exercise."""
    logs = sorted((one.log for one in plan.sessions if one.log), key=lambda log: log.done_at)
    return {
        item.exercise_id: each.load_kg
        for log in logs
        for item in log.exercises
        for each in item.sets
        if each.load_kg is not None
    }


@blueprint.post("/strength/session/<session_id>/<what>")
def act(session_id: str, what: str) -> Redirect:
    """Move, skip or do now."""
    plans = programme().plans
    if what == "now":
        plans.do_now(session_id)
        return redirect(f"/strength/session/{session_id}")
    if what == "skip":
        plans.skip(session_id, request.form.get("reason", ""))
    elif what == "move":
        tz = plans.plan().wish.tz
        plans.move(session_id, _local_moment(request.form.get("to", ""), tz))
    else:
        raise UserError("a session can be moved, skipped or done now")
    return redirect("/strength")


def _local_moment(text: str, tz: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone_or_utc(tz))
    except ValueError as error:
        raise UserError("choose a day and a time") from error


@blueprint.post("/strength/pause")
def pause() -> Redirect:
    """Pause for some days, or until resumed."""
    days = request.form.get("days", "")
    plans = programme().plans
    today = local_time(plans.now(), plans.plan().wish.tz).date()
    n_days = whole(days, _LONGEST_PAUSE_D)
    if days and n_days is None:
        raise UserError("a pause lasts some whole days")
    until = today + timedelta(days=max(1, n_days) - 1) if n_days is not None else None
    plans.pause(request.form.get("reason", ""), today, until)
    return redirect("/strength")


@blueprint.post("/strength/resume")
def resume() -> Redirect:
    """Go on after a pause."""
    programme().plans.resume()
    return redirect("/strength")


@blueprint.post("/strength/track/<name>")
def use_track(name: str) -> Redirect:
    """Change the track, for example to the easier one that pain suggests."""
    programme().plans.change(track=parse_track(name), kit=None)
    return redirect("/strength")


@blueprint.get("/strength/calendar.ics")
def calendar() -> Response:
    """Return the calendar file with alarms, to import."""
    response = Response(programme().plans.calendar(phrases_of(language())), mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="strength.ics"'
    return response


@route(blueprint, "GET", "/strength/plan", returns=StrengthPlan, summary="The current strength plan")
def read_plan() -> StrengthPlan:
    """Return the plan with all its sessions.

    Raises:
        UserError: there is none.
    """
    return programme().plans.plan()


@route(blueprint, "POST", "/strength/plan", body=CreateBody, returns=StrengthPlan, summary="Begin a new strength plan")
def create_plan(body: CreateBody) -> StrengthPlan:
    """Begin a programme and return its plan; one that was there ends, its log stays.

    Raises:
        UserError: the wish cannot be kept, or warning signs have not been answered.
    """
    return programme().plans.create(body.track, body.days, body.time, body.tz, body.start)


@route(blueprint, "POST", "/strength/log", body=LogBody, returns=SessionAnswer, summary="Taps of a guided session")
def log(body: LogBody) -> SessionAnswer:
    """Keep taps of a session and return what comes next; sending them again changes nothing.

    Raises:
        UserError: a tap says what cannot be, or names no session that is there.
    """
    return programme().plans.log(body.events, body.shown)
