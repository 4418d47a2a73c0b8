"""Find the strides of all worn sensors and compute the numbers of the moment.

Joins the engines of each wear site (foot, shank, trunk) with running pod, treadmill and heart rate. Whatever is worn
gives what it can; the rest is None with its reason. Nothing is older than 3 s and all memory is bounded.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from coach.gait.foot.activity import FootState, moving_in
from coach.gait.foot.analyzer import FootGait, FootStatus
from coach.gait.fusion.coordination import PelvisTrunk
from coach.gait.fusion.engines import GaitEngine, engine_for
from coach.gait.fusion.flight_time import FlightJoiner
from coach.gait.fusion.metrics import (
    MetricsBuilder,
    fill_balance,
    fill_coordination,
    fill_foot,
    fill_space,
    fill_time,
    fill_trunk,
    is_steady,
    motion_step_time,
)
from coach.gait.fusion.missing_reasons import Moment, SensorSet, unknown
from coach.gait.fusion.sites import (
    FEET,
    LEGS_FIRST,
    POD,
    SPAN_S,
    STALE_S,
    TREADMILL,
    Estimate,
    Rolling,
    SiteValues,
    StateFusion,
    state_at_speed,
)
from coach.gait.fusion.speed import (
    FOOT_SPEED_SD,
    TREADMILL_SPEED_SD,
    PositionComparison,
    SpeedCorrection,
    SpeedFusion,
    speed_over_ground,
)
from coach.gait.signal.window import BoolArray
from coach.model.earth import SCALE_SD
from coach.model.frozen import dataclass
from coach.model.metrics import LiveMetrics
from coach.model.samples import (
    HeartRateSample,
    ImuChunk,
    PositionSample,
    PowerSample,
    RunningSpeedSample,
    Sample,
    TreadmillSample,
)
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, GaitState, InitialContact, MidStance, StateChange, Stride, TrunkStep

if TYPE_CHECKING:
    from coach.gait.shank.analyzer import ShankGait
    from coach.gait.trunk.analyzer import TrunkGait

_POD_CADENCE_SD: Final = 0.5  # spm; the wire carries whole numbers
# Share of a pod's contact time: Stryd against video at 1000 Hz, 49 runners at 3.25 m/s, was 5.2 % short
# (Garcia-Pinillos 2019, doi:10.1371/journal.pone.0222872).
_POD_CONTACT_SD: Final = 0.052
_POWER_SD: Final = 0.05  # share of it; makers state none: chosen by judgement
_HEART_RATE_SD: Final = 1.0  # bpm; the wire carries whole numbers


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """What is known of the runner's body; None: unknown."""

    height_m: float | None = None
    leg_length_m: float | None = None
    mass_kg: float | None = None


