"""Structured runs: templates and own workouts with what today says to each, a builder, and FIT files to exchange."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from coach.coaching.workout_follower import has_pace
from coach.coaching.workout_plans import checked
from coach.errors import CoachError, UserError
from coach.model.frozen import dataclass
from coach.model.metrics_table import MILE_M
from coach.model.workouts import PartKind, WorkoutBlock, WorkoutOffer, WorkoutPart, WorkoutPlan
from web.api import route
from web.context import profile, said, the_coach, w
from web.units import duration_text, pace_text

blueprint = Blueprint("workouts", __name__)
_N_SETS: Final = 3
_MOST_FILE_BYTES: Final = 1 << 20  # a workout has some kilobytes
_UNITS: Final = {"min": 60.0, "s": 1.0, "m": 1.0, "km": 1000.0, "mi": MILE_M}
_BY_DISTANCE: Final = ("m", "km", "mi")


@dataclass(frozen=True, slots=True)
class Length:
    """A length as it is typed. unit: min, s, m, km, mi or lap."""

    amount: str
    unit: str


@dataclass(frozen=True, slots=True)
class SetForm:
    """One set of the builder: so many times a run and what follows it."""

    times: str
    run: Length
    rest_kind: str
    rest: Length
    slow: str
    fast: str


@dataclass(frozen=True, slots=True)
class Form:
    """The builder's fields as text."""

    title: str
    warm_up: str
    cool_down: str
    sets: tuple[SetForm, ...]


_NO_LENGTH: Final = Length("", "min")
_EMPTY: Final = SetForm("", _NO_LENGTH, "easy", _NO_LENGTH, "", "")
_FRESH: Final = Form(
    "", "10", "5", (SetForm("5", Length("3", "min"), "easy", Length("2", "min"), "", ""), _EMPTY, _EMPTY)
)


@blueprint.get("/workouts")
def page() -> str:
    """Return all workouts, each with its parts and what today says to it."""
    return render_template("workouts/list.html", offers=the_coach().workouts.offers(), lines_of=lines_of)


@route(blueprint, "GET", "/workouts", returns=list[WorkoutOffer], summary="Structured runs and what today says to each")
def offers() -> list[WorkoutOffer]:
    """Return own workouts, newest first, then the templates."""
    return the_coach().workouts.offers()


@blueprint.get("/workouts/build")
def build() -> str:
    """Return the builder: empty, or with a workout that it can show."""
    workout_id = request.args.get("from", "")
    form = _form_of(the_coach().workouts.plan(workout_id)) if workout_id else _FRESH
    if form is None:
        raise UserError(w("workouts.not_here"))
    return _builder(form, workout_id, "")


@blueprint.post("/workouts/build")
def save() -> str | Redirect | tuple[str, int]:
    """Keep what was built; a complaint brings it back with what was typed."""
    form, workout_id = _typed(request.form), request.form.get("id", "")
    try:
        the_coach().workouts.save(_plan_of(form, workout_id))
    except CoachError as error:
        return _builder(form, workout_id, str(error)), 400
    return redirect("/workouts")


@blueprint.post("/workouts/import")
def import_file() -> str:
    """Keep the workout of a FIT file, and say what of it could not be kept."""
    file = request.files.get("file")
    content = file.read(_MOST_FILE_BYTES + 1) if file else b""
    if not content or len(content) > _MOST_FILE_BYTES:
        raise UserError(w("workouts.choose_file"))
    found = the_coach().workouts.import_fit(content)
    return render_template(
        "workouts/list.html",
        offers=the_coach().workouts.offers(),
        lines_of=lines_of,
        imported=found,
    )


