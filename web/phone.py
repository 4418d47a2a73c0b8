"""The coach on the phone alone, as the phone asks for it: packs, and logs that come home piece by piece."""

from typing import Final

from flask import Blueprint, Response, request
from pydantic import Field

from coach.errors import UserError
from coach.phone.pack import Pack
from coach.service.phone.arrivals import PIECE_BYTES, Arrival
from web.api import Body, route
from web.context import the_coach
from web.wire import json_response

blueprint = Blueprint("phone", __name__)
_HASH: Final = r"^[0-9a-f]{64}$"


class PackQuery(Body):
    """focus: the wish for that run alone, "none" for no cues."""

    focus: str | None = None


class PieceQuery(Body):
    """offset: where the piece begins in the log."""

    offset: int = Field(ge=0)


class FinishBody(Body):
    """sha256: of the whole log, in hex."""

    sha256: str = Field(pattern=_HASH)


@route(blueprint, "GET", "/phone/pack", query=PackQuery, returns=Pack, summary="What a phone takes along for one run")
def phone_pack(query: PackQuery) -> Response:
    """Answer with sensors, profile, rules and plan for a run without a network.

    Raises:
        UserError: there is no such focus.
    """
    return json_response(the_coach().phone.pack(query.focus))  # in English: the core on the phone translates


@route(blueprint, "GET", "/phone/runs/<run_id>/log", returns=Arrival, summary="How much of a phone's log is here")
def phone_log_state(run_id: str) -> Arrival:
    """Return how many bytes of a phone's log are here, and what became of it.

    Raises:
        UserError: `run_id` is no id of a run.
    """
    return the_coach().phone.runs.state(run_id)


@route(
    blueprint,
    "PUT",
    "/phone/runs/<run_id>/log",
    query=PieceQuery,
    returns=Arrival,
    summary="Send a piece of a log (the body's bytes); a piece that does not fit changes nothing",
)
def phone_log_piece(run_id: str, query: PieceQuery) -> Arrival:
    """Append the body's bytes at `offset`, at most `PIECE_BYTES`; return where the phone goes on.

    Raises:
        UserError: the piece or the log is too large. StorageError: the disk refuses.
    """
    piece: bytes = request.get_data(cache=False)
    if len(piece) > PIECE_BYTES:
        raise UserError(f"a piece of a log has at most {PIECE_BYTES} bytes: send smaller ones")
    return the_coach().phone.runs.append(run_id, query.offset, piece)


@route(
    blueprint,
    "POST",
    "/phone/runs/<run_id>/finish",
    body=FinishBody,
    returns=Arrival,
    summary="The whole log was sent: keep it if its hash agrees, and make a run of it",
)
def phone_log_finish(run_id: str, body: FinishBody) -> Arrival:
    """Keep a log whose hash is right and make a run of it in the background; else have it sent again."""
    return the_coach().phone.runs.finish(run_id, body.sha256)
