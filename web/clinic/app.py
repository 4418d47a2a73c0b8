"""Make the Flask app of a ClinicHost: the clinic's pages and the door of its runners' coaches.

An app of its own, without any runner's coach: what it shows comes from the shared index, on behalf of the person whose
session the cookie names. It says on each page that nobody watches at night.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import date
from typing import Final

from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as Answer

from coach.language.locales import date_text
from coach.language.phrases import phrases_of
from coach.language.signs import localised
from coach.roster.people import Person, PersonKind, person_of
from coach.service.clinic.link import HEADER
from coach.service.clinic_host.host import ClinicHost
from web.clinic import intake, pages, people
from web.clinic.context import language, w
from web.errors import SAY, error_response, install_errors
from web.gate import Welcome
from web.security import NAMES, install_security
from web.server import WELCOME
from web.units import clock_text, day_text, value_text

COOKIE: Final = "clinic"
HOST: Final = "clinic"
BASE: Final = "CLINIC_BASE"
_MOST_BYTES: Final = 4 << 20  # a piece of a recording has one MiB, a report of three months some 100 kB
_OPEN: Final = re.compile(r"/(come-in|join|healthz|static/.*|api/v1/.*)")


def create_clinic_app(host: ClinicHost, base: str, time_zone: str = "UTC", *, is_testing: bool = False) -> Flask:
    """Make the app. base: the address by which runners reach the clinic, such as https://clinic.example."""
    app = Flask("web", static_folder="static", template_folder="templates")
    app.config.update(TESTING=is_testing, MAX_CONTENT_LENGTH=_MOST_BYTES, SEND_FILE_MAX_AGE_DEFAULT=0)
    app.config[BASE] = base.rstrip("/")
    app.config[NAMES] = (base.split("//")[-1].split("/")[0].split(":")[0],)
    app.extensions[HOST] = host
    app.extensions[WELCOME] = _welcome(host)
    app.jinja_env.globals.update(w=w, clinic=host.name)
    app.extensions[SAY] = _said
    app.jinja_env.filters.update(
        day=lambda moment: day_text(moment, time_zone, language()),
        date_day=lambda iso: date_text(date.fromisoformat(iso), "MMMEd", language()),
        clock=lambda moment: clock_text(moment, time_zone),
        value=lambda number, name: value_text(name, number, "metric", language=language()),
        said=_said,
        signs=lambda text: localised(text, language()),
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    install_errors(app, page="clinic/error.html")
    install_security(app)
    app.before_request(_let_in)
    app.context_processor(lambda: {"person": g.get("person"), "language": language()})
    for blueprint in (intake.blueprint, pages.blueprint, people.blueprint):
        app.register_blueprint(blueprint)
    app.add_url_rule("/healthz", view_func=lambda: {"status": "ok"}, endpoint="healthz")
    return app


def _said(text: str) -> str:
    """Return what the coach says, in the language of the browser."""
    return phrases_of(language())(text)


def _let_in() -> Answer | Response | None:
    """Find out whose session this is; without one only the doors are open."""
    if _OPEN.fullmatch(request.path):
        return None
    person = _person()
    if person is None:
        return error_response(401, "unauthorized", w("clinic.closed"))
    g.person = person
    homes = {PersonKind.CLINICIAN: "/monday", PersonKind.KEEPER: "/people", PersonKind.RESEARCHER: "/research"}
    return redirect(homes[person.kind]) if request.path == "/" else None


def _person() -> Person | None:
    session = request.cookies.get(COOKIE, "")
    if not session:
        return None
    host: ClinicHost = current_app.extensions[HOST]
    with host.roster.transaction() as connection:
        return person_of(connection, session)


def _welcome(host: ClinicHost) -> Welcome:
    """Return who may send a body of more than a few bytes: a coach that is known."""

    def is_welcome(_address: str, _port: int, headers: Mapping[str, str]) -> bool:
        text = headers.get(HEADER.upper().replace("-", "_"), "")
        try:
            return bool(text) and host.knows(json.loads(urlsafe_b64decode(text)))
        except (ValueError, RecursionError):
            return False

    return is_welcome
