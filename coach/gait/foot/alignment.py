"""Find the axes of a foot: forward, left and up, in the axes of a sensor that is mounted in any direction.

The first seconds of samples are held back until the foot has moved enough. Blocks of half a second are judged: quiet
(standing gravity and gyroscope bias), moving, or neither. Nothing is thrown away that belongs to the first strides;
what lies before them is.

Up is gravity while standing, or else the mean specific force from mid-stance to mid-stance. The swing axis is the
dominant axis of the turn rate. Its sign follows from the stance: the foot rests after the swing and pushes before it.
Functional calibration as in Falbriard 2018 (doi:10.3389/fphys.2018.00610), without a magnetometer.
"""

import math
from collections import deque
from itertools import pairwise

import numpy as np

from coach.gait.foot.params import ALIGNMENT, PARAMS, AlignmentParams
from coach.gait.foot.trajectory import mean_forces
from coach.gait.signal.filters import median_of
from coach.gait.signal.segments import Segment
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2

Swing = tuple[int, int]  # first row, and the row after the last


@dataclass(frozen=True, slots=True, eq=False)
class FootAxes:
    """axes: (3, 3) rows forward, left, up in sensor axes, of the direction of running: left is the axis of swing.

    bias_radps: (3,) turn rate read at rest, sensor axes. is_converged: the sign of the swing axis was clear.
    push: (3, 3) rows forward, left, up in sensor axes, of the foot itself: left is the axis about which it pushes off,
    up what it is at mid-stance. shock_mps2: typical largest step of the specific force from one sample to the next as
    the foot lands.
    """

    axes: FloatArray
    bias_radps: FloatArray
    is_converged: bool
    push: FloatArray
    shock_mps2: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What quiet standing showed, in sensor axes: up (unit vector) and the gyroscope's bias."""

    up: FloatArray
    bias_radps: FloatArray


def find_axes(t_s: FloatArray, acc: FloatArray, gyr: FloatArray, standing: Standing | None) -> FootAxes | None:
    """Return axes from a few seconds of walking or running; None where nothing turned."""
    bias = standing.bias_radps if standing else np.zeros(3)
    rate = gyr - bias
    swing = dominant_axis(rate.T @ rate)  # swing and push-off turn about one axis; its sign is not known yet
    pitch = rate @ swing
    energy = np.einsum("ni,ni->n", rate, rate)
    n = max(1, round(ALIGNMENT.smoothed_s / median_of(np.diff(t_s).tolist())))
    energy = np.convolve(energy, np.full(n, 1.0 / n), "same")
    # Either sign shows swings. Only with the right one the foot rests after them and pushes before them.
    found = [swings(t_s, sign * pitch) for sign in (1.0, -1.0)]
    ratios = [_rest_ratio(t_s, of_sign, energy) for of_sign in found]
    if max(ratios) <= 0.0:
        return None
    sign, seen = (1.0, found[0]) if ratios[0] >= ratios[1] else (-1.0, found[1])
    rests = _rests(t_s, seen, energy)
    total = _mean_force(t_s, acc, rate, rests)
    axes = frame(sign * swing, _up(total, standing))
    push = frame(_push_axis(t_s, rate, sign * pitch, rests, axes[1]), axes[2] if total is None else total)
    return FootAxes(axes, bias, max(ratios) > ALIGNMENT.least_rest_ratio, push, _shock(t_s, acc, seen))


class Refiner:
    """Looks at the axes again after many strides: a clip slips, a gyroscope's bias drifts."""

    __slots__ = ("_force", "_moment", "_n", "_pitch", "_push_moment")

    def __init__(self) -> None:
        self._n = 0
        self._force = np.zeros(3)
        self._moment = np.zeros((3, 3))
        self._push_moment = np.zeros((3, 3))
        self._pitch = 0.0

    def add(self, n: int, drift_mps2: FloatArray, moment: FloatArray, pitch_radps: float) -> None:
        """Add sums over n strides: what gravity left in the velocity of each, the second moment of its turn rates (both
        in foot axes) and its mean pitch rate."""
        self._n += n
        self._force += drift_mps2
        self._moment += moment
        self._pitch += pitch_radps

    def refined(self, axes: FootAxes) -> FootAxes:
        """Return the axes moved half way to what the strides since the last look say; the same where they were few."""
        if self._n < ALIGNMENT.least_strides:
            return axes
        # From rest to rest the velocity comes back to nothing: what is left is gravity along axes that are off.
        seen_up = self._force / self._n
        seen_up[2] += GRAVITY_MPS2
        seen_up /= math.sqrt(seen_up @ seen_up)
        seen_up *= ALIGNMENT.refine_share
        seen_up[2] += 1.0 - ALIGNMENT.refine_share
        seen_left = dominant_axis(self._moment)
        seen_left *= ALIGNMENT.refine_share if seen_left[1] > 0.0 else -ALIGNMENT.refine_share
        seen_left[1] += 1.0 - ALIGNMENT.refine_share
        # Over whole strides a foot turns back to where it was: a mean pitch rate is the gyroscope's bias.
        bias = axes.bias_radps + ALIGNMENT.refine_share * (self._pitch / self._n) * axes.axes[1]
        return FootAxes(frame(seen_left, seen_up) @ axes.axes, bias, axes.is_converged, axes.push, axes.shock_mps2)


