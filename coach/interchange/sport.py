"""Which sport an activity was: by the name in its file, and where that is open, by speed, cadence and shape.

Watches count one leg's strides in running and crank turns in cycling under one name, so a ride at 85 turns a minute
reads as a run at 170 steps a minute. Three things part them: nobody runs faster than the world records (World
Athletics, outdoor and road, men, as of November 2026); a step is at most as long as a runner's; and who coasts moves
fast at cadence zero, which no runner can. What stays open is kept apart as another activity, never guessed into
records.
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.interchange.activity import Activity
from coach.model.samples import FloatArray

RUNNING: Final = "running"
WALKING: Final = "walking"
OTHER: Final = "other"

# Parts of words by which files and exports name a sport, in the languages that bulk exports are written in.
_RUN: Final = re.compile(
    r"(^|_)(run|runs|running|runner|jog|jogging|ultrarun\w*|trailrun\w*|virtualrun|treadmill\w*|laufen|lauf|"
    r"dauerlauf|traillauf|laufband|footing|course_a_pied|course|corsa|carrera|correr|corrida|hardlopen|loping)($|_)"
    r"|running"
)
_WALK: Final = re.compile(
    r"(^|_)(walk\w*|hik\w*|spazier\w*|wander\w*|gehen|marche|randonnee|caminata|camminata|mountaineering|snowshoe\w*)"
)
_ELSE: Final = re.compile(
    r"bik|cycl|(^|_)ride|ride($|_)|radf|(^|_)rad(sport|fahren)?($|_)|velo|mtb|swim|schwimm|natation|open_water|(^|_)pool|"
    r"ski|snow|(^|_)row|rudern|paddl|kayak|canoe|(^|_)sup($|_)|surf|sail|boat|skat|golf|yoga|pilates|strength|weight|"
    r"kraft|cardio|ellipt|stair|climb|kletter|horse|driv|motor|flying|hiit|danc|soccer|football|tennis|basketball|"
    r"volleyball|padel|squash|boxing|wheelchair|handcycle|breath|meditat|gym|core_training|crossfit|rugby|hockey"
)
# Strava's GPX files name a sport by number: those seen in exports.
_NUMBERS: Final = {"9": RUNNING, "4": WALKING, "10": WALKING, "1": "cycling", "16": "swimming", "17": "virtual_ride"}
_OPEN: Final = ("generic", "training", "fitness_equipment", "all", "other", "workout", "activity", "unknown", "")

# (metres, seconds) of the world records; 100 m to the marathon.
_FASTEST: Final = (
    (100.0, 9.58),
    (400.0, 43.03),
    (1000.0, 131.96),
    (1609.344, 223.13),
    (5000.0, 755.36),
    (10000.0, 1571.0),
    (21097.5, 3402.0),
    (42195.0, 7235.0),
)
_FASTEST_100_KM_MPS: Final = 100_000 / 21_913.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Limits of the verdict where no sport is named.

    cadence_spm: median while moving; below lies walking and rowing (Segers et al. 2006: runners change to a run near
    140), above no adult's mean. step_m: elite 10 km pace has 1.9 m, so an unnamed activity above 1.75 m is doubted.
    speed_mps: median while moving; below lies walking (preferred transition 2.0 m/s, Hreljac 1993), above 5.2 m/s
    fewer than one runner in a hundred trains for long. rush_mps: 95th percentile of 20 s means: above lies going
    downhill on wheels. coasting: share of fast time (3 m/s and more) at cadence zero that lost readings do not reach.
    min_s: less than that shows no shape. The last three were chosen by hand on the described behaviour, not fitted
    to recordings; a corpus of unnamed runs and rides would change them.
    """

    cadence_spm: tuple[float, float] = (135.0, 225.0)
    step_m: tuple[float, float] = (0.45, 1.75)
    speed_mps: tuple[float, float] = (1.8, 5.2)
    rush_mps: float = 6.5
    coasting: float = 0.08
    min_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """sport: RUNNING, WALKING, OTHER or the sport's own name. reason: why, in words, where it is no run; else "".
    is_named: the file names the sport; else it was decided from the data."""

    sport: str
    reason: str = ""
    is_named: bool = False


