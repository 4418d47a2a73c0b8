"""The red-flag questions: signs that need a clinician before any coaching, and the runner's answers."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from coach.errors import UserError
from coach.model.pain import PainState, RedFlag, RedFlagAnswers, SignKind
from coach.wall_clock import utc_now
from web.api import Body, route
from web.context import the_coach

blueprint = Blueprint("red_flags", __name__)
_NEXT: Final = {"welcome": "/welcome", "live": "/live", "strength": "/strength/setup"}


class RedFlagAnswer(Body):
    """Signs said yes to, by id; seen_on: date of a clinician's look at those that are open."""

    signs: tuple[str, ...] = ()
    seen_on: date | None = None


@blueprint.get("/you/red-flags")
def red_flags_page() -> str:
    """Show the questions with the newest answers, and what open signs lock."""
    return _red_flags_form(None)


@blueprint.post("/you/red-flags")
def save_red_flags() -> str | Redirect | tuple[str, int]:
    """Keep the answers; what they lock is shown on the page that follows."""
    form = request.form
    try:
        seen_on = date.fromisoformat(form["seen_on"]) if form.get("seen_on") else None
        the_coach().runner.answer_red_flags(form.getlist("signs"), seen_on)
    except (UserError, ValueError) as error:
        return _red_flags_form(str(error)), 400
    following = form.get("next", "")
    return redirect("/you/red-flags?saved=1" + (f"&next={following}" if following in _NEXT else ""))


@route(blueprint, "GET", "/runner/red_flags", returns=list[RedFlagAnswers], summary="Red-flag answers, oldest first")
def get_red_flags() -> list[RedFlagAnswers]:
    """Return all answers, oldest first: the newest one counts."""
    return list(the_coach().runner.red_flag_answers())


@route(blueprint, "GET", "/runner/red_flags/signs", returns=list[RedFlag], summary="The signs that are asked about")
def get_signs() -> list[RedFlag]:
    """Return the signs by their ids, as `answer_red_flags` takes them."""
    return list(the_coach().runner.red_flags().values())


@route(blueprint, "POST", "/runner/red_flags", body=RedFlagAnswer, returns=PainState, summary="Answer the red flags")
def answer_red_flags(body: RedFlagAnswer) -> PainState:
    """Keep an answer and return what is allowed now.

    Raises:
        UserError: a sign that is not known, or a date in the future.
    """
    return the_coach().runner.answer_red_flags(body.signs, body.seen_on)


def _red_flags_form(complaint: str | None) -> str:
    runner = the_coach().runner
    state: PainState = runner.pain_state()
    signs: Mapping[str, RedFlag] = runner.red_flags()
    return render_template(
        "runner/red_flags.html",
        complaint=complaint,
        is_saved="saved" in request.args,
        following=following if (following := request.values.get("next", "")) in _NEXT else "",
        next_address=_NEXT.get(request.values.get("next", ""), ""),
        pain=state,
        signs=signs,
        kinds=[(kind.value, [s for s in signs.values() if s.kind is kind]) for kind in SignKind],
        answers=runner.red_flag_answers(),
        sources=the_coach().coaching.sources(),
        today=utc_now().astimezone().date(),
    )
