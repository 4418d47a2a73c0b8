"""The live page: start a run, show its numbers and cues, and take what the runner does with one tap."""

from typing import Final, Literal

from flask import Blueprint, Response, render_template, request
from pydantic import Field

from coach.bootstrap import Coach
from coach.model.metrics import LiveMetrics
from coach.model.metrics_table import Use, names_for
from coach.model.plain import to_plain
from coach.model.runs import Run, RunPlace
from coach.model.workouts import RunWalkState
from web.access import HERE, watcher
from web.api import Body, route
from web.context import answer_of, language, the_coach
from web.errors import error_response
from web.server import MAX_STREAMS
from web.stream import LiveStream, StreamSlots
from web.wire import json_response

blueprint = Blueprint("live", __name__)
_slots: Final = StreamSlots(MAX_STREAMS, free=HERE)


class StartBody(Body):
    """How the run begins. focus: what to work on, None for what the coach planned, "none" for a run without cues.

    is_confirmed: the runner has read what an open warning sign means, and runs all the same. place: None: the likely
    one, as the newest run. workout_id: of a structured run, "" for none; it has its own warm-up.
    """

    place: RunPlace | None = None
    focus: str | None = None
    shoes: str = Field("", max_length=80)
    slope_pct: float | None = Field(None, ge=-40, le=40)
    notes: str = Field("", max_length=2000)
    has_warm_up: bool = False
    is_run_walk: bool = False
    workout_id: str = Field("", max_length=60)
    is_confirmed: bool = False


class TapBody(Body):
    """A tap in a run. run_id: the run that the page showed. age_s: how long ago the runner tapped, by the phone."""

    run_id: str = Field(min_length=1, max_length=120)
    age_s: float = Field(0.0, ge=0.0, le=1e7)


class LapBody(TapBody):
    """The end of a lap. kind: of the lap that begins."""

    kind: Literal["lap", "warm_up", "cool_down"] = "lap"


class PainBody(TapBody):
    """A pain tap. level: 0 none, 10 the worst imaginable. is_calf: of calf and Achilles; else of the back."""

    level: int = Field(ge=0, le=10)
    is_calf: bool = False


class MuteBody(TapBody):
    """The runner's wish for silence. is_muted: what shall be from now on, whatever it was."""

    is_muted: bool


@blueprint.get("/live")
def page() -> str:
    """Return the live page: the start form while no run is on, the numbers while one is."""
    coach = the_coach()
    plan = answer_of(coach.coaching.plan)
    return render_template(
        "live/live.html",
        status=_status(),
        plan=plan,
        pain=answer_of(coach.coaching.pain_state),
        shown=names_for(Use.LIVE),
        places=[place.value for place in RunPlace],
        place=plan.place.value if plan is not None and plan.place is not None else RunPlace.NOT_SAID.value,
        shoes=_shoe_names(coach),
        focuses=answer_of(coach.coaching.focuses) or (),
        sensors=answer_of(coach.sensors.states) or (),
        run_walk=answer_of(coach.run_walk.state),
        workouts=answer_of(coach.workouts.offers) or (),
        chosen_workout=request.args.get("workout", ""),
    )


@blueprint.get("/api/v1/live")
def live() -> Response:
    """Return the event stream: `metrics`, `cue`, `sensor`, `run`, and a `heartbeat` at least every two seconds."""
    phone_id, is_allowed = watcher()
    if not _slots.take(phone_id):
        return error_response(503, "too_many_streams", "Too many pages watch at once. Close one of them.")
    stream = LiveStream(the_coach().feed, _slots, _last_id(), phone_id, is_allowed, language=language())
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(stream, mimetype="text/event-stream", headers=headers)


@route(
    blueprint, "GET", "/run", returns=dict[str, object], summary="The run that is on: its state, links, plan, numbers"
)
def run_status() -> dict[str, object]:
    """Return state, links, plan, lap and newest numbers of the run; `run_id` is null without one."""
    return _status()


