"""Make the Flask app of a Coach: all pages and the JSON interface."""

import gzip
import importlib
import pkgutil
from typing import Final

from flask import Blueprint, Flask, Response, request

import web
from coach.bootstrap import Coach
from web.api import openapi
from web.compiled import compile_once
from web.context import install_context
from web.errors import install_errors
from web.security import install_security
from web.wire import json_response

MAX_UPLOAD_BYTES: Final = 512 * 1024 * 1024  # chosen by eye: a whole account's archive
_PACKED: Final = ("text/", "application/json", "application/javascript", "image/svg+xml", "application/manifest+json")


def create_app(coach: Coach, *, is_testing: bool = False) -> Flask:
    """Make the app: every module of `web` that has a `blueprint` becomes part of it. Testing: missing words raise."""
    app = Flask("web", static_folder="static", template_folder="templates")
    app.config.update(TESTING=is_testing, MAX_CONTENT_LENGTH=MAX_UPLOAD_BYTES, SEND_FILE_MAX_AGE_DEFAULT=0)
    app.extensions["coach"] = coach
    app.json.sort_keys = False  # type: ignore[attr-defined]  # only Flask's default provider has it
    install_errors(app)
    install_security(app)
    install_context(app, is_testing)
    compile_once(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    app.add_url_rule("/healthz", view_func=_healthz)
    app.add_url_rule("/api/v1/openapi.json", view_func=lambda: json_response(openapi(app)), endpoint="openapi")
    app.after_request(_pack)
    return app


def blueprints() -> list[Blueprint]:
    """Return the blueprint of every subject, in the order of their names."""
    names = sorted(info.name for info in pkgutil.iter_modules(web.__path__) if not info.ispkg)
    modules = (importlib.import_module(f"web.{name}") for name in names)
    return [module.blueprint for module in modules if isinstance(getattr(module, "blueprint", None), Blueprint)]


def _healthz() -> Response:
    """Say nothing but that it is there, also to the page by http that looks whether https is trusted by now."""
    answer = json_response({"status": "ok"})
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _pack(response: Response) -> Response:
    """Compress what is text and long enough: a phone at the edge of the network loads a third of the bytes."""
    if (
        (response.is_streamed and not response.direct_passthrough)
        or response.mimetype == "text/event-stream"
        or "gzip" not in request.headers.get("Accept-Encoding", "")
        or response.status_code != 200
        or "Content-Encoding" in response.headers
        or not (response.mimetype or "").startswith(_PACKED)
    ):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) > 800:
        response.set_data(gzip.compress(body, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.add("Vary", "Accept-Encoding")
        if etag := response.headers.get("ETag"):
            response.headers["ETag"] = etag if etag.startswith("W/") else f"W/{etag}"
    return response