class BodyGait:
    """The gait of one runner. sites: where motion sensors are worn. body: facts of the runner."""

    def __init__(self, sites: Sequence[WearSite], body: BodyFacts | None = None) -> None:
        self.body = body or BodyFacts()
        self._sites = tuple(dict.fromkeys(sites))
        self._engines: dict[WearSite, GaitEngine] = {s: engine_for(s) for s in self._sites}
        self._shanks = [cast("ShankGait", engine) for site, engine in self._engines.items() if site.is_shank]
        self._trunks = {s: cast("TrunkGait", engine) for s, engine in self._engines.items() if s.is_trunk}
        self._feet = {s: FootState() for s in self._sites if s.is_foot}
        self._impact_sites = next((g for g in LEGS_FIRST if set(g) & set(self._sites)), ())
        self._pair = PelvisTrunk() if {WearSite.PELVIS, WearSite.CHEST} <= set(self._sites) else None
        self._last_step_end_s: float | None = None
        self._flight = FlightJoiner(frozenset(s for s in self._sites if s.is_foot or s.is_shank))
        self._values = SiteValues()
        self._state = StateFusion()
        self._speed = SpeedFusion(SpeedCorrection())
        self._positions = PositionComparison()
        self._speeds: deque[tuple[float, float]] = deque(maxlen=16)  # the newest; by judgement
        self._has_gyro: dict[WearSite, bool] = {}
        self._is_clipped: dict[WearSite, bool] = {}
        self._foot_status: dict[WearSite, FootStatus] = {}
        self._ahead: dict[WearSite, deque[tuple[list[GaitEvent], FootStatus]]] = {}
        self._moving: dict[WearSite, deque[BoolArray]] = {}
        self._pod = Rolling(8, STALE_S)
        self._pod_contact = Rolling(8, STALE_S)
        self._has_pod_contact = False
        self._has_position_speed = False
        self._heart = Rolling(1, STALE_S)
        self._power = Rolling(8, STALE_S)
        self._grade = Rolling(1, STALE_S)
        self._heard: set[type] = set()

    def feed(self, sample: Sample) -> list[GaitEvent]:
        """Take one sample of any kind, give the events that are known now.

        Each Stride is given once, completed with its flight time; StateChange is the body's, not one sensor's. A chunk
        of a wear site that was not announced is ignored.
        """
        self._heard.add(type(sample))
        match sample:
            case ImuChunk():
                return self._feed_motion(sample)
            case RunningSpeedSample():
                return self._feed_pod(sample)
            case TreadmillSample():
                return self._feed_treadmill(sample)
            case PositionSample():
                self._feed_position(sample)
            case PowerSample():
                self._power.add(sample.t_s, sample.power_w, _POWER_SD * sample.power_w)
            case HeartRateSample():
                # ANOMALY: straps without skin contact send 0 or their last value
                if sample.heart_rate_bpm > 0 and sample.has_skin_contact is not False:
                    self._heart.add(sample.t_s, float(sample.heart_rate_bpm), _HEART_RATE_SD)
        return []

    def finish(self) -> list[GaitEvent]:
        """Give what the end of the run leaves: open strides of all engines, held strides by symmetry."""
        events: list[GaitEvent] = []
        for site, engine in self._engines.items():
            events += self._take(site, engine.finish())
        return events + self._release(at_end=True)

    def metrics(self, t_s: float) -> LiveMetrics:
        """Return the numbers of the moment `t_s` (seconds since the run started), each at most 3 s old."""
        builder = MetricsBuilder(t_s)
        fill_time(builder, self._values, self._pod.estimate(t_s), self._pod_contact.estimate(t_s))
        fill_balance(builder, self._values)
        fill_foot(builder, self._values, self._impact_sites)
        fill_trunk(builder, self._values)
        fill_space(builder, self._speed.current(t_s))
        fill_coordination(builder, self._pair.result(t_s) if self._pair else None)
        builder.put("heart_rate_bpm", self._heart.estimate(t_s))
        builder.put("power_w", self._power.estimate(t_s))
        builder.put("grade_pct", self._grade.estimate(t_s) or self._values.best("grade_pct", t_s, (FEET,))[0])
        builder.put("distance_m", self._speed.distance_m())
        state = self._state.current(t_s)
        steady = state is GaitState.RUNNING and is_steady(self._values, t_s, self._recent_speeds(t_s))
        builder.values["state"] = state
        why = unknown(self._worn(), builder.values, self._moment(state))
        return LiveMetrics(t_s, is_steady=steady, uncertainty=builder.uncertainty, unknown=why, **builder.values)

    def pass_tick(self, t_s: float) -> None:
        """Pass a tick, instead of `metrics`, where nobody asks for the numbers of `t_s`: later ones are the same."""
        if self._pair:
            self._pair.result(t_s)

    def motion_cadence_spm(self, t_s: float) -> float | None:
        """Return the steps per minute from motion sensors alone: what a running pod's own counts are held against."""
        step = motion_step_time(self._values, t_s)
        return 60.0 / step.value if step and step.value > 0 else None

    def _feed_motion(self, chunk: ImuChunk) -> list[GaitEvent]:
        engine = self._engines.get(chunk.wear_site)
        if engine is None or not len(chunk.t_s):
            return []
        self._has_gyro[chunk.wear_site] = chunk.gyr_radps is not None
        end_s = float(chunk.t_s[-1])
        self._flight.saw(chunk.wear_site, end_s)
        self._state.saw(chunk.wear_site, end_s)
        events = self._take(chunk.wear_site, self._found_in(chunk, engine))
        if chunk.wear_site.is_trunk:
            self._take_turning()
        if chunk.wear_site in self._feet:
            foot = self._feet[chunk.wear_site]
            moving = self._moving.get(chunk.wear_site)
            events += self._take(chunk.wear_site, foot.saw(chunk, moving.popleft() if moving else None))
            if not foot.is_known:
                self._state.withdraw(chunk.wear_site)
        return events + self._release()

    def feed_ahead(self, samples: Sequence[Sample]) -> None:
        """Take the samples of one sensor that `feed` gets next, in this order: its engine may take them together now.

        What each gives is given with it all the same.
        """
        chunks = [one for one in samples if isinstance(one, ImuChunk) and len(one.t_s)]
        if chunks and isinstance(engine := self._engines.get(chunks[0].wear_site), FootGait):
            site = chunks[0].wear_site
            self._ahead.setdefault(site, deque()).extend(engine.feed_each(chunks))
            self._moving.setdefault(site, deque()).extend(moving_in(chunks))

    def _found_in(self, chunk: ImuChunk, engine: GaitEngine) -> list[GaitEvent]:
        """Return the engine's events in a chunk, found now or ahead."""
        if ahead := self._ahead.get(chunk.wear_site):
            events, self._foot_status[chunk.wear_site] = ahead.popleft()
            return events
        events = engine.feed(chunk)
        if isinstance(engine, FootGait):
            self._foot_status[chunk.wear_site] = engine.status
        return events

    def _take(self, site: WearSite, found: Sequence[GaitEvent]) -> list[GaitEvent]:
        """Sort one engine's events: strides are held for their flight time, states are joined, the rest passes on."""
        events: list[GaitEvent] = []
        for event in found:
            if isinstance(event, StateChange):
                self._state.observe(site, event.t_s, event.state)
                events += self._state_change(event.t_s)
            elif isinstance(event, Stride):
                if site in self._feet:
                    events += self._take(site, self._feet[site].stride(event))
                self._flight.hold(event)
            elif isinstance(event, TrunkStep):
                events.append(self._take_step(event))
            else:
                events.append(event)
                if isinstance(event, InitialContact):
                    self._flight.contact(site, event.t_s)
                elif isinstance(event, MidStance):
                    self._flight.contact(site, event.initial_contact_s)
        return events

    def _take_step(self, step: TrunkStep) -> TrunkStep:
        """Keep a trunk step's values, its side corrected by the legs where those are worn."""
        side = self._flight.side_at(step.initial_contact_s)
        if side is not None and side is not step.is_left:
            step = replace(step, is_left=side)
        if self._fits(step.state, step.initial_contact_s):
            self._values.add_step(step)
        if self._pair is not None and step.wear_site is WearSite.PELVIS:
            last, start = self._last_step_end_s, step.initial_contact_s
            # A step begins where the last one ended, seen in two windows; the next one is 0.2 s away.
            self._pair.contact(start, is_next=last is not None and abs(start - last) < 0.1)
            self._last_step_end_s = None if step.step_time_s is None else start + step.step_time_s
        return step

    def _take_turning(self) -> None:
        """Hand the turn rates of pelvis and chest to the coordination."""
        for site, engine in self._trunks.items():
            for t_s, rate_radps in engine.take_turning():
                if self._pair is not None:
                    self._pair.feed(site, t_s, rate_radps)

    def _release(self, at_end: bool = False) -> list[GaitEvent]:
        events: list[GaitEvent] = []
        for joined in self._flight.release(at_end):
            stride = self._speed.correction.of_stride(joined.stride)
            events.append(stride)
            t_s = stride.initial_contact_s + (stride.stride_time_s or 0.0)
            self._is_clipped[stride.wear_site] = stride.is_clipped
            if self._fits(stride.state, t_s):
                self._values.add_stride(stride, joined.step_time_s)
                self._feed_stride_speed(stride, t_s)
        return events

    def _feed_stride_speed(self, stride: Stride, t_s: float) -> None:
        if stride.speed_mps is None:
            return
        sd = max(stride.uncertainty.get("speed_mps", 0.0), stride.speed_mps * self._speed.correction.foot_sd)
        measured_mps = stride.speed_mps / self._speed.correction.foot
        self._positions.measured("foot", stride.initial_contact_s, t_s, measured_mps)
        speed = Estimate(stride.speed_mps, sd or stride.speed_mps * FOOT_SPEED_SD)
        self._speed.observe("foot", t_s, speed, since_s=stride.initial_contact_s)
        self._remember_speed(t_s)

    def _feed_pod(self, sample: RunningSpeedSample) -> list[GaitEvent]:
        if sample.cadence_spm is not None and sample.cadence_spm > 0:
            self._pod.add(sample.t_s, sample.cadence_spm, _POD_CADENCE_SD)
        if sample.contact_time_s is not None and sample.contact_time_s > 0:
            self._has_pod_contact = True
            self._pod_contact.add(sample.t_s, sample.contact_time_s, _POD_CONTACT_SD * sample.contact_time_s)
        correction = self._speed.correction
        self._positions.measured("pod", sample.t_s, sample.t_s, sample.speed_mps)
        speed = sample.speed_mps * correction.pod
        self._speed.observe("pod", sample.t_s, Estimate(speed, speed * correction.pod_sd))
        self._remember_speed(sample.t_s)
        state = state_at_speed(speed, self._state.of(POD))
        if sample.is_running is not None and state is not GaitState.STANDING:
            state = GaitState.RUNNING if sample.is_running else GaitState.WALKING
        self._state.observe(POD, sample.t_s, state)
        return self._state_change(sample.t_s)

    def _feed_treadmill(self, sample: TreadmillSample) -> list[GaitEvent]:
        if sample.incline_pct is not None:
            self._grade.add(sample.t_s, sample.incline_pct)
        if sample.heart_rate_bpm:
            self._heart.add(sample.t_s, float(sample.heart_rate_bpm), _HEART_RATE_SD)
        if sample.speed_mps is None:
            return []
        speed = sample.speed_mps
        self._state.observe(TREADMILL, sample.t_s, state_at_speed(speed, self._state.of(TREADMILL)))
        if self._state.current(sample.t_s) is GaitState.STANDING:
            speed = 0.0  # beside the running belt, or on a still one
        self._speed.observe("treadmill", sample.t_s, Estimate(speed, speed * TREADMILL_SPEED_SD))
        self._remember_speed(sample.t_s)
        return self._state_change(sample.t_s)

    def _feed_position(self, sample: PositionSample) -> None:
        """Learn from a receiver's fix about feet and pod, and keep its speed over ground."""
        for one in self._positions.position(sample):
            learned = self._speed.correction.learned_from(
                one.sensor, one.known_m, one.measured_m, one.ratio_sd, SCALE_SD
            )
            self._speed.correct(learned)
        speed = speed_over_ground(sample, is_still=self._state.current(sample.t_s) is GaitState.STANDING)
        if speed is None:
            return
        self._has_position_speed = True
        self._speed.observe("position", sample.t_s, speed)
        self._remember_speed(sample.t_s)

    def _fits(self, state: GaitState | None, t_s: float) -> bool:
        """Whether a stride of `state` belongs to what the body does now."""
        current = self._state.current(t_s)
        return state is None or current is None or state is current

    def _remember_speed(self, t_s: float) -> None:
        current = self._speed.current(t_s)
        if current:
            self._speeds.append((t_s, current[0].value))

    def _recent_speeds(self, t_s: float) -> list[float]:
        return [speed for t, speed in self._speeds if 0 <= t_s - t <= SPAN_S]

    def _state_change(self, since_s: float) -> list[GaitEvent]:
        change = self._state.change(since_s, since_s)
        if change is None:
            return []
        self._values.forget_before(change.t_s)
        while self._speeds and self._speeds[0][0] < change.t_s:
            self._speeds.popleft()
        return [change]

    def _moment(self, state: GaitState | None) -> Moment:
        feet = self._foot_status.values()
        return Moment(
            state,
            any(foot.is_learning for foot in feet),
            any(self._is_clipped.values()),
            any(foot.is_loose for foot in feet),
            any(foot.is_too_slow for foot in feet) or any(shank.is_too_slow for shank in self._shanks),
        )

    def _worn(self) -> SensorSet:
        """Return what is worn and heard; a gyroscope counts as there until samples come without one."""
        gyro = {s: self._has_gyro.get(s, True) for s in self._engines}
        feet = [s for s in gyro if s.is_foot]
        trunk = [s for s in gyro if s.is_trunk]
        foot_gyro = any(gyro[s] for s in feet)
        pod, treadmill = RunningSpeedSample in self._heard, TreadmillSample in self._heard
        return SensorSet(
            foot_gyro=foot_gyro,
            contact=any(has or not site.is_shank for site, has in gyro.items()),
            legs=len([s for s in gyro if not s.is_trunk]),
            trunk=bool(trunk),
            trunk_gyro=any(gyro[s] for s in trunk),
            trunk_pair=len(trunk) == 2 and all(gyro[s] for s in trunk),
            has_speed=foot_gyro or pod or treadmill or self._has_position_speed,
            has_pod=pod,
            has_pod_contact=self._has_pod_contact,
            has_treadmill=treadmill,
            has_heart=HeartRateSample in self._heard,
            has_power=PowerSample in self._heard,
        )
