"""Turning points of one or many strides in, events out in the order in which they became known.

First all contacts of the batch, then all mid-stances, toe-offs and ways are measured together; then the strides are
told one after the other. A stride needs its contact, mid-stance and toe-off, and the next contact and mid-stance.
"""

import math
from bisect import bisect_left
from copy import deepcopy
from typing import Any, Final

from coach.gait.constants import CLIP_SHARE
from coach.gait.foot_axes import FootAxes, Refiner
from coach.gait.foot_constants import ANGLE, AX, BEFORE_SWING_OVER_S, GX, LEAST_SHOCK_SHARE, REACHES_S, T
from coach.gait.foot_events import contacts, mid_stances, rolling, strike_angles, toe_offs
from coach.gait.foot_path import paths
from coach.gait.foot_phases import Turn, Turning
from coach.gait.foot_strides import Landing, Way, mid_stance, stride, toe_off
from coach.model.samples import FloatArray
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, InitialContact

SHORTEST_STRIDE_S: Final = 0.4  # 300 steps per minute
LONGEST_STRIDE_S: Final = 2.0
SHORTEST_REST_S: Final = 0.07  # from contact to heel-off; the shortest sprint contacts are 0.09 s
SHORTEST_CONTACT_S: Final = 0.08
AT_ONCE: Final = 40  # ways integrated together: their arrays stay in the processor's cache
MOST_BRIDGED: Final = 4096


