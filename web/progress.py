"""The progress page: adherence, load, pain, function, strength and running form on one time axis."""

from flask import Blueprint, render_template

from coach.service.strength.progress import Progress
from coach.strength.loader import load_tests
from web.api import route
from web.runs_view import signed
from web.strength import programme

blueprint = Blueprint("progress", __name__)


@blueprint.get("/progress")
def page() -> str:
    """Return what has changed; the numbers go to the script, the sentences are here."""
    found = programme().progress.show()
    names = {test.id: {"name": test.name, "unit": test.unit} for test in load_tests().values()}
    return render_template("progress/progress.html", progress=found, test_names=names, signed=signed)


@route(blueprint, "GET", "/progress", returns=Progress, summary="Everything the programme measures, on one time axis")
def read_progress() -> Progress:
    """Return adherence, load, pain, function, strength and running form by day."""
    return programme().progress.show()
