"""Import files of others: one file, or many with a page that shows how far they are and what became of each."""

from typing import Final

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from coach.errors import UserError
from coach.interchange.bundles import is_bundle
from coach.model.history import Imported, ImportStatus
from web.api import route
from web.context import the_coach, words

blueprint = Blueprint("runs_import", __name__)
# Exports of ten years have 1 to 2 GB. What is larger goes into the inbox.
MAX_EXPORT_BYTES: Final = 4 << 30
PATH: Final = "/runs/import"


@blueprint.post(PATH)
def import_files() -> AnyResponse:
    """Import a file of a watch, a recording, a whole account; or many files, or a zip or export of another service."""
    request.max_content_length = MAX_EXPORT_BYTES
    uploads = [one for one in request.files.getlist("file") if one.filename]
    if not uploads:
        raise UserError("choose a file to import first")
    is_many = len(uploads) > 1 or is_bundle(uploads[0].stream)
    uploads[0].stream.seek(0)
    if is_many:
        the_coach().imports.receive([(one.filename or "", one.stream) for one in uploads])
        return redirect(PATH)
    done = the_coach().heavy.import_file(uploads[0].stream, uploads[0].filename or "")
    if len(done.run_ids) == 1:
        note = "merged" if done.is_merged else "cut" if done.is_cut else "imported"
        return redirect(f"/runs/{done.run_ids[0]}?note={note}")
    return redirect(f"/runs?note=archive&n={done.n_runs}")


@blueprint.get(PATH)
def import_page() -> str:
    """Return how far an import is, and what became of its files."""
    return render_template(
        "runs/import.html",
        status=the_coach().imports.status(),
        inbox=the_coach().imports.inbox,
        page_words=words().below("runs.importing"),
    )


@route(blueprint, "GET", PATH, returns=ImportStatus, summary="How far an import of many files is")
def read_import() -> ImportStatus:
    """Return how far the import is that is going on, or how the last one ended."""
    return the_coach().imports.status()


@route(
    blueprint,
    "POST",
    PATH,
    returns=Imported,
    summary="Import the file in the body: FIT, TCX, GPX, CSV, MCAP, archive",
)
def import_upload() -> Imported:
    """Import the body as one file, named by the header X-File-Name, and return what it became.

    Raises:
        UserError: there is no body. InterchangeError: the file cannot be read; nothing has changed.
    """
    if not request.content_length:
        raise UserError("the body of this request is to be the file")
    return the_coach().heavy.import_file(request.stream, request.headers.get("X-File-Name", ""))


@route(blueprint, "POST", f"{PATH}/stop", returns=ImportStatus, summary="Stop an import; what came in stays")
def stop_import() -> ImportStatus:
    """End the import after the file at hand, and return how far it came; what is in stays."""
    the_coach().imports.cancel()
    return the_coach().imports.status()


@route(
    blueprint,
    "GET",
    f"{PATH}/report",
    files=("text/csv; charset=utf-8",),
    summary="What became of each file of the last import, as CSV",
)
def read_report() -> Response:
    """Answer with a line for each file of the last import: its outcome, runs and reason."""
    response = Response(the_coach().imports.report(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="import.csv"'
    return response
