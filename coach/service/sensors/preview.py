"""Sensors outside a run: linked while someone looks at them, each with its live signal, rate and charge.

Lives on the radio's event loop. In: the remembered sensors. Out: a SensorState for each, and the chunks of the last
seconds for a check.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from coach.errors import LinkError, PacketError
from coach.model.arrays import np
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.samples import HeartRateSample, ImuChunk, Notification, RunningSpeedSample, Sample, TreadmillSample
from coach.model.sensing import SensorState
from coach.model.units import GRAVITY_MPS2
from coach.packets.commands import link_plan
from coach.packets.decoders import decoder_for
from coach.packets.settings import number, settings_of, without_rate
from coach.radio.clock import RunClock
from coach.radio.links import LinkSet
from coach.radio.session import Radio
from coach.radio.words import PAIRED, loss_error
from coach.service.sensors.states import expected_rate_hz
from firmware_config.loader import load_profile

_KEPT_S = 30.0
_SHOWN_S = 5.0
_SHOWN_HZ = 20.0
_FRESH_S = 3.0
_LOW_PCT = 20.0
_MEET_S: Final = 30.0  # a find, a connect that fails as one in ten does on BlueZ, and another
_MEET_POLL_S: Final = 0.05
# Reasons that the next attempt of a link may overcome; every other one needs somebody to do something.
_PASSING: Final = frozenset(
    {"refused", "dropped", "no_answer", "out_of_range", "busy", "radio_fault", "unreachable", PAIRED}
)


class Viewer:
    """What one sensor sent lately."""

    def __init__(self, use: SensorUse) -> None:
        self.use = use
        self.profile = load_profile(use.profile_id)
        self._decoder = decoder_for(self.profile, use)
        self.chunks: deque[ImuChunk] = deque()
        self.readings: deque[tuple[float, float, str]] = deque()
        self.last_event: LinkEvent | None = None
        self.battery_pct: float | None = None
        self.is_low = False

    def receive(self, notification: Notification) -> None:
        """Decode a notification and keep what it holds; one that does not fit its protocol is only counted."""
        try:
            samples = self._decoder.feed(notification)
        except PacketError:
            return
        for sample in samples:
            self._keep(sample)

    def _keep(self, sample: Sample) -> None:
        match sample:
            case ImuChunk():
                self.chunks.append(sample)
                while self.chunks and self.chunks[0].t_s[0] < sample.t_s[-1] - _KEPT_S:
                    self.chunks.popleft()
            case RunningSpeedSample():
                self._reading(sample.t_s, sample.speed_mps, "m/s")
            case HeartRateSample():
                self._reading(sample.t_s, float(sample.heart_rate_bpm), "bpm")
            case TreadmillSample() if sample.speed_mps is not None:
                self._reading(sample.t_s, sample.speed_mps, "m/s")

    def _reading(self, t_s: float, value: float, unit: str) -> None:
        self.readings.append((t_s, value, unit))
        while self.readings[0][0] < t_s - _KEPT_S:
            self.readings.popleft()

    def n_missing(self) -> int:
        """Return how many readings were lost on the air since the sensor was linked."""
        return self._decoder.report().n_missing

    def n_odd_packets(self) -> int:
        """Return how many packets did not fit the sensor's protocol."""
        return self._decoder.report().n_odd_packets

    def n_clipped(self) -> int:
        """Return how many readings were at the edge of the sensor's range."""
        return self._decoder.report().n_clipped

    @property
    def expected_rate_hz(self) -> float | None:
        """What the profile asks for at this wear site; None for sensors that send about once a second."""
        return expected_rate_hz(self.profile, self.use)

    def lowered_rate_hz(self) -> float | None:
        """Return the rate that it is asked for because it lost too much at its profile's;
        None where it was not lowered."""
        asked, usual = (number(settings_of(self.profile, u), "rate_hz") for u in (self.use, without_rate(self.use)))
        return asked if asked and usual and asked < usual else None

    def since(self, start_s: float) -> list[ImuChunk]:
        """Return the chunks of motion that end at `start_s` [s of the preview's clock] or later."""
        return [chunk for chunk in self.chunks if chunk.t_s[-1] >= start_s]

    def rate_hz(self, now_s: float) -> float | None:
        """Return the readings per second over the last seconds; None while there are too few."""
        if self.readings:
            recent = [t_s for t_s, _, _ in self.readings if t_s >= now_s - 2 * _SHOWN_S]
            return (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 2 else None
        return rate_of(self.since(now_s - _SHOWN_S))

    def signal(self, now_s: float) -> tuple[tuple[float, ...], str]:
        """Return the newest seconds for drawing, and their unit; empty while nothing fresh is there."""
        if self.chunks and self.chunks[-1].t_s[-1] >= now_s - _FRESH_S:
            return _drawn(self.since(now_s - _SHOWN_S)), "g"
        if self.readings and self.readings[-1][0] >= now_s - _FRESH_S:
            return tuple(value for t_s, value, _ in self.readings if t_s >= now_s - _KEPT_S), self.readings[-1][2]
        return (), ""

    def state(self, now_s: float) -> SensorState:
        """Return what the page shows of the sensor at `now_s` [s of the preview's clock]."""
        event = self.last_event
        signal, unit = self.signal(now_s)
        is_ready, words = self._readiness(bool(signal))
        return SensorState(
            use=self.use,
            profile_title=self.profile.title,
            is_tried_on_hardware=self.profile.is_tried_on_hardware,
            status=event.status if event else None,
            reason=event.reason if event else "",
            words=words,
            is_ready=is_ready,
            battery_pct=self.battery_pct,
            rate_hz=self.rate_hz(now_s),
            expected_rate_hz=self.expected_rate_hz,
            n_clipped=self.n_clipped(),
            signal=signal,
            signal_unit=unit,
            cadence=self._decoder.cadence,
        )

    def _readiness(self, has_signal: bool) -> tuple[bool, str]:
        if self.last_event is None:
            return False, f"looking for {self.use.name}"
        if self.last_event.status is not LinkStatus.STREAMING:
            return False, self.last_event.words
        if self.profile.kind == "imu" and self.use.wear_site is None:
            return False, "Choose where on the body it sits"
        if not has_signal:
            return False, f"{self.use.name} is connected; waiting for its first readings"
        if self.battery_pct is not None and self.battery_pct <= _LOW_PCT:
            return True, f"Ready, but the battery is at {self.battery_pct:.0f} %: charge it soon"
        if self.is_low:
            return True, "Ready, but the battery is low. Charge it or change the cell soon"
        fault = self.profile.treadmill_fault(self.use.name)
        if fault is not None and fault.may_send_miles:
            return True, "Ready. Set its display to km/h: set to miles, it sends miles and calls them kilometres"
        if fault is not None and fault.has_wrong_incline:
            return True, "Ready. The incline that this model sends is wrong and is not used"
        if lowered := self.lowered_rate_hz():
            return True, (
                f"Ready, at {lowered:g} readings a second: it lost too many in the last run. "
                "Move the computer nearer, then set it up again for the full rate"
            )
        if n_odd := self.n_odd_packets():
            return True, f"Ready. {n_odd} packets were longer or shorter than the standard has them: whole values count"
        return True, "Ready"


class Preview:
    """Links to sensors that are being looked at."""

    def __init__(self, radio: Radio, clock: RunClock) -> None:
        self._clock = clock
        self._links = LinkSet(radio, self._on_notification, self._on_event, clock=clock)
        self.viewers: dict[str, Viewer] = {}

    async def show(self, uses: Sequence[SensorUse]) -> None:
        """Link exactly these sensors; one whose use changed is linked again."""
        wanted = {use.sensor_id: use for use in uses}
        for sensor_id in [i for i, viewer in self.viewers.items() if wanted.get(i) != viewer.use]:
            await self.drop(sensor_id)
        for sensor_id, use in wanted.items():
            if sensor_id not in self.viewers:
                viewer = self.viewers[sensor_id] = Viewer(use)
                self._links.add(link_plan(viewer.profile, use))

    async def meet(self, use: SensorUse) -> SensorUse:
        """Link a sensor and return its use with what it says of itself; the link goes on for `show`.

        So a sensor that was just paired streams over the connection it was met by: on BlueZ a disconnect takes 2 s.

        Raises:
            LinkError: why it could not be met; it is let go.
        """
        await self.drop(use.sensor_id)
        viewer = self.viewers[use.sensor_id] = Viewer(use)
        link = self._links.add(link_plan(viewer.profile, use))
        until_s = self._clock() + _MEET_S
        try:
            while not link.state.is_introduced:
                _judge(viewer.last_event, use.name, is_late=self._clock() > until_s)
                await self._clock.sleep(_MEET_POLL_S)
        except BaseException:  # a cancelled one too: a sensor that was not met is not kept linked
            await self.drop(use.sensor_id)
            raise
        viewer.use = link.state.use
        return viewer.use

    async def drop(self, sensor_id: str) -> None:
        """Disconnect one sensor."""
        if self.viewers.pop(sensor_id, None):
            await self._links.remove(sensor_id)

    async def close(self) -> None:
        """Disconnect all sensors. On the event loop."""
        self.viewers.clear()
        await self._links.stop()

    def states(self) -> list[SensorState]:
        """Return what the page shows of each linked sensor. On the event loop."""
        for sensor_id, link in self._links.links.items():
            if (viewer := self.viewers.get(sensor_id)) is not None:
                viewer.battery_pct, viewer.is_low = link.state.battery_pct, link.state.is_low  # most are no event
        return [viewer.state(self._clock()) for viewer in self.viewers.values()]

    def _on_notification(self, notification: Notification) -> None:
        if viewer := self.viewers.get(notification.sensor_id):
            viewer.receive(notification)

    def _on_event(self, event: LinkEvent) -> None:
        if viewer := self.viewers.get(event.sensor_id):
            viewer.last_event = event


def _judge(event: LinkEvent | None, name: str, is_late: bool) -> None:
    """Raise LinkError where a link's last event says that waiting for it is in vain, or is_late."""
    if event is not None and event.status is LinkStatus.STOPPED:
        raise loss_error("dropped", name)
    if event is not None and event.status is LinkStatus.LOST and (is_late or event.reason not in _PASSING):
        raise LinkError(event.reason, event.words)
    if is_late:
        raise loss_error("no_answer", name)


def rate_of(chunks: Sequence[ImuChunk]) -> float | None:
    """Return the readings per second as they came, losses included; None for fewer than ten."""
    n = sum(len(chunk.t_s) for chunk in chunks)
    if n < 10:
        return None
    span_s = float(chunks[-1].t_s[-1] - chunks[0].t_s[0])
    return (n - 1) / span_s if span_s > 0 else None


def _drawn(chunks: Sequence[ImuChunk]) -> tuple[float, ...]:
    """Return the largest force [g] in each twentieth of a second, so that no landing is drawn away."""
    if not chunks:
        return ()
    t_s = np.concatenate([chunk.t_s for chunk in chunks])
    force = np.concatenate([np.sqrt(np.nansum(chunk.acc_mps2**2, axis=1)) for chunk in chunks]) / GRAVITY_MPS2
    slot = ((t_s - t_s[0]) * _SHOWN_HZ).astype(int)
    starts = np.flatnonzero(np.diff(slot, prepend=-1))
    return tuple(round(float(value), 3) for value in np.maximum.reduceat(force, starts))
