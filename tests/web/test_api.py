"""The decorator that documents itself: bodies are checked, failures have words, the document is OpenAPI 3.1."""

import re
from typing import Any

from flask import Blueprint, Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from coach.errors import ConflictError, InterchangeError, LinkError, StorageError, UserError
from coach.model.runs import Lap
from web.api import openapi, route
from web.errors import install_errors


class LapBody(BaseModel):
    kind: str = "lap"
    number: int


ERRORS = {
    "settings": UserError("no such place"),
    "interchange": InterchangeError("no FIT file"),
    "no_adapter": LinkError("no_adapter", "no Bluetooth"),
    "refused": LinkError("refused", "the sensor refused"),
    "storage": StorageError("disk full"),
    "already_running": ConflictError("already_running", "a run is going on"),
}


def small_app() -> Flask:
    app = Flask(__name__)
    blueprint = Blueprint("laps", __name__)

    @route(blueprint, "POST", "/runs/<run_id>/laps/<int:number>", body=LapBody, returns=Lap, summary="Mark a lap")
    def mark(run_id: str, number: int, body: LapBody) -> Lap:
        assert run_id
        return Lap(body.number + number, 0.0, None, body.kind)

    @route(blueprint, "DELETE", "/fail/<kind>", summary="Fail")
    def fail(kind: str) -> None:
        if kind in ERRORS:
            raise ERRORS[kind]

    install_errors(app)
    app.register_blueprint(blueprint)
    return app


def test_a_noun_goes_out_under_its_own_names() -> None:
    answer = small_app().test_client().post("/api/v1/runs/r/laps/2", json={"number": 1})
    assert answer.json == {"number": 3, "start_s": 0.0, "end_s": None, "kind": "lap"}


def test_a_wrong_body_is_refused_by_field_and_nothing_is_coerced() -> None:
    client = small_app().test_client()
    for body in ('{"number": "1"}', '{"number": false}', "{}", "[]", "{"):
        answer = client.post("/api/v1/runs/r/laps/2", data=body)
        assert answer.status_code == 400
        assert answer.json["error"]["code"] == "invalid"
        assert answer.json["error"]["fields"]


def test_failures_have_a_code_and_words() -> None:
    client = small_app().test_client()
    wanted = {
        "settings": 400,
        "interchange": 400,
        "no_adapter": 503,
        "refused": 409,
        "storage": 503,
        "already_running": 409,
    }
    for code, status in wanted.items():
        answer = client.delete(f"/api/v1/fail/{code}")
        assert (answer.status_code, answer.json["error"]) == (status, {"code": code, "words": str(ERRORS[code])})
    assert client.delete("/api/v1/fail/not").status_code == 204
    assert client.get("/api/v1/none").json["error"]["code"] == "not_found"


def test_the_document_names_every_route_with_its_schemas() -> None:
    app = small_app()
    document = openapi(app)
    mark = document["paths"]["/runs/{run_id}/laps/{number}"]["post"]
    assert [(p["name"], p["schema"]["type"]) for p in mark["parameters"]] == [
        ("run_id", "string"),
        ("number", "integer"),
    ]
    assert mark["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/LapBody"}
    assert mark["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Lap"}
    assert "204" in document["paths"]["/fail/{kind}"]["delete"]["responses"]
    assert set(document["components"]["schemas"]) >= {"Lap", "LapBody", "Error"}


def test_the_whole_document_is_sound(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for operation in operations)
    assert {"/run", "/run/start", "/sensors", "/phones"} <= set(document["paths"])
    for reference in re.findall(r'"\$ref":\s*"([^"]+)"', client.get("/api/v1/openapi.json").text):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place
