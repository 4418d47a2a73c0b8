"""Write nouns as JSON under the same names, and read the bytes of a request back into nouns."""

import json
from typing import TypeVar

from flask import Response
from pydantic import BaseModel, TypeAdapter

from coach.model.plain import to_plain

Noun = TypeVar("Noun")


def to_wire(value: object) -> object:
    """Return a JSON-ready copy of a noun, a pydantic model, or a plain container of them."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_wire(item) for key, item in value.items()}
    return to_plain(value)


def to_text(value: object) -> str:
    """Return compact JSON text of `value`."""
    return json.dumps(to_wire(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_response(value: object, status: int = 200) -> Response:
    """Return a JSON answer; never cached, since it is about now."""
    response = Response(to_text(value), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def read_body(kind: type[Noun], payload: bytes) -> Noun:
    """Return the noun or model of `kind` that a request's body holds; nothing is coerced.

    Raises:
        pydantic.ValidationError: the body does not fit.
    """
    noun: Noun = TypeAdapter(kind).validate_json(payload or b"{}", strict=True)
    return noun
