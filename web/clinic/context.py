"""What the clinic's pages share: the host, and the person who asks."""

from flask import abort, current_app, g, request

from coach.language.locales import wished
from coach.roster.people import Person
from coach.service.clinic_host.host import ClinicHost
from web.words import words_in


def the_host() -> ClinicHost:
    """Return the clinic that the app was given."""
    host: ClinicHost = current_app.extensions["clinic"]
    return host


def the_person() -> Person:
    """Return who asks; pages that are open to everybody have none."""
    person: Person | None = g.get("person")
    if person is None:
        abort(401)
    return person


def base() -> str:
    """Return the address by which runners reach the clinic."""
    return str(current_app.config["CLINIC_BASE"])


def language() -> str:
    """Return the language of the browser: a clinic keeps no wish of its people."""
    return wished(request.accept_languages.values())


def w(key: str, **params: object) -> str:
    """Return one sentence by its key, with its parameters."""
    return words_in(language(), current_app.testing)(key, **params)
