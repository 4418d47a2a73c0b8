"""The page that a phone takes along: its shell, and every file of its bundle at an address that never changes.

All files carry the version of the bundle in their address and may be kept for ever; the page checks each against its
hash and uses all of them or none (`static/js/phone/take.js`). Python in a browser is WebAssembly, which the policy of
these addresses alone allows to be compiled (CSP 3, `wasm-unsafe-eval`).
"""

from functools import cache
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, render_template, send_file

from coach.model.metrics_table import Use, names_for
from coach.service.runs.finish_run import program_version
from web.context import the_coach, w
from web.phone_bundle import Bundle, make_bundle, page_files
from web.security import policy
from web.wire import json_response

blueprint = Blueprint("phone_app", __name__)
_STATIC: Final = Path(__file__).parent / "static"
_FOR_EVER: Final = "private, max-age=31536000, immutable"
_KINDS: Final = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}
# Positions and motion are asked for by this page alone (Permissions Policy 1).
_PERMISSIONS: Final = "camera=(), microphone=(), geolocation=(self), accelerometer=(self), gyroscope=(self)"
_ICONS: Final = (
    ("mark-192", "192x192", "any"),
    ("mark-512", "512x512", "any"),
    ("maskable-512", "512x512", "maskable"),
)


@cache
def the_bundle() -> Bundle:
    """Return the bundle of this program; joined once, at its first use."""
    return make_bundle(page_files())


@blueprint.after_request
def allow_python(response: Response) -> Response:
    """Let these addresses, and no others, compile WebAssembly and ask for positions."""
    response.headers["Content-Security-Policy"] = policy("'wasm-unsafe-eval'")
    response.headers["Permissions-Policy"] = _PERMISSIONS
    return response


@blueprint.get("/phone/")
def page() -> str:
    """Return the page's shell; the phone keeps it together with the files of the same version."""
    return render_template(
        "phone/phone.html",
        version=the_bundle().version,
        shown=names_for(Use.LIVE),
        signs=list(the_coach().runner.red_flags().values()),
    )


@blueprint.get("/phone/manifest.json")
def bundle_manifest() -> Response:
    """Return names, hashes and sizes of all that a phone takes along; the newest, never an old one."""
    return json_response({**the_bundle().manifest(), "program_version": program_version()})


@blueprint.get("/phone/app/<version>/<path:name>")
def bundle_file(version: str, name: str) -> Response:
    """Return one file of the bundle; another version's files are not here any more."""
    file = the_bundle().files.get(name)
    if file is None or version != the_bundle().version:
        abort(404, w("phone.take.gone"))
    suffix = Path(name).suffix
    answer = Response(file.content(), mimetype=_KINDS.get(suffix) or guess_type(name)[0] or "application/octet-stream")
    answer.headers["Cache-Control"] = _FOR_EVER
    if file.is_packed:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


@blueprint.get("/phone/service-worker.js")
def service_worker() -> Response:
    """Return the service worker of this page; its scope is /phone/ alone."""
    return send_file(_STATIC / "js" / "phone" / "service-worker.js", mimetype="text/javascript", max_age=0)


@blueprint.get("/phone/app.webmanifest")
def app_manifest() -> Response:
    """Return what puts this page on the home screen, beside the coach at home."""
    answer = json_response(
        {
            "id": "/phone/",
            "name": w("phone.heading"),
            "short_name": w("phone.title"),
            "start_url": "/phone/",
            "scope": "/phone/",
            "display": "standalone",
            "background_color": "#0f201a",
            "theme_color": "#0f201a",
            "icons": [
                {"src": f"/static/icons/{name}.png", "sizes": sizes, "type": "image/png", "purpose": purpose}
                for name, sizes, purpose in _ICONS
            ],
        }
    )
    answer.mimetype = "application/manifest+json"
    return answer
