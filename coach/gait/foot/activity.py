"""Detect when one foot changes between standing, walking and running.

A foot is standing when it was still for two seconds; it walks or runs as its strides say, two in a row before running
and walking change over, one to leave standing. A foot that moves without strides for three seconds walks about.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.gait.signal.window import BoolArray
from coach.model.samples import FloatArray, ImuChunk
from coach.model.strides import GaitState, StateChange, Stride
from coach.model.units import GRAVITY_MPS2

STILL_S: Final = 2.0  # the longest walking stride is 1.6 s: a foot still for longer is standing
NO_STRIDES_S: Final = 3.0  # two of the longest strides
_IN_A_ROW: Final = 2  # strides of another kind: one alone is a hop or a kerb
_SHIFT_S: Final = 0.7  # a foot may be set down again while its owner is standing
WALK_BELOW_SPM: Final = 125.0  # sources of these three: `state_of`
RUN_ABOVE_SPM: Final = 145.0  # the same
LEAST_WALKING_DUTY: Final = 0.5  # walking has no flight
_STILL_RADPS: Final = 0.8  # swaying on the spot stays below, a step's turns are ten times that
_STILL_MPS2: Final = 3.0  # against gravity: the shock of a step is ten times that


def state_of(contact_time_s: float, stride_time_s: float) -> GaitState:
    """Return walking or running: by cadence where that is clear, between by whether there is a flight (duty factor).

    People change from walking to running at 135-140 steps per minute (doi:10.1016/j.humov.2023.103117; 141 in Hansen
    2017, doi:10.1038/s41598-017-01972-1). Between the limits, chosen around that by eye 2026-11-20, running is gait
    with flight: duty factor below one half.
    """
    cadence_spm = 120.0 / stride_time_s
    if cadence_spm < WALK_BELOW_SPM:
        return GaitState.WALKING
    if cadence_spm > RUN_ABOVE_SPM or contact_time_s < LEAST_WALKING_DUTY * stride_time_s:
        return GaitState.RUNNING
    return GaitState.WALKING


def state_of_cadence(stride_time_s: float) -> GaitState:
    """Return walking or running where only the stride time is known."""
    return GaitState.WALKING if 240.0 / stride_time_s < WALK_BELOW_SPM + RUN_ABOVE_SPM else GaitState.RUNNING


class FootState:
    """The state of one foot. Independent of how its signal was cut into chunks."""

    def __init__(self) -> None:
        self.state: GaitState | None = None
        self._moved_s: float | None = None
        self._strode_s: float | None = None
        self._n_other = 0
        self._other_since_s = 0.0
        self._standing_to_s = 0.0

    def saw(self, chunk: ImuChunk, moving: BoolArray | None = None) -> list[StateChange]:
        """Look at the signal itself: does the foot lie still, does it move without strides?

        moving: (n,) of the chunk, where `moving_in` found it together with that of others.
        """
        moves = (_is_moving(chunk.acc_mps2, chunk.gyr_radps) if moving is None else moving).nonzero()[0]
        begin, end = float(chunk.t_s[0]), float(chunk.t_s[-1])
        if self._moved_s is None:
            self._moved_s = begin
        changes: list[StateChange] = []
        is_long_enough = end - self._moved_s > STILL_S  # else no stillness long enough fits in
        for k in _edges(moves, chunk.t_s, self._moved_s) if is_long_enough else ():
            before = moves[moves < k]
            if len(before):
                self._moved_s = float(chunk.t_s[before[-1]])
            changes += self._still(float(chunk.t_s[k]))
        if len(moves):
            self._moved_s = float(chunk.t_s[moves[-1]])
        changes += self._still(end)
        if (
            self.state is GaitState.RUNNING
            and self._strode_s is not None
            and self._moved_s - self._strode_s > NO_STRIDES_S
        ):
            changes += self._enter(GaitState.WALKING, self._strode_s)
        return changes

    def stride(self, stride: Stride) -> list[StateChange]:
        """Take a stride's own state."""
        self._strode_s = stride.initial_contact_s + (stride.stride_time_s or 0.0)
        if stride.state is None or stride.state is self.state:
            self._n_other = 0
            return []
        if self._n_other == 0:
            self._other_since_s = stride.initial_contact_s
        self._n_other += 1
        if self._n_other < _IN_A_ROW and self.state in (GaitState.WALKING, GaitState.RUNNING):
            return []
        return self._enter(stride.state, self._other_since_s)

    @property
    def is_known(self) -> bool:
        """False from the moment a standing foot moves off until its first stride is seen."""
        if self.state is not GaitState.STANDING or self._moved_s is None:
            return self.state is not None
        return self._moved_s - self._standing_to_s < _SHIFT_S

    def _still(self, now_s: float) -> list[StateChange]:
        if self._moved_s is None or now_s - self._moved_s <= STILL_S:
            return []
        self._standing_to_s = now_s
        return self._enter(GaitState.STANDING, self._moved_s)

    def _enter(self, state: GaitState, t_s: float) -> list[StateChange]:
        self._n_other = 0
        if state is self.state:
            return []
        self.state = state
        return [StateChange(t_s, state)]


def moving_in(chunks: Sequence[ImuChunk]) -> list[BoolArray]:
    """Return in which readings of each chunk the foot moves: of many at once it costs a tenth of one by one."""
    gyr = [chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None]
    if len(chunks) < 2 or len(gyr) not in (0, len(chunks)):
        return [_is_moving(chunk.acc_mps2, chunk.gyr_radps) for chunk in chunks]
    acc = np.concatenate([chunk.acc_mps2 for chunk in chunks])
    whole = _is_moving(acc, np.concatenate(gyr) if gyr else None)
    ends = [0, *accumulate(len(chunk.t_s) for chunk in chunks)]
    return [whole[start:end] for start, end in pairwise(ends)]


def _is_moving(acc_mps2: FloatArray, gyr_radps: FloatArray | None) -> BoolArray:
    with np.errstate(invalid="ignore", over="ignore"):
        moving = np.abs(np.sqrt(_squares(acc_mps2)) - GRAVITY_MPS2) > _STILL_MPS2
        if gyr_radps is not None:
            moving |= _squares(gyr_radps) > _STILL_RADPS**2
    result: BoolArray = moving
    return result


def _squares(values: FloatArray) -> FloatArray:
    """Sum of squares (n,) of (n, 3), unknown components left out; each row's whatever the others are."""
    found: FloatArray = np.vecdot(values, values)
    is_unknown = np.isnan(found)
    if is_unknown.any():
        found[is_unknown] = np.nansum(values[is_unknown] ** 2, axis=1)
    return found


def _edges(moves: npt.NDArray[np.intp], t_s: FloatArray, moved_s: float) -> list[int]:
    """Return the moves that come after a stillness long enough to be standing."""
    if not len(moves):
        return []
    times = np.concatenate([[moved_s], t_s[moves]])
    return [int(moves[k]) for k in np.flatnonzero(np.diff(times) > STILL_S)]
