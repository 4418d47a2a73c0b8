"""Pages around the strength sessions: check-ins and tests, daily life, the morning-after question, all exercises."""

import uuid
from datetime import date
from typing import Final

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from coach.errors import UserError
from coach.model.daily_life import DailyActivity, DailyWishes, TalkTest
from coach.model.strength_tests import StrengthTest, TestResult
from coach.service.strength.daily_life import SUGGESTIONS
from coach.service.strength.wording import parse_time
from coach.strength.loader import load_exercises, load_tests
from coach.strength.rhythm import DAY_NAMES
from web.context import profile
from web.fields import whole
from web.strength import programme
from web.units import local_time

blueprint = Blueprint("strength_life", __name__)
_DAY_MIN: Final = 24 * 60


@blueprint.get("/strength/tests")
def tests() -> str:
    """Return all milestones and what has changed."""
    made = programme()
    return render_template(
        "strength/tests.html",
        milestones=made.tests.milestones(),
        changes=made.tests.changes(),
        tests=load_tests(),
        plan=made.plans.plan(),
    )


@blueprint.get("/strength/tests/<milestone>")
def test(milestone: str) -> str:
    """Return one check-in: questions, then tests with their timers."""
    made = programme()
    views = {view.milestone.id: view for view in made.tests.milestones()}
    if milestone not in views:
        raise UserError("there is no such check-in")
    known = {(r.test_id, r.detail): r.value for r in views[milestone].results}
    return render_template(
        "strength/test.html",
        view=views[milestone],
        offers=made.tests.offers(_known_pain(known)),
        known=known,
        pain=made.plans.pain(),
    )


def _known_pain(known: dict[tuple[str, str], float | None]) -> int | None:
    level = known.get(("pain_now", ""))
    return int(level) if level is not None else None


def _value_of(test: StrengthTest, text: str) -> float:
    """Return what a field says; of a checklist, how many of its sentences are ticked.

    Raises:
        UserError: it is no number.
    """
    if test.kind == "checklist":
        return float(len(set(request.form.getlist(f"{test.id}.item")) & {str(i) for i in range(len(test.items))}))
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise UserError(f"{test.name}: {text!r} is no number") from error


@blueprint.post("/strength/tests/<milestone>")
def answer(milestone: str) -> Redirect:
    """Keep the answers of a check-in; what was left empty stays unanswered."""
    made = programme()
    known = load_tests()
    results: list[TestResult] = []
    for key, text in request.form.items():
        test_id, _, detail = key.partition(":")
        if test_id not in known or not text.strip():
            continue
        value = _value_of(known[test_id], text)
        name = f"{made.plans.plan().plan_id}:{milestone}:{test_id}:{detail}"
        results.append(TestResult(name, test_id, milestone, made.plans.now(), value, detail))
    made.tests.answer(results)
    return redirect("/strength/tests")


@blueprint.get("/strength/daily")
def daily() -> str:
    """Return the log of other activities and the quiet extras."""
    made = programme()
    today = _today()
    return render_template(
        "strength/daily.html",
        wishes=made.daily.wishes(),
        activities=made.daily.activities(today),
        minutes=made.daily.minutes_by_talk(today),
        imported=made.daily.imported(made.plans.now()),
        suggestions=SUGGESTIONS,
        talks=list(TalkTest),
        today=today,
    )


def _today() -> date:
    plan = programme().plans.show()
    tz = plan.wish.tz if plan is not None else profile().time_zone
    return local_time(programme().plans.now(), tz).date()


@blueprint.post("/strength/daily/activity")
def add_activity() -> Redirect:
    """Keep one activity."""
    form = request.form
    try:
        activity = DailyActivity(
            activity_id=uuid.uuid4().hex,
            day=date.fromisoformat(form.get("day", "")),
            activity=form.get("activity", "").strip()[:60],
            minutes=int(form.get("minutes", "")),
            talk=TalkTest(form.get("talk", "")),
            note=form.get("note", "").strip()[:200],
        )
    except ValueError as error:
        raise UserError("give the day, the activity, its minutes and how hard it was") from error
    programme().daily.add(activity)
    return redirect("/strength/daily")


@blueprint.post("/strength/daily/activity/<activity_id>/remove")
def remove_activity(activity_id: str) -> Redirect:
    """Take an activity out again."""
    programme().daily.remove(activity_id)
    return redirect("/strength/daily")


@blueprint.post("/strength/daily/wishes")
def set_wishes() -> Redirect:
    """Switch the quiet extras on or off."""
    form = request.form
    every = whole(form.get("sitting_every_min", "60"), _DAY_MIN)
    if every is None:
        raise UserError("a break every so many whole minutes, please")
    wishes = DailyWishes(
        wants_sitting_breaks="wants_sitting_breaks" in form,
        sitting_from=parse_time(form.get("sitting_from", "09:00")),
        sitting_until=parse_time(form.get("sitting_until", "17:00")),
        sitting_every_min=every,
        sitting_days=tuple(DAY_NAMES.index(day) for day in form.getlist("sitting_days") if day in DAY_NAMES),
        wants_lunge_tip="wants_lunge_tip" in form,
        wants_off_day_block="wants_off_day_block" in form,
    )
    programme().daily.set_wishes(wishes)
    return redirect("/strength/daily")


@blueprint.get("/strength/morning")
def morning() -> str:
    """Return the question how the back is this morning, after yesterday's run or session."""
    return render_template(
        "strength/morning.html",
        run_id=request.args.get("run_id", ""),
        session_id=request.args.get("session_id", ""),
    )


@blueprint.post("/strength/morning")
def answer_morning() -> Redirect:
    """Keep this morning's answer; it may change the plan and what the coach says."""
    form = request.form
    programme().tests.morning(
        _scale(form.get("back")), _scale(form.get("calf")), form.get("run_id") or None, form.get("session_id") or None
    )
    return redirect("/strength")


def _scale(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    level = whole(text, 10)
    if level is None:
        raise UserError("pain is a number from 0 to 10")
    return level


@blueprint.get("/strength/exercises")
def exercises() -> str:
    """Return every exercise with drawings, steps and stop signs."""
    known: dict[str, object] = dict(load_exercises())
    return render_template("strength/exercises.html", exercises=known)
