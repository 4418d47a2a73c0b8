"""What may leave the house, each off until it is asked for: the outbox, intervals.icu, a broker of Home Assistant."""

from flask import Blueprint, redirect, render_template, request
from pydantic import Field
from werkzeug.wrappers import Response

from coach.errors import UserError
from coach.model.handover import HandoverStatus
from web.api import Body, route
from web.context import the_coach
from web.fields import whole

blueprint = Blueprint("handover", __name__)
PATH = "/you/handover"


class HandoverAnswer(Body):
    """How it goes; keys and passwords are never shown again."""

    is_outbox: bool
    has_intervals_key: bool
    broker: str
    is_broker_linked: bool
    n_waiting: int
    n_sent: int
    failure: str
    broker_failure: str


class HandoverBody(Body):
    """What is left out stays. "": off."""

    is_outbox: bool | None = None
    intervals_key: str | None = Field(None, max_length=128)
    broker: str | None = Field(None, max_length=253)
    broker_port: int | None = Field(None, ge=1, le=65535)
    broker_user: str | None = Field(None, max_length=200)
    broker_password: str | None = Field(None, max_length=200)
    is_broker_tls: bool | None = None


@blueprint.get(PATH)
def handover_page() -> str:
    """Show what leaves the house and how it goes; keys and passwords are never shown again."""
    return render_template(
        "runner/handover.html",
        status=the_coach().handover.status(),
        outbox=the_coach().handover.outbox,
        is_kept="kept" in request.args,
    )


@blueprint.post(PATH)
def save_handover() -> Response:
    """Keep the form. An empty key or password keeps the one that is there; its own box forgets it.

    Raises:
        UserError: the port is none, or a key or an address cannot be one.
    """
    form = request.form
    fields: dict[str, object] = {
        "is_outbox": "is_outbox" in form,
        "broker": form.get("broker", "").strip(),
        "broker_user": form.get("broker_user", "").strip()[:200],
        "is_broker_tls": "is_broker_tls" in form,
    }
    port = whole(form.get("broker_port", "1883").strip() or "1883", 65535)
    if port is None:
        raise UserError("a port is a number from 1 to 65535; brokers listen on 1883, with TLS on 8883")
    fields["broker_port"] = port
    for name in ("intervals_key", "broker_password"):  # an empty field keeps what is there
        if form.get(name, "").strip():
            fields[name] = form[name].strip()[:200]
        elif f"forget_{name}" in form:
            fields[name] = ""
    the_coach().handover.change(**fields)
    return redirect(f"{PATH}?kept")


@route(blueprint, "GET", "/handover", returns=HandoverAnswer, summary="What leaves the house, and how it goes")
def read_handover() -> HandoverAnswer:
    """Return what leaves the house and how many files wait, with the last failure in words."""
    return _answer(the_coach().handover.status())


@route(blueprint, "PATCH", "/handover", body=HandoverBody, returns=HandoverAnswer, summary="Choose what may leave")
def change_handover(body: HandoverBody) -> HandoverAnswer:
    """Change what is given and return how it goes then. A null stays as it was; "" turns off.

    Raises:
        UserError: a key or an address cannot be one.
    """
    the_coach().handover.change(**{k: v for k, v in body.model_dump(exclude_unset=True).items() if v is not None})
    return _answer(the_coach().handover.status())


def _answer(status: HandoverStatus) -> HandoverAnswer:
    return HandoverAnswer(
        is_outbox=status.wishes.is_outbox,
        has_intervals_key=bool(status.wishes.intervals_key),
        broker=status.wishes.broker,
        is_broker_linked=status.is_broker_linked,
        n_waiting=status.n_waiting,
        n_sent=status.n_sent,
        failure=status.failure,
        broker_failure=status.broker_failure,
    )
