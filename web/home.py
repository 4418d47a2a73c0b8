"""The start page: what today holds. And the welcome of first use. A part that is missing is left out, not faked."""

import logging
from typing import Final, Literal

from flask import Blueprint, render_template
from pydantic import Field

from coach.bootstrap import Coach
from coach.coaching.programme import FOCUSES
from coach.model.pain import PainMoment, PainState
from coach.model.runner import RunnerProfile
from coach.model.runs import RunEntry
from coach.model.strength import StrengthSession
from web.api import Body, route
from web.context import answer_of, profile, the_coach
from web.first_weeks import FirstWeeks, first_weeks

blueprint = Blueprint("home", __name__)
log: Final = logging.getLogger(__name__)


class WelcomeBody(Body):
    """What first use asks for; None: not answered."""

    name: str = Field("", max_length=60)
    height_m: float | None = Field(None, ge=1.0, le=2.3)
    mass_kg: float | None = Field(None, ge=30, le=250)
    has_back_pain: bool | None = None
    units: Literal["metric", "imperial"] = "metric"
    time_zone: str = Field("UTC", max_length=60)
    language: str = Field("", max_length=10)


class PainNowBody(Body):
    """One answer to the question of the morning, or to how it is now."""

    moment: Literal["next_morning", "now", "before_run"] = "now"
    back: int | None = Field(None, ge=0, le=10)
    calf: int | None = Field(None, ge=0, le=10)
    run_id: str | None = None


@blueprint.get("/")
def today() -> str:
    """Return today's page: the next run and what to work on, the pain question if due, the next session,
    the last run."""
    coach = the_coach()
    last = _last_run(coach)
    return render_template(
        "home/today.html",
        plan=answer_of(coach.coaching.plan),
        focuses=_focus_titles(coach),
        pain=answer_of(coach.runner.pain_state),
        asks_about=_asks_about(coach, last),
        session=_next_session(coach),
        last=last,
        is_running=answer_of(coach.runs.current) is not None,
        clinic=answer_of(coach.clinic.status),
        n_sensors=len(answer_of(coach.sensors.book.remembered) or ()),
        is_new=last is None and profile().height_m is None,
        weeks=_first_weeks(coach),
    )


@blueprint.get("/welcome")
def welcome() -> str:
    """Return the page of first use: about you, warning signs, pain, sensors, three minutes on trial,
    and what the first week holds."""
    coach = the_coach()
    return render_template(
        "access/welcome.html",
        n_sensors=len(answer_of(coach.sensors.book.remembered) or ()),
        pain=answer_of(coach.runner.pain_state),
        plan=answer_of(coach.coaching.plan),
        unsayable=[FOCUSES[focus].title for focus in answer_of(coach.coaching.unsayable) or ()],
    )


@route(blueprint, "PUT", "/welcome", body=WelcomeBody, returns=RunnerProfile, summary="What first use asks for")
def save_welcome(body: WelcomeBody) -> RunnerProfile:
    """Keep what the first use asks for, and return the whole profile.

    Raises:
        UserError: a value cannot be; nothing is changed then.
    """
    return the_coach().runner.change(**body.model_dump())


@route(blueprint, "POST", "/today/pain", body=PainNowBody, returns=PainState, summary="Answer how back and calf feel")
def report_pain(body: PainNowBody) -> PainState:
    """Keep an answer, 0-10, and return what pain allows now.

    Raises:
        UserError: no number was given.
    """
    moment = PainMoment(body.moment)
    return the_coach().runner.report_pain(moment, body.back, body.calf, run_id=body.run_id)


def _last_run(coach: Coach) -> RunEntry | None:
    page = answer_of(lambda: coach.history.list(per_page=5))
    last = next((entry for entry in page.entries if entry.run.state.is_over), None) if page else None
    if last is None:
        return None
    whole: RunEntry | None = answer_of(lambda: coach.history.entry(last.run.run_id))  # lists come without findings
    return whole or last


def _first_weeks(coach: Coach) -> FirstWeeks | None:
    block = answer_of(coach.coaching.block)
    return first_weeks(block, answer_of(coach.strength.show)) if block else None


def _focus_titles(coach: Coach) -> dict[str, str]:
    return {focus.id: focus.title for focus in answer_of(coach.coaching.focuses) or ()}


def _next_session(coach: Coach) -> StrengthSession | None:
    plan = answer_of(coach.strength.show)
    return answer_of(lambda: coach.strength.next_session(plan)) if plan else None


def _asks_about(coach: Coach, last: RunEntry | None) -> RunEntry | None:
    """Return the last run, if its morning after has come and nobody has answered yet."""
    is_asked = last is not None and answer_of(lambda: coach.runner.is_asked_about(last.run))
    return last if is_asked else None
