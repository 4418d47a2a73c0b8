"""Judge how far a run was: whether enough of it is known, and the shortest time of each distance."""

from typing import Final

from coach.model.arrays import np
from coach.model.human_limits import fastest_s
from coach.summary.distance_curve import DistanceCurve

BEST_M: Final = (400, 1000, 1609, 5000, 10000, 21097, 42195)
# A total with less of the running in it, and some seconds missing, would pass for the whole: chosen by eye, 2026-11-25
LEAST_KNOWN: Final = 0.8
_MOST_MISSING_S: Final = 20.0


def too_little_known(distance_m: float | None, moving_s: float, speed_mps: float | None) -> float | None:
    """Return the share of the running in which the speed was known, where it is too little for a distance; else None.

    Lost readings leave strides without a length: they are still counted, but their length is missing in the distance.
    """
    if distance_m is None or not speed_mps or not moving_s:
        return None
    share = distance_m / (moving_s * speed_mps)
    return share if share < LEAST_KNOWN and (1.0 - share) * moving_s > _MOST_MISSING_S else None


def best_times(curve: DistanceCurve | None) -> dict[str, float]:
    """Return the shortest time of each usual distance that was run whole, by its metres;
    one that nobody can run is left out."""
    if curve is None:
        return {}
    t_s, far = curve.t_s, curve.far_m
    best: dict[str, float] = {}
    for metres in BEST_M:
        starts = np.flatnonzero(far + metres <= far[-1])
        if len(starts):
            rising = far + np.arange(len(far)) * 1e-9
            found = float((np.interp(far[starts] + metres, rising, t_s) - t_s[starts]).min())
            if found >= fastest_s(metres):
                best[str(metres)] = found
    return best
