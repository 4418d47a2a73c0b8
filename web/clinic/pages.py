"""The clinician's pages: Monday's list, one runner, an invitation. Five fixed messages, no chat."""

from datetime import date
from io import BytesIO
from typing import Final

import segno
from flask import Blueprint, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from coach.clinic.monday import Reason, is_gait_changed
from coach.coaching.loader import load_red_flags
from coach.errors import UserError
from coach.roster import index
from coach.roster.people import PersonKind
from coach.seal.events import TRACKS, OrderKind
from coach.seal.manifest import Scope
from coach.wall_clock import utc_now
from web.clinic.context import base, the_host, the_person, w

blueprint = Blueprint("clinic_pages", __name__)
MESSAGES: Final = tuple(kind for kind in OrderKind if kind is not OrderKind.SEEN)


@blueprint.get("/monday")
def monday() -> str:
    """Return all runners of this clinician, those to look at first."""
    rows = the_host().monday(the_person())
    counts = {reason: sum(row.reasons[:1] == (reason,) for row in rows) for reason in Reason}
    return render_template(
        "clinic/monday.html",
        open_rows=[row for row in rows if row.reasons and not row.is_seen],
        seen_rows=[row for row in rows if row.is_seen],
        other_rows=[row for row in rows if not row.reasons],
        counts=counts,
        flags=load_red_flags(),
        messages=MESSAGES,
        is_gait_changed=is_gait_changed,
    )


@blueprint.get("/runners/<runner_id>")
def runner(runner_id: str) -> str:
    """Return one runner: why the row is where it is, newest runs, orders and their answers."""
    record = the_host().record(the_person(), runner_id)
    return render_template(
        "clinic/runner.html",
        record=record,
        scopes=", ".join(w("clinic.scope." + scope.value) for scope in Scope if scope in record.consent),
        row=record.row,
        flags=load_red_flags(),
        messages=MESSAGES,
        tracks=TRACKS,
        is_gait_changed=is_gait_changed,
        today=utc_now().date().isoformat(),
        is_kept="kept" in request.args,
    )


@blueprint.post("/runners/<runner_id>/seen")
def seen(runner_id: str) -> Redirect:
    """Note that this row was seen as it was."""
    the_host().see(the_person(), runner_id, request.form.get("mark", ""))
    return redirect("/monday", 303)


@blueprint.post("/runners/<runner_id>/orders")
def give_order(runner_id: str) -> Redirect:
    """Give one of the fixed messages, or that the signs were looked at."""
    form = request.form
    try:
        kind = OrderKind(form.get("kind", ""))
        needs_day = kind in (OrderKind.PAUSE_RUNNING, OrderKind.SEEN)
        day = date.fromisoformat(form.get("day", "")) if needs_day else None
    except ValueError as error:
        raise UserError("choose a message, and a day where it needs one") from error
    track = form.get("track", "") if kind is OrderKind.PLAN_CHANGED else ""
    the_host().order(the_person(), runner_id, kind, day, track)
    return redirect(f"/runners/{runner_id}?kept", 303)


@blueprint.get("/invite")
def invite_page() -> str:
    """Show the form of an invitation; the link is made when it is sent."""
    return render_template("clinic/invite.html", link=None)


@blueprint.post("/invite")
def invite() -> str:
    """Return a fresh invitation as a link and a code, shown once."""
    link = the_host().invite(the_person(), request.form.get("label", ""), base())
    picture = BytesIO()
    made = segno.make(link, error="m")
    made.save(picture, kind="svg", scale=5, border=3, dark="#0f201a", light="#ffffff", xmldecl=False)
    return render_template("clinic/invite.html", link=link, code=Markup(picture.getvalue().decode()))


@blueprint.get("/join")
def join_page() -> str:
    """Return what a runner sees who opens the invitation in a browser: how to give it to the coach at home."""
    return render_template("clinic/join.html", link=f"{base()}{request.full_path}")


@blueprint.get("/research")
def research() -> str:
    """Return pseudonyms of runners who consented to research, and how many runs each has."""
    person = the_person()
    if person.kind is not PersonKind.RESEARCHER:
        raise UserError("this page is for researchers")
    with the_host().roster.transaction(person.person_id) as connection:
        known = [(one.pseudonym, len(index.runs_of(connection, one.runner_id))) for one in index.runners(connection)]
    return render_template("clinic/research.html", known=sorted(known))
