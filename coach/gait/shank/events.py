"""Find contacts and toe-offs in a window of shank motion, and distinguish walking from running, in any mounting.

Running: `landing`, from the turn rate where there is a gyroscope, from jerk alone where there is none.

Walking needs no gyroscope. The shank swings through with the smallest force along its axis (mean force over whole
strides); the largest force within the next half second is the contact's shock, a fixed lag after contact. Toe-off: the
force turns fastest, a fixed lag before toe-off. Both lags are means over six treadmill trials of two people with a
force plate under the leg (50 N, 143 Hz; 1.25 to 1.4 m/s), between trials +-3 ms; elsewhere, too, the tibial shock peaks
30-40 ms after contact (Lafortune 1991).

A contact without a shock is none: pedalling swings the shank as walking and running do.
"""

import numpy as np

from coach.gait.shank.landing import find_landings, have_shocks, strongest
from coach.gait.shank.params import ShankParams
from coach.gait.signal.filters import hann_smooth, period, whole_mean
from coach.gait.signal.window import BoolArray, WindowView
from coach.model.frozen import dataclass
from coach.model.samples import FloatArray


@dataclass(frozen=True, slots=True)
class Footfall:
    """One contact.

    known_s: from here on later samples do not change the contact. toe_off_s: None where the window does not show it.
    stride_s: usual stride time. contact_sd_s, toe_off_sd_s: standard uncertainties.
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
    """A window: force (n, 3), its size (n,), the force smoothed, and its mean over whole strides about each row."""

    t_s: FloatArray
    rate_hz: float
    force: FloatArray
    size: FloatArray
    soft: FloatArray
    mean: FloatArray


def find_footfalls(view: WindowView, params: ShankParams) -> list[Footfall]:
    """Return all contacts of a window, oldest first; empty where nothing repeats."""
    rate = view.rate_hz
    size = np.linalg.norm(view.acc_mps2, axis=1)
    soft = np.stack([hann_smooth(view.acc_mps2[:, k], round(params.soft_s * rate)) for k in range(3)], axis=1)
    lag = period(soft, round(params.shortest_stride_s * rate), round(params.longest_stride_s * rate))
    if lag is None:
        return []
    signals = _Signals(view.t_s, rate, view.acc_mps2, size, soft, whole_mean(view.acc_mps2, lag))
    # Variance over whole strides: half a stride more or less would make a walk with a jolt look like a run.
    deviation = whole_mean(((view.acc_mps2 - signals.mean) ** 2).sum(axis=1)[:, None], lag)[:, 0]
    is_run = (np.sqrt(deviation) > params.run_sd_mps2) & (lag / rate < params.run_stride_s)
    found = _runs(view, lag, is_run, params) + _walks(signals, lag, ~is_run, params)
    found.sort(key=lambda footfall: footfall.contact_s)
    is_hit = have_shocks(view, [f.contact_s for f in found], [f.is_running for f in found], params)
    return [footfall for footfall, is_shock in zip(found, is_hit, strict=True) if is_shock]


def _runs(view: WindowView, lag: int, is_run: BoolArray, params: ShankParams) -> list[Footfall]:
    """Return contacts of `landing` where the window is of a run."""
    if not is_run.any():
        return []
    found = []
    for landing in find_landings(view, params):
        row = min(int(np.searchsorted(view.t_s, landing.contact_s)), len(is_run) - 1)
        if is_run[row]:
            contact = (landing.contact_s, landing.known_s, landing.toe_off_s)
            found.append(Footfall(*contact, lag / view.rate_hz, True, landing.contact_sd_s, landing.toe_off_sd_s))
    return found


def _walks(signals: _Signals, lag: int, is_walk: BoolArray, params: ShankParams) -> list[Footfall]:
    """Return contacts by the shock after each swing, and toe-offs by the turn of the force before the next."""
    if not is_walk.any():
        return []
    rate = signals.rate_hz
    axis = signals.mean / np.maximum(np.linalg.norm(signals.mean, axis=1), 1e-9)[:, None]
    along = hann_smooth(np.einsum("ij,ij->i", signals.force, axis), round(params.walk_smoothing_s * rate))
    weight = np.linalg.norm(signals.mean, axis=1)
    # A swing near the window's end is left to the next window: its shock has not come.
    edge = len(along) - round(params.walk_edge * lag)
    lows = strongest(-along, round(params.walk_apart * lag))
    swings = [k for k in lows if along[k] < params.walk_swing * weight[k] and k < edge]
    near = round(params.walk_near_s * rate)
    turn = np.linalg.norm(np.gradient(signals.soft, axis=0), axis=1)
    first, last = (round(share * lag) for share in params.walk_shock_in)
    shocks = _near_usual(signals.size, swings, first, last, near)
    turns = _near_usual(turn, swings, -round(params.walk_turn_in * lag), 0, near)
    found = []
    for k, swing in enumerate(swings):
        shock = shocks[k]
        if shock is None or not is_walk[swing]:
            continue
        # A toe-off belongs to the stride only where the next swing is that of this stride.
        away = turns[k + 1] if k + 1 < len(swings) and swings[k + 1] - swing < params.walk_missed * lag else None
        toe_off = None if away is None else _top_of(signals.t_s, turn, away) + params.walk_turn_s
        contact = _top_of(signals.t_s, signals.size, shock) - params.walk_shock_s
        known_s = float(signals.t_s[shock]) + params.walk_known_s
        sds = (params.walk_contact_sd_s, params.walk_toe_off_sd_s)
        found.append(Footfall(contact, known_s, toe_off, lag / rate, False, *sds))
    return found


def _near_usual(values: FloatArray, marks: list[int], first: int, last: int, near: int) -> list[int | None]:
    """Return per mark the place of the largest value between mark + first and mark + last, near where it usually is."""
    whole = [mark for mark in marks if mark + first >= 1 and mark + last < len(values) - 1]
    if not whole or last <= first:
        return [None for _ in marks]
    usual = round(float(np.median([first + int(np.argmax(values[m + first : m + last])) for m in whole])))
    first, last = max(first, usual - near), min(last, usual + near + 1)
    return [m + first + int(np.argmax(values[m + first : m + last])) if m in whole else None for m in marks]


def _top_of(t_s: FloatArray, values: FloatArray, k: int) -> float:
    """Return the time of the peak at `k`, between samples by a parabola."""
    if not 0 < k < len(values) - 1:
        return float(t_s[k])
    left, top, right = values[k - 1 : k + 2]
    bend = left - 2 * top + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(t_s[k] + np.clip(shift, -1.0, 1.0) * (t_s[k + 1] - t_s[k]))
