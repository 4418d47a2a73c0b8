"""Fill in distance and speed of an activity whose file has neither, from its positions.

Positions are smoothed by a local parabola (Savitzky & Golay 1964, doi:10.1021/ac60214a047) over 7 points where they
come about once a second, as watches smooth theirs before they add up distances; points further apart stay as they are.
Lengths are those of the WGS 84 ellipsoid. The distance between the two ends of a pause is not counted. Speed is the
distance of 6 s over its time. On two runs whose watch gave its own distance, sums differ from it by less than 1 %; a
distance's uncertainty is that share and the errors of its two ends, which rule below 300 m.
"""

import dataclasses
import math
from itertools import pairwise
from typing import Final

from coach.interchange.activity import Activity, Record, rising
from coach.model.arrays import BoolArray, np
from coach.model.earth import metres_per_radian
from coach.model.human_limits import FASTEST_MPS
from coach.model.samples import FloatArray

# Weights of a parabola through 7 equally spaced points, at their middle.
_PARABOLA: Final = tuple(weight / 21.0 for weight in (-2.0, 3.0, 6.0, 7.0, 6.0, 3.0, -2.0))
_DENSE_S: Final = 2.0  # points at most this far apart are smoothed: at 3 m/s further apart, bends would be cut
_HOLD_S: Final = 10.0  # a speed says nothing of what comes later; smart recording writes more often than that
_MOST_AWAY: Final = 10  # fixes in a row that a receiver loses itself for; chosen by judgement
_LEAST_COMMON: Final = 20  # records with both speeds: fewer have no median worth the name. Chosen by judgement
# Between what two measurements of one speed differ by and the units that are confused: miles an hour are 2.2, km/h 3.6
# times m/s. Chosen by judgement.
_SPEED_FACTOR: Final = 1.6
_SPEED_WINDOW_S: Final = 6.0  # as long as watches average a shown pace; shorter, position noise rules


def completed(activity: Activity) -> Activity:
    """Return the activity with distance and speed in its records and as a whole, where its file does not have them.

    Values that the file has are never replaced, but for a speed that its own positions contradict.
    """
    records = rising(activity.records)
    if len(records) < 2:
        return activity
    t_s = np.array([record.t_s for record in records])
    reported = np.array([record.values.get("distance_m", np.nan) for record in records])
    has_distance, has_positions = np.isfinite(reported).sum() >= 2 and float(np.nanmax(reported)) > 0, False
    has_speed = any("speed_mps" in record.values for record in records)
    if has_distance and has_speed:
        return _with_total(activity, reported)
    if has_distance:
        known = np.isfinite(reported)
        far = np.interp(t_s, t_s[known], np.maximum.accumulate(reported[known]))
    else:
        found = _from_positions(records, t_s, activity.pauses)
        has_positions = found is not None
        if found is None:
            found = _from_speed(records, t_s) if has_speed else None
        if found is None:
            return activity
        far = found
    speed = _speeds(t_s, far)
    has_speed = has_speed and not _is_contradicted(records, speed)
    added: dict[str, FloatArray] = {} if has_distance else {"distance_m": far}
    if not has_speed:
        added["speed_mps"] = speed
    full = tuple(
        dataclasses.replace(
            record, values={**{name: float(value[i]) for name, value in added.items()}, **_nonzero(record, added)}
        )
        for i, record in enumerate(records)
    )
    distance_m = activity.distance_m if activity.distance_m else float(far[-1] - (far[0] if not has_distance else 0.0))
    return dataclasses.replace(activity, records=full, distance_m=distance_m, is_by_positions=has_positions)


def _with_total(activity: Activity, reported: FloatArray) -> Activity:
    """Return the activity; one whose file has no distance as a whole, or none but zero,
    is as long as its records say."""
    if activity.distance_m:
        return activity
    return dataclasses.replace(activity, distance_m=float(np.nanmax(reported)))


def _from_speed(records: list[Record], t_s: FloatArray) -> FloatArray | None:
    """Return (n,) metres until each record, from speed held between records; None where it is unknown,
    or always zero."""
    speed = np.array([record.values.get("speed_mps", np.nan) for record in records])
    known = np.isfinite(speed)
    if known.sum() < 2 or not float(np.nanmax(speed)) > 0:
        return None
    times, value = t_s[known], np.clip(speed[known], 0.0, FASTEST_MPS)
    gaps = np.diff(times)
    steps = np.where(gaps <= _HOLD_S, gaps * (value[1:] + value[:-1]) / 2, 0.0)
    return np.asarray(np.interp(t_s, times, np.concatenate(([0.0], np.cumsum(steps)))), dtype=np.float64)