class OwnAxes:
    """The foot's own axes by all of its strides, the newest count most: forward, left, up in sensor axes.

    left: the axis of the push-offs, turned from the metatarsal joints' to the mediolateral one. up: of the mean force
    from rest to rest. Both are sums that fade with ALIGNMENT.own_strides. n: push-offs so far.
    """

    __slots__ = ("_force", "_left", "_moment", "_turn", "axes", "n")

    def __init__(self, push: FloatArray, is_left: bool, push_yaw_deg: float) -> None:
        self.n = 0
        yaw = math.radians(push_yaw_deg if is_left else -push_yaw_deg)
        self._turn = math.cos(yaw), math.sin(yaw)
        self._force = np.zeros(3)
        self._moment = np.zeros((3, 3))
        self._use(push)

    def add_force(self, force: FloatArray) -> None:
        """Take the mean specific force (3,) of one stride, in sensor axes as they are at rest."""
        self._force *= 1.0 - 1.0 / ALIGNMENT.own_strides
        self._force += force

    def add_push(self, rate_radps: FloatArray) -> None:
        """Take the turn rates (3, n) from heel-off to the fastest turning of one push-off, in the foot's own axes."""
        rate = self.axes.T.dot(rate_radps)
        self.n += 1
        self._moment *= 1.0 - 1.0 / ALIGNMENT.own_strides
        self._moment += rate.dot(rate.T)
        if self.n >= ALIGNMENT.own_least and any(self._force.tolist()):
            left = dominant_axis(self._moment)  # of either sign: the one that lies with the axis so far
            self._use(frame(left if left.dot(self._left) > 0.0 else -left, self._force))

    def _use(self, push: FloatArray) -> None:
        self._left = push[1]
        forward, left, up = push.tolist()
        c, s = self._turn
        pairs = list(zip(forward, left, strict=True))  # plain numbers: three are too few for array calls to pay
        self.axes = np.array(([c * x - s * y for x, y in pairs], [c * y + s * x for x, y in pairs], up))


def dominant_axis(second_moment: FloatArray) -> FloatArray:
    """Return the unit vector about which a turn rate with this (3, 3) second moment turns most."""
    _, vectors = np.linalg.eigh(second_moment)
    axis: FloatArray = vectors[:, 2]
    return axis


def frame(left: FloatArray, up: FloatArray) -> FloatArray:
    """Return (3, 3) rows forward, left, up: up is kept, left made square to it."""
    up = up / math.sqrt(up.dot(up))
    left = left - left.dot(up) * up
    left /= math.sqrt(left.dot(left))
    (a, b, c), (x, y, z) = left.tolist(), up.tolist()
    return np.array([(b * z - c * y, c * x - a * z, a * y - b * x), (a, b, c), (x, y, z)])


def _mean_force(t_s: FloatArray, acc: FloatArray, rate: FloatArray, rests: list[int]) -> FloatArray | None:
    """Return what the specific force comes to from each rest to the next, in the resting foot's axes;
    None without strides."""
    strides = [
        (a, b) for a, b in pairwise(rests) if PARAMS.shortest_stride_s < t_s[b] - t_s[a] < PARAMS.longest_stride_s
    ]
    if not strides:
        return None
    total = mean_forces(t_s, acc, rate, [a for a, _ in strides], [b for _, b in strides])
    return total if total @ total > 0.0 else None


def _up(total: FloatArray | None, standing: Standing | None) -> FloatArray:
    """Return standing gravity, or the mean force of the strides where standing does not agree with it."""
    if standing is not None and (
        total is None or total @ standing.up > ALIGNMENT.trust_standing_cos * math.sqrt(total @ total)
    ):
        return standing.up
    return np.array([0.0, 0.0, 1.0]) if total is None else total


def _push_axis(t_s: FloatArray, rate: FloatArray, pitch: FloatArray, rests: list[int], left: FloatArray) -> FloatArray:
    """Return the unit vector about which the foot turns from heel-off to the fastest turning;
    `left` where no push is seen."""
    moment = np.zeros((3, 3))
    for rest in rests:
        until, end = t_s.searchsorted(
            (float(t_s[rest]) + ALIGNMENT.heel_off_within_s, float(t_s[rest]) + 2.0 * ALIGNMENT.heel_off_within_s)
        )
        pushing = (pitch[rest:until] > PARAMS.push_radps).nonzero()[0]
        if not len(pushing):
            continue
        heel_off = rest + pushing.item(0)
        rates = rate[heel_off : heel_off + int(pitch[heel_off:end].argmax()) + 1]
        moment += rates.T @ rates
    if not moment.any():
        return left
    axis = dominant_axis(moment)
    return axis if axis @ left > 0.0 else -axis


