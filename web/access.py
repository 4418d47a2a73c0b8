"""Phones: let in by an invitation, listed, shown out. Everything else is closed to devices that were not let in."""

import re
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

import segno
from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from pydantic import Field
from werkzeug.http import parse_cookie

from coach.model.access import Phone
from coach.service.access.phones import STAYS, lan_address
from web.api import Body, route
from web.context import the_coach, w
from web.errors import error_response
from web.https import PLAIN_PORT, PORT
from web.security import TRUSTS_LOCAL, host_name, is_from_this_machine, is_near
from web.server import WELCOME
from web.wire import json_response

blueprint = Blueprint("access", __name__)
COOKIE: Final = "COACH_COOKIE"  # a setting: the name of the cookie; browsers share cookies between the ports of a host
HERE: Final = "here"  # who watches from this machine
_OPEN: Final = ("/healthz", "/come-in", "/trust", "/static/", "/manifest.webmanifest", "/service-worker.js", "/ca.crt")
_KINDS: Final = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android phone"), ("Macintosh", "Mac"))


class ComeInBody(Body):
    """An invitation taken by a program instead of a browser."""

    token: str = Field(min_length=1, max_length=400)
    name: str = Field("", max_length=60)


@blueprint.before_app_request
def guard() -> Response | None:
    """Let in: this machine itself, and phones with a cookie. Others get words on how to come in."""
    access = the_coach().access
    if is_from_this_machine():
        g.phone_id = HERE
        return None
    if request.path.startswith(_OPEN) or (request.path == "/api/v1/phones" and request.method == "POST"):
        return None
    phone = access.phone_of(request.cookies.get(cookie_name(), ""))
    if phone is not None:
        g.phone_id = phone.phone_id
        return None
    return error_response(401, "unauthorized", w("access.closed"))


def cookie_name() -> str:
    """Return the name of the cookie that keeps a phone in."""
    return str(current_app.config[COOKIE])


def watcher() -> tuple[str, Callable[[], bool]]:
    """Return who asks for a stream, and a question to be asked again and again: whether he still may."""
    access, cookie = the_coach().access, request.cookies.get(cookie_name(), "")
    if is_from_this_machine():
        return HERE, lambda: True
    phone = access.phone_of(cookie)
    return (phone.phone_id if phone else ""), lambda: access.phone_of(cookie) is not None


@blueprint.record
def _mark_server(state: BlueprintSetupState) -> None:
    """Have the server ask before it reads the body of a request."""
    app = state.app
    app.config.setdefault(COOKIE, "coach")

    def is_welcome(address: str, _port: int, headers: Mapping[str, str]) -> bool:
        if app.config[TRUSTS_LOCAL] and is_near(address, headers.get("HOST", ""), headers):
            return True
        cookie = parse_cookie(headers.get("COOKIE", "")).get(app.config[COOKIE], "")
        return bool(app.extensions["coach"].access.knows(cookie))

    app.extensions[WELCOME] = is_welcome


@blueprint.get("/come-in")
def come_in_page() -> Response | str:
    """Return the page that the QR code opens: one button, and a name for the list of phones."""
    token = request.args.get("token", "")
    the_coach().access.check_invitation(token, request.remote_addr or "")
    return render_template("access/come_in.html", token=token, name=_kind_of_phone(), is_first_use=_is_first_use())


@blueprint.post("/come-in")
def come_in() -> Response:
    """Take the invitation and keep this phone in by a cookie."""
    _phone, cookie = the_coach().access.let_in(
        request.form.get("token", ""), request.form.get("name") or _kind_of_phone(), request.remote_addr or ""
    )
    answer = redirect("/welcome" if _is_first_use() else "/", 303)
    return _with_cookie(Response(answer.response, answer.status, answer.headers), cookie)


