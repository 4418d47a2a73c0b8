"""A window of shank motion in, contacts and toe-offs with walking told from running out. Any mounting; no gyroscope.

Running. Each stride has one shock, the largest specific force by far. Initial contact: the force has risen by a tenth
of the shock, less `RUN_RISE_S`. Toe-off: while the foot pushes, the force changes steadily one way, and the moment the
shank swings free it turns round: the farthest point on that way (of the last tenth of a second, force smoothed over
70 ms), less `RUN_PUSH_S`.

Walking. The shank swings through with the smallest force along its axis (mean force over whole strides); the largest
force within the next half second is the contact's shock, `WALK_SHOCK_S` after contact. Toe-off: the force turns
fastest, `WALK_TURN_S` before toe-off.

The four lags are means over nine treadmill trials of two persons with a force plate under the leg (50 N, 143 Hz; 1.25
to 2.4 m/s): 18, 22, 36 and 16 ms, between trials +-3, +-5, +-3 and +-3 ms. The shock of a soft runner came at 56 ms,
which is why running uses the rise. Elsewhere, too, the tibial shock peaks 30-40 ms after contact (Lafortune 1991).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.trunk_filters import hann_smooth, period, whole_mean
from coach.gait.trunk_window import BoolArray, View
from coach.model.samples import FloatArray

RUN_RISE_S: Final = 0.018
RUN_PUSH_S: Final = 0.022
WALK_SHOCK_S: Final = 0.036
WALK_TURN_S: Final = 0.016
SHORTEST_STRIDE_S: Final = 0.45
LONGEST_STRIDE_S: Final = 1.6
# Sum over axes: 17-21 in running, 6.6-8.5 in walking at 1.25-1.4 m/s (the trials above).
RUN_SD_MPS2: Final = 12.0
RUN_STRIDE_S: Final = 0.95  # slower than 126 steps per minute is no run
_SHOCK_BEFORE_S: Final = 0.06
_APART: Final = 0.6  # of a stride: two shocks nearer to each other are of one
_SWING: Final = 0.75  # of the mean force: below it, a leg swings
_PUSH_S: Final = 0.1
_TURN_FIT_S: Final = 0.05
_NEAR_S: Final = 0.05  # a stride's events are that near to where they usually are
_DOUBLE_SHOCK_S: Final = 0.12
_DOUBLE_SHARE: Final = 0.6
_FAINT: Final = 0.4  # of the median shock: smaller ones are something else


@dataclass(frozen=True, slots=True)
class Footfall:
    """One contact.

    shock_s: time of the largest force. toe_off_s: None where the window does not show it. stride_s: usual stride time.
    """

    contact_s: float
    shock_s: float
    toe_off_s: float | None
    stride_s: float
    is_running: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Signals:
    t_s: FloatArray
    rate_hz: float
    force: FloatArray
    size: FloatArray
    soft: FloatArray
    mean: FloatArray


def find_footfalls(view: View) -> list[Footfall]:
    """All contacts of a window, oldest first; empty where nothing repeats."""
    rate = view.rate_hz
    size = np.linalg.norm(view.acc_mps2, axis=1)
    soft = np.stack([hann_smooth(view.acc_mps2[:, k], round(0.07 * rate)) for k in range(3)], axis=1)
    lag = period(soft, round(SHORTEST_STRIDE_S * rate), round(LONGEST_STRIDE_S * rate))
    if lag is None:
        return []
    signals = _Signals(view.t_s, rate, view.acc_mps2, size, soft, whole_mean(view.acc_mps2, lag))
    deviation = whole_mean(((view.acc_mps2 - signals.mean) ** 2).sum(axis=1)[:, None], lag)[:, 0]
    is_run = (np.sqrt(deviation) > RUN_SD_MPS2) & (lag / rate < RUN_STRIDE_S)
    found = _runs(signals, lag, is_run) + _walks(signals, lag, ~is_run)
    return sorted(found, key=lambda footfall: footfall.contact_s)


def strongest(values: FloatArray, apart: int) -> list[int]:
    """Local maxima, strongest first, none nearer than `apart` samples to a stronger one; in order of time."""
    peaks = 1 + np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] > values[2:]))
    taken: list[int] = []
    for peak in peaks[np.argsort(-values[peaks], kind="stable")].tolist():
        if all(abs(peak - other) >= apart for other in taken):
            taken.append(peak)
    return sorted(taken)


def _runs(signals: _Signals, lag: int, is_run: BoolArray) -> list[Footfall]:
    if not is_run.any():
        return []
    shocks = [k for k in strongest(np.where(is_run, signals.size, 0.0), round(_APART * lag)) if is_run[k]]
    if not shocks:
        return []
    usual = float(np.median(signals.size[shocks]))
    shocks = [_first_peak(signals, k) for k in shocks if signals.size[k] > _FAINT * usual]
    push_offs = _push_offs(signals, shocks, lag)
    tops = [_top(signals, k) for k in shocks]
    # The peak scatters less than the start of the rise, but its lag differs between runners: so the peak, less the
    # usual time from start to peak in this window.
    usual_rise = float(np.median([top - _rise(signals, k) for k, top in zip(shocks, tops, strict=True)]))
    return [
        Footfall(top - usual_rise - RUN_RISE_S, float(signals.t_s[k]), push_off, lag / signals.rate_hz, True)
        for k, top, push_off in zip(shocks, tops, push_offs, strict=True)
    ]


def _first_peak(signals: _Signals, shock: int) -> int:
    """The first strong peak of a contact: in soft landings a later one may be the largest."""
    start = max(1, shock - round(_DOUBLE_SHOCK_S * signals.rate_hz))
    part = signals.size[start - 1 : shock + 1]
    peaks = 1 + np.flatnonzero((part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:]))
    strong = peaks[part[peaks] > _DOUBLE_SHARE * signals.size[shock]]
    return int(start - 1 + strong[0]) if len(strong) else shock


def _top(signals: _Signals, shock: int) -> float:
    """Time of the shock's peak, between samples."""
    return _top_of(signals.t_s, signals.size, shock)


