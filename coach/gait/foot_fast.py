"""A whole recording of one foot in, its strides out, by the compiled loops of `coach.gait.foot_loops`.

Joining, learning the axes and looking at them again are those of the stream; what lies between runs compiled.
"""

from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from coach.gait import foot_loop_events as known
from coach.gait import foot_loops as loops
from coach.gait.compiling import compiled
from coach.gait.foot_axes import FootAxes, Refiner
from coach.gait.foot_columns import CONTACT_S, MID_S, N_BRIDGED, N_LANDING, N_STRIDE, FootStrides
from coach.gait.foot_learning import Learner
from coach.gait.foot_open import SHORTEST_STRIDE_S, Foot
from coach.gait.foot_phases import CALM, FRESH
from coach.gait.foot_rhythm import PIECE
from coach.gait.gaps import Joiner, Stretch
from coach.model.samples import FloatArray, ImuChunk

N_SEEN = 14


@cache
def _follow() -> Callable[..., int]:
    return compiled(loops.follow)


class FastFoot:
    """Follows one foot through a whole recording. follow: `loops.follow`, compiled unless said otherwise."""

    def __init__(self, chunk: ImuChunk, follow: Callable[..., int] | None = None) -> None:
        self._chunk = chunk
        self._run = follow or _follow()
        self._learner = Learner(chunk.rate_hz)
        self._foot: Foot | None = None
        self._sums = np.zeros(N_SEEN)
        self._n_rows = 0
        self._n_swings = 0
        self._strides: list[FloatArray] = []
        self._bridged: list[float] = []

    def strides(self) -> FootStrides:
        """All whole strides."""
        self._take(deque(Joiner().feed(self._chunk)))
        if self._foot is None and (axes := self._learner.axes()):
            held = self._learner.held()
            self._know(axes)
            self._take(deque(_runs(held, None)))
        measured = np.concatenate(self._strides) if self._strides else np.empty((0, N_STRIDE))
        bridged = np.array(self._bridged)
        until = bridged.searchsorted(measured[:, N_LANDING + MID_S])
        measured[:, N_BRIDGED] = until - bridged.searchsorted(measured[:, CONTACT_S])
        return FootStrides(self._chunk.wear_site, measured, 1.0 / self._chunk.rate_hz)

    def _take(self, stretches: deque[Stretch]) -> None:
        while stretches:
            stretch = stretches.popleft()
            if self._foot is not None:
                row = self._follow(stretch, self._foot)
                if row < len(stretch.t_s):
                    stretches.appendleft(stretch.part(row, len(stretch.t_s)))
                continue
            axes, held = self._learner.feed(stretch)
            if axes is not None:
                self._know(axes)
                stretches.extendleft(reversed(_runs(held, stretch)))

    def _know(self, axes: FootAxes) -> None:
        chunk = self._chunk
        ranges = chunk.acc_range_mps2, chunk.gyr_range_radps
        self._foot = Foot(chunk.wear_site.is_left, axes, chunk.rate_hz, *ranges)
        self._sums[:] = 0.0

    def _follow(self, stretch: Stretch, foot: Foot) -> int:
        """Follow the stretch until its end or until the foot is lost; the row from which to go on."""
        n = len(stretch.t_s)
        self._bridged += stretch.bridged_s
        foot.clean_from = 0
        foot.saw(n, stretch.largest)
        now = np.zeros(known.N_WHOLE, dtype=np.int64)
        now[known.EDGE] = PIECE - self._n_rows % PIECE
        now[known.LEVEL], now[known.DUE_ROW] = CALM, loops.NEVER
        now[known.N_SWINGS] = self._n_swings
        now[[known.THIS, known.LAST, known.LAST_STRIDE_ROW]] = -1
        reaches = np.array([*foot.reaches, foot.stands], dtype=np.int64)
        strides = np.empty((round(1.5 * n / (SHORTEST_STRIDE_S * foot.rate_hz)) + 2, N_STRIDE))
        samples = (_read_only(a) for a in (stretch.t_s, stretch.acc_mps2, stretch.gyr_radps))
        held = (np.array(FRESH), now, np.zeros((2, N_LANDING)), self._sums, strides)
        said, given = loops.REFINE, (*samples, np.empty(n))
        while said == loops.REFINE:
            said = self._run(*given, *_known(foot), reaches, *held)
            if said == loops.REFINE:
                foot.use(self._refined(foot.axes))
        self._n_swings = int(now[known.N_SWINGS])
        self._strides.append(strides[: now[known.N_STRIDES]])
        row = int(now[known.ROW]) if said == loops.LOST else n
        self._n_rows += row
        if said == loops.LOST:
            self._foot, self._learner = None, Learner(foot.rate_hz)
        return row

    def _refined(self, axes: FootAxes) -> FootAxes:
        refiner, sums = Refiner(), self._sums
        refiner.add(int(sums[0]), sums[1:4], sums[4:13].reshape(3, 3), float(sums[13]))
        sums[:] = 0.0
        return refiner.refined(axes)


def _known(foot: Foot) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What the loops need to know of the foot: axes, bias, facts."""
    facts = np.zeros(known.N_FACTS)
    facts[known.RATE_HZ], facts[known.ACC_LIMIT], facts[known.GYR_LIMIT] = foot.rate_hz, foot.acc_limit, foot.gyr_limit
    facts[known.SHOCK], facts[known.SURE] = foot.least_shock(0), foot.axes.is_sure
    facts[known.SIDE] = 1.0 if foot.is_left else -1.0
    facts[known.MAY_CLIP] = foot.clean_from > 0
    return _read_only(foot.axes.axes), _read_only(foot.axes.bias_radps), facts


def _read_only(array: FloatArray | None) -> FloatArray:
    """The array as it is, laid out and protected as the compiled loops expect it: another kind compiles them anew."""
    assert array is not None
    view = np.ascontiguousarray(array, dtype=np.float64).view()
    view.flags.writeable = False
    return view


def _runs(held: list[Stretch], newest: Stretch | None) -> list[Stretch]:
    """What was held back as whole runs between gaps; newest: the stretch in which the last run ends."""
    runs: list[list[Stretch]] = []
    for piece in held:
        if piece.is_new or not runs:
            runs.append([])
        runs[-1].append(piece)
    joined = [_joined(run) for run in (runs if newest is None else runs[:-1])]
    if newest is not None:
        n = len(newest.t_s)
        part = newest.part(n - sum(len(piece.t_s) for piece in runs[-1]), n)
        joined.append(part)
    return joined


def _joined(pieces: list[Stretch]) -> Stretch:
    def together(arrays: list[Any]) -> FloatArray:
        joined: FloatArray = np.concatenate(arrays)
        return joined

    return pieces[0]._replace(
        t_s=together([p.t_s for p in pieces]),
        acc_mps2=together([p.acc_mps2 for p in pieces]),
        gyr_radps=together([p.gyr_radps for p in pieces]),
        bridged_s=tuple(t for p in pieces for t in p.bridged_s),
    )
