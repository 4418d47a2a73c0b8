"""The coaching service: baseline first, then a block; each run shapes the next; every cue is explained."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coach.coaching.engine import CueEngine
from coach.errors import UserError
from coach.model.pain import PainMoment
from coach.model.runs import Run, RunPlace, RunState
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from coach.storage.coaching import CoachedRuns
from coach.storage.store import Store
from tests.coach.coaching.metric_runner import Body, MetricRunner
from tests.support.coaching import baseline_runs
from tests.support.signs import answer_signs

TIRED = Body(seed=4, tires_pct=7.0, answers=0.8)


class Days:
    """A store, two services and a clock; `run` makes one whole run."""

    def __init__(self, folder: Path, now: datetime = datetime(2026, 3, 2, 7, 0, tzinfo=UTC), n: int = 0) -> None:
        self.now = now
        self.store = Store(folder / "coach.sqlite")
        self.runner = RunnerService(self.store, lambda: self.now)
        self.coaching = CoachingService(self.store, lambda: self.now)
        self.n = n
        if n:
            return
        self.runner.change(height_m=1.75, weekly_km=20.0, has_calf_history=False)
        answer_signs(self.store, self.now)

    def run(
        self,
        body: Body = TIRED,
        minutes: float = 18.0,
        back: int | None = 1,
        focus: str | None = None,
        place: RunPlace = RunPlace.NOT_SAID,
        source: str | None = None,
    ) -> CueEngine:
        self.now += timedelta(days=2)
        self.n += 1
        run_id = f"run{self.n}"
        if back is not None:
            self.runner.report_pain(PainMoment.BEFORE_RUN, back, 0)
        engine = self.coaching.prepare(run_id, self.now, focus, place)
        self.store.runs.create(Run(run_id, self.now, RunState.RECORDING, plan=engine.plan, place=place))
        decisions, distance = [], 0.0
        walker = MetricRunner(body, minutes, 0.5)
        for metrics in (replace(m, speed_source=source) for m in walker.moments()):
            for decision in engine.observe(metrics.t_s, engine.compare(metrics)):
                walker.hear(decision)
                decisions.append(decision)
            distance = metrics.distance_m or 0.0
        self.store.runs.data.add(run_id, decisions=decisions, responses=engine.responses())
        run = self.store.runs.change(run_id, state=RunState.FINISHED, duration_s=minutes * 60, distance_m=distance)
        self.coaching.finish(run, engine)
        return engine


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    made = Days(tmp_path)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """The folder of three baseline runs, and the time after them."""
    folder = tmp_path_factory.mktemp("trained")
    days = Days(folder)
    for _ in range(3):
        days.run(Body(seed=days.n))
    days.store.close()
    return folder, days.now


@pytest.fixture
def trained(three_runs: tuple[Path, datetime], tmp_path: Path) -> Iterator[Days]:
    shutil.copytree(three_runs[0], tmp_path, dirs_exist_ok=True)
    made = Days(tmp_path, three_runs[1], 3)
    yield made
    made.store.close()


def test_three_baseline_runs_come_first_without_cues(days: Days) -> None:
    for n in range(3):
        engine = days.run()
        assert engine.plan.is_baseline
        assert f"run {n + 1} of 3" in engine.plan.reason
        assert not [d for d in engine.decisions if d.is_spoken]
    days.now += timedelta(days=1)
    assert days.coaching.baseline().is_ready
    assert not days.coaching.next_plan().is_baseline


def test_a_short_run_does_not_count_for_the_baseline(days: Days) -> None:
    days.run(minutes=9.0)
    assert len(days.coaching.baseline().runs) == 0


def test_deleting_a_run_takes_it_out_of_the_baseline(trained: Days) -> None:
    assert trained.coaching.baseline().is_ready
    trained.store.runs.delete("run2", trained.now)
    assert not trained.coaching.baseline().is_ready
    trained.store.runs.restore("run2")
    assert trained.coaching.baseline().is_ready


def test_a_wish_starts_a_block_that_moves_on_run_by_run(trained: Days) -> None:
    trained.runner.change(focus_wish="lengthen")
    first = trained.run()
    assert (first.plan.focus, first.plan.block_run, first.plan.eligible_share) == ("lengthen", 1, 1.0)
    assert any(d.is_spoken for d in first.decisions)
    assert trained.run().plan.block_run == 2
    steps = trained.coaching.block().steps
    assert [s.state for s in steps[:4]] == ["done", "done", "next", "later"]
    assert [s.share_pct for s in steps] == [100, 100, 100, 100, 75, 50, 25, 10, 0]


def test_a_run_cut_short_does_not_move_the_block(trained: Days) -> None:
    trained.runner.change(focus_wish="lengthen")
    trained.run(minutes=5.0)
    assert trained.run(minutes=5.0).plan.block_run == 1


def test_pain_of_three_waits_with_the_load_and_keeps_the_place(trained: Days) -> None:
    trained.runner.change(focus_wish="lengthen")
    trained.run()
    hurting = trained.run(back=3)
    assert hurting.plan.focus != "lengthen"
    assert hurting.plan.block_run is None
    assert "waits at run 2" in hurting.plan.reason
    trained.now += timedelta(hours=20)
    trained.runner.report_pain(PainMoment.NEXT_MORNING, 1, 0)
    trained.now += timedelta(days=5)
    assert trained.run(back=1).plan.block_run == 2


def test_pain_of_six_and_red_flags_silence_the_run(trained: Days) -> None:
    assert trained.run(back=6).plan.focus is None
    trained.now += timedelta(days=12)
    trained.runner.answer_red_flags(["saddle_numbness"])
    engine = trained.run(back=0, focus="quicker")
    assert engine.plan.focus is None
    assert "medical help now" in engine.plan.reason
    assert not [d for d in engine.decisions if d.is_spoken]


def test_a_wish_for_one_run_is_kept_beside_the_block(trained: Days) -> None:
    engine = trained.run(focus="swing")
    assert (engine.plan.focus, engine.plan.block_run) == ("swing", None)
    assert trained.run(focus="none").plan.focus is None
    refused = trained.run(focus="midfoot")
    assert refused.plan.focus is None
    assert "ask for it in your profile" in refused.plan.reason
    with pytest.raises(UserError, match="no focus moonwalk"):
        trained.coaching.next_plan("moonwalk")


def test_midfoot_is_not_offered_and_load_not_while_it_hurts(trained: Days) -> None:
    trained.runner.report_pain(PainMoment.NOW, 1, 0)
    assert "midfoot" not in {f.id for f in trained.coaching.focuses()}
    assert "lengthen" in {f.id for f in trained.coaching.focuses()}
    trained.runner.report_pain(PainMoment.NOW, 4, 0)
    assert "lengthen" not in {f.id for f in trained.coaching.focuses()}


def test_the_distance_guard_knows_the_longest_run_of_thirty_days(trained: Days) -> None:
    trained.runner.change(weekly_km=3.0)
    short = trained.run(minutes=22.0)
    assert not [d for d in short.decisions if d.rule_id == "ease_off_distance"], "three runs known: too few to judge"
    trained.now += timedelta(hours=1)
    plan = trained.coaching.plan()
    assert plan.distance_limit_m == pytest.approx(1.1 * 22.0 * 60 * 2.8, rel=0.01)
    engine = trained.run(minutes=26.0)
    said = [d.rule_id for d in engine.decisions if d.kind == "safety" and d.is_spoken]
    assert said == ["half_way", "ease_off_distance"]


def test_a_try_out_of_two_minutes_does_not_send_an_old_hand_home(days: Days) -> None:
    days.runner.change(weekly_km=40.0, weekly_runs=4)
    days.run(minutes=2.0)
    for _ in range(4):
        engine = days.run(minutes=16.0)
        assert not [d for d in engine.decisions if d.kind == "safety"]
    assert days.coaching.plan().distance_limit_m == pytest.approx(11_000.0), "the week that the runner stated counts"


def test_the_log_of_a_run_explains_each_cue(trained: Days) -> None:
    trained.runner.change(focus_wish="lengthen")
    trained.run()
    stories = trained.coaching.explain(f"run{trained.n}")
    said = next(s for s in stories if s.decision.is_spoken and s.decision.kind == "cue")
    assert said.why[0].startswith("Measured: step length against your own at this speed, -")
    assert "below -3.0 %" in said.why[0]
    assert said.sources[0].id == "cai_2017"
    assert "before to" in said.outcome
    held = next(s for s in stories if not s.decision.is_spoken)
    assert "held back" in held.why[0]
    with pytest.raises(UserError, match="no run nowhere"):
        trained.coaching.explain("nowhere")


def test_an_engine_made_again_follows_the_plan_of_its_time(trained: Days) -> None:
    trained.runner.change(focus_wish="lengthen")
    first = trained.run()
    trained.run()
    run = trained.store.runs.get("run4")
    again = trained.coaching.prepare_again(run)
    assert again.plan == first.plan
    walker = MetricRunner(TIRED, 18.0, 0.5)
    decisions = []
    for metrics in walker.moments():
        for decision in again.observe(metrics.t_s, again.compare(metrics)):
            walker.hear(decision)
            decisions.append(decision)
    assert decisions == list(first.decisions)


def test_what_was_known_before_can_be_taken_over(days: Days) -> None:
    days.coaching.learn(baseline_runs(TIRED, now=days.now))
    assert days.coaching.baseline().is_ready
    assert not days.coaching.next_plan().is_baseline


def test_rules_and_sources_are_listed(days: Days) -> None:
    assert {s for r in days.coaching.rules() for s in r.sources} <= set(days.coaching.sources())
    assert days.coaching.coached_run("run1") is None


def test_each_place_has_its_own_baseline_and_a_corrected_place_moves_a_run(days: Days) -> None:
    for _ in range(3):
        days.run(Body(seed=days.n), place=RunPlace.TREADMILL)
    days.now += timedelta(days=1)
    assert days.coaching.likely_place() is RunPlace.TREADMILL
    assert days.coaching.baseline().is_ready
    first = days.run(Body(seed=9), place=RunPlace.OUTDOOR)
    assert first.plan.is_baseline
    assert "Baseline run 1 of 3 outdoors" in first.plan.reason
    assert days.coaching.likely_place() is RunPlace.OUTDOOR
    assert len(days.coaching.baseline().runs) == 1
    days.store.runs.change("run4", place=RunPlace.TREADMILL)
    assert len(days.coaching.baseline(RunPlace.TREADMILL).runs) == 4
    assert len(days.coaching.baseline(RunPlace.OUTDOOR).runs) == 0


def test_a_treadmill_that_sends_settles_the_place_whatever_was_chosen(days: Days) -> None:
    days.run(Body(seed=1), place=RunPlace.OUTDOOR, source="treadmill")
    assert days.store.runs.get("run1").place is RunPlace.TREADMILL
    assert len(days.coaching.baseline(RunPlace.TREADMILL).runs) == 1


def test_a_document_of_before_places_counts_where_its_run_was(days: Days) -> None:
    for _ in range(3):
        days.run(Body(seed=days.n), place=RunPlace.TREADMILL)
    kept = CoachedRuns(days.store.database)
    for document in list(kept.list()):
        old = {k: v for k, v in document.items() if k != "place"}
        run = {k: v for k, v in old["outcome"]["baseline_run"].items() if k not in ("place", "shoes")}
        plan = {k: v for k, v in old["plan"].items() if k not in ("place", "n_own")}
        document = {**old, "plan": plan, "outcome": {**old["outcome"], "baseline_run": run}}
        kept.save(str(old["run_id"]), days.store.runs.get(str(old["run_id"])).started_at, document)
    assert days.coaching.baseline(RunPlace.TREADMILL).is_ready
