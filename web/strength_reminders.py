"""Reminders as the runner meets them: those delivered and open, the channels, and a trial of each."""

from flask import Blueprint, g, redirect, render_template, request
from pydantic import BaseModel
from werkzeug.wrappers import Response as Redirect

from coach.model.reminders import PushPhone, SentReminder
from web.api import Body, route
from web.context import keep_language
from web.strength import programme

blueprint = Blueprint("strength_reminders", __name__)


class Sentence(BaseModel):
    """One sentence for the runner."""

    words: str


class PublicKey(BaseModel):
    """What a browser needs to ask its push service: the uncompressed point in base64url."""

    public_key: str


class CloseBody(Body):
    """Which reminder, by the key that it was delivered with."""

    key: str


class PushBody(Body):
    """What a browser gives of its push service, and what the phone is called."""

    endpoint: str
    p256dh: str
    auth: str
    name: str = ""


class PhoneBody(Body):
    """Which phone, by the address of its push service."""

    endpoint: str


@blueprint.get("/strength/reminders")
def page() -> str:
    """Return the channels and what came through them."""
    made = programme()
    return render_template(
        "strength/reminders.html",
        channels=made.push.channels(),
        failures=made.push.failures(),
        phones=made.push.phones(),
        can_push=made.push.can_web_push(),
        reminders=made.push.open(),
        has_plan=made.plans.show() is not None,
    )


@blueprint.post("/strength/reminders")
def set_channels() -> Redirect:
    """Name the ntfy server, or take it away; its token is taken and never shown again."""
    url, token = request.form.get("ntfy_url", "").strip(), request.form.get("ntfy_token", "").strip()
    keep_language()
    programme().push.set_ntfy(url, token)
    return redirect("/strength/reminders")


@route(blueprint, "GET", "/reminders", returns=list[SentReminder], summary="Reminders delivered and not yet dealt with")
def read_reminders() -> list[SentReminder]:
    """Return the reminders that wait for the runner, newest last."""
    return programme().push.open()


@route(blueprint, "POST", "/reminders/close", body=CloseBody, summary="A reminder has been dealt with")
def close_reminder(body: CloseBody) -> None:
    """Take a reminder off every page.

    Raises:
        UserError: there is none of this key.
    """
    programme().push.close(body.key)


@route(blueprint, "POST", "/reminders/try/<kind>", returns=Sentence, summary="Send a trial by page, push or ntfy")
def try_channel(kind: str) -> Sentence:
    """Send a trial now and return what happened, in words.

    Raises:
        UserError: there is no such channel, it is not set up, or it refused.
    """
    return Sentence(words=programme().push.try_channel(kind))


@route(blueprint, "GET", "/reminders/push", returns=PublicKey, summary="The key that Web Push is signed with")
def push_key() -> PublicKey:
    """Return the key, made at its first use.

    Raises:
        UserError: the extra `[push]` is not installed.
    """
    return PublicKey(public_key=programme().push.public_key())


@route(blueprint, "POST", "/reminders/push", body=PushBody, summary="Have this phone reminded by Web Push")
def add_push_phone(body: PushBody) -> None:
    """Remind this phone from now on, in its language.

    Raises:
        UserError: its address or keys are none, or too many phones are reminded.
    """
    keep_language()
    programme().push.add_phone(PushPhone(**body.model_dump(), phone_id=g.phone_id))


@route(blueprint, "POST", "/reminders/push/remove", body=PhoneBody, summary="Stop reminding a phone by Web Push")
def remove_push_phone(body: PhoneBody) -> None:
    """Remind a phone no more; nothing happens where it was none."""
    programme().push.remove_phone(body.endpoint)
