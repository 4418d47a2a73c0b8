"""A run of the real service that stands still: its links and its clock are the test's, all else is as in every run.

Pages are tested against exact numbers, moments and faults (a left foot lost while the page asks how the run is), which
no radio can be brought to give when they are wanted. So the source of notifications is scripted, and numbers and cues
are published as a run's pipeline would. `tests/e2e` has it all, from virtual sensors to the page.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

from coach.bootstrap import Coach
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.runs import Run, RunPlace
from coach.model.samples import Notification
from coach.model.sites import WearSite
from coach.model.workouts import Workout
from tests.coach.service.runs.quiet_run import QuietSource
from tests.web.live_scene import cue, numbers

USES = (
    SensorUse("C4:01", "Movesense 0418", "movesense", WearSite.LEFT_FOOT, firmware="2.3.1"),
    SensorUse("C4:02", "Movesense 0522", "movesense", WearSite.RIGHT_FOOT, firmware="2.3.1"),
    SensorUse("C4:03", "Polar H10 1C2B", "heart_rate", WearSite.CHEST),
)


class HeldRun(QuietSource):
    """Begun when made. status: of all links at its start. at_s: the time of its clock [s], which a test may set."""

    def __init__(
        self,
        coach: Coach,
        status: LinkStatus = LinkStatus.STREAMING,
        at_s: float = 60.0,
        workout: Workout | None = None,
    ) -> None:
        self._coach = coach
        self._status = status
        self._is_on = threading.Event()
        self.at_s = 0.0
        facts = {"place": RunPlace.TREADMILL}
        self.run: Run = coach.runs.begin(USES, lambda: (self, lambda: self.at_s), facts=facts, workout=workout)
        assert self._is_on.wait(10), "the run did not begin"
        self.at_s = at_s
        coach.runs.mute(False)  # brings the pipeline to the clock; from now on nothing moves it but the test
        coach.feed.forget("metrics")

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        for use in USES:
            report(LinkEvent(use.sensor_id, 0.0, self._status, "ok", "All is well"))
        self._is_on.set()
        await super().play(receive, report)

    @property
    def run_id(self) -> str:
        return self.run.run_id

    def link(self, sensor_id: str, status: LinkStatus, reason: str = "ok", words: str = "") -> None:
        """The link to a sensor changes."""
        event = LinkEvent(sensor_id, self.at_s, status, reason, words)
        self._coach.loop.call(functools.partial(self.report, event))

    def numbers(self, **more: Any) -> None:
        """Publish numbers of this run; as `live_scene.numbers`."""
        self._coach.feed.publish("metrics", numbers(**{"run_id": self.run_id, **more}))

    def cue(self, cue_id: str = "c0001", **more: Any) -> None:
        """Publish a cue of this run; as `live_scene.cue`."""
        self._coach.feed.publish("cue", cue(cue_id, **{"run_id": self.run_id, **more}))
