"""A workout leads a run by running time: parts become laps, a pause stops it, strong pain ends it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from coach.live.batches import PendingRows
from coach.live.feed import LiveFeed
from coach.live.pipeline_factory import make_pipeline
from coach.live.run import LiveRun
from coach.model.pain import PainEntry, PainMoment
from coach.model.runs import Run, RunState
from coach.model.workouts import PartKind, Workout, WorkoutPart
from tests.coach.coaching.metric_runner import Body
from tests.support.coaching import engine_for, plan

WORKOUT = Workout(
    "run_walk",
    1,
    (
        WorkoutPart(PartKind.WARM_UP, 60.0),
        WorkoutPart(PartKind.RUN, 30.0, 1),
        WorkoutPart(PartKind.WALK, 30.0, 1),
        WorkoutPart(PartKind.RUN, 30.0, 2),
        WorkoutPart(PartKind.COOL_DOWN, 60.0),
    ),
)


class Nowhere:
    def keep(self, run_id: str, batch: PendingRows) -> None:
        pass


@dataclass
class Led:
    """A run on a clock that is set by hand."""

    now_s: float = 0.0
    live: LiveRun = field(init=False)

    def __post_init__(self) -> None:
        run = Run("r1", datetime(2026, 11, 20, tzinfo=UTC), RunState.RECORDING)
        pipeline = make_pipeline((), coaching=engine_for(Body(), plan(None)))
        self.live = LiveRun(run, pipeline, None, Nowhere(), LiveFeed(), lambda: self.now_s, workout=WORKOUT)

    def at(self, now_s: float) -> dict[str, Any] | None:
        while self.now_s < now_s:
            self.now_s = min(now_s, self.now_s + 0.5)
            self.live.tick()
        return self.live.status()["workout"]  # type: ignore[return-value]


def test_parts_follow_each_other_as_laps() -> None:
    led = Led()
    assert led.at(0.5) == {
        "kind": "warm_up",
        "part": 0,
        "id": "run_walk",
        "round": 0,
        "n_rounds": 2,
        "seconds": 60.0,
        "ends_s": 60.0,
    }
    guidance = led.at(61.0)
    assert guidance is not None
    assert (guidance["kind"], guidance["round"], guidance["ends_s"]) == ("run", 1, 90.0)
    assert led.at(91.0)["kind"] == "walk"  # type: ignore[index]
    assert led.at(151.0)["kind"] == "cool_down"  # type: ignore[index]
    assert led.at(211.0) == {"kind": "done", "part": 5, "id": "run_walk"}
    kinds = [lap.kind for lap in led.live.laps]
    assert kinds == ["warm_up", "lap", "lap", "lap", "cool_down", "lap"]
    assert [round(lap.start_s) for lap in led.live.laps[1:5]] == [60, 90, 120, 150]


def test_a_pause_stops_its_time() -> None:
    led = Led()
    led.at(50.0)
    led.live.pause()
    assert led.at(200.0)["kind"] == "warm_up"  # type: ignore[index]
    led.live.resume()
    assert led.at(209.0)["kind"] == "warm_up"  # type: ignore[index]
    assert led.at(211.0)["kind"] == "run"  # type: ignore[index]


def test_pain_above_five_ends_the_workout_and_not_the_run() -> None:
    led = Led()
    led.at(61.0)
    led.live.pain(PainEntry(datetime.now(UTC), PainMoment.DURING_RUN, back=6))
    assert led.live.status()["workout"] is None
    n_laps = len(led.live.laps)
    assert led.at(200.0) is None
    assert len(led.live.laps) == n_laps
    assert "walk from here" in str(led.live.status()["hold"])
