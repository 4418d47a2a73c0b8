"""A coach that is some simulated runs old: what the runner's pages are tested on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from coach.model.pain import PainMoment
from coach.model.runs import Run, RunState
from coach.service.runner import RunnerService
from coach.service.runs.coaching import CoachingService
from tests.coach.coaching.metric_runner import Body, MetricRunner
from tests.web.page_coach import PageCoach


class CoachingScene(PageCoach):
    """Runner and coaching follow the clock `now`. `run` makes one whole run, some days before now."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime.now(UTC) - timedelta(days=20)
        super().__init__(folder)
        self.runner = RunnerService(self.store, lambda: self.now)
        self.coaching = CoachingService(self.store, lambda: self.now)

    def run(self, n: int, body: Body, minutes: float = 18.0, back: int = 1, calf: int = 0) -> str:
        self.now += timedelta(days=2)
        run_id = f"run{n}"
        self.runner.report_pain(PainMoment.BEFORE_RUN, back, calf, run_id)
        engine = self.coaching.prepare(run_id, self.now)
        self.store.runs.create(Run(run_id, self.now, RunState.RECORDING, plan=engine.plan))
        decisions, distance = [], 0.0
        walker = MetricRunner(body, minutes, 0.5)
        for metrics in walker.moments():
            for decision in engine.observe(metrics.t_s, engine.compare(metrics)):
                walker.hear(decision)
                decisions.append(decision)
            distance = metrics.distance_m or 0.0
        self.store.runs.data.add(run_id, decisions=decisions, responses=engine.responses())
        ended = self.store.runs.change(run_id, state=RunState.FINISHED, duration_s=minutes * 60.0, distance_m=distance)
        self.coaching.finish(ended, engine)
        return run_id

    def live_some_weeks(self) -> "CoachingScene":
        """Three baseline runs and five cued ones, up to now."""
        self.runner.change(name="Ada", height_m=1.75, weekly_km=20.0, has_calf_history=False, focus_wish="lengthen")
        self.runner.change(goals=("Run 10 km in autumn", "Sit through a film without pain"))
        self.runner.answer_red_flags([])
        for n in range(3):
            self.run(n, Body(seed=n), 14.0, back=3 - n // 2)
        for n in range(3, 8):
            self.run(n, Body(seed=n, tires_pct=8.0, tires_from_s=200.0, answers=0.8), back=2 - n % 2, calf=int(n == 4))
        self.now = datetime.now(UTC)
        self.runner.report_pain(PainMoment.NOW, 1, 0)
        return self
