"""Many turning points in, what becomes known by them out in the order in which it became known: a recording's way.

First all contacts are measured together, then all mid-stances, toe-offs and ways; then the strides are told one after
the other, as `coach.gait.foot_one` would tell them.
"""

import math
from typing import Final

from coach.gait.foot_constants import REACHES_S, T
from coach.gait.foot_contacts import contacts
from coach.gait.foot_events import mid_stances, rolling, strike_angles, toe_offs
from coach.gait.foot_open import SHORTEST_CONTACT_S, SHORTEST_REST_S, Foot, Open, is_stride
from coach.gait.foot_path import paths
from coach.gait.foot_phases import HEEL_OFF, PUSH_OVER, SWING_OVER, Turning
from coach.gait.foot_strides import Landing, Way
from coach.gait.foot_told import CONTACT, MID_STANCE, STRIDE, TOE_OFF, Told
from coach.model.samples import FloatArray

AT_ONCE: Final = 80  # ways integrated together: their arrays stay in the processor's cache
StrideRows = list[tuple[int, int]]


def take_many(
    turnings: list[Turning], foot: Foot, now: Open, columns: FloatArray, first: int
) -> tuple[list[Told], StrideRows]:
    """Work off all; columns: of the rows held, the first of them has the absolute number `first`.

    Also (index of the turning point, row) at which each whole stride ended.
    """
    landings = {} if now.this is None else {now.this.swing_over: now.this}
    _find_landings(turnings, landings, foot, now, columns, first)
    heel_offs = _first_heel_offs(turnings, landings, now, columns, first)
    _mid_stances(heel_offs, landings, foot, columns, first)
    _toe_offs(turnings, landings, foot, columns, first)
    ways = _ways([landings[t.swing_over] for t in heel_offs], foot, now, columns, first)
    return _told(turnings, landings, ways, foot.axes.is_sure, now)


def _find_landings(
    turnings: list[Turning], landings: dict[int, Landing], foot: Foot, now: Open, columns: FloatArray, first: int
) -> None:
    """Add the landings of these turning points, by the row of their swing's end."""
    sought: tuple[list[int], ...] = tuple([] for _ in REACHES_S)
    numbers: dict[int, int] = {}
    for turning in turnings:
        if turning.turn == SWING_OVER:
            row = turning.swing_over
            if turning.look == 0:
                now.n_swings += 1
            numbers[row] = now.n_swings
            if row - foot.before >= first:
                sought[turning.look].append(row)
    for look, reach_s in enumerate(REACHES_S):
        at = [row for row in sought[look] if row not in landings]
        if not at:
            continue
        shock, known = foot.least_shock(look), foot.reaches[look]
        places, up = [row - first for row in at], foot.axes.axes[2]
        found = contacts(columns, places, up, foot.rate_hz, reach_s, shock, foot.acc_limit)
        for row, contact in zip(at, found, strict=True):
            if contact is not None:
                measured = contact.t_s, contact.peak_mps2, contact.rise_s, contact.is_clipped
                landings[row] = Landing(row, numbers[row], row + known, look, *measured)


def _mid_stances(of: list[Turning], landings: dict[int, Landing], foot: Foot, columns: FloatArray, first: int) -> None:
    if not of:
        return
    contact_s = [landings[t.swing_over].contact_s for t in of]
    over, off = [t.swing_over - first for t in of], [t.heel_off - first for t in of]
    mid = mid_stances(columns, contact_s, over, off, foot.rate_hz)
    angles = strike_angles(columns, mid, contact_s, foot.rate_hz)
    for turning, row, mid_s, angle in zip(of, mid, columns[T, mid].tolist(), angles, strict=True):
        landing = landings[turning.swing_over]
        landing.heel_off, landing.mid_row, landing.mid_s = turning.heel_off, row + first, mid_s
        landing.angle_deg = math.degrees(angle)


def _first_heel_offs(
    turnings: list[Turning], landings: dict[int, Landing], now: Open, columns: FloatArray, first: int
) -> list[Turning]:
    """Heel-offs of known landings, one a landing: ringing after a late landing looks like one, the next is it."""
    seen = -1 if now.last is None else now.last.swing_over
    firsts = []
    for turning in turnings:
        if turning.turn != HEEL_OFF or turning.swing_over == seen:
            continue
        landing = landings.get(turning.swing_over)
        if landing is None or turning.heel_off < landing.known_row:
            continue
        if columns.item(T, turning.heel_off - first) >= landing.contact_s + SHORTEST_REST_S:
            firsts.append(turning)
            seen = turning.swing_over
    return firsts


