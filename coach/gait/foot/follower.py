"""Follow one foot by its axes: rows in, events out, until its sensor is found to sit otherwise.

The last seconds of rows are kept; `phase_tracker` finds where phases change in them, `batch` works off what it found.
Without strides in the last seconds of a moving foot the axes are of another mounting, and the foot is lost.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.foot.batch import Batch, Known
from coach.gait.foot.constants import AX, GX, N_COLUMNS, T
from coach.gait.foot.params import ALIGNMENT
from coach.gait.foot.phase_tracker import NEVER, PhaseTracker
from coach.gait.foot.rhythm import LOST_S, PIECE
from coach.gait.foot.stride_state import FootSensor
from coach.gait.signal.row_buffer import RowBuffer
from coach.gait.signal.segments import Segment

KEEP_S: Final = 5.0  # the longest stride and its surroundings


@dataclass(frozen=True, slots=True)
class LostCheck:
    """At `row` the foot had moved since `start`; was it lost? n_transitions: found by then. n_swings: seen by then."""

    row: int
    start: int
    n_transitions: int
    n_swings: int


class FootFollower:
    """Follows one foot. n_swings: swings seen on its other mountings, later with those of this one until it was lost.

    is_lost: the sensor sits otherwise from the row on up to which it was followed.
    """

    def __init__(self, foot: FootSensor, n_swings: int) -> None:
        self._batch = Batch(foot)
        self._rows = RowBuffer(N_COLUMNS, round(KEEP_S * foot.rate_hz))
        self._tracker = PhaseTracker(self._batch, n_swings)
        self._checks: list[LostCheck] = []
        self._lost_row = NEVER
        self.n_swings = n_swings

    @property
    def end(self) -> int:
        """Number of the next row."""
        return self._rows.end

    @property
    def is_loose(self) -> bool:
        """Whether the sensor rings on the foot."""
        return self._batch.now.is_loose

    @property
    def is_lost(self) -> bool:
        """Whether the sensor sits otherwise than its axes say."""
        return self._lost_row != NEVER

    def follow(self, segment: Segment) -> tuple[list[Known], int]:
        """Return the events with the rows at which they are known, and how many rows were followed until lost."""
        if segment.is_new:
            self._restart()
        n, gyr, foot = len(segment.t_s), segment.gyr_radps, self._batch.foot
        assert gyr is not None
        columns = self._rows.room(n)
        columns[T] = segment.t_s
        columns[AX : AX + 3] = segment.acc_mps2.T
        columns[GX : GX + 3] = gyr.T
        end = self._rows.end
        foot.saw(end, segment.largest)
        if segment.interpolated_s:
            foot.interpolate(segment.interpolated_s)
        events = self._through(end - n, end)
        if segment.interpolated_s:
            foot.forget_interpolated()
        return events, n if self._lost_row == NEVER else self._lost_row - (end - n)

    def _through(self, start: int, end: int) -> list[Known]:
        """Follow the rows start..end, with a look back after each piece."""
        events: list[Known] = []
        while start < end and self._lost_row == NEVER:
            edge = (start // PIECE + 1) * PIECE
            before = 1 if start > self._rows.first else 0
            block = self._rows.between(start - before, min(end, edge))
            start, is_due = self._tracker.follow(block, before, start)
            if is_due:
                self._refine(events)
            if start == edge and self._lost_row == NEVER:
                self._look_back(start)
        if self._lost_row == NEVER and (self._checks or self._batch.n_transitions):
            self._work(events)
        return events

    def _look_back(self, row: int) -> None:
        """Note a check where the foot moved without a stride: lost or not is known once the strides are known."""
        rate_hz = self._batch.foot.rate_hz
        second = round(rate_hz)
        start = row - LOST_S * second
        if start < self._rows.first or self._batch.now.last_stride_row > start:
            return
        rates = self._rows.between(start, row)[GX : GX + 3]
        energy = np.einsum("in,in->n", rates, rates).reshape(LOST_S, second).mean(axis=1)
        if energy.min() > ALIGNMENT.moving_radps * ALIGNMENT.moving_radps:
            self._checks.append(LostCheck(row, start, self._batch.n_transitions, self._tracker.n_swings))

    def _work(self, events: list[Known]) -> None:
        """Work off what was collected, up to the first check at which the foot was lost: go back to there."""
        batch = self._batch
        if not self._checks:
            events += batch.work(self._rows.columns, self._rows.first)
            return
        checks, self._checks = self._checks, []
        before = batch.state()
        found = batch.work(self._rows.columns, self._rows.first, notes=True)
        for check in checks:
            if batch.stride_row(check.n_transitions) <= check.start:
                batch.go_back(before, check.n_transitions)
                found = batch.work(self._rows.columns, self._rows.first)
                self.n_swings, self._lost_row = check.n_swings, check.row
                break
        events += found

    def _restart(self) -> None:
        """Begin again after a gap: no stride reaches over it."""
        self._batch.forget()
        self._tracker.restart()
        self._rows.clear()

    def _refine(self, events: list[Known]) -> None:
        """A minute is over: look at the axes again, unless the foot was lost before."""
        self._work(events)
        if self._lost_row == NEVER:
            self._tracker.use(self._batch.refine())