def _is_contradicted(records: list[Record], speed: FloatArray) -> bool:
    """Whether the file's speed is of another unit or another thing than the positions': both medians far apart."""
    given_mps = np.array([record.values.get("speed_mps", np.nan) for record in records])
    both = np.isfinite(given_mps) & (speed > 0.5)
    if both.sum() < _LEAST_COMMON:
        return False
    ratio = float(np.median(given_mps[both]) / np.median(speed[both]))
    return not 1 / _SPEED_FACTOR <= ratio <= _SPEED_FACTOR


def _nonzero(record: Record, added: dict[str, FloatArray]) -> dict[str, float]:
    """Return a record's values without those that are replaced because the whole file has nothing but zeros."""
    return {name: value for name, value in record.values.items() if name not in added}


def _from_positions(
    records: list[Record], t_s: FloatArray, pauses: tuple[tuple[float, float], ...]
) -> FloatArray | None:
    """Return (n,) metres until each record; None with fewer than two positions."""
    places = [i for i, r in enumerate(records) if r.latitude_deg is not None and r.longitude_deg is not None]
    if len(places) < 2:
        return None
    latitude = np.radians([records[i].latitude_deg or 0.0 for i in places])
    longitude = np.unwrap(np.radians([records[i].longitude_deg or 0.0 for i in places]))
    at_s = t_s[places]
    # Two equal positions at the ends of a pause would otherwise be drawn together.
    cuts = [0, *(j for j in range(1, len(places)) if _is_paused(at_s[j - 1], at_s[j], pauses)), len(places)]
    total: list[float] = []
    known: list[int] = []
    far = 0.0
    for first, last in pairwise(cuts):
        inside = np.arange(first, last)[_reachable(at_s[first:last], latitude[first:last], longitude[first:last])]
        known += inside.tolist()
        times = at_s[inside]
        steps = _steps(_smooth(times, latitude[inside]), _smooth(times, longitude[inside]))
        gaps = np.diff(times)
        steps = np.where(steps > FASTEST_MPS * gaps, 0.0, steps)
        piece = far + np.concatenate(([0.0], np.cumsum(steps)))
        total += piece.tolist()
        far = float(piece[-1])
    return np.asarray(np.interp(t_s, at_s[known], total), dtype=np.float64)


def _reachable(t_s: FloatArray, latitude: FloatArray, longitude: FloatArray) -> BoolArray:
    """Return (n,) whether a runner can have come from the fix before to this one,
    and on: False for jumps there and back.

    A jump that lasts is a place that was found again: its fixes count, its step does not (`FASTEST_MPS`).
    """
    north_m, east_m = (scale.tolist() for scale in metres_per_radian(latitude))
    north, east = latitude.tolist(), longitude.tolist()
    at_s, is_good, away = t_s.tolist(), np.ones(len(t_s), dtype=bool), 0
    last = 0
    for i in range(1, len(at_s)):
        away_m = math.hypot((east[i] - east[last]) * east_m[i], (north[i] - north[last]) * north_m[i])
        if away_m <= FASTEST_MPS * (at_s[i] - at_s[last]):
            last, away = i, 0
            continue
        is_good[i], away = False, away + 1
        if away > _MOST_AWAY or i == len(at_s) - 1:
            is_good[last + 1 : i + 1] = True
            last, away = i, 0
    return is_good


def _is_paused(start_s: float, end_s: float, pauses: tuple[tuple[float, float], ...]) -> bool:
    return any(start_s <= a and b <= end_s for a, b in pauses)


def _smooth(t_s: FloatArray, values: FloatArray) -> FloatArray:
    """Return values at points that are dense in time on both sides, smoothed; others as they are."""
    if len(values) < 7:
        return values
    smooth = values.copy()
    smooth[3:-3] = np.convolve(values - values[0], _PARABOLA, mode="valid") + values[0]
    gaps = np.diff(t_s)
    longest = np.max(np.lib.stride_tricks.sliding_window_view(gaps, 6), axis=1)
    is_even = longest <= np.minimum(_DENSE_S, 1.5 * np.min(np.lib.stride_tricks.sliding_window_view(gaps, 6), axis=1))
    smooth[3:-3] = np.where(is_even, smooth[3:-3], values[3:-3])
    return smooth


def _steps(latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Return metres between neighbours on the ellipsoid, from radii of curvature at their middle."""
    north_m, east_m = metres_per_radian((latitude[1:] + latitude[:-1]) / 2)
    return np.asarray(np.hypot(np.diff(latitude) * north_m, np.diff(longitude) * east_m), dtype=np.float64)


def _speeds(t_s: FloatArray, far: FloatArray) -> FloatArray:
    """Return (n,) distance around each moment over its time, up to the first and last moment."""
    first = np.maximum(t_s - _SPEED_WINDOW_S / 2, t_s[0])
    last = np.minimum(t_s + _SPEED_WINDOW_S / 2, t_s[-1])
    return np.asarray((np.interp(last, t_s, far) - np.interp(first, t_s, far)) / (last - first), dtype=np.float64)