@route(blueprint, "POST", "/run/start", body=StartBody, returns=Run, summary="Start a run")
def run_start(body: StartBody) -> Run:
    """Begin a run with the remembered sensors, led by a workout or the run-walk programme where one is asked for.

    Raises:
        UserError: no sensor is paired, a warning sign is open and not confirmed, or pain allows no such workout.
        ConflictError: a run is on.
    """
    runs = the_coach().runs
    chosen = body.model_dump(exclude={"has_warm_up", "is_run_walk", "workout_id"})
    if body.is_run_walk:
        workout = the_coach().run_walk.workout()
        run = runs.start(**{**chosen, "focus": "none"}, workout=workout)
        the_coach().run_walk.began(run, workout)
        return run
    if body.workout_id:
        return runs.start(**chosen, workout=the_coach().workouts.workout(body.workout_id))
    run = runs.start(**chosen)
    if body.has_warm_up:
        runs.lap("warm_up", run.run_id)
    return run


@route(blueprint, "POST", "/run/go_on", body=TapBody, returns=Run, summary="Go on with a run that was cut off")
def run_go_on(body: TapBody) -> Run:
    """Go on with a run that was cut off; one that goes on already is answered as it is: another phone was quicker."""
    runs = the_coach().runs
    on = runs.current()
    return on if on is not None and on.run_id == body.run_id else runs.go_on(body.run_id, body.age_s)


@route(blueprint, "POST", "/run/pause", body=TapBody, summary="Pause the run")
def run_pause(body: TapBody) -> None:
    """Begin a pause at the moment of the tap.

    Raises:
        ConflictError: that run is not on, or the tap is too old.
    """
    the_coach().runs.pause(body.run_id, body.age_s)


@route(blueprint, "POST", "/run/resume", body=TapBody, summary="Go on with a paused run")
def run_resume(body: TapBody) -> None:
    """End the pause at the moment of the tap; raises as `run_pause`."""
    the_coach().runs.resume(body.run_id, body.age_s)


@route(blueprint, "POST", "/run/lap", body=LapBody, summary="End this lap and begin the next")
def run_lap(body: LapBody) -> None:
    """Begin a lap at the moment of the tap; raises as `run_pause`."""
    the_coach().runs.lap(body.kind, body.run_id, body.age_s)


@route(blueprint, "POST", "/run/stop", body=TapBody, returns=Run, summary="Stop the run and keep it")
def run_stop(body: TapBody) -> Run:
    """End the run; one that has ended already is answered as it was kept, and another one that is on goes on."""
    return the_coach().runs.stop(body.run_id, body.age_s)


@route(blueprint, "POST", "/run/pain", body=PainBody, summary="Record how the back, or calf and Achilles, feels now")
def run_pain(body: PainBody) -> None:
    """Keep a pain level with the run and moment of its tap, also when that run has ended.

    Raises:
        UserError: there is no such run.
    """
    the_coach().runs.pain(body.level, body.is_calf, body.run_id, body.age_s)


@route(blueprint, "POST", "/run/pain/undo", body=TapBody, summary="Take back a pain tap of the last ten seconds")
def run_pain_undone(body: TapBody) -> None:
    """Take back the newest pain tap of the run that is on.

    Raises:
        ConflictError: that run is not on, or the tap is more than ten seconds old.
    """
    the_coach().runs.take_back_pain(body.run_id, body.age_s)


@route(blueprint, "POST", "/run/mute", body=MuteBody, summary="Silence the cues, or let them speak again")
def run_mute(body: MuteBody) -> None:
    """Follow the runner's wish for silence, however late it comes; safety cues are shown all the same."""
    the_coach().runs.mute(body.is_muted, body.run_id)


@route(blueprint, "GET", "/run_walk", returns=RunWalkState, summary="Today's session of the run-walk programme")
def run_walk() -> RunWalkState:
    """Return the step that today's session would have, and whether pain lets it be run."""
    return the_coach().run_walk.state()


@route(
    blueprint, "GET", "/metrics", returns=LiveMetrics | None, summary="The newest numbers, null while there are none"
)
def metrics() -> Response:
    """Answer with the newest numbers of the run in full: every uncertainty and every reason for a missing one."""
    return json_response(the_coach().feed.latest("metrics"))


def _status() -> dict[str, object]:
    runs = the_coach().runs
    run = runs.current()
    return {**runs.status(), "sensors": to_plain(run.sensors) if run else []}


def _last_id() -> int | None:
    last = request.headers.get("Last-Event-ID") or request.args.get("after") or ""
    return int(last) if last.isascii() and last.isdigit() and len(last) < 19 else None


def _shoe_names(coach: Coach) -> list[str]:
    return [shoe.name for shoe in answer_of(coach.history.shoes) or () if not shoe.is_retired]
