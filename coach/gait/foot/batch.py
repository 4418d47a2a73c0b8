"""Collect phase transitions and work them off one by one, as soon as the rows that they need are held.

A stride needs its contact, mid-stance and toe-off, and the next contact and mid-stance.
"""

from copy import deepcopy

from coach.gait.foot.axes import FootAxes, OwnAxes, Refiner
from coach.gait.foot.phases import Turning
from coach.gait.foot.stride_builder import take_one
from coach.gait.foot.stride_state import Foot, Open
from coach.model.samples import FloatArray
from coach.model.strides import GaitEvent


class Batch:
    """Collects turning points and works them off. foot: the sensor. now: what is open."""

    def __init__(self, foot: Foot) -> None:
        self.foot = foot
        self.now = Open(None, None, Refiner(), OwnAxes(foot.axes.push, foot.site.is_left, foot.params.push_yaw_deg))
        self._turnings: list[Turning] = []
        self._worked: list[Turning] = []
        self._stride_rows: list[tuple[int, int]] = []

    def add(self, turning: Turning) -> None:
        """Take one more turning point."""
        self._turnings.append(turning)

    def forget(self) -> None:
        """A gap: no stride is measured over it, but the rhythm may bridge it."""
        self._turnings = []
        self.now.this, self.now.is_cut = None, True

    def refine(self) -> FootAxes:
        """Look at the axes again; all that was collected must be worked off before."""
        axes = self.now.refiner.refined(self.foot.axes)
        self.foot.use(axes)
        self.now.refiner = Refiner()
        return axes

    @property
    def n_turnings(self) -> int:
        """Turning points that wait to be worked off."""
        return len(self._turnings)

    def stride_row(self, n_turnings: int) -> int:
        """Row at which the last whole stride ended by the first `n_turnings` of those worked off last, as noted."""
        return max(row for n, row in self._stride_rows if n < n_turnings)

    def state(self) -> Open:
        """What `work` changes, to go back to."""
        return deepcopy(self.now)

    def go_back(self, state: Open, n_turnings: int) -> None:
        """To before the last `work`, with only the first `n_turnings` to be worked off."""
        self._turnings = self._worked[:n_turnings]
        self.now = state

    def work(self, columns: FloatArray, first: int, notes: bool = False) -> list[GaitEvent]:
        """Work off what was collected; columns: of the rows held, the first of them has the absolute number `first`.

        notes: note where each stride ends, for `stride_row`.
        """
        self._worked, self._turnings = self._turnings, []
        if notes:
            self._stride_rows = [(-1, self.now.last_stride_row)]
        found: list[GaitEvent] = []
        for n, turning in enumerate(self._worked):
            found += take_one(turning, self.foot, self.now, columns, first)
            if notes:
                self._stride_rows.append((n, self.now.last_stride_row))
        return found
