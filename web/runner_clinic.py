"""The runner's side of a clinic on the page: join, consent scope by scope, see and answer orders, leave."""

import importlib.util

from flask import Blueprint, redirect, render_template, request
from pydantic import Field
from werkzeug.wrappers import Response

from coach.errors import CoachError, UserError
from coach.seal.manifest import Scope, may_leave
from coach.service.clinic.service import ClinicStatus
from web.api import Body, route
from web.context import the_coach, w, words

blueprint = Blueprint("runner_clinic", __name__)
PATH = "/you/clinic"


class ClinicAnswer(Body):
    """How it goes with the clinic; clinic "": there is none. scopes: what the runner consents to."""

    clinic: str
    pseudonym: str
    scopes: list[str]
    n_waiting: int
    n_sent: int
    failure: str
    n_orders: int


class ConsentBody(Body):
    """All scopes that are consented to; what is left out is not."""

    scopes: list[Scope] = Field(max_length=len(Scope))


@blueprint.get(PATH)
def clinic_page() -> str:
    """Show which clinic has what of the runner, and how to join or leave one."""
    return _page(said=w("clinic.home.kept") if "kept" in request.args else "")


@blueprint.post(f"{PATH}/join")
def join() -> Response | tuple[str, int]:
    """Join by an invitation; a complaint brings the page back."""
    try:
        the_coach().clinic.join(request.form.get("invitation", ""), _scopes())
    except CoachError as error:
        return _page(complaint=str(error)), 400
    return redirect(f"{PATH}?kept", 303)


@blueprint.post(f"{PATH}/consent")
def consent() -> Response:
    """Consent to the scopes ticked and to no others, from now on."""
    the_coach().clinic.consent(_scopes())
    return redirect(f"{PATH}?kept", 303)


@blueprint.post(f"{PATH}/push")
def push() -> Response:
    """Send what waits, now."""
    the_coach().clinic.push()
    return redirect(PATH, 303)


@blueprint.post(f"{PATH}/orders/<order_id>")
def answer_order(order_id: str) -> Response:
    """Accept or refuse an order; only then it changes anything.

    Raises:
        UserError: there is no such order, or what it asks for cannot be.
    """
    the_coach().clinic.answer(order_id, is_accepted=request.form.get("answer") == "accept")
    return redirect(f"{PATH}?kept", 303)


@blueprint.post(f"{PATH}/leave")
def leave() -> str | tuple[str, int]:
    """Leave the clinic and show what it says of the data it has; without the box ticked nothing happens."""
    try:
        if "sure" not in request.form:
            raise UserError(w("clinic.home.leave_check"))
        words = the_coach().clinic.withdraw()
    except CoachError as error:
        return _page(complaint=str(error)), 400
    return _page(said=words or w("clinic.home.left"))


@route(blueprint, "GET", "/clinic", returns=ClinicAnswer, summary="Who else may see the runs, and how it goes")
def read_clinic() -> ClinicAnswer:
    """Return the clinic's name, what was consented to, and how many sendings wait."""
    return _answer(the_coach().clinic.status())


@route(blueprint, "PUT", "/clinic/consent", body=ConsentBody, returns=ClinicAnswer, summary="Consent, scope by scope")
def change_consent(body: ConsentBody) -> ClinicAnswer:
    """Consent to these scopes and no others; it holds here at once, at the clinic when it hears of it."""
    return _answer(the_coach().clinic.consent(body.scopes))


def _page(said: str = "", complaint: str = "") -> str:
    status = the_coach().clinic.status()
    return render_template(
        "runner/clinic.html",
        status=status,
        scopes=list(Scope),
        is_leaving=may_leave(status.scopes),
        is_installed=importlib.util.find_spec("cryptography") is not None,
        words_known=words().has,
        said=said,
        complaint=complaint,
    )


def _scopes() -> list[Scope]:
    try:
        return [Scope(scope) for scope in request.form.getlist("scopes")]
    except ValueError as error:
        raise UserError("there is no such scope of consent") from error


def _answer(status: ClinicStatus) -> ClinicAnswer:
    return ClinicAnswer(
        clinic=status.clinic,
        pseudonym=status.pseudonym,
        scopes=sorted(status.scopes),
        n_waiting=status.n_waiting,
        n_sent=status.n_sent,
        failure=status.failure,
        n_orders=len(status.orders),
    )
