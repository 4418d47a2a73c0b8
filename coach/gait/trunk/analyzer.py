"""Find running steps and changes of state in the signal of a sensor on pelvis or chest.

Works with or without gyroscope, with two axes of acceleration, in any mounting and from the first strides on; what
cannot be known (lean before standing still, side before a few strides) is None. Steps come when the next step's contact
is seen, about half a second after it began to matter. Walking gives changes of state, no steps.
"""

import math
from collections import deque
from collections.abc import Iterable
from typing import Final

import numpy as np

from coach.gait.signal.constants import INTERPOLATED_FACTOR
from coach.gait.signal.filters import means
from coach.gait.signal.window import SignalWindow, WindowView, loss_factor
from coach.gait.trunk.orientation import GRAVITY_STRIDES, Attitude, attitude, forward_axis, without_knocks
from coach.gait.trunk.params import TrunkParams
from coach.gait.trunk.posture import StandingPose, impact_g, oscillation_m, span, turn_range_deg
from coach.gait.trunk.side import SideVote, side_evidence
from coach.gait.trunk.steps import LONGEST_RUNNING_STEP_S, StepCandidate, alternation, find_landings, step_time
from coach.model.samples import FloatArray, ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, GaitState, StateChange, TrunkStep

SPAN_S: Final = 6.0  # about eight strides
# Each look is at all of the span, so its cost goes with 1 / hop; a step waits for the next look. On the 62 trunk
# recordings of the reference (0.4, 0.5, 0.6 s): 3813 of 3819 steps with each; contact time off by 11.5, 11.4, 11.4 ms
# (mean over recordings of the absolute mean); at 0.6 s the interval of step times holds too few of them in two
# recordings of 39 instead of one. 2026-11-29.
HOP_S: Final = 0.5
_WARM_UP_S: Final = 2.0  # signal before the first answer; earlier steps are given then
_STEPS_TO_RUN: Final = 4  # steps like a run's before it is called running
# Two times of one contact, seen in two windows, differ by less; the next contact is at least 0.2 s away.
_SAME_CONTACT_S: Final = 0.1
_EDGE_S: Final = 0.1  # half the longest smoothing: nearer to the live end the smoothed force still changes
_BAD_MARGIN_S: Final = 0.1  # a gap nearer to a step than that touches it: the longest smoothing reaches so far
_WALK_MPS2: Final = 0.6  # SD of specific force over two seconds above which a trunk that does not run walks
_FORWARD_LOOKS: Final = 12  # after so many looks at the forward axis (6 s) one a second is enough
_FORWARD_EVERY: Final = 2  # looks
_FORWARD_GAIN: Final = 0.03  # share of each new look at the forward axis: a clip slips over minutes
_ALTERNATION_LOOKS: Final = 3  # of one a second in a run: windows half a second apart share eleven twelfths
_ALTERNATION_EVERY: Final = 2  # looks
_PARAMS: Final = TrunkParams()


