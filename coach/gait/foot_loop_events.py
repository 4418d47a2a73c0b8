"""Windows around one stride's turning points in, its landing, stand and push out, as plain loops over samples.

The moments themselves are sought by `coach.gait.foot_single`, which stream and loops share; a landing and a stride are
rows of numbers as `coach.gait.foot_columns` has them.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from coach.gait.foot_columns import (
    CLIPPED,
    CONTACT_S,
    EVERSION,
    EVERSION_PEAK,
    HEEL,
    IMPACT,
    IS_SURE,
    KNOWN,
    LENGTH,
    MID_ROW,
    MID_S,
    N_LANDING,
    OVER,
    PUSH,
    RISE_S,
    SEEN_AT,
    STRIKE,
    SWING,
    TOE_OFF_S,
    WAY_CLIPPED,
)
from coach.gait.foot_constants import ANGLE_REACH_S, BEFORE_SWING_OVER_S, REST_S
from coach.gait.foot_loop_ways import way_of
from coach.gait.foot_open import LONGEST_STRIDE_S, SHORTEST_CONTACT_S, SHORTEST_REST_S, SHORTEST_STRIDE_S
from coach.gait.foot_rhythm import N_LOOKS
from coach.gait.foot_single import contact, mid_stance, rolling, toe_off, turned
from coach.model.samples import FloatArray

IntArray = npt.NDArray[np.int64]

# Whole numbers that the loops remember.
ROW, EDGE, LEVEL, LANDING_ROW, DUE_ROW, LOOK, N_SWINGS, NUMBER, THIS, LAST, LAST_STRIDE_ROW, N_STRIDES = range(12)
N_WHOLE: Final = 12
# What is known of the foot as numbers, beside its axes (3, 3) and the bias (3,).
RATE_HZ, ACC_LIMIT, GYR_LIMIT, SHOCK, SIDE, SURE, MAY_CLIP, N_FACTS = 0, 1, 2, 3, 4, 5, 6, 7


def land(
    over: int,
    t: FloatArray,
    acc: FloatArray,
    pitch: FloatArray,
    axes: FloatArray,
    facts: FloatArray,
    reaches: IntArray,
    now: IntArray,
    landings: FloatArray,
) -> None:
    """Seek the landing after the swing that ended at the row `over`."""
    look, this = now[LOOK], now[THIS]
    if look == 0:
        now[NUMBER] += 1
    elif this >= 0 and landings[this, OVER] == over:
        return
    first = over - round(BEFORE_SWING_OVER_S * facts[RATE_HZ])
    if first < 1:
        return
    reach = reaches[look]
    n = over + reach + 1 - first
    up = np.empty(n)
    largest = largest_step2 = 0.0
    for k in range(n):
        x, y, z = acc[first + k, 0], acc[first + k, 1], acc[first + k, 2]
        up[k] = x * axes[2, 0] + y * axes[2, 1] + z * axes[2, 2]
        largest = max(largest, abs(x), abs(y), abs(z))
        if k > 0:
            i = first + k - 1
            step2 = (x - acc[i, 0]) ** 2 + (y - acc[i, 1]) ** 2 + (z - acc[i, 2]) ** 2
            largest_step2 = max(largest_step2, step2)
    shock = facts[SHOCK] if look < N_LOOKS - 1 else 0.0
    if largest_step2 < shock * shock:
        return
    end = first + n
    is_landing, contact_s, felt, rise_s = contact(t[first:end], up, pitch[first:end], n, facts[RATE_HZ])
    if not is_landing:
        return
    peak2 = 0.0
    for k in range(first + felt, end):
        peak2 = max(peak2, acc[k, 0] * acc[k, 0] + acc[k, 1] * acc[k, 1] + acc[k, 2] * acc[k, 2])
    slot = 1 - now[LAST] if now[LAST] >= 0 else 0
    now[THIS] = slot
    landing = landings[slot]
    landing[:] = -1.0
    landing[OVER], landing[SWING], landing[KNOWN], landing[SEEN_AT] = over, now[NUMBER], over + reach, look
    landing[CONTACT_S], landing[IMPACT], landing[RISE_S] = contact_s, math.sqrt(peak2), rise_s
    landing[CLIPPED] = 1.0 if largest >= facts[ACC_LIMIT] else 0.0
    landing[MID_S:] = math.nan


def stand(
    over: int,
    heel_off: int,
    t: FloatArray,
    acc: FloatArray,
    gyr: FloatArray,
    pitch: FloatArray,
    axes: FloatArray,
    bias: FloatArray,
    facts: FloatArray,
    now: IntArray,
    landings: FloatArray,
    seen: FloatArray,
    strides: FloatArray,
) -> None:
    """The foot stood until the row `heel_off`, or still stands: its mid-stance, and the stride that ends with it."""
    this, last = now[THIS], now[LAST]
    if this < 0 or landings[this, OVER] != over or this == last:
        return
    landing = landings[this]
    contact_s = landing[CONTACT_S]
    if heel_off < landing[KNOWN] or t[heel_off] < contact_s + SHORTEST_REST_S:
        return
    half = max(1, round(0.5 * REST_S * facts[RATE_HZ]))
    start, end = over - half, heel_off + 1
    energy = np.empty(end - start)
    for k in range(start, end):
        energy[k - start] = gyr[k, 0] * gyr[k, 0] + gyr[k, 1] * gyr[k, 1] + gyr[k, 2] * gyr[k, 2]
    mid = over + mid_stance(t[start:end], energy, len(energy) - 2 * half, contact_s, half)
    landing[HEEL], landing[MID_ROW], landing[MID_S] = heel_off, mid, t[mid]
    least = max(mid - round(ANGLE_REACH_S * facts[RATE_HZ]), 0)
    before = least + int(np.searchsorted(t[least + 1 : mid], contact_s))
    landing[STRIKE] = math.degrees(turned(t[before : mid + 1], pitch[before : mid + 1], mid + 1 - before, contact_s))
    if last >= 0 and _is_stride(landings[last], landing):
        now[LAST_STRIDE_ROW] = mid
        stride = strides[now[N_STRIDES]]
        now[N_STRIDES] += 1
        stride[:N_LANDING] = landings[last]
        stride[N_LANDING : 2 * N_LANDING] = landing
        stride[IS_SURE] = facts[SURE]
        begin = int(landings[last, MID_ROW])
        stride[WAY_CLIPPED] = _is_clipped(acc, gyr, begin, mid, facts) if facts[MAY_CLIP] else 0.0
        way_of(t[begin : mid + 1], acc[begin : mid + 1], gyr[begin : mid + 1], axes, bias, seen, stride[LENGTH:])
    now[LAST] = this


def _is_stride(this: FloatArray, following: FloatArray) -> bool:
    """As `coach.gait.foot_open.is_stride` has it."""
    lasts_s = following[CONTACT_S] - this[CONTACT_S]
    left_s = this[TOE_OFF_S] if math.isfinite(this[TOE_OFF_S]) else following[CONTACT_S]
    is_next = following[SWING] == this[SWING] + 1 and SHORTEST_STRIDE_S < lasts_s < LONGEST_STRIDE_S
    is_after = this[CONTACT_S] < this[MID_S] < left_s
    return bool(is_next and is_after and left_s <= following[CONTACT_S] < following[MID_S])


def _is_clipped(acc: FloatArray, gyr: FloatArray, start: int, end: int, facts: FloatArray) -> float:
    for k in range(start, end):
        if max(abs(acc[k, 0]), abs(acc[k, 1]), abs(acc[k, 2])) >= facts[ACC_LIMIT]:
            return 1.0
        if max(abs(gyr[k, 0]), abs(gyr[k, 1]), abs(gyr[k, 2])) >= facts[GYR_LIMIT]:
            return 1.0
    return 0.0


def leave(
    over: int,
    heel_off: int,
    at: int,
    t: FloatArray,
    gyr: FloatArray,
    pitch: FloatArray,
    axes: FloatArray,
    bias: FloatArray,
    facts: FloatArray,
    now: IntArray,
    landings: FloatArray,
) -> None:
    """The push that began at `heel_off` was over at the row `at`: toe-off, and how the foot rolled inwards."""
    this = now[THIS]
    if this < 0 or landings[this, OVER] != over:
        return
    landing = landings[this]
    if landing[PUSH] >= 0.0 or not 0.0 <= landing[HEEL] <= heel_off:
        return
    off_s = toe_off(t[heel_off : at + 1], pitch[heel_off : at + 1], at + 1 - heel_off)
    contact_s = landing[CONTACT_S]
    if off_s - contact_s < SHORTEST_CONTACT_S:
        return
    x, y, z = facts[SIDE] * axes[0, 0], facts[SIDE] * axes[0, 1], facts[SIDE] * axes[0, 2]
    rest = x * bias[0] + y * bias[1] + z * bias[2]
    first = max(0, over - round(BEFORE_SWING_OVER_S * facts[RATE_HZ]))
    rates = np.empty(at + 1 - first)
    for k in range(first, at + 1):
        rates[k - first] = gyr[k, 0] * x + gyr[k, 1] * y + gyr[k, 2] * z - rest
    within = t[first : at + 1]
    on, off = int(np.searchsorted(within, contact_s)), int(np.searchsorted(within, off_s, side="right"))
    most, fastest = rolling(within, rates, on, off, len(rates), 0.5 * (contact_s + off_s))
    landing[TOE_OFF_S], landing[PUSH] = off_s, at
    landing[EVERSION], landing[EVERSION_PEAK] = math.degrees(most), math.degrees(fastest)