class Batch:
    """Collects turning points and works them off.

    acc_limit, gyr_limit: readings from here on are clipped. n_rejected: landings that came to no stride.
    last_stride_row: where the last whole stride ended.
    """

    def __init__(self, site: WearSite, axes: FootAxes, rate_hz: float, acc_range: float, gyr_range: float) -> None:
        self.site = site
        self.axes = axes
        self.rate_hz = rate_hz
        self.acc_limit = CLIP_SHARE * acc_range
        self.gyr_limit = CLIP_SHARE * gyr_range
        self.n_rejected = 0
        self.last_stride_row = -1
        self._bridged_s: list[float] = []
        self._turnings: list[Turning] = []
        self._worked: list[Turning] = []
        self._stride_rows: list[tuple[int, int]] = []
        self._refiner = Refiner()
        self._n_swings = 0
        self._swing_numbers: dict[int, int] = {}
        self._this: Landing | None = None
        self._last: Landing | None = None

    def add(self, turning: Turning) -> None:
        """Take one more turning point; a landing that is known is not sought again."""
        is_known = self._this is not None and self._this.swing_over == turning.swing_over
        if turning.turn is not Turn.SWING_OVER or not is_known:
            self._turnings.append(turning)

    def bridge(self, times_s: tuple[float, ...]) -> None:
        """Readings at these times were drawn in by straight lines."""
        self._bridged_s.extend(times_s)
        if len(self._bridged_s) > 2 * MOST_BRIDGED:
            del self._bridged_s[:-MOST_BRIDGED]

    def forget(self) -> None:
        """A gap: what is open stays open."""
        self._turnings = []
        self._this = self._last = None

    def refine(self) -> FootAxes:
        """Look at the axes again; all that was collected must be worked off before."""
        self.axes = self._refiner.refined(self.axes)
        self._refiner = Refiner()
        return self.axes

    @property
    def n_turnings(self) -> int:
        """Turning points that wait to be worked off."""
        return len(self._turnings)

    def stride_row(self, n_turnings: int) -> int:
        """Row at which the last whole stride ended by the first `n_turnings` of those worked off last."""
        return max(row for n, row in self._stride_rows if n < n_turnings)

    def state(self) -> tuple[Any, ...]:
        """What `work` changes, to go back to."""
        open_ones = (self._this, self._last, self._refiner, self._swing_numbers)
        return (*deepcopy(open_ones), self._n_swings, self.n_rejected, self.last_stride_row)

    def go_back(self, state: tuple[Any, ...], n_turnings: int) -> None:
        """To before the last `work`, with only the first `n_turnings` to be worked off."""
        self._turnings = self._worked[:n_turnings]
        self._this, self._last, self._refiner, self._swing_numbers = state[:4]
        self._n_swings, self.n_rejected, self.last_stride_row = state[4:]

    def work(self, rows: FloatArray, first: int) -> list[GaitEvent]:
        """Work off what was collected; rows: those held, the first of them has the absolute number `first`."""
        self._worked = turnings = self._turnings
        self._stride_rows = [(-1, self.last_stride_row)]
        if not turnings:
            return []
        self._turnings = []
        kinds = {t.turn for t in turnings}
        landings = {} if self._this is None else {self._this.swing_over: self._this}
        ways: dict[int, Way] = {}
        if Turn.SWING_OVER in kinds:
            self._find_landings(turnings, landings, rows, first)
        if Turn.HEEL_OFF in kinds:
            heel_offs = self._first_heel_offs(turnings, landings, rows, first)
            self._mid_stances(heel_offs, landings, rows, first)
        if Turn.PUSH_OVER in kinds:
            self._toe_offs(turnings, landings, rows, first)
        if Turn.HEEL_OFF in kinds:
            ways = self._ways([landings[t.swing_over] for t in heel_offs], rows, first)
        return self._told(turnings, landings, ways)

    def _find_landings(
        self, turnings: list[Turning], landings: dict[int, Landing], rows: FloatArray, first: int
    ) -> None:
        """Add the landings of this batch, by the row of their swing's end."""
        sought: tuple[list[int], ...] = tuple([] for _ in REACHES_S)
        for turning in turnings:
            if turning.turn is Turn.SWING_OVER:
                sought[turning.look].append(turning.swing_over)
        for row in sought[0]:
            self._n_swings += 1
            self._swing_numbers[row] = self._n_swings
        back = round(BEFORE_SWING_OVER_S * self.rate_hz) + 1
        for look, reach in enumerate(REACHES_S):
            at = [row for row in sought[look] if row not in landings and row - back >= first]
            if not at:
                continue
            least = LEAST_SHOCK_SHARE * self.axes.shock_mps2 if reach < REACHES_S[-1] else 0.0
            found = contacts(rows, [row - first for row in at], self.axes.axes[2], self.rate_hz, reach, least)
            for row, contact in zip(at, found, strict=True):
                if contact is not None:
                    number, known = self._swing_numbers[row], row + round(reach * self.rate_hz)
                    is_clipped = contact.largest_mps2 >= self.acc_limit
                    landings[row] = Landing(
                        row, number, known, look, contact.t_s, contact.peak_mps2, contact.rise_s, is_clipped
                    )
        for row in list(self._swing_numbers)[:-1]:
            del self._swing_numbers[row]

    def _mid_stances(self, of: list[Turning], landings: dict[int, Landing], rows: FloatArray, first: int) -> None:
        if not of:
            return
        contact_s = [landings[t.swing_over].contact_s for t in of]
        over, off = [t.swing_over - first for t in of], [t.heel_off - first for t in of]
        mid = mid_stances(rows, contact_s, over, off, self.rate_hz)
        angles = strike_angles(rows, mid, contact_s, self.rate_hz)
        for turning, row, angle in zip(of, mid, angles, strict=True):
            landing = landings[turning.swing_over]
            landing.heel_off, landing.mid_row, landing.mid_s = turning.heel_off, row + first, float(rows[row, T])
            landing.angle_deg = math.degrees(angle)

    def _first_heel_offs(
        self, turnings: list[Turning], landings: dict[int, Landing], rows: FloatArray, first: int
    ) -> list[Turning]:
        """Heel-offs of known landings, one a landing: ringing after a late landing looks like one, the next is it."""
        seen = -1 if self._last is None else self._last.swing_over
        firsts = []
        for turning in turnings:
            landing = landings.get(turning.swing_over)
            if turning.turn is not Turn.HEEL_OFF or landing is None or turning.swing_over == seen:
                continue
            if turning.heel_off < landing.known_row:
                continue
            if rows[turning.heel_off - first, T] >= landing.contact_s + SHORTEST_REST_S:
                firsts.append(turning)
                seen = turning.swing_over
        return firsts

    def _toe_offs(self, turnings: list[Turning], landings: dict[int, Landing], rows: FloatArray, first: int) -> None:
        of = _first_pushes(turnings, landings)
        if not of:
            return
        back = round(BEFORE_SWING_OVER_S * self.rate_hz)
        start, end = [max(0, t.swing_over - first - back) for t in of], [t.at - first for t in of]
        off_s = toe_offs(rows, [t.heel_off - first for t in of], end)
        contact_s = [landings[t.swing_over].contact_s for t in of]
        inwards = self.axes.axes[0] if self.site.is_left else -self.axes.axes[0]
        rolls = rolling(rows, start, end, contact_s, off_s, inwards, float(inwards @ self.axes.bias_radps))
        for turning, t, (turned, rate) in zip(of, off_s, rolls, strict=True):
            landing = landings[turning.swing_over]
            if t - landing.contact_s >= SHORTEST_CONTACT_S:
                landing.toe_off_s, landing.push_over = t, turning.at
                landing.eversion_deg, landing.eversion_peak_degps = math.degrees(turned), math.degrees(rate)

    def _ways(self, standing: list[Landing], rows: FloatArray, first: int) -> dict[int, Way]:
        """Ways of the strides that are complete, by the swing's end of the landing that completes them."""
        pairs = []
        last = self._last
        for landing in standing:
            if last is not None and _is_stride(last, landing) and last.mid_row >= first:
                pairs.append((last, landing))
            last = landing
        if not pairs:
            return {}
        starts, ends = [p.mid_row - first for p, _ in pairs], [q.mid_row - first for _, q in pairs]
        clipped = self._clipped(rows, starts, ends)
        interval_s = 1.0 / self.rate_hz
        ways = {}
        for k in range(0, len(pairs), AT_ONCE):
            some = slice(k, k + AT_ONCE)
            found = paths(rows, starts[some], ends[some], self.axes.axes, self.axes.bias_radps)
            turned = rows[ends[some]] - rows[starts[some]]
            self._refiner.add(found.drift_mps2, found.moment, turned[:, ANGLE] / turned[:, T])
            values = zip(found.length_m, found.clearance_m, found.drift_mps, clipped[some], strict=True)
            for (this, following), of_stride in zip(pairs[some], values, strict=True):
                bridged = self._n_bridged(this.contact_s, following.mid_s)
                ways[following.swing_over] = Way(*of_stride, bridged, interval_s)
        return ways

    def _told(self, turnings: list[Turning], landings: dict[int, Landing], ways: dict[int, Way]) -> list[GaitEvent]:
        told: list[GaitEvent] = []
        for n, turning in enumerate(turnings):
            landing = landings.get(turning.swing_over)
            if landing is None:
                continue
            if turning.turn is Turn.SWING_OVER:
                if turning.look != landing.look:
                    continue
                told.append(InitialContact(self.site, landing.contact_s))
                self._this = landing
            elif turning.turn is Turn.HEEL_OFF:
                if turning.heel_off != landing.heel_off:
                    continue
                told.append(mid_stance(self.site, landing, self.axes.is_sure))
                if (way := ways.get(landing.swing_over)) and self._last is not None:
                    self.last_stride_row = landing.mid_row
                    self._stride_rows.append((n, landing.mid_row))
                    told.append(stride(self.site, self._last, landing, way, self.axes.is_sure))
                elif self._last is not None:
                    self.n_rejected += 1
                self._last = landing
            elif turning.at == landing.push_over:
                told.append(toe_off(self.site, landing))
        return told

    def _clipped(self, rows: FloatArray, starts: list[int], ends: list[int]) -> list[bool]:
        """Whether an axis was at full scale, for each span of rows."""
        if self._is_below_limits(rows[starts[0] : ends[-1]]):
            return [False] * len(starts)
        return [not self._is_below_limits(rows[a:b]) for a, b in zip(starts, ends, strict=True)]

    def _is_below_limits(self, rows: FloatArray) -> bool:
        acc, gyr = rows[:, AX : AX + 3], rows[:, GX : GX + 3]
        is_acc = self.acc_limit == math.inf or (acc.max() < self.acc_limit and acc.min() > -self.acc_limit)
        is_gyr = self.gyr_limit == math.inf or (gyr.max() < self.gyr_limit and gyr.min() > -self.gyr_limit)
        return bool(is_acc and is_gyr)

    def _n_bridged(self, start_s: float, end_s: float) -> int:
        if not self._bridged_s:
            return 0
        return bisect_left(self._bridged_s, end_s) - bisect_left(self._bridged_s, start_s)


def _first_pushes(turnings: list[Turning], landings: dict[int, Landing]) -> list[Turning]:
    """The push of each landing that stood: what follows a late landing at once is its slap."""
    pushes: dict[int, Turning] = {}
    for turning in turnings:
        landing = landings.get(turning.swing_over)
        if turning.turn is not Turn.PUSH_OVER or landing is None or landing.push_over >= 0:
            continue
        if 0 <= landing.heel_off <= turning.heel_off:
            pushes.setdefault(turning.swing_over, turning)
    return list(pushes.values())


def _is_stride(this: Landing, following: Landing) -> bool:
    is_next = following.number == this.number + 1
    is_long_enough = SHORTEST_STRIDE_S < following.contact_s - this.contact_s < LONGEST_STRIDE_S
    left_s = this.toe_off_s if math.isfinite(this.toe_off_s) else following.contact_s  # a gentle push has no toe-off
    in_order = this.contact_s < this.mid_s < left_s <= following.contact_s < following.mid_s
    return is_next and is_long_enough and in_order