def _rise(signals: _Signals, shock: int) -> float:
    """Time at which the force has risen by a tenth from its least in the 60 ms before the shock."""
    start = max(0, shock - round(_SHOCK_BEFORE_S * signals.rate_hz))
    part = signals.size[start : shock + 1]
    low = float(part.min())
    level = low + 0.1 * (float(part[-1]) - low)
    at = int(np.flatnonzero(part <= level)[-1])
    if at + 1 >= len(part):
        return float(signals.t_s[shock])
    share = (level - part[at]) / max(float(part[at + 1] - part[at]), 1e-12)
    times = signals.t_s[start + at : start + at + 2]
    return float(times[0] + share * (times[1] - times[0]))


def _stance_force(signals: _Signals, shocks: list[int]) -> FloatArray:
    """Unit vector from the mean force to the force of mid-stance, 60-120 ms after the shocks."""
    first, last = round(0.06 * signals.rate_hz), round(0.12 * signals.rate_hz)
    whole = [k for k in shocks if k + last < len(signals.size)]
    if not whole:
        return np.zeros(3)
    leaning = np.mean([(signals.soft[k + first : k + last] - signals.mean[k]).mean(axis=0) for k in whole], axis=0)
    result: FloatArray = leaning / max(float(np.linalg.norm(leaning)), 1e-9)
    return result


