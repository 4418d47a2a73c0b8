"""Find the strides of one foot in chunks of its motion; contact, mid-stance and toe-off as soon as each is known.

The flow, in one direction: chunks -> segments without gaps (`signal.segments`) -> axes, once (`alignment`, `axes`) ->
rows of the last seconds (`follower`) -> phase transitions (`phase_tracker`) -> events (`batch`, `stride_builder`,
`reports`). docs/algorithms/foot.md explains the methods. What comes out does not depend on how the stream was cut.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from coach.gait.foot.accelerometer_only import ForceFoot
from coach.gait.foot.alignment import AlignmentEstimator
from coach.gait.foot.axes import FootAxes
from coach.gait.foot.batch import Known
from coach.gait.foot.follower import FootFollower
from coach.gait.foot.params import PARAMS, FootParams
from coach.gait.foot.stride_state import FootSensor
from coach.gait.signal.segments import Segment, SegmentJoiner
from coach.model.samples import ImuChunk
from coach.model.sites import WearSite
from coach.model.strides import GaitEvent

# Chunks, of twelve seconds in all: where one of them is odd, no more are looked at twice; and for a scalar product of
# more than 10,000 numbers BLAS starts threads, which wait busily.
MOST_TOGETHER: Final = 24


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
        """What the end of the recording leaves: strides held back while learning, if enough moved."""
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
        """As the follower does; where the foot was lost, its axes are learned again."""
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
