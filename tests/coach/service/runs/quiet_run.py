"""A coach with a run that nobody but the test feeds: no radio, no waiting."""

import asyncio
from collections.abc import Callable
from typing import Any

from coach.bootstrap import Coach
from coach.model.links import LinkEvent, SensorUse
from coach.model.runs import Run
from coach.model.samples import Notification
from coach.radio.clock import RunClock

POD = SensorUse("F0:00", "Pod", "running_speed_cadence")


class QuietSource:
    """Gives nothing until the run is stopped; `receive` and `report` are the run's own, to be called on its loop."""

    receive: Callable[[Notification], None]
    report: Callable[[LinkEvent], None]

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        self.receive, self.report = receive, report
        await asyncio.Event().wait()


def begin(
    coach: Coach, source: QuietSource | None = None, clock: Callable[[], float] | None = None, **more: Any
) -> Run:
    """Start a run of one pod that says nothing. clock: the run's [s], by default one that goes with the wall's."""
    played = source or QuietSource()
    return coach.runs.begin((POD,), lambda: (played, clock or RunClock()), **more)