def _toe_offs(
    turnings: list[Turning], landings: dict[int, Landing], foot: Foot, columns: FloatArray, first: int
) -> None:
    """The push of each landing that stood: what follows a late landing at once is its slap, and so is too early."""
    pushes = [t for t in turnings if t.turn == PUSH_OVER]
    while pushes := [t for t in pushes if _is_push(t, landings.get(t.swing_over))]:
        of: dict[int, Turning] = {}
        for turning in pushes:
            of.setdefault(turning.swing_over, turning)
        _leave(list(of.values()), landings, foot, columns, first)
        pushes = [t for t in pushes if t is not of[t.swing_over]]


def _is_push(turning: Turning, landing: Landing | None) -> bool:
    return landing is not None and landing.push_over < 0 and 0 <= landing.heel_off <= turning.heel_off


def _leave(of: list[Turning], landings: dict[int, Landing], foot: Foot, columns: FloatArray, first: int) -> None:
    start, end = [max(0, t.swing_over - first - foot.before + 1) for t in of], [t.at - first for t in of]
    off_s = toe_offs(columns, [t.heel_off - first for t in of], end)
    contact_s = [landings[t.swing_over].contact_s for t in of]
    rolls = rolling(columns, start, end, contact_s, off_s, foot.inwards, foot.rest_inwards)
    for turning, t, (turned, rate) in zip(of, off_s, rolls, strict=True):
        landing = landings[turning.swing_over]
        if t - landing.contact_s >= SHORTEST_CONTACT_S:
            landing.toe_off_s, landing.push_over = t, turning.at
            landing.eversion_deg, landing.eversion_peak_degps = math.degrees(turned), math.degrees(rate)


def _ways(standing: list[Landing], foot: Foot, now: Open, columns: FloatArray, first: int) -> dict[int, Way]:
    """Ways of the strides that are complete, by the swing's end of the landing that completes them."""
    pairs = []
    last = now.last
    for landing in standing:
        if last is not None and is_stride(last, landing) and last.mid_row >= first:
            pairs.append((last, landing))
        last = landing
    if not pairs:
        return {}
    starts, ends = [p.mid_row - first for p, _ in pairs], [q.mid_row - first for _, q in pairs]
    clipped = [
        a + first < foot.clean_from and foot.is_clipped(columns[:, a:b]) for a, b in zip(starts, ends, strict=True)
    ]
    interval_s = 1.0 / foot.rate_hz
    ways = {}
    for k in range(0, len(pairs), AT_ONCE):
        some = slice(k, k + AT_ONCE)
        found = paths(columns, starts[some], ends[some], foot.axes.axes, foot.rest)
        now.refiner.add(len(starts[some]), found.drift_mps2, found.moment, found.pitch_radps)
        values = zip(found.length_m, found.clearance_m, found.sink_mps, clipped[some], strict=True)
        for (this, following), of_stride in zip(pairs[some], values, strict=True):
            bridged = foot.n_bridged(this.contact_s, following.mid_s)
            ways[following.swing_over] = Way(*of_stride, bridged, interval_s)
    return ways


def _told(
    turnings: list[Turning], landings: dict[int, Landing], ways: dict[int, Way], is_sure: bool, now: Open
) -> tuple[list[Told], StrideRows]:
    told: list[Told] = []
    stride_rows: StrideRows = []
    for n, turning in enumerate(turnings):
        landing = landings.get(turning.swing_over)
        if landing is None:
            continue
        if turning.turn == SWING_OVER:
            if turning.look == landing.look:
                told.append(Told(CONTACT, landing))
                now.this = landing
        elif turning.turn == HEEL_OFF:
            if turning.heel_off != landing.heel_off:
                continue
            told.append(Told(MID_STANCE, landing, is_sure))
            if now.last is not None:
                if way := ways.get(landing.swing_over):
                    now.last_stride_row = landing.mid_row
                    stride_rows.append((n, landing.mid_row))
                    told.append(Told(STRIDE, now.last, is_sure, landing, way))
                else:
                    now.n_rejected += 1
            now.last = landing
        elif turning.at == landing.push_over:
            told.append(Told(TOE_OFF, landing))
    return told, stride_rows
