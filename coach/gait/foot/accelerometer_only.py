"""Detect contacts and stride times of a foot without a gyroscope; nothing else can be known.

A swinging foot is held on its curve by a force of three to nine g that is largest just before landing and gone when
the foot is on the ground. The fall from that peak to half of it marks the contact; it moves little from stride to
stride, so stride times are good (seen: 5 ms) where the contact itself is only known to about 30 ms.
"""

import math
from typing import Final

import numpy as np

from coach.gait.foot.activity import state_of_cadence
from coach.gait.signal.segments import Segment
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent, GaitState, InitialContact, Stride

PEAK_SHARE: Final = 0.65  # of the usual peak begins a peak; the other foot's shock and the push stay below one half
FALL_SHARE: Final = 0.5  # of the peak; by eye
LEAST_PEAK_MPS2: Final = 20.0  # 2 g; walking reaches 3 g
REFRACTORY_S: Final = 0.35  # 171 strides, 342 steps per minute: nobody steps faster
FORGET_S: Final = 1.5  # without a peak the usual one is too high
FORGET_SHARE: Final = 0.7  # of the usual peak is left after each such time, a quarter after four; by judgement
RUNNING_PEAK_MPS2: Final = 45.0  # walking stays below (own look at 25 min of running with walking breaks)
LONGEST_STRIDE_S: Final = 2.0  # as with a gyroscope
CONTACT_SD_S: Final = 0.03  # see above
STRIDE_SD_S: Final = 0.007  # seen: 5 ms, and a margin


class ForceFoot:
    """Follows the size of the specific force, sample by sample."""

    __slots__ = ("_before", "_contact_peak", "_contact_s", "_peak", "_quiet_s", "_site", "_t_before", "_usual")

    def __init__(self, site: WearSite) -> None:
        self._site = site
        self._usual = LEAST_PEAK_MPS2 / PEAK_SHARE
        self._quiet_s = self._contact_s = self._t_before = -math.inf
        self._peak = self._before = self._contact_peak = 0.0

    def feed(self, segment: Segment) -> list[GaitEvent]:
        """Return the events of one more segment."""
        if segment.is_new:
            self._restart()
        size = np.sqrt(np.einsum("ni,ni->n", segment.acc_mps2, segment.acc_mps2))
        events: list[GaitEvent] = []
        for t, value in zip(segment.t_s.tolist(), size.tolist(), strict=True):
            if self._peak > 0.0 and value < FALL_SHARE * self._peak:
                self._land(t, value, events)
            elif value > max(self._peak, PEAK_SHARE * self._usual) and t > self._contact_s + REFRACTORY_S:
                self._peak = value
            elif t > self._quiet_s + FORGET_S:
                self._usual = max(FORGET_SHARE * self._usual, LEAST_PEAK_MPS2 / PEAK_SHARE)
                self._quiet_s = t
            self._t_before, self._before = t, value
        return events

    def _restart(self) -> None:
        self._peak = self._before = self._contact_peak = 0.0
        self._contact_s = self._t_before = -math.inf

    def _land(self, t_s: float, value: float, events: list[GaitEvent]) -> None:
        level, peak = FALL_SHARE * self._peak, self._peak
        contact_s = t_s - (t_s - self._t_before) * (level - value) / (self._before - value)
        last_s, last_peak = self._contact_s, self._contact_peak
        # Up at once, down within some ten strides; by judgement.
        self._usual = peak if peak > self._usual else 0.9 * self._usual + 0.1 * peak
        events.append(InitialContact(self._site, contact_s))
        self._contact_s, self._contact_peak, self._peak, self._quiet_s = contact_s, peak, 0.0, t_s
        stride_s = contact_s - last_s
        if stride_s < LONGEST_STRIDE_S and last_peak > PEAK_SHARE * self._usual:
            events.append(self._stride(last_s, stride_s, min(peak, last_peak)))

    def _stride(self, contact_s: float, stride_s: float, peak: float) -> Stride:
        state = state_of_cadence(stride_s)
        if peak < RUNNING_PEAK_MPS2:
            state = GaitState.WALKING
        return Stride(
            wear_site=self._site,
            initial_contact_s=contact_s,
            stride_time_s=stride_s,
            state=state,
            uncertainty={"initial_contact_s": CONTACT_SD_S, "stride_time_s": STRIDE_SD_S},
        )
