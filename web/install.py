"""The page as an app on the phone: manifest, service worker, and what a plain address lacks and how to get it."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import segno
from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, send_file
from werkzeug.wrappers import Response as Redirect

from coach.service.access.phones import lan_address
from web.context import the_coach, w
from web.https import PORT, authority_file
from web.security import host_name, policy
from web.wire import json_response

blueprint = Blueprint("install", __name__)
_STATIC: Final = Path(__file__).parent / "static"
_APPLE: Final = re.compile(r"iPhone|iPad")
_ICONS: Final = (
    ("/static/icons/mark.svg", "any", "image/svg+xml", "any"),
    ("/static/icons/mark-192.png", "192x192", "image/png", "any"),
    ("/static/icons/mark-512.png", "512x512", "image/png", "any"),
    ("/static/icons/maskable-512.png", "512x512", "image/png", "maskable"),
)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Return what a browser needs to put the page among its apps. Source: W3C Web Application Manifest."""
    answer = json_response(
        {
            "id": "/",
            "name": w("install.name"),
            "short_name": w("page.brand"),
            "description": w("install.description"),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#eff3ee",
            "theme_color": "#0f201a",
            "icons": [
                {"src": src, "sizes": sizes, "type": kind, "purpose": purpose} for src, sizes, kind, purpose in _ICONS
            ],
            "shortcuts": [{"name": w("page.nav.run"), "url": "/live"}],
        }
    )
    answer.mimetype = "application/manifest+json"
    return answer


@blueprint.get("/service-worker.js")
def service_worker() -> Response:
    """Return the service worker, from the root so that it may look after every page."""
    answer = send_file(_STATIC / "js" / "service-worker.js", mimetype="text/javascript", max_age=0)
    answer.headers["Service-Worker-Allowed"] = "/"
    return answer


@blueprint.get("/offline")
def offline() -> str:
    """Return what is shown when the coach cannot be reached."""
    return render_template("install/offline.html")


@blueprint.get("/install")
def page() -> str:
    """Return what this address can do, what it lacks, and how to get it."""
    return render_template(
        "install/install.html",
        secure_address=_secure_address(),
        has_authority=authority_file(current_app) is not None,
        is_secure=request.is_secure,
    )


@blueprint.get("/install/code.svg")
def code() -> Response:
    """Return the https address as a QR code."""
    address = _secure_address()
    if address is None:
        abort(404)
    picture = segno.make(f"{address}/install", error="m").svg_inline(scale=6, border=3, dark="#0f201a", light="#ffffff")
    return Response(picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1), mimetype="image/svg+xml")


@blueprint.get("/trust")
def trust() -> Response | Redirect:
    """Lead a phone that holds an invitation through trusting the certificate, and on to the secure address.

    It asks the secure address, another origin, whether it is trusted by now: its policy allows that one.
    """
    token = request.args.get("token", "")
    the_coach().access.check_invitation(token, request.remote_addr or "")
    query = urlencode({"token": token})
    address = _secure_address()
    if address is None or request.is_secure:
        return redirect(f"/come-in?{query}")
    page = render_template(
        "install/trust.html",
        secure_address=address,
        secure_link=f"{address}/come-in?{query}",
        plain_link=f"/come-in?{query}",
        phone_system="ios" if _APPLE.search(request.headers.get("User-Agent", "")) else "android",
    )
    answer = Response(page)
    answer.headers["Content-Security-Policy"] = policy(connects=address)
    return answer


@blueprint.get("/ca.crt")
def authority() -> Response:
    """Return the certificate that a phone must trust."""
    path = authority_file(current_app)
    if path is None:
        abort(404)
    return send_file(path, mimetype="application/x-x509-ca-cert", as_attachment=True, download_name="coach-ca.crt")


def _secure_address() -> str | None:
    port = current_app.config.get(PORT)
    name = host_name(request.host)
    is_near = name in ("localhost", "::1") or name.startswith("127.")
    address = (lan_address() if is_near else name) or "localhost"
    return f"https://[{address}]:{port}" if port and ":" in address else f"https://{address}:{port}" if port else None