def _push_offs(signals: _Signals, shocks: list[int], lag: int) -> list[float | None]:
    """Toe-offs: first about where the force is farthest from mid-stance, then near there along the push's own way."""
    rate = signals.rate_hz
    stance = _stance_force(signals, shocks)
    along = -(signals.soft @ stance)
    first, last = round(0.1 * rate), round(0.5 * lag)
    whole = [k for k in shocks if k + last < len(along)]
    if not whole or not stance.any() or last - first < 3:
        return [None for _ in shocks]
    usual = round(float(np.median([first + int(np.argmax(along[k + first : k + last])) for k in whole])))
    back, reach = round(_PUSH_S * rate), round(_TURN_FIT_S * rate)
    change = np.mean([signals.soft[k + usual] - signals.soft[k + usual - back] for k in whole], axis=0)
    along = signals.soft @ (change / max(float(np.linalg.norm(change)), 1e-9))
    near = round(_NEAR_S * rate)
    first, last = max(first, usual - near), min(last, usual + near)
    return [
        _turning_point(signals.t_s, along, k + first, k + last, reach) - RUN_PUSH_S if k in whole else None
        for k in shocks
    ]


def _walks(signals: _Signals, lag: int, is_walk: BoolArray) -> list[Footfall]:
    if not is_walk.any():
        return []
    rate = signals.rate_hz
    axis = signals.mean / np.maximum(np.linalg.norm(signals.mean, axis=1), 1e-9)[:, None]
    along = hann_smooth(np.einsum("ij,ij->i", signals.force, axis), round(0.17 * rate))
    weight = np.linalg.norm(signals.mean, axis=1)
    edge = len(along) - round(0.12 * lag)
    swings = [k for k in strongest(-along, round(_APART * lag)) if along[k] < _SWING * weight[k] and k < edge]
    turn = np.linalg.norm(np.gradient(signals.soft, axis=0), axis=1)
    shocks = _near_usual(signals.size, swings, round(0.08 * lag), round(0.36 * lag), round(_NEAR_S * rate))
    turns = _near_usual(turn, swings, -round(0.24 * lag), 0, round(_NEAR_S * rate))
    found = []
    for k, swing in enumerate(swings):
        shock = shocks[k]
        if shock is None or not is_walk[swing]:
            continue
        away = turns[k + 1] if k + 1 < len(swings) and swings[k + 1] - swing < 1.5 * lag else None
        toe_off = None if away is None else _top_of(signals.t_s, turn, away) + WALK_TURN_S
        contact = _top(signals, shock) - WALK_SHOCK_S
        found.append(Footfall(contact, float(signals.t_s[shock]), toe_off, lag / rate, False))
    return found


def _near_usual(values: FloatArray, marks: list[int], first: int, last: int, near: int) -> list[int | None]:
    """Per mark the place of the largest value between mark + first and mark + last, near where it usually is."""
    whole = [mark for mark in marks if mark + first >= 1 and mark + last < len(values) - 1]
    if not whole or last <= first:
        return [None for _ in marks]
    usual = round(float(np.median([first + int(np.argmax(values[m + first : m + last])) for m in whole])))
    first, last = max(first, usual - near), min(last, usual + near + 1)
    return [m + first + int(np.argmax(values[m + first : m + last])) if m in whole else None for m in marks]


def _turning_point(t_s: FloatArray, values: FloatArray, start: int, end: int, reach: int) -> float:
    """Time of the largest value from `start` to `end` by a parabola through the `reach` samples on both sides."""
    k = start + int(np.argmax(values[start:end]))
    part = slice(max(0, k - reach), k + reach + 1)
    times, heights = t_s[part] - t_s[k], values[part]
    if len(times) < 5:
        return float(t_s[k])
    bend, slope, _ = np.polyfit(times, heights, 2)
    shift = -0.5 * slope / bend if bend < 0 else 0.0
    return float(t_s[k] + np.clip(shift, times[0], times[-1]))


def _top_of(t_s: FloatArray, values: FloatArray, k: int) -> float:
    """Time of the peak at `k`, between samples by a parabola."""
    if not 0 < k < len(values) - 1:
        return float(t_s[k])
    left, top, right = values[k - 1 : k + 2]
    bend = left - 2 * top + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(t_s[k] + np.clip(shift, -1.0, 1.0) * (t_s[k + 1] - t_s[k]))
