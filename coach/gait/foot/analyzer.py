"""Find the strides of one foot in chunks of its motion; contact, mid-stance and toe-off as soon as each is known.

The flow, in one direction: chunks -> segments without gaps (`signal.segments`) -> axes, once (`alignment`) -> rows of
the last seconds (`FootFollower`) -> phase transitions (`phase_tracker`) -> strides (`stride_builder`), by events
(`events`) and motion (`trajectory`) of each stance -> `reports`. docs/algorithms/foot.md explains the methods. What
comes out does not depend on how the stream was cut.

Without strides in the last seconds of a moving foot the axes are of another mounting: the foot is lost, and its axes
are learned again.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from coach.gait.foot.accelerometer_only import ForceFoot
from coach.gait.foot.alignment import AlignmentEstimator, FootAxes
from coach.gait.foot.constants import AX, GX, N_COLUMNS, T
from coach.gait.foot.params import ALIGNMENT, PARAMS, FootParams
from coach.gait.foot.phase_tracker import NEVER, PhaseTracker
from coach.gait.foot.stride_builder import Batch, Known
from coach.gait.foot.stride_state import FootSensor
from coach.gait.signal.segments import Segment, SegmentJoiner
from coach.gait.signal.window import RowBuffer
from coach.model.frozen import dataclass
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent

LOST_S: Final = 4  # of movement without a stride: then the foot may be lost
PIECE: Final = 4096  # rows followed together at most, then a look whether the axes still hold
# Chunks, of twelve seconds in all: where one of them is odd, no more are looked at twice; and for a scalar product of
# more than 10,000 numbers BLAS starts threads, which wait busily.
MOST_TOGETHER: Final = 24
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
        self._tracker = PhaseTracker(foot, self._batch.add, n_swings)
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
        """Look at the axes again after a minute, unless the foot was lost before."""
        self._work(events)
        if self._lost_row == NEVER:
            self._tracker.use(self._batch.refine())


class FootStatus(NamedTuple):
    """is_learning: the foot moves and its axes are not known yet. is_loose: the sensor rings on the foot.
    is_too_slow: it sends too few readings for more than contacts."""

    is_learning: bool
    is_loose: bool
    is_too_slow: bool


class FootGait:
    """The gait of one foot, from a sensor anywhere on the shoe; without a gyroscope only contacts and stride times."""

    def __init__(self, wear_site: WearSite, params: FootParams = PARAMS) -> None:
        self.wear_site = wear_site
        self._params = params
        self._joiner = SegmentJoiner(params.longest_hole_s)
        self._force_joiner = SegmentJoiner()
        self._force = ForceFoot(wear_site)
        self._learner: AlignmentEstimator | None = None
        self._follower: FootFollower | None = None
        self._n_swings = 0
        self._rate_hz = 0.0
        self._ranges = (math.inf, math.inf)

    @property
    def is_learning(self) -> bool:
        """Whether the foot moves and its axes are not known yet."""
        return self._learner is not None and self._learner.has_moved

    @property
    def is_too_slow(self) -> bool:
        """Whether the sensor sends too few readings for more than contacts and stride times."""
        return 0.0 < self._rate_hz < self._params.too_slow_hz

    @property
    def is_loose(self) -> bool:
        """Whether the sensor rings on the foot, so that its angles and times are not the foot's."""
        return self._follower is not None and self._follower.is_loose

    @property
    def status(self) -> FootStatus:
        """What is so just now."""
        return FootStatus(self.is_learning, self.is_loose, self.is_too_slow)

    def feed(self, chunk: ImuChunk) -> list[GaitEvent]:
        """Take the next samples, give the events known by now in the order in which they became known."""
        if chunk.gyr_radps is None:
            return [e for segment in self._force_joiner.feed(chunk) for e in self._force.feed(segment)]
        if len(chunk.t_s) == 0:
            return []
        if self._rate_hz == 0.0:
            self._rate_hz = chunk.rate_hz
            self._ranges = (chunk.acc_range_mps2, chunk.gyr_range_radps)
        return [e for segment in self._joiner.feed(chunk) for e in self._take(segment)]

    def feed_each(self, chunks: Sequence[ImuChunk]) -> list[tuple[list[GaitEvent], FootStatus]]:
        """Take several chunks: what `feed` gives of each, and `status` after it.

        Those that follow on one another without anything amiss are taken together, which costs half of one by one.
        """
        found: list[tuple[list[GaitEvent], FootStatus]] = []
        while len(found) < len(chunks):
            rest = chunks[len(found) : len(found) + MOST_TOGETHER]
            n, whole = (0, None) if self._follower is None else self._joiner.feed_together(rest)
            if whole is None:
                found.append((self.feed(rest[0]), self.status))
            else:
                found += self._follow_each(whole, list(accumulate(len(chunk.t_s) for chunk in rest[:n])))
        return found

    def finish(self) -> list[GaitEvent]:
        """Return what the end of the recording leaves: strides held back while learning, if enough moved."""
        if self._follower is not None or self._learner is None or (axes := self._learner.axes()) is None:
            return []
        held = self._learner.held()
        self._know(axes)
        return [e for segment in held for e in self._take(segment)]

    def _take(self, segment: Segment) -> list[GaitEvent]:
        """Learn the axes from a segment, or follow the foot by them."""
        if self._follower is not None:
            known, n_done = self._follow(self._follower, segment)
            events = [event for one in known for event in one.events]
            n = len(segment.t_s)
            return events if n_done == n else events + self._take(segment.part(n_done, n))
        self._learner = self._learner or AlignmentEstimator(self._rate_hz)
        axes, held = self._learner.feed(segment)
        if axes is None:
            return []
        self._know(axes)
        return [event for piece in held for event in self._take(piece)]

    def _know(self, axes: FootAxes) -> None:
        sensor = FootSensor(self.wear_site, axes, self._rate_hz, *self._ranges, self._params)
        self._follower, self._learner = FootFollower(sensor, self._n_swings), None

    def _follow(self, follower: FootFollower, segment: Segment) -> tuple[list[Known], int]:
        """Follow the phases; where the foot was lost, its axes are learned again."""
        found = follower.follow(segment)
        if follower.is_lost:
            self._follower, self._n_swings = None, follower.n_swings
        return found

    def _follow_each(self, whole: Segment, ends: list[int]) -> list[tuple[list[GaitEvent], FootStatus]]:
        """Follow a segment that chunks up to these rows made: events and `status` by chunk."""
        assert self._follower is not None
        first, is_loose = self._follower.end, self._follower.is_loose
        known, n_done = self._follow(self._follower, whole)
        by_chunk: list[list[Known]] = [[] for _ in ends]
        for one in known:
            by_chunk[bisect_right(ends, one.row - first)].append(one)
        found = []
        for ones in by_chunk:
            is_loose = ones[-1].is_loose if ones else is_loose
            found.append(
                ([event for one in ones for event in one.events], FootStatus(False, is_loose, self.is_too_slow))
            )
        if n_done == ends[-1]:
            return found
        start = n_done  # the foot was lost there: from then on chunk by chunk
        for k in range(bisect_left(ends, n_done), len(ends)):
            events = found[k][0] + (self._take(whole.part(start, ends[k])) if start < ends[k] else [])
            found[k] = (events, self.status)
            start = ends[k]
        return found
