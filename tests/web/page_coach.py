"""The coach that pages are tested on: the real one, on a folder and an event loop of its own, with a virtual radio."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from coach.bootstrap import Coach
from coach.model.links import SensorUse
from coach.model.sites import WearSite
from coach.radio.virtual.twin import Twin
from coach.radio.virtual.world import VirtualWorld
from coach.service.event_loop import LoopThread
from coach.settings import make_settings
from tests.support.radio import SwingingBody

AnyTwin = TypeVar("AnyTwin", bound=Twin)


class PageCoach(Coach):
    """world: the virtual radio, on which a test puts the sensors that it needs. Close it at the end."""

    def __init__(self, folder: Path, body: SwingingBody | None = None) -> None:
        loop = LoopThread()
        self.world = loop.call(lambda: VirtualWorld(body or SwingingBody()))
        loop.do(self.world.start())
        self._is_over = False
        super().__init__(make_settings(folder, "127.0.0.1", 0), self.world.backend, loop=loop)

    def switch_on(self, make: Callable[[VirtualWorld], AnyTwin]) -> AnyTwin:
        """A virtual sensor is within reach from now on."""
        twin = self.loop.call(lambda: make(self.world))
        self.loop.do(self.world.start())
        return twin

    def wear_pod(self, **options: Any) -> SensorUse:
        """A running pod is switched on, and remembered; options as of the twin."""
        pod = self.switch_on(lambda world: world.add_running_pod(**options))
        return self.sensors.book.remember(SensorUse(pod.sensor_id, pod.identity.name, "running_speed_cadence"))

    def wear_shoe(self, is_at: WearSite, remembered_at: WearSite | None = None) -> SensorUse:
        """A Movesense is switched on where it is worn, and remembered there or at another place."""
        shoe = self.switch_on(lambda world: world.add_movesense(is_at))
        who, place = shoe.identity, remembered_at or is_at
        return self.sensors.book.remember(
            SensorUse(shoe.sensor_id, who.name, "movesense", place, firmware=who.firmware)
        )

    def workout_on(self, number: int = 0) -> dict[str, Any]:
        """Part `number` of the workout that the run leads through: parts begin with ticks of the run's clock."""
        until_s = time.monotonic() + 90
        while True:
            part: Any = self.runs.status()["workout"]
            if part is not None and part["part"] == number:
                return dict(part)
            assert time.monotonic() < until_s, f"it leads through {part}"
            time.sleep(0.05)

    def close(self) -> None:
        """May be called again: by a test's fixture, and by who served it."""
        if self._is_over:
            return
        self._is_over = True
        super().close()
        self.loop.do(self.world.stop())
        self.loop.close()


@contextmanager
def page_coach(folder: Path, name: str = "Sam", time_zone: str = "Europe/Berlin") -> Iterator[PageCoach]:
    """The coach of a runner who has said a name and a time zone, and nothing else."""
    with closing(PageCoach(folder)) as coach:
        coach.runner.change(name=name, time_zone=time_zone)
        yield coach
