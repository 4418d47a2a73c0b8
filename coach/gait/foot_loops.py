"""One foot's whole stretch of samples in, its strides out as rows of numbers: the stream's measures as plain loops.

`coach.gait.foot_fast` compiles these loops; they run uncompiled too, slowly. What a turning point is, stands in
`coach.gait.foot_phases`, which stream and loops share; what lies about it, in `coach.gait.foot_loop_events`.
"""

from typing import Final

from coach.gait.foot_learning import MOVING_RADPS
from coach.gait.foot_loop_events import (
    DUE_ROW,
    EDGE,
    LANDING_ROW,
    LAST_STRIDE_ROW,
    LEVEL,
    LOOK,
    N_SWINGS,
    RATE_HZ,
    ROW,
    IntArray,
    land,
    leave,
    stand,
)
from coach.gait.foot_phases import (
    ANGLE,
    HEEL_OFF,
    HEEL_OFF_ROW,
    PUSH_OVER,
    SWING_OVER,
    SWING_OVER_ROW,
    SWING_OVER_UNSEEN_HEEL,
    SWING_ROW,
    cross,
    level_of,
    next_crossing,
)
from coach.gait.foot_rhythm import LOST_S, N_LOOKS, PIECE, REFINE_EVERY
from coach.model.samples import FloatArray

# Why `follow` ended.
DONE, REFINE, LOST = 0, 1, 2
NEVER: Final = 1 << 60


def follow(
    t: FloatArray,
    acc: FloatArray,
    gyr: FloatArray,
    pitch: FloatArray,
    axes: FloatArray,
    bias: FloatArray,
    facts: FloatArray,
    reaches: IntArray,
    phases: FloatArray,
    now: IntArray,
    landings: FloatArray,
    seen: FloatArray,
    strides: FloatArray,
) -> int:
    """Follow the stretch from the row now[ROW] until its end, a look at the axes (REFINE) or until they do not hold.

    t, acc, gyr: (n,), (n, 3), (n, 3) samples. pitch: (n,) its rates, filled in. reaches: rows after
    swing's end at which a landing is sought, then how long until the foot stands. landings: (2, N_LANDING). seen:
    (14,) sums for the refiner. strides: (m, N_STRIDE), filled in.
    """
    n, second = len(t), round(facts[RATE_HZ])
    row, level, angle = now[ROW], now[LEVEL], phases[ANGLE]
    while True:
        if row == now[EDGE]:
            now[EDGE] += PIECE
            if _is_lost(gyr, row, second, now[LAST_STRIDE_ROW]):
                now[ROW] = row
                return LOST
        if row == n:
            return DONE
        end = min(n, now[EDGE])
        _pitch_rates(gyr[row:end], axes, bias, pitch[row:end])
        while row < end:
            stop = min(end, now[DUE_ROW] + 1)
            at, angle = next_crossing(t, pitch, row, stop, level, angle)
            row = min(at + 1, stop)
            if row > now[DUE_ROW]:
                _settle(row - 1, t, acc, gyr, pitch, axes, bias, facts, reaches, now, landings, seen, strides)
            if at == stop:
                continue
            level, over = level_of(pitch[at]), int(phases[SWING_OVER_ROW])
            said = cross(phases, at, t[at], angle, level)
            if said == PUSH_OVER:
                leave(over, int(phases[HEEL_OFF_ROW]), at, t, gyr, pitch, axes, bias, facts, now, landings)
            elif said in (HEEL_OFF, SWING_OVER_UNSEEN_HEEL):
                off = int(phases[HEEL_OFF_ROW if said == HEEL_OFF else SWING_ROW])
                stand(over, off, t, acc, gyr, pitch, axes, bias, facts, now, landings, seen, strides)
            if said in (SWING_OVER, SWING_OVER_UNSEEN_HEEL):
                now[LANDING_ROW], now[LOOK], now[DUE_ROW] = at, 0, at + reaches[0]
                now[N_SWINGS] += 1
                if now[N_SWINGS] % REFINE_EVERY == 0:
                    now[ROW], now[LEVEL], phases[ANGLE] = row, level, angle
                    return REFINE


def _pitch_rates(gyr: FloatArray, axes: FloatArray, bias: FloatArray, pitch: FloatArray) -> None:
    x, y, z = axes[1, 0], axes[1, 1], axes[1, 2]
    rest = bias[0] * x + bias[1] * y + bias[2] * z
    for k in range(len(gyr)):
        pitch[k] = gyr[k, 0] * x + gyr[k, 1] * y + gyr[k, 2] * z - rest


def _is_lost(gyr: FloatArray, row: int, second: int, last_stride_row: int) -> bool:
    """Whether the foot moved in each of the last seconds without a stride."""
    start = row - LOST_S * second
    if start < 0 or last_stride_row > start:
        return False
    for k in range(start, row, second):
        energy = 0.0
        for i in range(k, k + second):
            energy += gyr[i, 0] * gyr[i, 0] + gyr[i, 1] * gyr[i, 1] + gyr[i, 2] * gyr[i, 2]
        if energy <= MOVING_RADPS * MOVING_RADPS * second:
            return False
    return True


def _settle(
    row: int,
    t: FloatArray,
    acc: FloatArray,
    gyr: FloatArray,
    pitch: FloatArray,
    axes: FloatArray,
    bias: FloatArray,
    facts: FloatArray,
    reaches: IntArray,
    now: IntArray,
    landings: FloatArray,
    seen: FloatArray,
    strides: FloatArray,
) -> None:
    """Look for the landing in the windows after swing's end that are complete at `row`; then for standing."""
    while row >= now[DUE_ROW]:
        due, over = now[DUE_ROW], now[LANDING_ROW]
        if now[LOOK] == N_LOOKS:
            now[DUE_ROW] = NEVER
            stand(over, due, t, acc, gyr, pitch, axes, bias, facts, now, landings, seen, strides)
            return
        land(over, t, acc, pitch, axes, facts, reaches, now, landings)
        now[LOOK] += 1
        now[DUE_ROW] = over + reaches[now[LOOK]]