class TrunkGait:
    """Running steps seen from one trunk sensor.

    wear_site: PELVIS or CHEST. n_dropped: steps not given because a gap touched them.
    """

    def __init__(self, wear_site: WearSite, params: TrunkParams = _PARAMS) -> None:
        self._site = wear_site
        self._params = params
        self._alternations: deque[float] = deque(maxlen=_ALTERNATION_LOOKS)
        self._window = SignalWindow(SPAN_S, HOP_S)
        self._pose = StandingPose()
        self._side = SideVote(wear_site)
        self._forward: FloatArray | None = None
        self._n_forward = self._n_views = 0
        self._state: GaitState | None = None
        self._given_to_s = -np.inf
        self._ran_to_s = -np.inf
        self._last_next: float | None = None
        self._turning: deque[tuple[FloatArray, FloatArray]] = deque(maxlen=64)  # what nobody took; bounds memory
        self.n_dropped = 0

    def feed(self, chunk: ImuChunk) -> list[GaitEvent]:
        """Take the next samples, give the steps and changes that are known now."""
        return self._analyse_all(self._window.push(chunk))

    def finish(self) -> list[GaitEvent]:
        """Give the steps that the end of the recording leaves."""
        return self._analyse_all(self._window.flush())

    def take_turning(self) -> list[tuple[FloatArray, FloatArray]]:
        """Return the times [s] and axial turn rates [rad/s] of the samples since the last call,
        for the coordination."""
        taken = list(self._turning)
        self._turning.clear()
        return taken

    def _analyse_all(self, views: Iterable[WindowView]) -> list[GaitEvent]:
        events: list[GaitEvent] = []
        for view in views:
            events += self._analyse(without_knocks(view, self._params))
        return events

    def _analyse(self, view: WindowView) -> list[GaitEvent]:
        is_still = self._pose.observe(view, HOP_S) if self._state is not GaitState.RUNNING else False
        seconds = len(view.t_s) / view.rate_hz
        if seconds < (1.0 if view.is_last else _WARM_UP_S):
            return self._settle(view, is_still)
        self._n_views += 1
        motion = attitude(view)
        self._keep_turning(view, motion)
        landings = find_landings(motion, self._params)
        events = self._steps(view, motion, landings)
        return events + self._settle(view, is_still)

    def _steps(self, view: WindowView, motion: Attitude, landings: list[StepCandidate]) -> list[GaitEvent]:
        """Return the running steps of this window that were not given before and are now complete."""
        runs = [run for run in _runs(landings) if self._alternates(motion, run)]
        usual = step_time([landing.contact_s for landing in landings])
        edge = max(_EDGE_S, 0.5 * self._params.lobe_share * usual)
        known_to = float(view.t_s[-1]) - (0.0 if view.is_last else edge)
        self._learn_forward(motion, runs)
        events: list[GaitEvent] = []
        for run in runs:
            if len(run) < _STEPS_TO_RUN and (
                self._state is not GaitState.RUNNING or run[0].contact_s > self._ran_to_s + _SAME_CONTACT_S
            ):
                continue
            evidence: list[float | None] = []  # of the run's last step, as soon as a step is given
            for k, landing in enumerate(run):
                if landing.contact_s <= self._given_to_s or not _is_complete(landing, known_to, view.is_last):
                    continue
                if not evidence:
                    contacts = [one.contact_s for one in run]
                    evidence.append(side_evidence(self._site, motion, self._forward, contacts))
                events += self._give(view, motion, run, k, evidence[0])
        return events

    def _alternates(self, motion: Attitude, run: list[StepCandidate]) -> bool:
        """Whether the feet take turns, as far as a gyroscope shows; before it can, only a run goes on."""
        if motion.gyr_radps is None:
            return True
        is_running = self._state is GaitState.RUNNING
        if is_running and self._alternations and self._n_views % _ALTERNATION_EVERY:
            return self._has_alternated()
        contacts = [landing.contact_s for landing in run]
        step = step_time(contacts)
        seen = alternation(motion, contacts[0], contacts[-1], step, self._params) if step else None
        if seen is None:
            return is_running
        if not is_running:
            self._alternations.clear()
            return seen >= self._params.alternates_to_run
        self._alternations.append(seen)
        return self._has_alternated()

    def _has_alternated(self) -> bool:
        return sum(self._alternations) / len(self._alternations) >= self._params.alternates

    def _give(
        self, view: WindowView, motion: Attitude, run: list[StepCandidate], k: int, evidence: float | None
    ) -> list[GaitEvent]:
        """Return the run's k-th step. evidence: which foot its last step is, from all its steps in the window."""
        landing = run[k]
        events: list[GaitEvent] = []
        if self._state is not GaitState.RUNNING:
            self._state = GaitState.RUNNING
            events.append(StateChange(landing.contact_s, GaitState.RUNNING))
        is_next = self._last_next is not None and abs(landing.contact_s - self._last_next) < _SAME_CONTACT_S
        end = landing.next_s if landing.next_s is not None else landing.toe_off_s
        self._given_to_s = landing.contact_s + _SAME_CONTACT_S
        self._ran_to_s, self._last_next = end, landing.next_s
        self._side.step() if is_next else self._side.forget()
        is_same_foot = (len(run) - 1 - k) % 2 == 0
        self._side.observe(evidence if evidence is None or is_same_foot else -evidence)
        factor = loss_factor(view, _about(motion, landing.contact_s, end))
        if factor is not None:
            return [*events, self._step(view, motion, run, k, factor)]
        most_s = self._params.longest_hole_s
        whole_holes = span(motion, landing.contact_s - most_s, end + most_s)
        if loss_factor(view, whole_holes, most_s) is not None:
            return [*events, self._bare_step(motion, landing)]
        self.n_dropped += 1
        return events

    def _bare_step(self, motion: Attitude, landing: StepCandidate) -> TrunkStep:
        """Return a step on a hole that hides its shape: when it began and how long it took, the rest is unknown."""
        found = _uncertainty(self._site, self._params, landing, motion.gyr_radps is not None, INTERPOLATED_FACTOR)
        return TrunkStep(
            self._site,
            initial_contact_s=landing.contact_s,
            step_time_s=None if landing.next_s is None else landing.next_s - landing.contact_s,
            is_left=self._side.is_left,
            state=GaitState.RUNNING,
            uncertainty={name: found[name] for name in ("initial_contact_s", "step_time_s")},
        )

    def _step(self, view: WindowView, motion: Attitude, run: list[StepCandidate], k: int, factor: float) -> TrunkStep:
        landing = run[k]
        start, end = landing.contact_s, landing.next_s
        stride_start = run[k - 1].contact_s if k else None
        contact = landing.toe_off_s - start
        clipped = view.is_clipped[span(motion, start, end if end is not None else landing.toe_off_s)]
        oscillation = lean = axial = drop = None
        if end is not None:
            oscillation = oscillation_m(motion, start, end)
            if self._is_settled(motion, run, start):
                lean = self._pose.lean_deg(means(motion.up[span(motion, start, end)]), self._forward)
            if stride_start is not None and loss_factor(view, _about(motion, stride_start, end)) is not None:
                axial = turn_range_deg(motion, None, stride_start, end)
                drop = None if self._forward is None else turn_range_deg(motion, self._forward, stride_start, end)
        return TrunkStep(
            self._site,
            initial_contact_s=start,
            toe_off_s=landing.toe_off_s,
            contact_time_s=contact,
            flight_time_s=None if end is None else max(end - landing.toe_off_s, 0.0),
            step_time_s=None if end is None else end - start,
            is_left=self._side.is_left,
            vertical_oscillation_m=oscillation,
            forward_lean_deg=lean,
            axial_rotation_deg=axial,
            lateral_drop_deg=drop,
            impact_g=impact_g(view, start, landing.toe_off_s),
            state=GaitState.RUNNING,
            is_clipped=bool(clipped.any()),
            uncertainty=_uncertainty(self._site, self._params, landing, motion.gyr_radps is not None, factor),
        )

    def _is_settled(self, motion: Attitude, run: list[StepCandidate], contact_s: float) -> bool:
        """Whether the strides behind the mean attitude at a step all belong to the run, none to standing before it."""
        half = GRAVITY_STRIDES * (motion.step_s or 0.0)
        reaches_to = min(contact_s - half, float(motion.t_s[-1]) - 2.0 * half)
        return reaches_to >= run[0].contact_s

    def _learn_forward(self, motion: Attitude, runs: list[list[StepCandidate]]) -> None:
        """Look at braking and propulsion over the longest run of steps, an even number of them."""
        if self._n_forward > _FORWARD_LOOKS and self._n_views % _FORWARD_EVERY:
            return
        run = max(runs, key=len, default=[])
        n = (len(run) - 1) // 2 * 2
        if n < 4:
            return
        axis = forward_axis(motion, span(motion, run[0].contact_s, run[n].contact_s))
        if axis is None:
            return
        self._n_forward += 1
        gain = max(1.0 / self._n_forward, _FORWARD_GAIN)
        blend = axis if self._forward is None else self._forward + gain * (axis - self._forward)
        size = float(np.linalg.norm(blend))
        if size > 0.1:  # axes that contradict each other this much leave no direction; by judgement
            self._forward = blend / size

    def _settle(self, view: WindowView, is_still: bool) -> list[GaitEvent]:
        """Leave running when no step came, and separate standing from walking."""
        now = float(view.t_s[-1])
        if self._state is GaitState.RUNNING and now - self._ran_to_s <= 2 * LONGEST_RUNNING_STEP_S:
            return []
        since = self._ran_to_s if self._state is GaitState.RUNNING else now
        if self._state is GaitState.RUNNING:
            self._side.forget()
            self._last_next = None
        state = GaitState.STANDING if is_still else self._walking(view)
        if state is None or state is self._state:
            return []
        self._state = state
        return [StateChange(max(since, float(view.t_s[0])), state)]

    def _walking(self, view: WindowView) -> GaitState | None:
        """Return walking where the last two seconds move enough, standing where they hardly do,
        else the state before."""
        n = round(2.0 * view.rate_hz)
        if len(view.t_s) < n:
            return None
        moving = float(np.sqrt(view.acc_mps2[-n:].var(axis=0).sum()))
        if moving > _WALK_MPS2:
            return GaitState.WALKING
        return GaitState.STANDING if moving < 0.5 * _WALK_MPS2 else self._state

    def _keep_turning(self, view: WindowView, motion: Attitude) -> None:
        if motion.gyr_radps is None or not view.n_new:
            return
        part = slice(-min(view.n_new, len(view.t_s)), None)
        rate = np.einsum("ij,ij->i", motion.gyr_radps[part], motion.up[part])
        self._turning.append((view.t_s[part], np.where(view.is_bad[part], np.nan, rate)))


