"""The clinic's people: coming in, and the keeper's pages: invite, end, grant care, audit; no health data."""

from contextlib import AbstractContextManager

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from coach.errors import UserError
from coach.roster import index
from coach.roster import people as roster
from coach.roster.database import Connection
from coach.roster.people import STAYS, PersonKind
from web.clinic.context import base, the_host, the_person

blueprint = Blueprint("clinic_people", __name__)


@blueprint.get("/come-in")
def come_in_page() -> str:
    """Show what an invited person's link opens: a button that takes the invitation of the address."""
    return render_template("clinic/come_in.html", token=request.args.get("token", ""))


@blueprint.post("/come-in")
def come_in() -> Redirect:
    """Take an invitation and keep this browser in for a working day."""
    with the_host().roster.transaction() as connection:
        _, secret = roster.come_in(connection, request.form.get("token", ""))
    answer = redirect("/", 303)
    is_secure = base().startswith("https")
    seconds = int(STAYS.total_seconds())
    answer.set_cookie("clinic", secret, max_age=seconds, httponly=True, samesite="Strict", secure=is_secure)
    return answer


@blueprint.post("/leave")
def leave() -> Redirect:
    """Sign this browser out: its cookie is void at once."""
    with the_host().roster.transaction(the_person().person_id) as connection:
        roster.leave(connection, request.cookies.get("clinic", ""))
    answer = redirect("/come-in", 303)
    answer.delete_cookie("clinic")
    return answer


@blueprint.get("/people")
def people_page() -> str:
    """Show the clinic's people and what may be done about them; for the keeper alone."""
    return _people_page()


@blueprint.post("/people")
def invite_person() -> str:
    """Add a person; the link that lets them in is shown once."""
    with _as_keeper() as connection:
        kind = _kind(request.form.get("kind", ""))
        person, secret = roster.add_person(connection, request.form.get("name", ""), kind)
    return _people_page(invited=person.name, link=f"{base()}/come-in?token={secret}")


@blueprint.post("/people/<int:person_id>/end")
def end_person(person_id: int) -> Redirect:
    """Remove a person, whose cookie and care of runners end at once.

    Raises:
        UserError: it is the keeper's own entry, or who asks is no keeper.
    """
    if person_id == the_person().person_id:
        raise UserError("you cannot remove yourself: let another keeper do it")
    with _as_keeper() as connection:
        roster.end_person(connection, person_id)
    return redirect("/people", 303)


@blueprint.post("/care")
def grant() -> Redirect:
    """Begin or end a person's care of a runner, named by pseudonym."""
    form = request.form
    with _as_keeper() as connection:
        known = {one.pseudonym: one.runner_id for one in index.runners(connection)}
        runner_id = known.get(form.get("pseudonym", "").strip())
        if runner_id is None or not form.get("person", "").isdecimal():
            raise UserError("there is no such pseudonym or person")
        roster.grant(connection, int(form["person"]), runner_id, is_granted=form.get("verb") != "end")
    return redirect("/people", 303)


@blueprint.get("/audit")
def audit() -> str:
    """Show the newest entries of the audit log, and whether its chain of hashes holds; for the keeper alone."""
    entries, verdict = the_host().audit(the_person())
    return render_template("clinic/audit.html", entries=entries, verdict=verdict)


def _people_page(**more: object) -> str:
    with _as_keeper() as connection:
        known = roster.people(connection)
        runners = sorted(one.pseudonym for one in index.runners(connection))
    return render_template("clinic/people.html", people=known, runners=runners, kinds=list(PersonKind), **more)


def _as_keeper() -> AbstractContextManager[Connection]:
    person = the_person()
    if person.kind is not PersonKind.KEEPER:
        raise UserError("this page is for the keeper")
    return the_host().roster.transaction(person.person_id)


def _kind(text: str) -> PersonKind:
    try:
        return PersonKind(text)
    except ValueError as error:
        raise UserError("a person is a clinician, a researcher or a keeper") from error