def _rests(t_s: FloatArray, seen: list[Swing], energy: FloatArray) -> list[int]:
    """Return rows at which the foot turns slowest after each of its swings."""
    rests = []
    for _, end in seen:
        over = float(t_s[end])
        a, b = t_s.searchsorted((over + ALIGNMENT.rest_from_s, over + ALIGNMENT.rest_until_s)).tolist()
        if b > a:
            rests.append(a + int(energy[a:b].argmin()))
    return rests


def _rest_ratio(t_s: FloatArray, seen: list[Swing], energy: FloatArray) -> float:
    """Return turning energy before swings (push-off) against after them (mid-stance); 0 where there are no swings."""
    after, before = [], []
    for start, end in seen:
        over, begun = float(t_s[end]), float(t_s[start])
        after.append(_least_between(t_s, energy, over + ALIGNMENT.rest_from_s, over + ALIGNMENT.rest_until_s))
        before.append(_least_between(t_s, energy, begun - ALIGNMENT.rest_until_s, begun - ALIGNMENT.rest_from_s))
    if not after:
        return 0.0
    return median_of(before) / max(median_of(after), 1e-9)


def _shock(t_s: FloatArray, acc: FloatArray, seen: list[Swing]) -> float:
    """Return the median over the landings of the largest step of the specific force between samples."""
    step = acc[1:] - acc[:-1]
    size2 = np.einsum("ni,ni->n", step, step)
    largest2 = []
    for _, end in seen:
        a, b = t_s.searchsorted(
            (float(t_s[end]) - ALIGNMENT.lands_from_s, float(t_s[end]) + ALIGNMENT.lands_until_s)
        ).tolist()
        largest2.append(float(size2[max(a - 1, 0) : b - 1].max(initial=0.0)))
    return median_of(math.sqrt(size) for size in largest2) if largest2 else 0.0


def swings(t_s: FloatArray, pitch: FloatArray) -> list[Swing]:
    """Return the first and last row of each stretch in which the foot turns toes-up by ALIGNMENT.clear_swing_rad or
    more."""
    turning = pitch < PARAMS.swing_end_radps
    edges = np.diff(turning.astype(np.int8), prepend=0, append=0).nonzero()[0].tolist()
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start < 3 or end >= len(t_s):
            continue
        t, rate = t_s[start:end], pitch[start:end]
        if rate.min() > PARAMS.swing_radps:
            continue
        if -0.5 * float(((rate[1:] + rate[:-1]) * (t[1:] - t[:-1])).sum()) >= ALIGNMENT.clear_swing_rad:
            found.append((start, end))
    return found


def _least_between(t_s: FloatArray, values: FloatArray, start_s: float, end_s: float) -> float:
    a, b = t_s.searchsorted((start_s, end_s)).tolist()
    return float(values[a:b].min()) if b > a else 0.0


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
        """Return (axes, everything held back and the rest of this segment), or (None, []) while not known."""
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
        """Return the axes by what is held; None where too little moved."""
        if sum(self._moving) < self._params.least_blocks:
            return None
        moving = [s for block, is_moving in zip(self._held, self._moving, strict=True) if is_moving for s in block]
        t = np.concatenate([s.t_s for s in moving])
        return find_axes(t, _acc(moving), _gyr(moving), self.standing)

    def held(self) -> list[Segment]:
        """Return everything held back, in order."""
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
        # Blocks long before a movement belong to no stride; those just before it stay, for a stride may begin in them.
        while len(self._held) > params.rest_blocks and not any(list(self._moving)[: params.rest_blocks + 1]):
            self._drop()
        while len(self._held) > params.most_blocks:
            self._drop()
        return sum(self._moving) >= params.learn_blocks

    def _drop(self) -> None:
        self._held.popleft()
        self._moving.popleft()
        first = self._held[0][0]  # nothing is held before it now: no stride may reach over its edge
        self._held[0][0] = first._replace(is_new=True)

    def _learn_standing(self, force: FloatArray, rate: FloatArray) -> None:
        self._quiet += 1
        length = float(np.sqrt(force @ force))
        if length == 0.0:
            return
        share = 1.0 / min(self._quiet, 8)  # the mean of eight blocks, then one that fades: a sensor may slip
        up, bias = force / length, rate
        if self.standing is not None:
            up = self.standing.up + share * (up - self.standing.up)
            bias = self.standing.bias_radps + share * (bias - self.standing.bias_radps)
        self.standing = Standing(up / np.sqrt(up @ up), bias)


def _acc(segments: list[Segment]) -> FloatArray:
    return np.concatenate([s.acc_mps2 for s in segments])


def _gyr(segments: list[Segment]) -> FloatArray:
    return np.concatenate([s.gyr_radps for s in segments if s.gyr_radps is not None])
