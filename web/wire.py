"""Nouns to JSON on the wire, under the same names, and the bytes of a request back to nouns."""

import json
from collections.abc import Callable
from typing import Final, TypeVar

from flask import Response
from pydantic import BaseModel, TypeAdapter

from coach.model.plain import to_plain

Noun = TypeVar("Noun")


def to_wire(value: object) -> object:
    """JSON-ready copy of a noun, a pydantic model, or a plain container of them."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_wire(item) for key, item in value.items()}
    return to_plain(value)


SAID: Final = frozenset({"words", "say", "reason", "reasons", "why", "because", "body", "asks"})


def in_language(value: object, say: Callable[[str], str]) -> object:
    """A JSON-ready copy of `value` with what the coach says in it translated by `say`: the fields named in `SAID`."""

    def said(name: str, one: object) -> object:
        if name in SAID and isinstance(one, str):
            return say(one)
        if name in SAID and isinstance(one, list) and all(isinstance(text, str) for text in one):
            return [say(text) for text in one]
        return walked(one)

    def walked(one: object) -> object:
        if isinstance(one, dict):
            return {name: said(name, part) for name, part in one.items()}
        return [walked(part) for part in one] if isinstance(one, list) else one

    return walked(to_wire(value))


def to_text(value: object) -> str:
    """Compact JSON text of `value`."""
    return json.dumps(to_wire(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_response(value: object, status: int = 200) -> Response:
    """A JSON answer; never cached, since it is about now."""
    response = Response(to_text(value), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def read_body(kind: type[Noun], payload: bytes) -> Noun:
    """The noun or model of `kind` that a request's body holds; nothing is coerced.

    Raises:
        pydantic.ValidationError: the body does not fit.
    """
    noun: Noun = TypeAdapter(kind).validate_json(payload or b"{}", strict=True)
    return noun
