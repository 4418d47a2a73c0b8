"""The whole account: deleted at once, after the runner typed the word."""

from flask import Blueprint, Response, make_response, render_template, request

from coach.errors import UserError
from web.access import cookie_name
from web.api import Body, route
from web.context import answer_of, the_coach, w

blueprint = Blueprint("account", __name__)


class EraseBody(Body):
    """sure: the word that the page asks for."""

    sure: str


@blueprint.get("/you/delete")
def page() -> str:
    """Return what would go, and a word to type."""
    return render_template("runner/delete.html", is_done=False, complaint="", clinic=_clinic())


@blueprint.post("/you/delete")
def erase_by_form() -> Response:
    """Delete everything; the phone is a stranger afterwards."""
    try:
        _erase(request.form.get("sure", ""))
    except UserError as error:
        return make_response(
            render_template("runner/delete.html", is_done=False, complaint=str(error), clinic=_clinic()), 400
        )
    answer = make_response(render_template("runner/delete.html", is_done=True, complaint=""))
    answer.delete_cookie(cookie_name())
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@route(blueprint, "POST", "/account/erase", body=EraseBody, summary="Delete everything that is kept of the runner")
def erase(body: EraseBody) -> None:
    """Delete everything that is kept of the runner, for good.

    Raises:
        UserError: the word is not the one asked for, or a run or an import is going on.
        StorageError: something could not be deleted.
    """
    _erase(body.sure)


def _erase(sure: str) -> None:
    word = w("runner.delete.word")
    if sure.strip().lower() != word:
        raise UserError(w("runner.delete.type_it", word=word))
    the_coach().account.erase()


def _clinic() -> str:
    """Return the clinic that has data of the runner, which a deletion here does not reach; "" without one."""
    status = answer_of(the_coach().clinic.status)
    return status.clinic if status is not None else ""
