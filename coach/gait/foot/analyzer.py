"""Find the strides of one foot in chunks of its motion; contact, mid-stance and toe-off as soon as each is known.

The flow, in one direction: chunks -> segments without gaps (`signal.segments`) -> axes, once (`alignment`, `axes`) ->
rows of the last seconds -> phase transitions (`phase_tracker`, `phases`) -> events (`batch`, `stride_builder`,
`reports`). docs/algorithms/foot.md explains the methods. What comes out does not depend on how the stream was cut.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from coach.gait.foot.accelerometer_only import ForceFoot
from coach.gait.foot.alignment import AlignmentEstimator
from coach.gait.foot.axes import FootAxes
from coach.gait.foot.batch import Batch, Known
from coach.gait.foot.constants import AX, GX, N_COLUMNS, T
from coach.gait.foot.params import ALIGNMENT, PARAMS, FootParams
from coach.gait.foot.phase_tracker import NEVER, PhaseTracker
from coach.gait.foot.rhythm import LOST_S, PIECE
from coach.gait.foot.stride_state import FootSensor
from coach.gait.signal.row_buffer import RowBuffer
from coach.gait.signal.segments import Segment, SegmentJoiner
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent

KEEP_S: Final = 5.0  # the longest stride and its surroundings
MOST_TOGETHER: Final = 64  # chunks: where one of them is odd, no more are looked at twice


@dataclass(frozen=True, slots=True)
class LostCheck:
    """At `row` the foot had moved since `start`; was it lost? n_transitions: found by then. n_swings: seen by then."""

    row: int
    start: int
    n_transitions: int
    n_swings: int


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
        self._follower: PhaseTracker | None = None
        self._n_swings = 0
        self._buffer = RowBuffer(N_COLUMNS, 2)
        self._rate_hz = 0.0
        self._ranges = (math.inf, math.inf)
        self._looks: list[LostCheck] = []
        self._lost_row = NEVER

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
        return self._follower is not None and self._follower.batch.now.is_loose

    @property
    def status(self) -> FootStatus:
        """What is so just now."""
        return FootStatus(self.is_learning, self.is_loose, self.is_too_slow)

    def feed(self, chunk: ImuChunk) -> list[GaitEvent]:
        """Take the next samples, give the events known by now in the order in which they became known."""
        if chunk.gyr_radps is None:
            return [e for stretch in self._force_joiner.feed(chunk) for e in self._force.feed(stretch)]
        if len(chunk.t_s) == 0:
            return []
        if self._rate_hz == 0.0:
            self._begin(chunk)
        return [e for stretch in self._joiner.feed(chunk) for e in self._take(stretch)]

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
        """What the end of the recording leaves: strides held back while learning, if enough moved."""
        if self._follower is not None or self._learner is None or (axes := self._learner.axes()) is None:
            return []
        held = self._learner.held()
        self._know(axes)
        return [e for stretch in held for e in self._take(stretch)]

    def _begin(self, chunk: ImuChunk) -> None:
        self._rate_hz = chunk.rate_hz
        self._ranges = (chunk.acc_range_mps2, chunk.gyr_range_radps)
        self._learner = AlignmentEstimator(chunk.rate_hz)
        self._buffer = RowBuffer(N_COLUMNS, round(KEEP_S * chunk.rate_hz))

    def _take(self, stretch: Segment) -> list[GaitEvent]:
        if self._follower is not None:
            return self._follow(stretch)
        assert self._learner is not None
        axes, held = self._learner.feed(stretch)
        if axes is None:
            return []
        self._know(axes)
        events: list[GaitEvent] = []
        for piece in held:
            events += self._take(piece)
        return events

    def _know(self, axes: FootAxes) -> None:
        batch = Batch(FootSensor(self.wear_site, axes, self._rate_hz, *self._ranges, self._params))
        self._follower, self._learner = PhaseTracker(batch, self._n_swings), None
        self._buffer.clear()

    def _follow(self, stretch: Segment) -> list[GaitEvent]:
        known, n_done = self._follow_rows(stretch)
        events = [event for one in known for event in one.events]
        n = len(stretch.t_s)
        return events if n_done == n else events + self._take(stretch.part(n_done, n))

    def _follow_each(self, whole: Segment, ends: list[int]) -> list[tuple[list[GaitEvent], FootStatus]]:
        """Follow a stretch that chunks up to these rows made: events and `status` by chunk."""
        first, is_loose = self._buffer.end, self.is_loose
        known, n_done = self._follow_rows(whole)
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

    def _follow_rows(self, stretch: Segment) -> tuple[list[Known], int]:
        """Events with the rows at which they are known, and how many rows were followed until the foot was lost."""
        assert self._follower is not None
        if stretch.is_new:
            self._restart()
        n, gyr = len(stretch.t_s), stretch.gyr_radps
        assert gyr is not None
        columns = self._buffer.room(n)
        columns[T] = stretch.t_s
        columns[AX : AX + 3] = stretch.acc_mps2.T
        columns[GX : GX + 3] = gyr.T
        events: list[Known] = []
        end, foot = self._buffer.end, self._follower.batch.foot
        foot.saw(end, stretch.largest)
        if stretch.interpolated_s:
            foot.interpolate(stretch.interpolated_s)
        start = begin = end - n
        while start < end and self._lost_row == NEVER:
            edge = (start // PIECE + 1) * PIECE
            until = min(end, edge)
            start, is_due = self._follower.follow(self._buffer, start, until)
            if is_due:
                self._refine(events)
            if start == edge and self._lost_row == NEVER:
                self._look_back(start)
        if self._lost_row == NEVER and (self._looks or self._follower.batch.n_transitions):
            self._work(events)
        if stretch.interpolated_s:
            foot.forget_interpolated()
        if self._lost_row == NEVER:
            return events, n
        n_done = self._lost_row - begin
        self._buffer.cut(self._lost_row)
        self._follower, self._learner, self._lost_row = None, AlignmentEstimator(self._rate_hz), NEVER
        return events, n_done

    def _look_back(self, row: int) -> None:
        """Without strides in the last seconds the axes are of another mounting: known once the strides are known."""
        assert self._follower is not None
        second = round(self._rate_hz)
        start = row - LOST_S * second
        if start < self._buffer.first or self._follower.batch.now.last_stride_row > start:
            return
        rates = self._buffer.between(start, row)[GX : GX + 3]
        energy = np.einsum("in,in->n", rates, rates).reshape(LOST_S, second).mean(axis=1)
        if energy.min() > ALIGNMENT.moving_radps * ALIGNMENT.moving_radps:
            self._looks.append(LostCheck(row, start, self._follower.batch.n_transitions, self._follower.n_swings))

    def _work(self, events: list[Known]) -> None:
        """Work off what was collected, up to the first look at which the foot was lost: go back to there."""
        assert self._follower is not None
        batch = self._follower.batch
        if not self._looks:
            events += batch.work(self._buffer.columns, self._buffer.first)
            return
        looks, self._looks = self._looks, []
        before = batch.state()
        found = batch.work(self._buffer.columns, self._buffer.first, notes=True)
        for look in looks:
            if batch.stride_row(look.n_transitions) <= look.start:
                batch.go_back(before, look.n_transitions)
                found = batch.work(self._buffer.columns, self._buffer.first)
                self._n_swings, self._lost_row = look.n_swings, look.row
                break
        events += found

    def _restart(self) -> None:
        """Begin again after a gap: no stride reaches over it."""
        assert self._follower is not None
        self._follower.batch.forget()
        self._follower.restart()
        self._buffer.clear()

    def _refine(self, events: list[Known]) -> None:
        """A minute is over: look at the axes again, unless the foot was lost before."""
        assert self._follower is not None
        self._work(events)
        if self._lost_row == NEVER:
            self._follower.use(self._follower.batch.refine())