@blueprint.get("/workouts/<workout_id>.fit")
def export_file(workout_id: str) -> Response:
    """Return a workout for a watch."""
    answer = Response(the_coach().workouts.export_fit(workout_id), mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{workout_id}.fit"'
    return answer


@blueprint.post("/workouts/<workout_id>/delete")
def delete(workout_id: str) -> Redirect:
    """Forget an own workout; runs that it led keep theirs."""
    the_coach().workouts.delete(workout_id)
    return redirect("/workouts")


# Parts


@blueprint.app_template_filter("workout_title")
def title_of(offer: WorkoutOffer) -> str:
    """Return the name of a template in the language of the page; of an own workout as the runner wrote it."""
    return offer.plan.title if offer.is_own else said(offer.plan.title)


def lines_of(plan: WorkoutPlan) -> list[str]:
    """Return a workout in words, one line a block: "5 times: 3:00 run, 2:00 easy"."""
    found = []
    for block in plan.blocks:
        parts = ", ".join(_part_words(part) for part in block.parts)
        found.append(w("workouts.times", times=block.times, parts=parts) if block.times > 1 else parts)
    return found


def _part_words(part: WorkoutPart) -> str:
    words = w(f"workouts.part_{part.kind.value}", length=_length_words(part))
    fast, slow = (None if speed is None else _pace(speed) for speed in (part.high_mps, part.low_mps))
    if fast and slow:
        return words + w("workouts.pace_between", fast=fast, slow=slow, unit=_pace_unit())
    if slow or fast:
        return words + w(f"workouts.pace_{'least' if slow else 'most'}", pace=slow or fast, unit=_pace_unit())
    return words


def _length_words(part: WorkoutPart) -> str:
    if part.metres is not None:
        return f"{part.metres:g} m" if part.metres < 1000 else f"{part.metres / 1000:g} km"
    return duration_text(part.seconds) if part.seconds > 0 else w("workouts.until_lap")


def _per_m() -> float:
    return MILE_M if profile().units == "imperial" else 1000.0


def _pace(speed_mps: float) -> str:
    return pace_text(speed_mps, _per_m())


def _pace_unit() -> str:
    return "/mi" if profile().units == "imperial" else "/km"


def _builder(form: Form, workout_id: str, complaint: str) -> str:
    return render_template(
        "workouts/build.html", form=form, workout_id=workout_id, complaint=complaint, pace_unit=_pace_unit()
    )


def _typed(form: Mapping[str, str]) -> Form:
    def text(name: str) -> str:
        return str(form.get(name, "")).strip()[:60]

    sets = tuple(
        SetForm(
            text(f"times-{n}"),
            Length(text(f"run-{n}"), text(f"run-unit-{n}") or "min"),
            text(f"rest-kind-{n}") or "easy",
            Length(text(f"rest-{n}"), text(f"rest-unit-{n}") or "min"),
            text(f"slow-{n}"),
            text(f"fast-{n}"),
        )
        for n in range(_N_SETS)
    )
    return Form(text("title"), text("warm_up"), text("cool_down"), sets)


def _plan_of(form: Form, workout_id: str) -> WorkoutPlan:
    blocks: list[WorkoutBlock] = []
    if form.warm_up:
        blocks.append(WorkoutBlock(1, (_part(PartKind.WARM_UP, Length(form.warm_up, "min")),)))
    for one in form.sets:
        if not one.run.amount and one.run.unit != "lap":
            continue
        slow, fast = _speed(one.slow), _speed(one.fast)
        parts = [_part(PartKind.RUN, one.run, slow, fast)]
        if one.rest.amount or one.rest.unit == "lap":
            parts.append(_part(PartKind.WALK if one.rest_kind == "walk" else PartKind.EASY, one.rest))
        blocks.append(WorkoutBlock(int(_number(one.times or "1")), tuple(parts)))
    if form.cool_down:
        blocks.append(WorkoutBlock(1, (_part(PartKind.COOL_DOWN, Length(form.cool_down, "min")),)))
    return checked(WorkoutPlan(workout_id, form.title, tuple(blocks)))


def _part(kind: PartKind, length: Length, slow: float | None = None, fast: float | None = None) -> WorkoutPart:
    if length.unit == "lap":
        return WorkoutPart(kind, 0.0, 0, None, slow, fast)
    amount = _number(length.amount) * _UNITS.get(length.unit, 60.0)
    if length.unit in _BY_DISTANCE:
        return WorkoutPart(kind, 0.0, 0, amount, slow, fast)
    return WorkoutPart(kind, amount, 0, None, slow, fast)


def _number(text: str) -> float:
    try:
        found = float(text.replace(",", "."))
    except ValueError as error:
        raise UserError(w("workouts.no_number", text=text)) from error
    if not 0 < found < 1e5:
        raise UserError(w("workouts.no_number", text=text))
    return found


def _speed(text: str) -> float | None:
    """Read `4:30` per kilometre or mile as metres per second; None where nothing was typed."""
    if not text:
        return None
    minutes, _, seconds = text.partition(":")
    try:
        whole_s = int(minutes) * 60 + int(seconds or "0")
        return _per_m() / whole_s
    except (ValueError, ZeroDivisionError) as error:
        raise UserError(w("workouts.no_pace", text=text)) from error


def _form_of(plan: WorkoutPlan) -> Form | None:
    """Return a workout in the builder's fields; None where it has more than they can show."""
    blocks = list(plan.blocks)
    ends = {}
    for name, index, kind in (("warm_up", 0, PartKind.WARM_UP), ("cool_down", -1, PartKind.COOL_DOWN)):
        block = blocks[index] if blocks else None
        is_end = block is not None and block.times == 1 and len(block.parts) == 1 and block.parts[0].kind is kind
        if block is not None and is_end and has_pace(block.parts[0]):
            return None
        ends[name] = f"{blocks.pop(index).parts[0].seconds / 60:g}" if is_end else ""
    sets = [_set_of(block) for block in blocks]
    if len(sets) > _N_SETS or None in sets or "0" in ends.values():
        return None
    known = [one for one in sets if one is not None]
    return Form(plan.title, ends["warm_up"], ends["cool_down"], (*known, *[_EMPTY] * (_N_SETS - len(known))))


def _set_of(block: WorkoutBlock) -> SetForm | None:
    run, *rests = block.parts
    if run.kind is not PartKind.RUN or len(rests) > 1 or any(part.low_mps or part.high_mps for part in rests):
        return None
    if rests and rests[0].kind not in (PartKind.EASY, PartKind.WALK):
        return None
    rest_kind = rests[0].kind.value if rests else "easy"
    slow, fast = ("" if speed is None else _pace(speed) for speed in (run.low_mps, run.high_mps))
    return SetForm(
        str(block.times), _typed_length(run), rest_kind, _typed_length(rests[0]) if rests else _NO_LENGTH, slow, fast
    )


def _typed_length(part: WorkoutPart) -> Length:
    if part.metres is not None:
        return Length(f"{part.metres:g}", "m") if part.metres < 1000 else Length(f"{part.metres / 1000:g}", "km")
    if part.seconds <= 0:
        return Length("", "lap")
    return Length(f"{part.seconds / 60:g}", "min") if part.seconds % 30 == 0 else Length(f"{part.seconds:g}", "s")