def _runs(landings: list[StepCandidate]) -> list[list[StepCandidate]]:
    """Return landings like a run's that follow one another, grouped; the landing after the last one closes it."""
    runs: list[list[StepCandidate]] = []
    before: StepCandidate | None = None
    for landing in landings:
        if landing.is_running and before is not None and before.is_running:
            runs[-1].append(landing)
        elif landing.is_running:
            runs.append([landing])
        before = landing
    return runs


def _is_complete(landing: StepCandidate, known_to: float, is_last: bool) -> bool:
    if landing.next_s is not None:
        return landing.next_s < known_to
    return is_last or known_to - landing.toe_off_s > LONGEST_RUNNING_STEP_S


def _about(motion: Attitude, start_s: float, end_s: float) -> slice:
    """Return the samples that values between these times rest on."""
    return span(motion, start_s - _BAD_MARGIN_S, end_s + _BAD_MARGIN_S)


def _uncertainty(
    wear_site: WearSite, params: TrunkParams, landing: StepCandidate, has_gyro: bool, factor: float
) -> dict[str, float]:
    """Return the standard uncertainty by field, from force plates and motion capture on the reference recordings.

    The chest shows the landing about 10 ms later than the pelvis and its push ends earlier (one runner): no correction
    rests on that, the uncertainty of its times does.
    """
    late = 1.5 if wear_site is WearSite.CHEST else 1.0  # half as much again, by judgement
    contact_time = late * landing.contact_time_sd_s
    contact = late * params.initial_contact_sd_s
    found = {
        "initial_contact_s": contact,
        "toe_off_s": max(late * params.toe_off_sd_s, contact_time),
        "contact_time_s": contact_time,
        "flight_time_s": math.hypot(contact_time, landing.step_time_sd_s),
        "step_time_s": landing.step_time_sd_s,
        # These five are of the few trunk recordings with motion capture.
        "vertical_oscillation_m": 0.004 if has_gyro else 0.008,
        "forward_lean_deg": 1.5 if has_gyro else 4.0,  # without one the sway bends the mean by 3 degrees
        "axial_rotation_deg": 2.0,
        "lateral_drop_deg": 3.0,
        "impact_g": 0.3,  # placement and soft tissue, no force truth is of the trunk
    }
    return {name: factor * sd for name, sd in found.items()}
