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
from coach.language.locales import LOCALES, NAMES, date_text, day_name, wished
from coach.language.phrases import in_language, phrases_of
from coach.language.signs import localised
from coach.model.runner import RunnerProfile
from coach.model.runs import Run
from coach.strength.rhythm import DAY_NAMES
from coach.wall_clock import utc_now
from web.errors import SAY
from web.units import (
    K95,
    VIEWS,
    clock_text,
    count_text,
    count_uncertainty_text,
    day_short_text,
    day_text,
    duration_text,
    month_text,
    pace_text,
    uncertainty_text,
    unit_text,
    value_text,
    view_table,
)
from web.wire import to_text, to_wire
from web.words import Words, words_in

log: Final = logging.getLogger(__name__)
Answer = TypeVar("Answer")
IS_STRICT: Final = "IS_STRICT_ABOUT_WORDS"
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


def language() -> str:
    """Return the language of the page: the runner's choice, before one was made the browser's."""
    chosen = profile().language
    return chosen if chosen in LOCALES else wished(request.accept_languages.values())


def keep_language() -> None:
    """Make the page's language the runner's, who chose none: what is sent later has no browser to ask."""
    if profile().language not in LOCALES and request.accept_languages:
        the_coach().runner.change(language=language())


def words() -> Words:
    """Return the words of the page."""
    return words_in(language(), current_app.config[IS_STRICT])


def said(text: str) -> str:
    """Return what the coach says, in the language of the page."""
    return phrases_of(language())(text)


def number(name: str, value: float | None, sd: float | None = None) -> str:
    """Return the number of field `name` in the runner's units and language, without its unit. sd: 1 SD."""
    return value_text(name, value, profile().units, sd, language())


def unit(name: str) -> str:
    """Return the unit that `number` leaves out."""
    return unit_text(name, profile().units, language())


def day(moment: datetime, zone: str = "") -> str:
    """Return the day of `moment`, on the runner's wall clock unless another zone is named."""
    return day_text(moment, zone or profile().time_zone, language())


def month(moment: datetime) -> str:
    """Return month and year of `moment` on the runner's wall clock."""
    return month_text(moment, profile().time_zone, language())


def clock(moment: datetime, zone: str = "") -> str:
    """Return the time of `moment`, on the runner's wall clock unless another zone is named."""
    return clock_text(moment, zone or profile().time_zone)


def w(key: str, **params: object) -> str:
    """Return one sentence by its key, with its parameters."""
    return words()(key, **params)


def profile() -> RunnerProfile:
    """Return the runner's profile; an empty one while nothing is known or the store is closed."""
    if "profile" not in g:
        g.profile = answer_of(the_coach().runner.profile) or RunnerProfile()
    runner: RunnerProfile = g.profile
    return runner


def theme() -> str:
    """Return the theme chosen on this phone."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def json_data(value: object, is_said: bool = True) -> Markup:
    """Return JSON for a script element of type application/json. is_said: what the coach says in it is translated."""
    plain = to_wire(value)
    return Markup(to_text(in_language(plain, said) if is_said else plain).translate(_JSON_ESCAPES))


def section() -> str:
    """Return the part of the main menu that the present page belongs to, or an empty text."""
    path = request.path.rstrip("/")
    fits = [name for name, start in NAV if path == start or path.startswith(start + "/")]
    return fits[0] if fits else ""


def install_context(app: Flask, is_strict_about_words: bool) -> None:
    """Give every template of `app` words, the runner's units and the filters for numbers."""
    app.config[IS_STRICT] = is_strict_about_words
    app.extensions[SAY] = said
    app.jinja_env.globals.update(w=w, json_data=json_data, nav=NAV, themes=THEMES, metric_views=VIEWS, k95=K95)
    app.jinja_env.filters.update(
        duration=duration_text,
        pace=_pace,
        value=_value,
        unit=_unit,
        uncertainty=_uncertainty,
        count=count_text,
        count_uncertainty=count_uncertainty_text,
        day=day,
        day_short=lambda moment: day_short_text(moment, profile().time_zone, language()),
        month=month,
        clock=clock,
        said=said,
        signs=lambda text: localised(text, language()),
        day_name=lambda name: day_name(DAY_NAMES.index(name), language()),
        month_short=lambda one: date_text(one, "yMMM", language()),
        date_day=lambda one: date_text(one, "MMMEd", language()),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def _page() -> dict[str, object]:
        runner = profile()
        return {
            "profile": runner,
            "units": runner.units,
            "language": language(),
            "languages": NAMES,
            "theme": theme(),
            "section": section(),
            "is_let_in": "phone_id" in g,
            "run_on": _run_on(),
            "now": utc_now().astimezone(),
            "unit_table": view_table(runner.units, language()),
            "words_below": words().below,
        }


def _run_on() -> Run | None:
    """Return the run that is on, for every page but its own; nothing to a device that was not let in."""
    is_shown = "phone_id" in g and section() != "run" and request.path != "/offline"  # which phones keep
    return answer_of(the_coach().runs.current) if is_shown else None


# Filters take the context so that Jinja does not work them out once and for all for constant names.


@pass_context
def _value(_context: Context, value: float | None, name: str, sd: float | None = None) -> str:
    return number(name, value, sd)


@pass_context
def _uncertainty(_context: Context, sd: float | None, name: str) -> str:
    return uncertainty_text(name, sd, profile().units, language())


@pass_context
def _unit(_context: Context, name: str) -> str:
    return unit(name)


@pass_context
def _pace(_context: Context, speed_mps: float | None) -> str:
    return number("speed_mps", speed_mps) if speed_mps else pace_text(0.0)
