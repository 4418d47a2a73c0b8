"""Find contacts and toe-offs in a window of shank motion, and distinguish walking from running. Any mounting.

Running: `shank_landing`, from the turn rate where there is a gyroscope, from jerk alone where there is none.

Walking needs no gyroscope. The shank swings through with the smallest force along its axis (mean force over whole
strides); the largest force within the next half second is the contact's shock, `WALK_SHOCK_S` after contact. Toe-off:
the force turns fastest, `WALK_TURN_S` before toe-off. Both lags are means over six treadmill trials of two people with
a force plate under the leg (50 N, 143 Hz; 1.25 to 1.4 m/s), between trials +-3 ms; elsewhere, too, the tibial shock
peaks 30-40 ms after contact (Lafortune 1991).

A contact without a shock is none: pedalling swings the shank as walking and running do.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.shank.landing import find_landings, have_shocks, strongest
from coach.gait.shank.params import ShankParams
from coach.gait.signal.filters import hann_smooth, period, whole_mean
from coach.gait.signal.window import BoolArray, WindowView
from coach.model.samples import FloatArray

WALK_SHOCK_S: Final = 0.036  # six trials of two people, see above
WALK_CONTACT_SD_S: Final = 0.015  # 106 strides of the two people
WALK_TURN_S: Final = 0.016  # the same trials
WALK_TOE_OFF_SD_S: Final = 0.055  # the same strides; averages are near, single strides are not
SHORTEST_STRIDE_S: Final = 0.45  # 267 steps per minute
LONGEST_STRIDE_S: Final = 1.6  # 75 steps per minute: a stroll
# Sum over axes: 17-21 in running, 6.6-8.5 in walking at 1.25-1.4 m/s (the trials above).
RUN_SD_MPS2: Final = 12.0
RUN_STRIDE_S: Final = 0.95  # slower than 126 steps per minute is no run
_APART: Final = 0.6  # of a stride: two shocks nearer to each other are of one
_SWING: Final = 0.75  # of the mean force: below it, a leg swings
_WALK_KNOWN_S: Final = 0.12  # after the shock no later one can belong to the same contact
_NEAR_S: Final = 0.05  # a stride's events are that near to where they usually are


@dataclass(frozen=True, slots=True)
class Footfall:
    """One contact.

    known_s: from here on later samples do not change the contact. toe_off_s: None where the window does not show it.
    stride_s: usual stride time. contact_sd_s, toe_off_sd_s: standard
    uncertainties.
    """

    contact_s: float
    known_s: float
    toe_off_s: float | None
    stride_s: float
    is_running: bool
    contact_sd_s: float
    toe_off_sd_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _Signals:
    t_s: FloatArray
    rate_hz: float
    force: FloatArray
    size: FloatArray
    soft: FloatArray
    mean: FloatArray


def find_footfalls(view: WindowView, params: ShankParams) -> list[Footfall]:
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
    found = _runs(view, lag, is_run, params) + _walks(signals, lag, ~is_run)
    found.sort(key=lambda footfall: footfall.contact_s)
    is_hit = have_shocks(view, [f.contact_s for f in found], [f.is_running for f in found], params)
    return [footfall for footfall, is_shock in zip(found, is_hit, strict=True) if is_shock]


def _runs(view: WindowView, lag: int, is_run: BoolArray, params: ShankParams) -> list[Footfall]:
    if not is_run.any():
        return []
    found = []
    for landing in find_landings(view, params):
        row = min(int(np.searchsorted(view.t_s, landing.contact_s)), len(is_run) - 1)
        if is_run[row]:
            contact = (landing.contact_s, landing.known_s, landing.toe_off_s)
            found.append(Footfall(*contact, lag / view.rate_hz, True, landing.contact_sd_s, landing.toe_off_sd_s))
    return found


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
        contact = _top_of(signals.t_s, signals.size, shock) - WALK_SHOCK_S
        known_s = float(signals.t_s[shock]) + _WALK_KNOWN_S
        found.append(Footfall(contact, known_s, toe_off, lag / rate, False, WALK_CONTACT_SD_S, WALK_TOE_OFF_SD_S))
    return found


def _near_usual(values: FloatArray, marks: list[int], first: int, last: int, near: int) -> list[int | None]:
    """Per mark the place of the largest value between mark + first and mark + last, near where it usually is."""
    whole = [mark for mark in marks if mark + first >= 1 and mark + last < len(values) - 1]
    if not whole or last <= first:
        return [None for _ in marks]
    usual = round(float(np.median([first + int(np.argmax(values[m + first : m + last])) for m in whole])))
    first, last = max(first, usual - near), min(last, usual + near + 1)
    return [m + first + int(np.argmax(values[m + first : m + last])) if m in whole else None for m in marks]


def _top_of(t_s: FloatArray, values: FloatArray, k: int) -> float:
    """Time of the peak at `k`, between samples by a parabola."""
    if not 0 < k < len(values) - 1:
        return float(t_s[k])
    left, top, right = values[k - 1 : k + 2]
    bend = left - 2 * top + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(t_s[k] + np.clip(shift, -1.0, 1.0) * (t_s[k + 1] - t_s[k]))
