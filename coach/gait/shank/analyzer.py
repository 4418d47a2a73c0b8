"""Find contacts, toe-offs, strides and changes of state in the signal of an ankle strap.

Works in any mounting. Gives times only: what needs the foot's own motion stays None. Without gyroscope a run's toe-off
and contact time stay None too: no acceleration shows toe-off alike in all runners.

Uncertainty. The lags of `ShankParams` differ between people, not between strides: averaging does not shrink it. What
scatters between the last strides beyond a runner's usual 10 ms (a turn rate without a clear minimum at push-off) is
added to it.
"""

import math
import statistics
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from coach.gait.shank.events import Footfall, find_footfalls
from coach.gait.shank.params import ShankParams
from coach.gait.signal.window import SignalWindow, WindowView, loss_factor
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, GaitState, InitialContact, StateChange, Stride, ToeOff
from coach.model.units import GRAVITY_MPS2

_PARAMS: Final = ShankParams()


class ShankGait:
    """Strides seen from one shank.

    wear_site: LEFT_SHANK or RIGHT_SHANK. n_dropped: strides not given because a gap touched them. is_too_slow: the
    sensor sends too few readings for more than contacts.
    """

    def __init__(self, wear_site: WearSite, params: ShankParams = _PARAMS) -> None:
        self._site = wear_site
        self._params = params
        self._contact_times: deque[float] = deque(maxlen=self._params.scatter_strides)
        self._window = SignalWindow(self._params.span_s, self._params.hop_s)
        self._state: GaitState | None = None
        self._open: Footfall | None = None
        self._given_toe_off: float | None = None
        self._toe_off_sd_s = math.nan
        self._slow_sd_s = 0.0
        self.is_too_slow = False
        self._n_other = 0
        self.n_dropped = 0

    def feed(self, chunk: ImuChunk) -> list[GaitEvent]:
        """Take the next samples, give the events that are known now."""
        return self._analyse_all(self._window.push(chunk))

    def finish(self) -> list[GaitEvent]:
        """Give the stride that the end of the recording leaves."""
        return self._analyse_all(self._window.flush())

    def _analyse_all(self, views: Iterable[WindowView]) -> list[GaitEvent]:
        events: list[GaitEvent] = []
        for view in views:
            events += self._analyse(view)
            if view.is_last:
                self._open = self._given_toe_off = None
        return events

    def _analyse(self, view: WindowView) -> list[GaitEvent]:
        if len(view.t_s) < self._params.warm_up_s * view.rate_hz:
            return []
        self.is_too_slow = view.rate_hz < self._params.too_slow_hz
        self._slow_sd_s = self._params.too_slow_sd_intervals / view.rate_hz if self.is_too_slow else 0.0
        if _is_still(view, self._params):
            self._open = self._given_toe_off = None
            return self._enter(GaitState.STANDING, float(view.t_s[-1]) - self._params.still_s)
        events: list[GaitEvent] = []
        for footfall in find_footfalls(view, self._params):
            if footfall.known_s > float(view.t_s[-1]) and not view.is_last:
                break
            events += self._take(view, footfall)
        return events

    def _take(self, view: WindowView, footfall: Footfall) -> list[GaitEvent]:
        """Complete the open stride by its toe-off, or close it by the next contact."""
        events: list[GaitEvent] = []
        if self._open is not None and footfall.contact_s < self._open.contact_s + self._params.same_contact_s:
            if abs(footfall.contact_s - self._open.contact_s) < self._params.same_contact_s:
                events += self._toe_off(footfall)
            return events
        if self._open is not None:
            # Nearer than that is a second shock of one stride, not a stride; by judgement.
            shortest_s = max(0.8 * self._params.shortest_stride_s, 0.6 * footfall.stride_s)
            if footfall.contact_s - self._open.contact_s < shortest_s:
                return events
            events += self._close(view, footfall.contact_s)
        events += self._kind(footfall)
        self._open, self._given_toe_off = footfall, None
        return [*events, InitialContact(self._site, footfall.contact_s), *self._toe_off(footfall)]

    def _toe_off(self, footfall: Footfall) -> list[GaitEvent]:
        toe_off_s = footfall.toe_off_s
        if self.is_too_slow or self._open is None or toe_off_s is None or self._given_toe_off is not None:
            return []
        contact = toe_off_s - self._open.contact_s
        if contact <= 0:
            return []
        self._given_toe_off, self._toe_off_sd_s = toe_off_s, footfall.toe_off_sd_s
        return [ToeOff(self._site, toe_off_s, self._open.contact_s, contact)]

    def _close(self, view: WindowView, next_s: float) -> list[GaitEvent]:
        """Return the open stride, whole unless a contact was missed; none where a gap touches it."""
        assert self._open is not None
        start, toe_off = self._open.contact_s, self._given_toe_off
        stride_time: float | None = next_s - start
        longest = self._params.longest_stride_s
        if self._open.is_running:
            longest = min(longest, self._params.missed_share * self._open.stride_s)
        if stride_time is not None and stride_time > longest:
            stride_time = None
        end = next_s if stride_time is not None else toe_off or start + 0.5 * self._open.stride_s
        first, last = np.searchsorted(view.t_s, (start - self._params.margin_s, end + self._params.margin_s))
        factor = loss_factor(view, slice(int(first), int(last)), self._params.longest_loss_s)
        if factor is None:
            self.n_dropped += 1
            return []
        clipped = view.is_clipped[first:last].any()
        size = np.linalg.norm(view.acc_mps2[first:last], axis=1)
        is_interpolated = factor > 1.0
        is_whole = last - first > 3 and not clipped and not is_interpolated and bool(view.axes.all())
        has_gyro = view.gyr_radps is not None
        stride = Stride(
            self._site,
            initial_contact_s=start,
            toe_off_s=toe_off,
            contact_time_s=None if toe_off is None else toe_off - start,
            stride_time_s=stride_time,
            impact_g=float(size.max() / GRAVITY_MPS2) if is_whole else None,
            state=GaitState.RUNNING if self._open.is_running else GaitState.WALKING,
            is_clipped=bool(clipped),
            uncertainty=self._uncertainty(has_gyro, None if toe_off is None else toe_off - start, factor),
        )
        return [stride]

    def _uncertainty(self, has_gyro: bool, contact_s: float | None, factor: float) -> dict[str, float]:
        """Return the standard uncertainty of the stride that closes, by field."""
        assert self._open is not None
        found = {
            "initial_contact_s": math.hypot(self._open.contact_sd_s, self._slow_sd_s),
            # Two contacts, each off by the slow rate: sqrt(2) of it.
            "stride_time_s": math.hypot(self._params.stride_time_sd_s, 1.4 * self._slow_sd_s),
            "impact_g": self._params.impact_sd_g,
        }
        if not self._open.is_running:
            found |= {"toe_off_s": self._toe_off_sd_s, "contact_time_s": self._params.walk_contact_time_sd_s}
        elif has_gyro and contact_s is not None:
            self._contact_times.append(contact_s)
            scatter = _scatter(self._contact_times, self._params)
            found["toe_off_s"] = math.hypot(self._toe_off_sd_s, scatter)
            found["contact_time_s"] = math.hypot(self._open.contact_sd_s, self._toe_off_sd_s, scatter)
        return {name: factor * sd for name, sd in found.items()}

    def _kind(self, footfall: Footfall) -> list[GaitEvent]:
        """Change the state when two footfalls in a row say so, at once out of standing."""
        state = GaitState.RUNNING if footfall.is_running else GaitState.WALKING
        self._n_other = 0 if state is self._state else self._n_other + 1
        if self._state in (None, GaitState.STANDING) or self._n_other >= self._params.change_after:
            return self._enter(state, footfall.contact_s)
        return []

    def _enter(self, state: GaitState, t_s: float) -> list[GaitEvent]:
        self._n_other = 0
        if state is self._state:
            return []
        self._state = state
        return [StateChange(t_s, state)]


def _is_still(view: WindowView, params: ShankParams) -> bool:
    part = view.acc_mps2[-round(params.still_s * view.rate_hz) :]
    return float(np.sqrt(part.var(axis=0).sum())) < params.still_mps2


def _scatter(contact_times_s: Sequence[float], params: ShankParams) -> float:
    """Return the standard deviation of the last contact times [s] where it is beyond a runner's usual, else nothing."""
    if len(contact_times_s) < params.least_for_scatter:
        return 0.0
    deviation = statistics.stdev(contact_times_s)
    return deviation if deviation > params.usual_scatter_s else 0.0
