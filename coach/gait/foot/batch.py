"""Collect phase transitions and work them off one by one, as soon as the rows that they need are held.

A stride needs its contact, mid-stance and toe-off, and the next contact and mid-stance.
"""

from typing import NamedTuple

from coach.gait.foot.axes import FootAxes, OwnAxes, Refiner
from coach.gait.foot.stride_builder import take_one
from coach.gait.foot.stride_state import FootSensor, StrideState
from coach.gait.foot.strides import PhaseTransition
from coach.model.samples import FloatArray
from coach.model.strides import GaitEvent


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
        """A gap: no stride is measured over it, but the rhythm may bridge it."""
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
        """Turning points that wait to be worked off."""
        return len(self._transitions)

    def stride_row(self, n_transitions: int) -> int:
        """Row at which the last whole stride ended by the first `n_transitions` of those worked off last, as noted."""
        return max(row for n, row in self._stride_rows if n < n_transitions)

    def state(self) -> StrideState:
        """What `work` changes, to go back to."""
        return self.now.copied()

    def go_back(self, state: StrideState, n_transitions: int) -> None:
        """To before the last `work`, with only the first `n_transitions` to be worked off."""
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
            events = take_one(transition, self.foot, self.now, columns, first)
            found.append(Known(transition.at, events, self.now.is_loose))
            if notes:
                self._stride_rows.append((n, self.now.last_stride_row))
        return found
