"""Answer runners' coaches at their door: take signed requests and say how far a sending has come. JSON only.

Each request carries a header signed by the runner's key over method, path, time and the hash of its body. A piece of a
recording that does not begin where the bytes here end changes nothing, and the answer says where to go on; so a line
may be cut anywhere, and anything may be sent twice.
"""

import hashlib
import json
from base64 import urlsafe_b64decode

from flask import Blueprint, Response, request

from coach.errors import InterchangeError
from coach.service.clinic.link import HEADER
from coach.service.clinic_host.folders import DamagedBytesError
from coach.service.clinic_host.host import UnknownRunnerError
from web.clinic.context import the_host
from web.errors import error_response
from web.wire import json_response

blueprint = Blueprint("clinic_intake", __name__, url_prefix="/api/v1")


@blueprint.errorhandler(UnknownRunnerError)
def unknown(error: UnknownRunnerError) -> Response:
    return error_response(403, "unknown", str(error))


@blueprint.errorhandler(DamagedBytesError)
def damaged(error: DamagedBytesError) -> Response:
    return error_response(422, "damaged", str(error))


@blueprint.post("/join")
def join() -> Response:
    body = _body()
    answer = the_host().join(str(body.get("token", "")), body.get("consent"), _signed(), _sha256())
    return json_response(answer)


@blueprint.post("/report")
def report() -> Response:
    runner_id, body = _runner(), _body()
    the_host().report(runner_id, body.get("consent"), body.get("report"))
    return json_response({"kept": True})


@blueprint.post("/runs")
def take_run() -> Response:
    runner_id, body = _runner(), _body()
    return json_response({"offset": the_host().take_run(runner_id, body.get("manifest"), body.get("numbers"))})


@blueprint.post("/raw/<sha256>")
def take_piece(sha256: str) -> Response:
    runner_id = _runner()
    offset = request.args.get("offset", "")
    if not offset.isdecimal() or len(offset) > 12:
        raise InterchangeError("a piece begins at an offset in bytes")
    return json_response({"offset": the_host().take_piece(runner_id, sha256, int(offset), request.get_data())})


@blueprint.get("/orders")
def orders() -> Response:
    return json_response(the_host().news(_runner()))


@blueprint.post("/answers")
def answers() -> Response:
    runner_id = _runner()
    the_host().take_answer(runner_id, _body())
    return json_response({"kept": True})


@blueprint.post("/withdraw")
def withdraw() -> Response:
    runner_id = _runner()
    return json_response({"words": the_host().withdraw(runner_id, _body())})


def _runner() -> str:
    path = request.full_path.rstrip("?")
    return the_host().who_asks(_signed(), request.method, path, _sha256())


def _signed() -> object:
    try:
        document: object = json.loads(urlsafe_b64decode(request.headers.get(HEADER, "")))
    except (ValueError, RecursionError) as error:
        raise UnknownRunnerError("this request is not signed by a runner's coach") from error
    return document


def _sha256() -> str:
    return hashlib.sha256(request.get_data()).hexdigest()


def _body() -> dict[str, object]:
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise InterchangeError("this request is no JSON") from error
    if not isinstance(body, dict):
        raise InterchangeError("this request is no JSON object")
    return body
