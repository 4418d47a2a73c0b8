"""A live run ends when it is asked to, whatever the runner did in the same moment."""

import asyncio
from collections.abc import Callable

from coach.live.feed import LiveFeed
from coach.live.pipeline_factory import make_pipeline
from coach.live.run import LiveRun
from coach.model.links import LinkEvent
from coach.model.pain import PainEntry, PainMoment
from coach.model.runs import Run, RunState
from coach.model.samples import Notification
from tests.coach.live.mean_radio import STARTED_AT, Kept


class TapAndEnd:
    """A source that ends in the same turn of the loop in which the runner taps a pain level."""

    def __init__(self, run: LiveRun) -> None:
        self._run = run

    async def play(self, receive: Callable[[Notification], None], report: Callable[[LinkEvent], None]) -> None:
        await asyncio.sleep(0.01)  # the run's helpers wait by now
        self._run.pain(PainEntry(STARTED_AT, PainMoment.NOW, back=3))


async def test_a_run_ends_that_is_stopped_in_the_moment_of_a_tap() -> None:
    run = Run("run", STARTED_AT, RunState.RECORDING, sensors=())
    live = LiveRun(run, make_pipeline(()), None, Kept(), LiveFeed(), lambda: 1.0)
    async with asyncio.timeout(20.0):
        await live.play(TapAndEnd(live))
    assert live.is_over
