"""Build strides: collect phase transitions, work them off one by one, and report what each makes known.

A transition is worked off as soon as the rows that it needs are held. A stride needs its contact, mid-stance and
toe-off, and the next contact and mid-stance.

What a lost packet hides is lent by the strides before: a contact by their rhythm, a length by their speed, whole
strides by both. Such values say so by their uncertainty; a toe-off, an angle or an impact is not lent.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from coach.gait.foot.alignment import FootAxes, OwnAxes, Refiner
from coach.gait.foot.constants import T
from coach.gait.foot.events import contact, cues, mid_stance, push_off, rolling
from coach.gait.foot.reports import interpolated_event, mid_stance_event, stride_event, toe_off_event
from coach.gait.foot.stride_state import FootSensor, Speed, StrideState, is_stride, lent, speed_sd
from coach.gait.foot.strides import (
    HEEL_OFF,
    PUSH_END,
    SWING_END,
    PhaseTransition,
    PushRows,
    StanceCandidate,
    StrideTrajectory,
)
from coach.gait.foot.trajectory import (
    Attitude,
    Fine,
    StrideRows,
    attitudes,
    fine,
    half_turns,
    path,
    stride_rows,
)
from coach.gait.signal.filters import median_of
from coach.model.samples import FloatArray
from coach.model.strides import GaitEvent, InitialContact, Stride
from coach.model.units import GRAVITY_MPS2

_PUSH_END_WITHIN: Final = 3  # transitions after heel-off: two searches may lie between; beyond it is only slower
UP_MPS2: Final = np.array((0.0, 0.0, GRAVITY_MPS2))


def take_one(
    transition: PhaseTransition,
    push_end: PhaseTransition | None,
    foot: FootSensor,
    now: StrideState,
    columns: FloatArray,
    first: int,
) -> list[GaitEvent]:
    """Work off one phase transition; columns: of the rows held, the first of them has the absolute number `first`.

    push_end: the one that ends the push-off after a heel-off, if it is known; what comes out is the same without it.
    """
    if transition.kind == SWING_END:
        return _land(transition, foot, now, columns, first)
    is_heel_off, events = transition.kind == HEEL_OFF, []
    if is_heel_off and (now.this is None or now.this.swing_end != transition.swing_end):
        events = _seek(transition.swing_end, len(foot.search_rows) - 1, transition.heel_off, foot, now, columns, first)
    this = now.this
    if this is None or this.swing_end != transition.swing_end:
        return []
    if is_heel_off:
        return events + _landed(transition, push_end, this, foot, now, columns, first)
    return _leave(transition, this, foot, now, columns, first)


def _land(
    transition: PhaseTransition, foot: FootSensor, now: StrideState, columns: FloatArray, first: int
) -> list[GaitEvent]:
    row, search = transition.swing_end, transition.search
    if search == 0:
        now.n_swings += 1
    elif now.this is not None and now.this.swing_end == row:
        return []
    return _seek(row, search, row + foot.search_rows[search], foot, now, columns, first)


def _seek(
    row: int, search: int, latest: int, foot: FootSensor, now: StrideState, columns: FloatArray, first: int
) -> list[GaitEvent]:
    """Search the landing after the end of swing at `row`, as far as `search` goes, but not beyond the row `latest`.

    The last search asks for no shock: a single step between readings may miss it at 52 Hz, and a straight line through
    a hole has none. A heel that lifts was on the ground, so it is taken then at the latest.
    """
    if row - foot.before < first:
        return []
    known = min(row + foot.search_rows[search], latest)
    up, shock, search_s = foot.axes.axes[2], foot.least_shock(search), (known - row) / foot.rate_hz
    found = contact(columns, row - first, up, foot.rate_hz, search_s, shock, foot.acc_limit, foot.params)
    if found is None:
        return []
    now.this = StanceCandidate(row, now.n_swings, known, search, found.t_s, found.peak_mps2, found.is_clipped)
    return [InitialContact(foot.site, found.t_s)]


def _landed(
    transition: PhaseTransition,
    push_end: PhaseTransition | None,
    this: StanceCandidate,
    foot: FootSensor,
    now: StrideState,
    columns: FloatArray,
    first: int,
) -> list[GaitEvent]:
    last, heel_off = now.last, transition.heel_off
    if (last is not None and last.swing_end == this.swing_end) or heel_off < this.known_row:
        return []
    if columns.item(T, heel_off - first) < this.contact_s + foot.params.shortest_rest_s:
        return []
    mid = mid_stance(columns, this.contact_s, this.swing_end - first, heel_off - first, foot.rate_hz, foot.params)
    this.heel_off, this.mid_row, this.mid_s = heel_off, mid + first, columns.item(T, mid)
    before = columns[:, max(0, this.swing_end - first - foot.before_landing) : mid + 1]
    landing = _own_rows(before, foot, now)
    stride, turns = None, [half_turns(landing.rate, 0.5 * landing.dt_s)]
    if last is not None and _may_be_stride(last, this, now, first):
        stride = stride_rows(columns[:, last.mid_row - first : mid + 1], foot.axes.axes, foot.rest)
        turns.append(stride.half_turns)
    # All that is integrated is integrated together: three at once take little more than one.
    if push_end is not None and heel_off <= push_end.heel_off and not foot.is_too_slow:  # as `_leave` asks
        push = _own_rows(columns[:, mid : push_end.at - first + 1], foot, now)
        of_landing, *of_stride, of_push = attitudes(*turns, half_turns(push.rate, 0.5 * push.dt_s))
        this.push_rows = PushRows(push_end.at, now.own.axes, foot.axes, push, of_push)
    else:
        of_landing, *of_stride = attitudes(*turns)
    _refine(this, foot, now, landing, of_landing)
    wobble = foot.wobble(this, columns, mid, heel_off - first)
    this.is_loose = now.is_wobbling(wobble, foot.is_slow, foot.params)
    this.is_bare = this.is_loose or foot.is_too_slow
    if this.is_bare:
        this.angle_deg, this.is_blurred = math.nan, True
    half = max(1, round(foot.params.rest_half_s * foot.rate_hz))
    this.rest = foot.stillness(columns[:, max(0, mid - half) : min(mid + half, heel_off - first) + 1])
    this.is_ground = now.is_ground(this, foot.params)
    if this.is_ground and last is not None and _is_false(last, this, foot, now):
        this.is_ground = False
        return []
    is_cut, now.last, now.is_cut = now.is_cut, this, False
    if not this.is_ground:
        return []
    found: list[GaitEvent] = [mid_stance_event(foot, this)]
    if last is None or not last.is_ground:
        return found
    if stride is not None and is_stride(last, this, foot.params):
        now.last_stride_row = this.mid_row
        found.append(_stride(last, this, foot, now, stride, of_stride[0]))
    elif is_cut or foot.lost_s(last.contact_s, this.contact_s) > 0.0:
        found += _interpolated(last, this, foot, now)
    return found


def _may_be_stride(last: StanceCandidate, this: StanceCandidate, now: StrideState, first: int) -> bool:
    """Whether a stride may have begun at the last landing, as far as that is known before this one's contact is."""
    is_whole = not now.is_cut and last.mid_row >= first
    return is_whole and last.is_ground and this.number == last.number + 1


