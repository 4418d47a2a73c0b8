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
    """Answer 403 to a request that no runner of this clinic has signed."""
    return error_response(403, "unknown", str(error))


@blueprint.errorhandler(DamagedBytesError)
def damaged(error: DamagedBytesError) -> Response:
    """Answer 422 where the bytes of a recording are not what its manifest says."""
    return error_response(422, "damaged", str(error))


@blueprint.post("/join")
def join() -> Response:
    """Admit a runner by an invitation and a signed consent; answer with what the coach at home keeps of the clinic."""
    body = _body()
    answer = the_host().join(str(body.get("token", "")), body.get("consent"), _signed(), _sha256())
    return json_response(answer)


@blueprint.post("/report")
def report() -> Response:
    """Keep the consent as it is now, and the answers about pain, signs and sessions that it covers."""
    runner_id, body = _runner(), _body()
    the_host().report(runner_id, body.get("consent"), body.get("report"))
    return json_response({"kept": True})


@blueprint.post("/runs")
def take_run() -> Response:
    """Keep a run's sealed manifest and numbers; answer how many bytes of its recording are here."""
    runner_id, body = _runner(), _body()
    return json_response({"offset": the_host().take_run(runner_id, body.get("manifest"), body.get("numbers"))})


@blueprint.post("/raw/<sha256>")
def take_piece(sha256: str) -> Response:
    """Append bytes of a sealed recording and answer how many are here now: the sender goes on from there.

    Raises:
        InterchangeError: the offset is no number of bytes.
    """
    runner_id = _runner()
    offset = request.args.get("offset", "")
    if not offset.isdecimal() or len(offset) > 12:
        raise InterchangeError("a piece begins at an offset in bytes")
    return json_response({"offset": the_host().take_piece(runner_id, sha256, int(offset), request.get_data())})


@blueprint.get("/orders")
def orders() -> Response:
    """Answer with the signed orders not yet answered, and who did what with the runner's record."""
    return json_response(the_host().news(_runner()))


@blueprint.post("/answers")
def answers() -> Response:
    """Keep that the runner accepted or refused an order."""
    runner_id = _runner()
    the_host().take_answer(runner_id, _body())
    return json_response({"kept": True})


@blueprint.post("/withdraw")
def withdraw() -> Response:
    """Let the runner leave; answer in words what is deleted, and when."""
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
