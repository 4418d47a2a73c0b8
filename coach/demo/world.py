"""The demonstration: a virtual runner, its virtual sensors on a virtual radio, and the service that coaches it.

The service reaches the sensors through bleak as it would real ones. Only the radio and the body are virtual.
"""

from types import TracebackType
from typing import Final

from coach.bootstrap import Coach
from coach.demo.past import live_through
from coach.model.cues import CueDecision
from coach.model.links import SensorUse
from coach.model.pain import PainMoment
from coach.model.sites import WearSite
from coach.radio.clock import RunClock
from coach.radio.virtual.world import VirtualWorld
from coach.service.event_loop import LoopThread
from coach.settings import Settings
from coach.virtual_runner.body import VirtualBody
from coach.virtual_runner.runner import VirtualRunner

FOCUS: Final = "lengthen"
# A runner who soon begins to shuffle, so that a short demonstration has something to say.
DEMO_BODY: Final = VirtualBody(tires_after_s=20.0, shuffle_pct_per_min=9.0, shuffle_most_pct=8.0)


class Demo:
    """A world with one runner in it; use as a context manager.

    speed: seconds of the virtual world per second of the wall.
    """

    def __init__(self, settings: Settings, speed: float = 1.0, body: VirtualBody = DEMO_BODY) -> None:
        self._settings = settings
        self._speed = speed
        self.runner = VirtualRunner(body)
        self.loop = LoopThread()
        self.world = self.loop.call(self._make_world)
        self.coach: Coach | None = None

    def _make_world(self) -> VirtualWorld:
        world = VirtualWorld(self.runner, RunClock(self._speed))
        self.pod = world.add_running_pod()
        self.left = world.add_movesense(WearSite.LEFT_FOOT)
        self.right = world.add_movesense(WearSite.RIGHT_FOOT)
        return world

    def __enter__(self) -> "Demo":
        self.loop.do(self.world.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.do(self.world.stop())
        self.loop.close()

    def make_coach(self) -> Coach:
        """Make the service on this world's radio; its runner hears every cue that is spoken."""
        self.coach = Coach(self._settings, self.world.backend, self._hear, self._speed, self.loop)
        self.coach.sensors.checks.on_check = lambda: self.runner.jump(self.world.clock())
        return self.coach

    def live_through(self) -> None:
        """Give the runner a past (baseline runs), and let it answer the warning signs and how its back is today."""
        assert self.coach is not None
        live_through(self.coach.store, self.runner.body)
        self.coach.runner.answer_red_flags([])
        self.coach.runner.report_pain(PainMoment.BEFORE_RUN, back=1, calf=0)

    def wear(self) -> None:
        """Put the sensors on: the service remembers each at its place."""
        assert self.coach is not None
        for twin, profile_id, site in (
            (self.pod, "running_speed_cadence", None),
            (self.left, "movesense", WearSite.LEFT_FOOT),
            (self.right, "movesense", WearSite.RIGHT_FOOT),
        ):
            self.coach.sensors.book.remember(SensorUse(twin.sensor_id, twin.identity.name, profile_id, site))

    def _hear(self, decision: CueDecision) -> None:
        self.runner.hear(decision.focus, self.world.clock())
