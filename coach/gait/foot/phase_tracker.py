"""Track the phases of a foot's strides through its rows, and fill in the rows' pitch rate.

The short pieces of a stream are followed sample by sample, as the compiled loops do it; of a long piece all crossings
are looked up at once. Both find the same.
"""

import sys
from typing import Final

import numpy as np

from coach.gait.foot.axes import FootAxes
from coach.gait.foot.batch import Batch
from coach.gait.foot.constants import GX, PITCH, T
from coach.gait.foot.phases import (
    ANGLE,
    CALM,
    FRESH,
    HEEL_OFF,
    HEEL_OFF_ROW,
    NOTHING,
    PUSH_END,
    SWING_END,
    SWING_END_ROW,
    SWING_END_UNSEEN_HEEL,
    SWING_ROW,
    PhaseTransition,
    cross,
    edges_of,
    level_of,
    levels,
    next_crossing,
)
from coach.gait.foot.rhythm import REFINE_EVERY
from coach.gait.signal.row_buffer import RowBuffer
from coach.gait.signal.segments import SHORT
from coach.model.samples import FloatArray

NEVER: Final = sys.maxsize  # the row at which nothing is looked for


class PhaseTracker:
    """Follows the pitch of one foot by its axes and gives the phase transitions to the batch.

    n_swings: swings seen so far, on this foot's other mountings, too.
    """

    def __init__(self, batch: Batch, n_swings: int) -> None:
        self.batch = batch
        self.n_swings = n_swings
        self._params = batch.foot.params
        self._edges = edges_of(self._params)
        self._waits = (*batch.foot.search_rows, batch.foot.standing)
        self.use(batch.foot.axes)
        self.restart()

    def use(self, axes: FootAxes) -> None:
        """Follow by these axes from the next row on."""
        self._left: list[float] = axes.axes[1].tolist()
        self._bias = float(axes.bias_radps @ axes.axes[1])

    def restart(self) -> None:
        """Begin again after a gap."""
        self._phases = list(FRESH)
        self._level = CALM
        self._search, self._landing_row, self._due_row = 0, -1, NEVER

    def follow(self, rows: RowBuffer, start: int, end: int) -> tuple[int, bool]:
        """Follow the rows start..end.

        The row from which to go on, and whether to look at the axes again before.
        """
        before = 1 if start > rows.first else 0
        block = rows.between(start - before, end)
        x, y, z = self._left
        pitch = np.multiply(block[GX, before:], x, out=block[PITCH, before:])  # each row alone: a product of matrices
        pitch += block[GX + 1, before:] * y  # rounds by how many rows there are, and an answer would depend on the cut
        pitch += block[GX + 2, before:] * z
        pitch -= self._bias
        if end - start > SHORT:
            return self._leap(block, before, start)
        row, is_due = self._step(block, before, start - before)
        return row + start - before, is_due

    def _step(self, block: FloatArray, row: int, offset: int) -> tuple[int, bool]:
        """Row by row; offset: number of the block's first row."""
        t, pitch, phases = block[T].tolist(), block[PITCH].tolist(), self._phases
        n, is_due, angle_rad = len(t), False, phases[ANGLE]
        while row < n and not is_due:
            stop = min(n, self._due_row - offset + 1)
            at, angle_rad = next_crossing(t, pitch, row, stop, self._level, angle_rad, self._edges)
            row = min(at + 1, stop)
            if row + offset > self._due_row:
                self._settle(row - 1 + offset)
            if at < stop:
                self._level = level_of(pitch[at], self._edges)
                is_due = self._cross(at + offset, t[at], angle_rad)
        phases[ANGLE] = angle_rad
        return row, is_due

    def _leap(self, block: FloatArray, before: int, start: int) -> tuple[int, bool]:
        """From crossing to crossing; before: whether the block begins with the row before `start`."""
        t, pitch = block[T], block[PITCH]
        angle = np.empty(len(t))
        angle[0] = self._phases[ANGLE]
        turned = pitch[1:] + pitch[:-1]
        turned *= t[1:] - t[:-1]
        turned *= 0.5
        if len(turned):
            turned[0] += angle[0]
            np.add.accumulate(turned, out=angle[1:])
        now = levels(pitch[before:], self._edges)
        changes = (now != np.concatenate(((self._level,), now[:-1]))).nonzero()[0]
        at = changes + before
        moments = ((changes + start).tolist(), t[at].tolist(), angle[at].tolist(), now[changes].tolist())
        for row, t_s, angle_rad, level in zip(*moments, strict=True):
            if row >= self._due_row:
                self._settle(row)
            self._level = level
            if self._cross(row, t_s, angle_rad):
                self._phases[ANGLE] = angle_rad
                return row + 1, True
        self._phases[ANGLE] = angle.item(-1)
        end = start + len(now)
        if end > self._due_row:
            self._settle(end - 1)
        return end, False

    def _cross(self, row: int, t_s: float, angle_rad: float) -> bool:
        """The pitch rate came to another level; whether to look at the axes again."""
        phases = self._phases
        said = cross(phases, row, t_s, angle_rad, self._level, self._params)
        if said == NOTHING:
            return False
        if said in (HEEL_OFF, PUSH_END):
            self.batch.add(PhaseTransition(said, row, int(phases[SWING_END_ROW]), int(phases[HEEL_OFF_ROW])))
            return False
        if said == SWING_END_UNSEEN_HEEL:
            self.batch.add(PhaseTransition(HEEL_OFF, row, self._landing_row, int(phases[SWING_ROW])))
        self._search, self._landing_row, self._due_row = 0, row, row + self._waits[0]
        self.n_swings += 1
        return self.n_swings % REFINE_EVERY == 0

    def _settle(self, row: int) -> None:
        """Look for the landing in the windows after swing's end that are complete at `row`; then for standing."""
        landing = self._landing_row
        while row >= self._due_row:
            if self._search == len(self._params.search_windows_s):
                self.batch.add(PhaseTransition(HEEL_OFF, self._due_row, landing, self._due_row))
                self._due_row = NEVER
                return
            self.batch.add(PhaseTransition(SWING_END, self._due_row, landing, -1, self._search))
            self._search += 1
            self._due_row = landing + self._waits[self._search]