def _is_false(last: StanceCandidate, this: StanceCandidate, foot: FootSensor, now: StrideState) -> bool:
    """Whether a landing after lost readings is none: it does not fit the rhythm, and one that does may still come.

    A straight line through a hole may look like a landing. Taken for one, it would break the chain of those seen.
    """
    params = foot.params
    if len(now.times_s) < params.rhythm_sure or not last.is_ground:
        return False
    if not now.is_cut and foot.lost_s(last.contact_s, this.contact_s) == 0.0:
        return False
    is_near = this.contact_s - last.contact_s < params.most_interpolated * median_of(now.times_s)
    return is_near and now.strides_between(last.contact_s, this.contact_s, params) == 0


def _refine(this: StanceCandidate, foot: FootSensor, now: StrideState, of: Fine, attitude: Attitude) -> None:
    """Find initial contact and strike angle, backwards from mid-stance, the last row."""
    params, is_slow = foot.params, foot.is_slow
    this.early_s = contact_s = this.contact_s
    this.cues = found = cues(of, attitude, now.pivot(params), params, is_slow)
    end_s = contact_s
    if found is not None:
        contact_s, end_s = found.contact_s(params, is_slow), found.centroid_s
    start_s = min(contact_s, this.early_s) - params.landing_before_s
    end_s = max(contact_s, this.early_s, end_s) + params.landing_after_s
    lost_s = foot.lost_s(start_s, min(end_s, this.mid_s))
    this.is_blurred, this.is_drawn = lost_s > 0.0, lost_s > params.brief_loss_s
    if this.is_drawn:
        this.contact_s = now.by_rhythm(contact_s, params)
        return
    if found is None:
        return
    now.brakings_s = (*now.brakings_s[1 - params.steady_strides :], found.brake_s - contact_s)
    if len(now.brakings_s) >= params.steady_least:
        contact_s = found.brake_s - median_of(now.brakings_s)
    this.contact_s = contact_s
    lost_s = foot.lost_s(start_s, this.mid_s)
    this.is_blurred = lost_s > 0.0
    is_turn = abs(found.turned_at(min(contact_s, this.early_s))) < params.largest_angle_deg
    if is_turn and lost_s <= params.brief_loss_s:
        this.angle_deg = found.elevation_at(contact_s) - params.angle_bias_deg


