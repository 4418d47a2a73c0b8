"""The first seconds of a foot's samples in; its axes out as soon as it has moved enough, with all that was held back.

Blocks of half a second are judged: quiet (standing gravity and gyroscope bias), moving, or neither. Nothing is thrown
away that belongs to the first strides; what lies before them is.
"""

import math
from collections import deque

import numpy as np

from coach.gait.foot.axes import FootAxes, Standing, find_axes
from coach.gait.foot.params import ALIGNMENT, AlignmentParams
from coach.gait.signal.segments import Segment
from coach.model.samples import FloatArray


class AlignmentEstimator:
    """Holds samples back until the axes are known."""

    __slots__ = ("_held", "_moving", "_n", "_params", "_part", "_part_n", "_quiet", "standing")

    def __init__(self, rate_hz: float, params: AlignmentParams = ALIGNMENT) -> None:
        self._params = params
        self._n = max(4, round(self._params.block_s * rate_hz))
        self._held: deque[list[Segment]] = deque()
        self._moving: deque[bool] = deque()
        self._part: list[Segment] = []
        self._part_n = 0
        self._quiet = 0
        self.standing: Standing | None = None

    def feed(self, segment: Segment) -> tuple[FootAxes | None, list[Segment]]:
        """(axes, everything held back and the rest of this segment), or (None, []) while not known."""
        start, n = 0, len(segment.t_s)
        while start < n:
            end = min(n, start + self._n - self._part_n)
            self._part.append(segment.part(start, end))
            self._part_n += end - start
            start = end
            if self._part_n == self._n and self._close() and (axes := self.axes()):
                rest = [segment.part(start, n)] if start < n else []
                return axes, self.held() + rest
        return None, []

    @property
    def has_moved(self) -> bool:
        """Whether any of what is held is movement."""
        return any(self._moving)

    def axes(self) -> FootAxes | None:
        """The axes by what is held; None where too little moved."""
        if sum(self._moving) < self._params.least_blocks:
            return None
        moving = [s for block, is_moving in zip(self._held, self._moving, strict=True) if is_moving for s in block]
        t = np.concatenate([s.t_s for s in moving])
        return find_axes(t, _acc(moving), _gyr(moving), self.standing)

    def held(self) -> list[Segment]:
        """Everything held back, in order."""
        return [s for block in self._held for s in block] + self._part

    def _close(self) -> bool:
        """Judge the block that is full; whether enough has moved."""
        params = self._params
        acc, gyr = _acc(self._part), _gyr(self._part)
        turning = math.sqrt(float(np.einsum("ni,ni->", gyr, gyr)) / len(gyr))
        if (
            turning < params.quiet_radps
            and acc.std(axis=0).max() < params.quiet_mps2
            and gyr.std(axis=0).max() < params.steady_radps
        ):
            self._learn_standing(acc.mean(axis=0), gyr.mean(axis=0))
        self._held.append(self._part)
        self._moving.append(turning > params.moving_radps)
        self._part, self._part_n = [], 0
        while len(self._held) > params.rest_blocks and not any(list(self._moving)[: params.rest_blocks + 1]):
            self._drop()
        while len(self._held) > params.most_blocks:
            self._drop()
        return sum(self._moving) >= params.learn_blocks

    def _drop(self) -> None:
        self._held.popleft()
        self._moving.popleft()
        first = self._held[0][0]
        self._held[0][0] = first._replace(is_new=True)

    def _learn_standing(self, force: FloatArray, rate: FloatArray) -> None:
        self._quiet += 1
        length = float(np.sqrt(force @ force))
        if length == 0.0:
            return
        share = 1.0 / min(self._quiet, 8)
        up, bias = force / length, rate
        if self.standing is not None:
            up = self.standing.up + share * (up - self.standing.up)
            bias = self.standing.bias_radps + share * (bias - self.standing.bias_radps)
        self.standing = Standing(up / np.sqrt(up @ up), bias)


def _acc(segments: list[Segment]) -> FloatArray:
    return np.concatenate([s.acc_mps2 for s in segments])


def _gyr(segments: list[Segment]) -> FloatArray:
    return np.concatenate([s.gyr_radps for s in segments if s.gyr_radps is not None])
