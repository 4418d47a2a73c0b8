"""Watch all remembered sensors for some seconds: the check with three jumps, and which foot is which by lifting one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from coach.errors import UserError
from coach.model.links import SensorUse
from coach.model.sensing import CheckReport
from coach.radio.clock import RunClock
from coach.service.event_loop import LoopThread
from coach.service.sensors.foot_lift import LIFT_S, LiftReport, foot_uses, place_by_lift, spread_mps2
from coach.service.sensors.preview import Viewer
from coach.service.sensors.quality_check import Before, report
from coach.service.sensors.registry import SensorBook

_STREAMING_WITHIN_S: Final = 25.0
_ANSWER_S: Final = 90.0
_POLL_S: Final = 0.25


class SensorChecks:
    """May be called from any thread.

    preview: on the event loop, previews these sensors from then on and gives each with what it sent lately; raises
    UserError in a run. on_check: called when the watching begins (a demonstration jumps).
    """

    def __init__(
        self,
        book: SensorBook,
        loop: LoopThread,
        clock: RunClock,
        preview: Callable[[Sequence[SensorUse]], Awaitable[list[Viewer]]],
    ) -> None:
        self._book = book
        self._loop = loop
        self._clock = clock
        self._preview = preview
        self.on_check: Callable[[], object] | None = None

    def check(self, seconds: float = 8.0) -> CheckReport:
        """Watch all remembered sensors for so long while the runner jumps three times.

        Raises:
            UserError: a run is on, or no sensor is paired.
        """
        uses = self._book.remembered()
        if not uses:
            raise UserError("no sensor is paired: pair one first")
        return self._loop.do(self._check(uses, seconds), _ANSWER_S + seconds)

    def lift(self, seconds: float = LIFT_S) -> LiftReport:
        """Watch the shoes while the runner lifts the left foot; where it is clear, both are placed.

        Raises:
            UserError: a run is on, or not one or two sensors can be on a foot.
        """
        uses = foot_uses(self._book.remembered())
        if not 1 <= len(uses) <= 2:
            many = "no sensor that can be worn on a foot is paired" if not uses else "more than two could be on a foot"
            raise UserError(f"{many}: choose the places by hand")
        return place_by_lift(self._book, uses, self._loop.do(self._spreads(uses, seconds), _ANSWER_S + seconds))

    async def _check(self, uses: Sequence[SensorUse], seconds: float) -> CheckReport:
        viewers = await self._ready(uses)
        befores = {v.use.sensor_id: Before(v.n_missing(), v.n_clipped()) for v in viewers}
        return report(viewers, befores, await self._watch(uses, seconds), seconds)

    async def _spreads(self, uses: Sequence[SensorUse], seconds: float) -> dict[str, float]:
        viewers = {viewer.use.sensor_id: viewer for viewer in await self._ready(uses)}
        start_s = await self._watch(uses, seconds)
        return {u.sensor_id: spread_mps2(viewers[u.sensor_id].since(start_s)) for u in uses if u.sensor_id in viewers}

    async def _ready(self, uses: Sequence[SensorUse]) -> list[Viewer]:
        """Wait until these sensors stream, or for so long."""
        end_s = self._clock() + _STREAMING_WITHIN_S
        viewers = await self._preview(uses)
        while self._clock() < end_s and not all(viewer.signal(self._clock())[0] for viewer in viewers):
            await self._clock.sleep(_POLL_S)
            viewers = await self._preview(uses)
        return viewers

    async def _watch(self, uses: Sequence[SensorUse], seconds: float) -> float:
        """Let so much time pass with the previews kept; gives when it began [s]."""
        start_s = self._clock()
        if self.on_check is not None:
            self.on_check()
        while self._clock() < start_s + seconds:
            await self._clock.sleep(2 * _POLL_S)
            await self._preview(uses)
        return start_s
