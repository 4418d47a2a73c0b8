"""Lessons with a question each, and the plan for a flare-up. Nothing of the answers is kept."""

from flask import Blueprint, render_template, request
from werkzeug.exceptions import NotFound

from coach.coaching.lessons import FlareUpPlan, Lesson, load_flare_up, load_lessons
from coach.coaching.loader import load_sources
from web.api import route

blueprint = Blueprint("lessons", __name__)


@blueprint.get("/you/lessons")
def lessons_page() -> str:
    """Return all lessons by their titles."""
    return render_template("runner/lessons.html", lessons=load_lessons().values())


@blueprint.get("/you/lessons/<lesson_id>")
def lesson_page(lesson_id: str) -> str:
    """Return one lesson; with an answer in the address, whether it fits and why."""
    lesson = load_lessons().get(lesson_id)
    if lesson is None:
        raise NotFound
    given = request.args.get("answer", "")
    chosen = int(given) if given.isascii() and given.isdigit() and int(given) < len(lesson.options) else None
    ids = list(load_lessons())
    following = ids[ids.index(lesson_id) + 1] if lesson_id != ids[-1] else None
    sources = load_sources()
    return render_template("runner/lesson.html", lesson=lesson, chosen=chosen, following=following, sources=sources)


@blueprint.get("/you/flare-up")
def flare_up_page() -> str:
    """Show the steps for a flare-up with their sources; it needs neither sensors nor a profile."""
    return render_template("runner/flare_up.html", plan=load_flare_up(), sources=load_sources())


@route(blueprint, "GET", "/lessons", returns=list[Lesson], summary="Short lessons with a question each")
def get_lessons() -> list[Lesson]:
    """Return all lessons in the order in which they are read."""
    return list(load_lessons().values())


@route(blueprint, "GET", "/flare_up", returns=FlareUpPlan, summary="What to do when pain flares up, step by step")
def get_flare_up() -> FlareUpPlan:
    """Return the steps for a flare-up, which are the same for every runner."""
    return load_flare_up()
