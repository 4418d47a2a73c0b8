"""What every link to a sensor has in common: its status, what it says of itself, and being stopped."""

import asyncio
import contextlib
from collections.abc import Callable

from coach.model.frozen import dataclass
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.steps import Charge, LinkPlan
from coach.radio.clock import RunClock
from coach.radio.words import loss_error

OnLinkEvent = Callable[[LinkEvent], None]


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Times in seconds of the run's clock.

    silent_s: no data for so long is said (values blank within 3 s). stalled_s: then the connection is made again.
    faded_s: silence before a loss that means fading out, not a connection the sensor ended. first_wait_s, max_wait_s:
    back-off between attempts, doubled each time. battery_s: how often the charge is read. low_pct: charges to warn at.
    tick_s: how often the link is looked at. mute_s: a sensor that has notified nothing so long after it was set up is
    read instead, every poll_s, where it can be (QZ reads 0x2A53 of some pods so after 5 s). set_up_s, stop_s: how long
    the conversations may take.
    """

    silent_s: float = 3.0
    stalled_s: float = 30.0
    faded_s: float = 2.0
    first_wait_s: float = 1.0
    max_wait_s: float = 15.0
    battery_s: float = 300.0
    low_pct: tuple[float, ...] = (20.0, 10.0, 5.0)
    tick_s: float = 0.25
    set_up_s: float = 45.0
    stop_s: float = 5.0
    mute_s: float = 5.0
    poll_s: float = 1.0


class LinkState:
    """One link as others see it. Each change goes out as a LinkEvent.

    is_introduced: the sensor has been met, and `use` holds what it says of itself. data_s: when its data last came [s].
    is_low: it said that its battery is, with or without a charge.
    """

    def __init__(self, plan: LinkPlan, clock: RunClock, on_event: OnLinkEvent, settings: LinkSettings) -> None:
        self.plan = plan
        self.clock = clock
        self.settings = settings
        self._on_event = on_event
        self._stopping = asyncio.Event()
        self.use: SensorUse = plan.use
        self.status = LinkStatus.CONNECTING
        self.battery_pct: float | None = None
        self.is_low = False
        self.is_introduced = False
        self.data_s = 0.0

    @property
    def name(self) -> str:
        """What the runner knows the sensor by."""
        return self.use.name

    @property
    def quiet_s(self) -> float:
        """How long no data has come."""
        return self.clock() - self.data_s

    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Ask the link's `run` to return."""
        self._stopping.set()

    async def stopped(self) -> None:
        """Return once `stop` is called."""
        await self._stopping.wait()

    async def pause(self, seconds: float) -> None:
        """Let so much of the clock's time pass, less where the link is stopped."""
        with contextlib.suppress(TimeoutError):  # the time is over and nobody stopped it
            async with asyncio.timeout(self.clock.wall_s(seconds)):
                await self.stopped()

    def say(self, status: LinkStatus, reason: str, words: str) -> None:
        """Give the link this status from now on, and report it."""
        self.status = status
        self.is_low = self.is_low and status is not LinkStatus.LOST
        self._on_event(LinkEvent(self.use.sensor_id, self.clock(), status, reason, words, self.battery_pct))

    def say_stopped(self) -> None:
        """Report that the link has ended because it was asked to."""
        self.say(LinkStatus.STOPPED, "stopped", f"{self.name} is stopped")

    def say_data(self) -> None:
        """Note that data came: it streams."""
        if self.status is not LinkStatus.STREAMING:
            self.say(LinkStatus.STREAMING, "streaming", f"{self.name} is streaming")

    def say_silence(self) -> None:
        """Say so where it has sent nothing for `silent_s`, once."""
        if self.quiet_s > self.settings.silent_s and self.status is not LinkStatus.SILENT:
            self.say(LinkStatus.SILENT, "silent", str(loss_error("silent", self.name, seconds=self.quiet_s)))

    def note_charge(self, charge: Charge) -> None:
        """Take what it says of its battery: a charge that falls below a limit, or is low from now on, is said.

        Low holds until it is lost, as when its cell is changed: pages of one sensor may disagree.
        """
        before, self.battery_pct = self.battery_pct, self.battery_pct if charge.pct is None else charge.pct
        was_low, self.is_low = self.is_low, self.is_low or charge.is_low
        pct, limits = charge.pct, self.settings.low_pct
        if pct is not None and any(pct <= limit and (before is None or before > limit) for limit in limits):
            self._say_low(f"battery at {pct:.0f} %")
        elif self.is_low and not was_low:
            self._say_low("battery is low")

    def _say_low(self, what: str) -> None:
        self.say(self.status, "battery_low", f"{self.name}: {what}. Charge it or change the cell soon")
