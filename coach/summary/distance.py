"""Measure how far and how long: moving time, distance, and the shortest time of each distance."""

from typing import Final

from coach.model.arrays import np
from coach.model.human_limits import FASTEST_MPS, fastest_s
from coach.model.samples import FloatArray
from coach.summary.series import RunSeries
from coach.summary.window import Window

BEST_M: Final = (400, 1000, 1609, 5000, 10000, 21097, 42195)
# A total with less of the running in it, and some seconds missing, would pass for the whole: chosen by eye, 2026-11-25
LEAST_KNOWN: Final = 0.8
_MOST_MISSING_S: Final = 20.0


def distance_curve(run: RunSeries) -> tuple[FloatArray, FloatArray] | None:
    """Return the times and metres run until then, rising; None where no sensor measures them.

    The distance the seconds carry; without it, speed over time (never extended over more than 5 s).
    """
    far = run.seconds.floats("distance_m")
    is_stated = ~np.isnan(far)
    if is_stated.sum() > 1:
        at_s, far = run.seconds.floats("t_s")[is_stated], far[is_stated]
        steps = np.maximum(0.0, np.diff(far, prepend=far[0]))
        steps[steps > FASTEST_MPS * np.maximum(np.diff(at_s, prepend=at_s[0]), 1.0)] = 0.0  # a lost fix
        return at_s, np.cumsum(steps)
    speed = run.measures.get("speed_mps")
    if speed is None or len(speed.t_s) < 2:
        return None
    order = np.argsort(speed.t_s, kind="stable")
    t_s, v = speed.t_s[order], speed.value[order]
    gap = np.diff(t_s)
    return t_s, np.concatenate(([0.0], np.cumsum(np.where(gap < 5.0, gap * (v[1:] + v[:-1]) / 2, 0.0))))


def distance_within(curve: tuple[FloatArray, FloatArray] | None, window: Window) -> float | None:
    """Return metres run in the part that counts."""
    if curve is None:
        return None
    t_s, far = curve
    steps = np.diff(far, prepend=far[0])
    return float(steps[window.holds(t_s)].sum())


def too_little_known(distance_m: float | None, moving_s: float, speed_mps: float | None) -> float | None:
    """Return the share of the running in which the speed was known, where it is too little for a distance; else None.

    Lost readings leave strides without a length: they are still counted, but their length is missing in the distance.
    """
    if distance_m is None or not speed_mps or not moving_s:
        return None
    share = distance_m / (moving_s * speed_mps)
    return share if share < LEAST_KNOWN and (1.0 - share) * moving_s > _MOST_MISSING_S else None


def best_times(curve: tuple[FloatArray, FloatArray] | None) -> dict[str, float]:
    """Return the shortest time of each usual distance that was run whole, by its metres;
    one that nobody can run is left out."""
    if curve is None:
        return {}
    t_s, far = curve
    best: dict[str, float] = {}
    for metres in BEST_M:
        starts = np.flatnonzero(far + metres <= far[-1])
        if len(starts):
            rising = far + np.arange(len(far)) * 1e-9
            found = float((np.interp(far[starts] + metres, rising, t_s) - t_s[starts]).min())
            if found >= fastest_s(metres):
                best[str(metres)] = found
    return best