@route(blueprint, "POST", "/phones", body=ComeInBody, returns=Phone, summary="Take an invitation; sets the cookie")
def come_in_by_api(body: ComeInBody) -> Response:
    """Let the sender in and return it as a phone, its cookie set.

    Raises:
        UserError: the invitation is too old or not ours.
    """
    phone, cookie = the_coach().access.let_in(body.token, body.name, request.remote_addr or "")
    return _with_cookie(json_response(phone), cookie)


@blueprint.get("/phones")
def phones_page() -> str:
    """Return all phones, and a fresh code for the next one."""
    own = the_coach().access.phone_of(request.cookies.get(cookie_name(), ""))
    base = _base()
    access = the_coach().access
    return render_template("access/phones.html", phones=access.phones(), own=own, base=base, code=access.code())


@blueprint.get("/phones/code.svg")
def code() -> Response:
    """Return a fresh invitation as a QR code."""
    base = _base()
    if base is None:
        abort(404, w("access.no_network"))
    picture = BytesIO()
    segno.make(invitation_link(base), error="m").save(
        picture, kind="svg", scale=8, border=3, dark="#0f201a", light="#ffffff"
    )
    headers = {"Cache-Control": "no-store"}
    return Response(picture.getvalue(), mimetype="image/svg+xml", headers=headers)


@route(blueprint, "GET", "/phones", returns=list[Phone], summary="Phones that are let in")
def phones() -> list[Phone]:
    """Return all phones that are let in; the list is empty where only this machine watches."""
    return list(the_coach().access.phones())


@route(blueprint, "DELETE", "/phones/<phone_id>", summary="Remove a phone")
def revoke(phone_id: str) -> None:
    """Remove a phone at once, with its open streams, its reminders and every invitation made before.

    Raises:
        UserError: there is no such phone.
    """
    the_coach().access.revoke(phone_id)


@blueprint.post("/phones/<phone_id>/revoke")
def revoke_by_form(phone_id: str) -> Response:
    """Show a phone out, from the page's button."""
    the_coach().access.revoke(phone_id)
    answer = redirect("/phones", 303)
    return Response(answer.response, answer.status, answer.headers)


def invitation_link(base: str) -> str:
    """Make a fresh invitation: to the page that leads a phone to https, where plain http is served too."""
    link = the_coach().access.invitation(base)
    plain_port = current_app.config.get(PLAIN_PORT)
    if not plain_port or not current_app.config.get(PORT):
        return link
    name = host_name(base.partition("://")[2])
    return f"http://{_bracketed(name)}:{plain_port}/trust?{link.partition('?')[2]}"


def _with_cookie(answer: Response, cookie: str) -> Response:
    seconds = int(STAYS.total_seconds())
    secure = request.is_secure
    answer.set_cookie(cookie_name(), cookie, max_age=seconds, httponly=True, samesite="Lax", secure=secure)
    return answer


def _base() -> str | None:
    """Return the address that other phones can reach: https where there is one, else as this page was opened."""
    name = host_name(request.host)
    is_near = name == "localhost" or name == "::1" or name.startswith("127.")
    address = lan_address() if is_near else name
    if address is None:
        return None
    https_port = current_app.config.get(PORT)
    if https_port and request.is_secure:
        return f"https://{_bracketed(address)}:{https_port}"
    port = request.host.rpartition(":")[2] if not request.host.endswith("]") and ":" in request.host else "80"
    scheme = "https" if request.is_secure else "http"
    return f"{scheme}://{_bracketed(address)}:{port}"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _kind_of_phone() -> str:
    agent = request.headers.get("User-Agent", "")
    kind = next((words for sign, words in _KINDS if sign in agent), w("access.some_device"))
    browser = re.search(r"(Firefox|Edg|OPR|Chrome|CriOS|Safari)", agent)
    names = {"Edg": "Edge", "OPR": "Opera", "CriOS": "Chrome"}
    return f"{kind}, {names.get(browser[1], browser[1])}" if browser else kind


def _is_first_use() -> bool:
    """Whether nothing is known of the runner yet: no name and no height."""
    known = the_coach().runner.profile()
    return not known.name and known.height_m is None
