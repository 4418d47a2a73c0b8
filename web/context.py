"""What every page may use: the coach, the runner's wishes, words, and filters for numbers."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from flask import Flask, current_app, g, request
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from coach.bootstrap import Coach
from coach.errors import CoachError
from coach.model.runner import RunnerProfile
from coach.model.runs import Run
from web.units import (
    K95,
    VIEWS,
    clock_text,
    day_short_text,
    day_text,
    duration_text,
    pace_text,
    uncertainty_text,
    unit_text,
    value_text,
    view_table,
)
from web.wire import to_text
from web.words import Words, read_words

log: Final = logging.getLogger(__name__)
Answer = TypeVar("Answer")
THEMES: Final = ("auto", "day", "night", "sun")
NAV: Final = (
    ("run", "/live"),
    ("runs", "/runs"),
    ("strength", "/strength"),
    ("progress", "/progress"),
    ("you", "/you"),
    ("sensors", "/sensors"),
)
_JSON_ESCAPES: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def the_coach() -> Coach:
    """Return the coach that the app was given."""
    coach: Coach = current_app.extensions["coach"]
    return coach


def answer_of(question: Callable[[], Answer]) -> Answer | None:
    """Return what a part of the coach says, or None where it cannot answer now: a page shows what it can."""
    try:
        return question()
    except CoachError as error:
        log.info("a page does without: %s", error)
        return None


def words() -> Words:
    """The words of the page."""
    found: Words = current_app.extensions["words"]
    return found


def w(key: str, **params: object) -> str:
    """One sentence by its key, with its parameters."""
    return words()(key, **params)


def profile() -> RunnerProfile:
    """The runner's profile; an empty one while nothing is known or the store is closed."""
    if "profile" not in g:
        g.profile = answer_of(the_coach().runner.profile) or RunnerProfile()
    runner: RunnerProfile = g.profile
    return runner


def theme() -> str:
    """The theme chosen on this phone."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def json_data(value: object) -> Markup:
    """JSON that may be within a script element of type application/json."""
    return Markup(to_text(value).translate(_JSON_ESCAPES))


def section() -> str:
    """The part of the main menu that the present page belongs to, or an empty text."""
    path = request.path.rstrip("/")
    fits = [name for name, start in NAV if path == start or path.startswith(start + "/")]
    return fits[0] if fits else ""


def install_context(app: Flask, is_strict_about_words: bool) -> None:
    """Give every template of `app` words, the runner's units and the filters for numbers."""
    app.extensions["words"] = Words(read_words(), is_strict_about_words)
    app.jinja_env.globals.update(w=w, json_data=json_data, nav=NAV, themes=THEMES, metric_views=VIEWS, k95=K95)
    app.jinja_env.filters.update(
        duration=duration_text,
        pace=_pace,
        value=_value,
        unit=_unit,
        uncertainty=_uncertainty,
        day=lambda moment: day_text(moment, profile().time_zone),
        day_short=lambda moment: day_short_text(moment, profile().time_zone),
        clock=lambda moment: clock_text(moment, profile().time_zone),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def _page() -> dict[str, object]:
        runner = profile()
        return {
            "profile": runner,
            "units": runner.units,
            "language": runner.language or "en",
            "theme": theme(),
            "section": section(),
            "is_let_in": "phone_id" in g,
            "run_on": _run_on(),
            "now": datetime.now().astimezone(),
            "unit_table": view_table(runner.units),
            "words_below": words().below,
        }


def _run_on() -> Run | None:
    """The run that is on, for every page but its own; nothing to a device that was not let in."""
    is_shown = "phone_id" in g and section() != "run" and request.path != "/offline"  # which phones keep
    return answer_of(the_coach().runs.current) if is_shown else None


# Filters take the context so that Jinja does not work them out once and for all for constant names.


@pass_context
def _value(_context: Context, number: float | None, name: str, sd: float | None = None) -> str:
    return value_text(name, number, profile().units, sd)


@pass_context
def _uncertainty(_context: Context, sd: float | None, name: str) -> str:
    return uncertainty_text(name, sd, profile().units)


@pass_context
def _unit(_context: Context, name: str) -> str:
    return unit_text(name, profile().units)


@pass_context
def _pace(_context: Context, speed_mps: float | None) -> str:
    return value_text("speed_mps", speed_mps, profile().units) if speed_mps else pace_text(0.0)
