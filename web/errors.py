"""Turn failures into answers: JSON below /api, a page elsewhere; each with words that say what to do."""

import logging
from collections.abc import Mapping
from typing import Final

from flask import Flask, Response, current_app, make_response, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from coach.errors import (
    CoachError,
    ConflictError,
    InterchangeError,
    LinkError,
    PacketError,
    ProfileError,
    UserError,
)
from web.wire import json_response

_log: Final = logging.getLogger(__name__)
_CONFLICTS: Final = frozenset({"refused", "busy", "in_use", "already_running", "not_running"})
_STATUS: Final[Mapping[type[CoachError], int]] = {
    UserError: 400,
    InterchangeError: 400,
    PacketError: 400,
    ProfileError: 409,
}
SAY: Final = "say"  # how an app says a sentence of the coach in the language of its page
_PLAIN: Final = {404: "There is nothing at this address.", 405: "This address cannot be opened like this."}
ERROR_PAGE: Final = "COACH_ERROR_PAGE"
_KNOWN: Final = (400, 401, 403, 404, 405, 409, 413, 429, 503)


def status_of(error: CoachError) -> int:
    """Return 400 where the request is wrong, 409 where it does not fit the present state,
    503 where the machine cannot."""
    if isinstance(error, ConflictError):
        return 409
    if isinstance(error, LinkError):
        return 409 if error.reason in _CONFLICTS else 503
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 503)


def code_of(error: CoachError) -> str:
    """Return a short machine word: the reason of a link error, else the kind of error."""
    if isinstance(error, ConflictError):
        return error.code
    if isinstance(error, LinkError):
        return error.reason
    if type(error) is UserError:
        return "settings"  # what the interface has called it since its first version
    return type(error).__name__.removesuffix("Error").lower()


def error_response(status: int, code: str, words: str, fields: Mapping[str, str] | None = None) -> Response:
    """Return the failure as JSON below /api and as a page elsewhere, in the language of the page where one is known."""
    say = current_app.extensions.get(SAY, str)
    words, fields = say(words), {name: say(complaint) for name, complaint in (fields or {}).items()}
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        error: dict[str, object] = {"code": code, "words": words}
        if fields:
            error["fields"] = fields
        return json_response({"error": error}, status)
    page = render_template(current_app.config[ERROR_PAGE], status=status, code=code, words=words, fields=fields)
    return make_response(page, status)


def install_errors(app: Flask, page: str = "error.html") -> None:
    """Answer every failure of `app` in words. page: the template of those below no /api."""
    app.config[ERROR_PAGE] = page
    app.register_error_handler(CoachError, _coach_error)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _coach_error(error: CoachError) -> Response:
    return error_response(status_of(error), code_of(error), str(error))


def _invalid(error: ValidationError) -> Response:
    fields = {".".join(map(str, fault["loc"])) or "body": str(fault["msg"]) for fault in error.errors()}
    words = "; ".join(f"{name}: {complaint}" for name, complaint in fields.items())
    return error_response(400, "invalid", words, fields)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if 300 <= status < 400:
        return make_response(error.get_response())
    words = error.description or error.name
    if words == type(error).description:
        words = _PLAIN.get(status, words)
    return error_response(
        status, f"http_{status}" if status not in _KNOWN else error.name.lower().replace(" ", "_"), words
    )


def _unexpected(error: Exception) -> Response:
    _log.exception("the page failed at %s", request.path, exc_info=error)
    return error_response(
        500, "internal", "Something went wrong on the coach's side. The log of the service has the details."
    )
