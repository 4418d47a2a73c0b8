"""Declare JSON routes that document themselves: Flask routes and an OpenAPI 3.1 document from one decorator.

Source: OpenAPI Specification 3.1.1; JSON Schema 2020-12 as pydantic writes it.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, g, request
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from coach.bootstrap import Coach
from coach.language.phrases import in_language
from coach.model.documents import JsonObject
from coach.model.frozen import dataclass
from web.context import said
from web.wire import json_response, read_body, to_wire

_ARGUMENT: Final = re.compile(r"<(?:(?P<converter>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_REFERENCE: Final = "#/components/schemas/{model}"
_KINDS: Final = {"int": "integer", "float": "number"}
_LONGEST_ID: Final = 100
_LANGUAGE: Final = (
    "Sentences are in the runner's language; before the runner chose one, in the first of ours in Accept-Language, "
    "else in English. Programs go by codes, ids and enumerations, which never change."
)
View = Callable[..., object]
Describable = Any  # a type, union or container that pydantic can describe


class Body(BaseModel):
    """What a request holds, in its body or query. A key that is not known is refused: it may be misspelt.

    Checks are built at the first request that needs them, not all ninety at the start.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What the document says of one route.

    body, query, returns: types that pydantic can describe. files: media types of an answer that is a file.
    """

    method: str
    path: str
    body: object
    query: Describable
    returns: object
    summary: str
    files: tuple[str, ...] = ()


def route(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    body: Describable = None,
    query: Describable = None,
    returns: object = None,
    files: tuple[str, ...] = (),
    summary: str,
) -> Callable[[View], View]:
    """Serve a function at `/api/v1` + path. It is given the path's arguments, and `body` and `query` where declared.

    It returns a noun, a model, a container of them, None (answered with 204) or a finished Response.
    """

    def decorate(view: View) -> View:
        def respond(arguments: dict[str, object]) -> Response:
            if body is not None:
                arguments["body"] = read_body(body, request.get_data(cache=False))
            if query is not None:
                arguments["query"] = TypeAdapter(query).validate_python(request.args.to_dict())
            result = view(**arguments)
            if isinstance(result, Response):
                return result
            return Response(status=204) if result is None else json_response(in_language(to_wire(result), said))

        @wraps(view)
        def answer(**arguments: object) -> Response:
            return _once(lambda: respond(arguments))

        # A function takes any attribute; mypy knows only those that all have.
        answer.endpoint_facts = Endpoint(method.upper(), path, body, query, returns, summary, files)  # type: ignore[attr-defined]
        blueprint.add_url_rule(f"/api/v1{path}", endpoint=view.__name__, view_func=answer, methods=[method.upper()])
        return view

    return decorate


def _once(respond: Callable[[], Response]) -> Response:
    """Answer a request; a repeated write (same phone, method, path and `X-Request-Id`) gets the answer of the first."""
    request_id, phone_id = request.headers.get("X-Request-Id", ""), g.get("phone_id", "")  # the guard of web.access
    if request.method == "GET" or not phone_id or not 0 < len(request_id) <= _LONGEST_ID:
        return respond()
    coach: Coach = current_app.extensions["coach"]
    fresh: list[Response] = []

    def work() -> tuple[int, str, str] | None:
        response = respond()
        fresh.append(response)
        if response.is_streamed or "Set-Cookie" in response.headers:
            return None
        return response.status_code, response.get_data(as_text=True), response.mimetype or ""

    known = coach.repeats.once((phone_id, request.method, request.path, request_id), work)
    if fresh:
        return fresh[0]
    if known is None:
        return respond()
    headers = {"Cache-Control": "no-store"}
    return Response(known.text, known.status, headers, mimetype=known.mimetype or None)


def openapi(app: Flask) -> dict[str, object]:
    """Return the OpenAPI 3.1 document of all routes made by `route`."""
    found = [facts for view in app.view_functions.values() if (facts := getattr(view, "endpoint_facts", None))]
    kinds = {_key(kind, mode): (kind, mode) for facts in found for kind, mode in _uses(facts)}
    schemas, definitions = TypeAdapter.json_schemas(
        [(key, mode, TypeAdapter(kind)) for key, (kind, mode) in kinds.items()],
        ref_template=_REFERENCE,
    )
    by_key = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, dict[str, object]] = {}
    for facts in sorted(found, key=lambda f: (f.path, f.method)):
        paths.setdefault(_documented(facts.path), {})[facts.method.lower()] = _operation(facts, by_key)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Running coach",
            "version": "1",
            "description": _LANGUAGE,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": {**definitions.get("$defs", {}), "Error": _ERROR}},
    }


_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "words"],
            "properties": {
                "code": {"type": "string"},
                "words": {"type": "string"},
                "fields": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    },
}


def _uses(facts: Endpoint) -> list[tuple[Describable, JsonSchemaMode]]:
    uses: list[tuple[Describable | None, JsonSchemaMode]] = [
        (facts.body, "validation"),
        (facts.query, "validation"),
        (facts.returns, "serialization"),
    ]
    return [(kind, mode) for kind, mode in uses if kind is not None]


def _key(kind: object, mode: str) -> str:
    return f"{kind!r}:{mode}"


def _documented(path: str) -> str:
    return _ARGUMENT.sub(lambda match: "{" + match["name"] + "}", path)


def _operation(facts: Endpoint, schemas: dict[str, JsonObject]) -> dict[str, object]:
    parameters = [
        {
            "name": m["name"],
            "in": "path",
            "required": True,
            "schema": {"type": _KINDS.get(m["converter"] or "", "string")},
        }
        for m in _ARGUMENT.finditer(facts.path)
    ]
    operation: dict[str, object] = {"summary": facts.summary, "operationId": _operation_id(facts)}
    if facts.query is not None:
        properties = TypeAdapter(facts.query).json_schema(ref_template=_REFERENCE)
        needed = set(properties.get("required", ()))
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": schema}
            for name, schema in properties.get("properties", {}).items()
        ]
    if parameters:
        operation["parameters"] = parameters
    if facts.body is not None:
        content = {"application/json": {"schema": schemas[_key(facts.body, "validation")]}}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = _responses(facts, schemas)
    return operation


def _responses(facts: Endpoint, schemas: dict[str, JsonObject]) -> dict[str, object]:
    failure = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    responses: dict[str, object] = {
        status: {"description": words, **failure}
        for status, words in (
            ("400", "The request is wrong"),
            ("401", "This device has not been let in"),
            ("404", "There is no such address"),
            ("409", "It does not fit what is going on now"),
            ("503", "The machine cannot do it right now"),
        )
    }
    if facts.files:
        return {"200": {"description": "The file", "content": {kind: {} for kind in facts.files}}, **responses}
    if facts.returns is None:
        return {"204": {"description": "Done"}, **responses}
    content = {"application/json": {"schema": schemas[_key(facts.returns, "serialization")]}}
    return {"200": {"description": "Done", "content": content}, **responses}


def _operation_id(facts: Endpoint) -> str:
    words = re.findall(r"\w+", _documented(facts.path))
    return "_".join([facts.method.lower(), *words])
