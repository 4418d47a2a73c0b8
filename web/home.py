"""The start page: what today holds. And the welcome of first use. A part that is missing is left out, not faked."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from flask import Blueprint, render_template
from pydantic import BaseModel, ConfigDict, Field

from coach.errors import CoachError
from coach.model.pain import PainEntry, PainMoment, PainState
from coach.model.runner import RunnerProfile
from coach.model.runs import RunEntry, RunState
from web.api import route
from web.context import profile, the_coach
from web.units import local_time

blueprint = Blueprint("home", __name__)
log: Final = logging.getLogger(__name__)
_ASKED_WITHIN: Final = timedelta(hours=36)


class WelcomeBody(BaseModel):
    """What first use asks for; None: not told."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=60)
    height_m: float | None = Field(None, ge=1.0, le=2.3)
    mass_kg: float | None = Field(None, ge=30, le=250)
    has_back_pain: bool | None = None
    units: Literal["metric", "imperial"] = "metric"
    time_zone: str = Field("UTC", max_length=60)


class PainBody(BaseModel):
    """One answer to the question of the morning, or to how it is now."""

    model_config = ConfigDict(extra="forbid")

    moment: Literal["next_morning", "now", "before_run"] = "now"
    back: int | None = Field(None, ge=0, le=10)
    calf: int | None = Field(None, ge=0, le=10)
    run_id: str | None = None


@blueprint.get("/")
def today() -> str:
    """Today: the next run and what to work on, the pain question if due, the next session, the last run."""
    coach = the_coach()
    last = _last_run(coach)
    return render_template(
        "home/today.html",
        plan=_try(lambda: coach.coaching.plan()),
        focuses=_focus_titles(coach),
        pain=_try(lambda: coach.runner.pain_state()),
        asks_about=_asks_about(coach, last),
        session=_next_session(coach),
        last=last,
        is_running=_try(lambda: coach.runs.current()) is not None,
        n_sensors=len(_try(lambda: coach.sensors.remembered()) or ()),
        is_new=last is None and profile().height_m is None,
    )


@blueprint.get("/welcome")
def welcome() -> str:
    """First use: about you, your sensor, run."""
    coach = the_coach()
    return render_template("access/welcome.html", n_sensors=len(_try(lambda: coach.sensors.remembered()) or ()))


@route(blueprint, "PUT", "/welcome", body=WelcomeBody, returns=RunnerProfile, summary="What first use asks for")
def save_welcome(body: WelcomeBody) -> RunnerProfile:
    told: RunnerProfile = the_coach().runner.change(**body.model_dump())
    return told


@route(blueprint, "POST", "/today/pain", body=PainBody, returns=PainState, summary="Answer how back and calf feel")
def tell_pain(body: PainBody) -> PainState:
    moment = PainMoment(body.moment)
    state: PainState = the_coach().runner.tell_pain(moment, body.back, body.calf, run_id=body.run_id)
    return state


def _try(ask: Callable[[], Any]) -> Any:
    """What a part of the coach says; None where this coach lacks it or it cannot answer now."""
    try:
        return ask()
    except AttributeError:
        return None
    except CoachError as error:
        log.info("the start page does without: %s", error)
        return None


def _last_run(coach: Any) -> RunEntry | None:
    page = _try(lambda: coach.history.list(per_page=5))
    over = (RunState.FINISHED, RunState.RECOVERED)
    last = next((entry for entry in page.entries if entry.run.state in over), None) if page else None
    if last is None:
        return None
    whole: RunEntry | None = _try(lambda: coach.history.entry(last.run.run_id))  # lists come without findings
    return whole or last


def _focus_titles(coach: Any) -> dict[str, str]:
    return {focus.id: focus.title for focus in _try(lambda: coach.coaching.focuses()) or ()}


def _next_session(coach: Any) -> Any:
    plan = _try(lambda: coach.strength.show())
    return _try(lambda: coach.strength.next_session(plan)) if plan else None


def _asks_about(coach: Any, last: RunEntry | None) -> RunEntry | None:
    """The last run, if its morning after has come and nobody has answered yet."""
    if last is None:
        return None
    now, zone = datetime.now(UTC), profile().time_zone
    ended_at = last.run.started_at + timedelta(seconds=last.run.duration_s or 0)
    is_morning = local_time(now, zone).date() > local_time(ended_at, zone).date() and now - ended_at < _ASKED_WITHIN
    if not is_morning:
        return None
    answers: list[PainEntry] = _try(lambda: coach.runner.pain_entries(since=ended_at)) or []
    is_told = any(entry.moment is PainMoment.NEXT_MORNING for entry in answers)
    return None if is_told else last
