"""Detect mid-stance, toe-off and rolling of one stride, and its strike angle, in windows around phase transitions.

`columns` are those of the rows held, (N_COLUMNS, n); rows are counted from their first. The foot's axes are forward,
left, up; pitch is positive toes down. The loops over a window are in `coach.gait.foot.single`.
"""

from bisect import bisect_left, bisect_right

import numpy as np

from coach.gait.foot import single
from coach.gait.foot.constants import ANGLE_REACH_S, GX, PITCH, REST_S, T
from coach.model.samples import FloatArray


def mid_stance(columns: FloatArray, contact_s: float, swing_over: int, heel_off: int, rate_hz: float) -> int:
    """Return the row of mid-stance: where the foot turns slowest between landing and heel-off.

    Energy of the turn rate over REST_S, smallest; from REST_AFTER_CONTACT_S after contact on, before heel-off.
    """
    half = max(1, round(0.5 * REST_S * rate_hz))
    window = columns[:, swing_over - half : heel_off + 1]
    rates = window[GX : GX + 3]
    energy = np.vecdot(rates.T, rates.T).tolist()
    return swing_over + single.mid_stance(window[T].tolist(), energy, len(energy) - 2 * half, contact_s, half)


def strike_angle(columns: FloatArray, mid: int, contact_s: float, rate_hz: float) -> float:
    """Return the toes-up angle of the foot at contact against mid-stance [rad]: the integral of pitch rate between."""
    first = max(0, mid - round(ANGLE_REACH_S * rate_hz))
    after = first + min(max(int(columns[T, first : mid + 1].searchsorted(contact_s)), 1), mid - first)
    window = slice(after - 1, mid + 1)
    return single.turned(columns[T, window].tolist(), columns[PITCH, window].tolist(), mid + 2 - after, contact_s)


def toe_off(columns: FloatArray, heel_off: int, push_over: int) -> float:
    """Return toe-off [s]: after its peak, the toes-down rate has fallen to PUSH_FALL_SHARE of it.

    While the toes push they speed the foot's turn up; once their force is gone the turn slows. The peak itself is 16
    to 24 ms before the force ends (Falbriard 2018 calls it the terminal contact and reports its bias).
    """
    window = slice(heel_off, push_over + 1)
    t, pitch = columns[T, window].tolist(), columns[PITCH, window].tolist()
    return single.toe_off(t, pitch, len(t))


def rolling(
    columns: FloatArray,
    start: int,
    end: int,
    contact_s: float,
    toe_off_s: float,
    inwards: FloatArray,
    bias_radps: float,
) -> tuple[float, float]:
    """Return eversion: the largest turn inwards since contact [rad], and the largest rate in its first half [rad/s].

    start, end: rows around the contact. inwards: (3,) the foot's forward axis (left foot) or its opposite (right foot)
    in sensor axes. bias_radps: what the gyroscope reads about that axis at rest.
    """
    window = columns[:, start : end + 1]
    rate = inwards.dot(window[GX : GX + 3])
    rate -= bias_radps
    t = window[T].tolist()
    on, off = bisect_left(t, contact_s), bisect_right(t, toe_off_s)
    return single.rolling(t, rate.tolist(), on, off, len(t), 0.5 * (contact_s + toe_off_s))