def _stride(
    last: StanceCandidate,
    this: StanceCandidate,
    foot: FootSensor,
    now: StrideState,
    rows: StrideRows,
    attitude: Attitude,
) -> Stride:
    """Return the whole stride from the last landing to this one; rows: from mid-stance to mid-stance."""
    trajectory = _trajectory(last, this, foot, now, rows, attitude)
    stride_time_s = this.contact_s - last.contact_s
    is_seen = not (last.is_drawn or this.is_drawn)
    if is_seen:
        now.times_s = (*now.times_s[1 - foot.params.rhythm_strides :], stride_time_s)
    return stride_event(foot, last, this.contact_s, this.is_drawn, trajectory)


def _trajectory(
    this: StanceCandidate,
    following: StanceCandidate,
    foot: FootSensor,
    now: StrideState,
    rows: StrideRows,
    attitude: Attitude,
) -> StrideTrajectory:
    """Return the trajectory between two mid-stances; where readings were lost, the strides before it count too."""
    params, time_s = foot.params, following.mid_s - this.mid_s
    lost_s = foot.lost_s(this.mid_s, following.mid_s)
    is_brief = lost_s <= params.brief_loss_s
    is_clipped = this.mid_row < foot.clean_from and foot.is_clipped(rows.window[:, :-1])
    usual = None if is_brief else now.usual_speed(params)  # asked for only where much was lost
    if foot.is_too_slow or (is_clipped and (is_brief or usual is None)):
        return StrideTrajectory(None, math.inf, None, time_s, is_clipped, lost_s > 0.0)
    if is_clipped:
        return lent(usual, time_s)
    found = path(rows, attitude)
    if is_brief:
        now.own.add_force((found.drift_mps2 + UP_MPS2).dot(foot.axes.axes))
        now.refiner.add(1, found.drift_mps2, found.moment, found.pitch_radps)
    own = Speed(found.length_m / time_s, speed_sd(found, following, lost_s, time_s, foot))
    now.saw(own, params)
    if is_brief or usual is None:
        sd_m = own.sd_mps * time_s
        return StrideTrajectory(found.length_m, sd_m, found.clearance_m, time_s, False, lost_s > 0.0)
    return lent(own.with_other(usual), time_s)


def _interpolated(last: StanceCandidate, this: StanceCandidate, foot: FootSensor, now: StrideState) -> list[Stride]:
    """Return the strides between two landings that a gap hid, where the rhythm before it says how many they were."""
    params = foot.params
    n = now.strides_between(last.contact_s, this.contact_s, params)
    if n == 0:
        return []
    each_s = (this.contact_s - last.contact_s) / n
    trajectory = lent(now.usual_speed(params), each_s)
    strides = [stride_event(foot, last, last.contact_s + each_s, n > 1 or this.is_drawn, trajectory)]
    return strides + [interpolated_event(foot, last.contact_s + k * each_s, n, trajectory) for k in range(1, n)]