def named_sport(word: str | None) -> str | None:
    """A sport as a file names it: RUNNING, WALKING, another sport's own word, or None where it stays open."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", (word or "").strip()).lower()
    plain = re.sub(r"[\s\-/.]+", "_", plain.translate(str.maketrans("àáâéèêöøäü", "aaaeeeooau")))
    plain = plain.removeprefix("hkworkout_activity_type_")
    if plain in _OPEN:
        return None
    if plain.isdigit():
        return _NUMBERS.get(plain)
    if _ELSE.search(plain) and not re.search(r"(^|_)(run|running|trail_run\w*)($|_)", plain):
        return plain
    if _RUN.search(plain):
        return RUNNING
    return WALKING if _WALK.search(plain) else None


def verdict_of(activity: Activity, limits: Evidence | None = None) -> Verdict:
    """What an activity was, by name, else by its data.

    A named run that is faster as a whole than any human is doubted too.
    """
    limits = limits or Evidence()
    named = named_sport(activity.sport)
    if named == WALKING:
        return Verdict(WALKING, "the file calls it a walk", is_named=True)
    if named not in (None, RUNNING):
        return Verdict(named or OTHER, f"the file calls it {str(named).replace('_', ' ')}", is_named=True)
    too_fast = _faster_than_any_runner(activity)
    if too_fast:
        return Verdict(OTHER, too_fast)
    if named == RUNNING:
        return Verdict(RUNNING, is_named=True)
    return _by_data(activity, limits)


def world_record_s(distance_m: float) -> float:
    """Shortest time [s] in which anybody ran a distance: between and beyond the records at the speed of the shorter."""
    speeds = [metres / seconds for metres, seconds in _FASTEST]
    places = np.log([metres for metres, _ in _FASTEST] + [100_000.0])
    return distance_m / float(np.interp(np.log(max(distance_m, 1.0)), places, [*speeds, _FASTEST_100_KM_MPS]))


def _faster_than_any_runner(activity: Activity) -> str:
    distance_m, moving_s = activity.distance_m, activity.duration_s
    if not distance_m or distance_m < 200 or moving_s <= 0 or moving_s >= world_record_s(distance_m):
        return ""
    return f"{distance_m / 1000:.1f} km in {moving_s / 60:.0f} min is faster than anybody runs"


def _by_data(activity: Activity, limits: Evidence) -> Verdict:
    times = np.array([record.t_s for record in activity.records])
    speed = _values(activity, "speed_mps")
    cadence = _values(activity, "cadence_spm")
    is_moving = np.nan_to_num(speed, nan=1.0) > 0.5
    if len(times) < 5 or times[-1] - times[0] < limits.min_s:
        return Verdict(OTHER, "it is too short to show what it was")
    steps = cadence[is_moving & (cadence > 0)]
    has_speed, has_cadence = np.isfinite(speed).sum() >= 5, len(steps) >= 5
    if has_speed:
        rush = float(np.percentile(_smooth(times, speed), 95))
        if rush > limits.rush_mps:
            return Verdict(OTHER, f"no sport is named, and {rush:.1f} m/s at its fastest is a ride's speed")
        middle = float(np.nanmedian(speed[is_moving])) if np.isfinite(speed[is_moving]).any() else 0.0
        if not limits.speed_mps[0] <= middle <= limits.speed_mps[1]:
            what = "a walk's" if middle < limits.speed_mps[0] else "a ride's"
            kind = WALKING if 0.6 <= middle < limits.speed_mps[0] and not _is_other(activity) else OTHER
            return Verdict(kind, f"no sport is named, and {middle:.1f} m/s is {what} speed")
    if has_cadence:
        return _by_cadence(speed, cadence, steps, has_speed, limits)
    if not has_speed or _is_other(activity) or not _has_places(activity):
        return Verdict(OTHER, "no sport is named, and no cadence shows what it was")
    return Verdict(RUNNING)


def _by_cadence(
    speed: FloatArray, cadence: FloatArray, steps: FloatArray, has_speed: bool, limits: Evidence
) -> Verdict:
    middle = float(np.median(steps))
    if not limits.cadence_spm[0] <= middle <= limits.cadence_spm[1]:
        return Verdict(OTHER, f"no sport is named, and {middle:.0f} steps a minute is no runner's cadence")
    if not has_speed:
        return Verdict(RUNNING)
    is_fast = (speed > 3.0) & np.isfinite(cadence)
    if is_fast.sum() >= 20 and float((cadence[is_fast] == 0).mean()) > limits.coasting:
        return Verdict(OTHER, "no sport is named, and it rolls on while the cadence is zero")
    length = speed * 60 / np.where(cadence > 0, cadence, np.nan)
    step_m = float(np.nanmedian(length)) if np.isfinite(length).any() else 1.0
    if not limits.step_m[0] <= step_m <= limits.step_m[1]:
        return Verdict(OTHER, f"no sport is named, and steps of {step_m:.2f} m are no runner's")
    return Verdict(RUNNING)


def _is_other(activity: Activity) -> bool:
    """Whether the file says that it is something else than the sports it has names for (TCX: Other)."""
    return (activity.sport or "").strip().lower() == "other"


def _has_places(activity: Activity) -> bool:
    return any(record.latitude_deg is not None for record in activity.records)


def _values(activity: Activity, name: str) -> FloatArray:
    return np.array([record.values.get(name, np.nan) for record in activity.records], dtype=np.float64)


def _smooth(times: FloatArray, speed: FloatArray, window_s: float = 20.0) -> FloatArray:
    """Means over a window of the speeds that are known."""
    is_known = np.isfinite(speed)
    t_s, v = times[is_known], speed[is_known]
    total = np.concatenate(([0.0], np.cumsum(v)))
    first = np.searchsorted(t_s, t_s - window_s / 2)
    last = np.searchsorted(t_s, t_s + window_s / 2, side="right")
    return np.asarray((total[last] - total[first]) / (last - first), dtype=np.float64)
