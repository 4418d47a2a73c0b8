"""Build strides: work off one phase transition at a time and report what it makes known."""

import math

from coach.gait.foot.constants import REACHES_S, T
from coach.gait.foot.contacts import contact
from coach.gait.foot.events import mid_stance, rolling, strike_angle, toe_off
from coach.gait.foot.phases import HEEL_OFF, SWING_OVER, Turning
from coach.gait.foot.stride_state import SHORTEST_CONTACT_S, SHORTEST_REST_S, Foot, Open, is_stride
from coach.gait.foot.strides import Landing, Way
from coach.gait.foot.trajectory import path
from coach.gait.foot.updates import CONTACT, MID_STANCE, STRIDE, TOE_OFF, Told
from coach.model.samples import FloatArray


def take_one(turning: Turning, foot: Foot, now: Open, columns: FloatArray, first: int) -> list[Told]:
    """Work off one turning point; columns: of the rows held, the first of them has the absolute number `first`."""
    if turning.turn == SWING_OVER:
        return _land(turning, foot, now, columns, first)
    this = now.this
    if this is None or this.swing_over != turning.swing_over:
        return []
    if turning.turn == HEEL_OFF:
        return _stand(turning, this, foot, now, columns, first)
    return _leave(turning, this, foot, columns, first)


def _land(turning: Turning, foot: Foot, now: Open, columns: FloatArray, first: int) -> list[Told]:
    row, look = turning.swing_over, turning.look
    if look == 0:
        now.n_swings += 1
    elif now.this is not None and now.this.swing_over == row:
        return []
    if row - foot.before < first:
        return []
    up, shock = foot.axes.axes[2], foot.least_shock(look)
    found = contact(columns, row - first, up, foot.rate_hz, REACHES_S[look], shock, foot.acc_limit)
    if found is None:
        return []
    number, known = now.n_swings, row + foot.reaches[look]
    landing = Landing(row, number, known, look, found.t_s, found.peak_mps2, found.rise_s, found.is_clipped)
    now.this = landing
    return [Told(CONTACT, landing)]


def _stand(turning: Turning, this: Landing, foot: Foot, now: Open, columns: FloatArray, first: int) -> list[Told]:
    last, heel_off = now.last, turning.heel_off
    if (last is not None and last.swing_over == this.swing_over) or heel_off < this.known_row:
        return []
    if columns.item(T, heel_off - first) < this.contact_s + SHORTEST_REST_S:
        return []
    mid = mid_stance(columns, this.contact_s, this.swing_over - first, heel_off - first, foot.rate_hz)
    angle = strike_angle(columns, mid, this.contact_s, foot.rate_hz)
    this.heel_off, this.mid_row, this.mid_s = heel_off, mid + first, columns.item(T, mid)
    this.angle_deg = math.degrees(angle)
    told = [Told(MID_STANCE, this, foot.axes.is_sure)]
    if last is not None:
        if is_stride(last, this) and last.mid_row >= first:
            way = _way(last, this, foot, now, columns[:, last.mid_row - first : mid + 1])
            now.last_stride_row = this.mid_row
            told.append(Told(STRIDE, last, foot.axes.is_sure, this, way))
        else:
            now.n_rejected += 1
    now.last = this
    return told


def _way(this: Landing, following: Landing, foot: Foot, now: Open, window: FloatArray) -> Way:
    found = path(window, foot.axes.axes, foot.rest)
    now.refiner.add(1, found.drift_mps2, found.moment, found.pitch_radps)
    clipped = this.mid_row < foot.clean_from and foot.is_clipped(window[:, :-1])
    bridged = foot.n_bridged(this.contact_s, following.mid_s)
    return Way(found.length_m, found.clearance_m, found.sink_mps, clipped, bridged, 1.0 / foot.rate_hz)


def _leave(turning: Turning, this: Landing, foot: Foot, columns: FloatArray, first: int) -> list[Told]:
    if this.push_over >= 0 or not 0 <= this.heel_off <= turning.heel_off:
        return []
    heel_off, end = turning.heel_off - first, turning.at - first
    off_s = toe_off(columns, heel_off, end)
    if off_s - this.contact_s < SHORTEST_CONTACT_S:
        return []
    start = max(0, this.swing_over - first - foot.before + 1)
    turned, rate = rolling(columns, start, end, this.contact_s, off_s, foot.inwards, foot.rest_inwards)
    this.toe_off_s, this.push_over = off_s, turning.at
    this.eversion_deg, this.eversion_peak_degps = math.degrees(turned), math.degrees(rate)
    return [Told(TOE_OFF, this)]