def _leave(
    transition: PhaseTransition,
    this: StanceCandidate,
    foot: FootSensor,
    now: StrideState,
    columns: FloatArray,
    first: int,
) -> list[GaitEvent]:
    if this.is_bare or this.push_end >= 0 or not 0 <= this.heel_off <= transition.heel_off:
        return []
    params, known, this.push_rows = foot.params, this.push_rows, None
    axes = now.own.axes, foot.axes
    if known is not None and known.at == transition.at and known.own_axes is axes[0] and known.foot_axes is axes[1]:
        of, attitude = known.rows, known.attitude
    else:
        of = _own_rows(columns[:, this.mid_row - first : transition.at - first + 1], foot, now)
        (attitude,) = attitudes(half_turns(of.rate, 0.5 * of.dt_s))
    row = round((columns.item(T, transition.heel_off - first) - of.t_s.item(0)) / of.dt_s)
    this.push = push = push_off(of, attitude, row, now.pivot(params), params)
    off_s = push.toe_off_s(params)
    if not off_s - this.contact_s >= params.shortest_contact_s:  # nan: the tip was not seen to rise
        return []
    lost_s = foot.lost_s(this.mid_s, off_s + params.toe_off_half_s)
    this.is_push_blurred = lost_s > 0.0
    if push.pivot is not None and lost_s == 0.0:
        now.pivots = (*now.pivots[1 - params.steady_strides :], push.pivot)
        now.own.add_push(push.rates)
    near_s = foot.lost_s(off_s - params.toe_off_half_s, off_s + params.toe_off_half_s)
    if near_s > params.brief_loss_s or lost_s > params.push_lost_share * (off_s - this.mid_s):
        return []
    start = max(0, this.swing_end - first - foot.before + 1)
    inwards = now.own.axes[0] if foot.site.is_left else -now.own.axes[0]
    bias, end = float(inwards @ foot.axes.bias_radps), transition.at - first
    turned, rate = rolling(columns, start, end, this.contact_s, off_s, inwards, bias)
    this.toe_off_s, this.push_end = off_s, transition.at
    this.eversion_deg, this.eversion_peak_degps = math.degrees(turned), math.degrees(rate)
    return [toe_off_event(foot, this)] if this.is_ground else []


def _push_end(heel_off: PhaseTransition, following: Sequence[PhaseTransition]) -> PhaseTransition | None:
    """Return which of the transitions after a heel-off ends the same push-off."""
    if heel_off.kind != HEEL_OFF:
        return None
    return next((t for t in following if t.kind == PUSH_END and t.swing_end == heel_off.swing_end), None)


def _own_rows(window: FloatArray, foot: FootSensor, now: StrideState) -> Fine:
    """Return the rows of a window in the foot's own axes."""
    return fine(window, now.own.axes, foot.axes.bias_radps, foot.params.least_rate_hz)


class Known(NamedTuple):
    """What is known at a row: events, and whether the sensor is loose from then on."""

    row: int
    events: list[GaitEvent]
    is_loose: bool


class Batch:
    """Collects phase transitions and works them off. foot: the sensor. now: what is open."""

    def __init__(self, foot: FootSensor) -> None:
        self.foot = foot
        self.now = StrideState(
            None, None, Refiner(), OwnAxes(foot.axes.push, foot.site.is_left, foot.params.push_yaw_deg)
        )
        self._transitions: list[PhaseTransition] = []
        self._worked: list[PhaseTransition] = []
        self._stride_rows: list[tuple[int, int]] = []

    def add(self, transition: PhaseTransition) -> None:
        """Take one more phase transition."""
        self._transitions.append(transition)

    def forget(self) -> None:
        """Begin again after a gap: no stride is measured over it, but the rhythm may bridge it."""
        self._transitions = []
        self.now.this, self.now.is_cut = None, True

    def refine(self) -> FootAxes:
        """Look at the axes again; all that was collected must be worked off before."""
        axes = self.now.refiner.refined(self.foot.axes)
        self.foot.use(axes)
        self.now.refiner = Refiner()
        return axes

    @property
    def n_transitions(self) -> int:
        """Phase transitions that wait to be worked off."""
        return len(self._transitions)

    def stride_row(self, n_transitions: int) -> int:
        """Return the row at which the last whole stride ended by the first `n_transitions` of those worked off last,
        as noted."""
        return max(row for n, row in self._stride_rows if n < n_transitions)

    def state(self) -> StrideState:
        """Return what `work` changes, to go back to."""
        return self.now.copied()

    def go_back(self, state: StrideState, n_transitions: int) -> None:
        """Go back to before the last `work`, with only the first `n_transitions` to be worked off."""
        self._transitions = self._worked[:n_transitions]
        self.now = state

    def work(self, columns: FloatArray, first: int, notes: bool = False) -> list[Known]:
        """Work off what was collected: what each transition makes known.

        columns: of the rows held, the first of them has the absolute number `first`. notes: note where each stride
        ends, for `stride_row`.
        """
        self._worked, self._transitions = self._transitions, []
        if notes:
            self._stride_rows = [(-1, self.now.last_stride_row)]
        found: list[Known] = []
        for n, transition in enumerate(self._worked):
            push_end = _push_end(transition, self._worked[n + 1 : n + 1 + _PUSH_END_WITHIN])
            events = take_one(transition, push_end, self.foot, self.now, columns, first)
            found.append(Known(transition.at, events, self.now.is_loose))
            if notes:
                self._stride_rows.append((n, self.now.last_stride_row))
        return found
