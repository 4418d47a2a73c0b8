"""Which sport an activity was: by the name in its file, and where that is open, by speed, cadence and shape.

Watches count one leg's strides in running and crank turns in cycling under one name, so a ride at 85 turns a minute
reads as a run at 170 steps a minute. Three things separate them: nobody runs faster than the best performances; a step
is at most as long as a runner's; and who coasts moves fast at cadence zero, which no runner can. What stays open is
kept apart as another activity with the reason, never guessed into records; the runner can say what it was.
"""

import re
from typing import Final

from coach.interchange.activity import Activity
from coach.model.arrays import BoolArray, np
from coach.model.frozen import dataclass
from coach.model.human_limits import fastest_s
from coach.model.runs import Sport
from coach.model.samples import FloatArray

# Parts of words by which files and exports name a sport, in the languages that bulk exports are written in.
_RUN: Final = re.compile(
    r"(^|_)(run|runs|running|runner|jog|jogging|ultrarun\w*|trailrun\w*|virtualrun|treadmill\w*|laufen|lauf|"
    r"(dauer|trail|berg|wald|gelande|orientierungs|intervall|tempo|volks|stadt)lauf|laufband|footing|course_a_pied|course|corsa|carrera|correr|corrida|hardlopen|hardloop\w*|"
    r"loping|lopning|lop\w*tur|loptur|lob|lobetur|lopetur|juoksu|bieg|bieganie|beh|futas|kosu|"
    r"бег|пробежка|біг|ラン|ランニング|跑步|달리기)($|_)|running"
)
_WALK: Final = re.compile(
    r"(^|_)(walk\w*|hik\w*|spazier\w*|wander\w*|gehen|marche|randonnee|caminata|caminhada|camminata|senderismo|"
    r"escursion\w*|wandeling|wandelen|promenad\w*|vandring|kavely|spacer|mountaineering|snowshoe\w*|ходьба|ウォーク|步行)"
)
_ELSE: Final = re.compile(
    r"multi_?sport|triathlon|duathlon|aquathlon|bik|bicic|(^|_)bici|ciclis|fiets|cykel|cykl|sykl|pedala|kolo|rower|"
    r"заезд|вело|ライド|骑|cycl|(^|_)ride|ride($|_)|radf|(^|_)rad(sport|fahren)?($|_)|velo|mtb|swim|schwimm|natation|open_water|(^|_)pool|"
    r"ski|snow|(^|_)row|rudern|paddl|kayak|canoe|(^|_)sup($|_)|surf|sail|boat|skat|golf|yoga|pilates|strength|weight|"
    r"kraft|cardio|ellipt|stair|climb|kletter|horse|driv|motor|flying|hiit|danc|soccer|football|tennis|basketball|"
    r"volleyball|padel|squash|boxing|langlauf|eislauf|schlittschuh|wheelchair|transition|elevator|(^|_)diving|handcycle|breath|meditat|gym|core_training|crossfit|rugby|hockey"
)
# Strava's GPX files name a sport by number: those seen in exports.
_NUMBERS: Final = {
    "9": "running",
    "4": "walking",
    "10": "walking",
    "1": "cycling",
    "16": "swimming",
    "17": "virtual_ride",
}
# Words of a title that speak of another sport. Whole words only, and fewer: titles speak of much else.
_TITLE: Final = re.compile(
    r"(^|_)(ride|rides|bike|bikes|biking|cycling|cycle|mtb|gravelride|bikeride|radtour|radfahrt|radfahren|rennrad|"
    r"fahrrad|fahrradtour|velo|velotour|bici|bicicleta|fietsen|fietstocht|swim|swimming|kayak|kayaking|canoe|rowing|"
    r"ski|skiing|skitour|langlauf|skating|inline|sailing|drive|driving|walk|walking|hike|hiking|wanderung|spaziergang)"
    r"($|_)"
)
_HOLD_S: Final = 60.0  # between records of one who goes on; longer gaps are stops. Chosen by judgement
_UNMARKED: Final = str.maketrans("àáâãéèêëěíìöóòøõäüúçćżłş", "aaaaeeeeeiioooooauucczls")
_OPEN: Final = ("generic", "training", "fitness_equipment", "all", "other", "workout", "activity", "unknown", "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Limits of the verdict where no sport is named.

    cadence_spm: median while moving. Below lies walking: adults change to a run at 140 steps a minute (70.6, SD 3.2,
    strides: Hansen et al. 2017, doi:10.1038/s41598-017-01972-1), two SD below is 128; 135 was chosen between them.
    Above 225: chosen by judgement, no adult's mean.
    step_m: median; least and most chosen by judgement (a jog on the spot, and the pace of elite men over 10 km, who
    are better asked than guessed).
    speed_mps: median while moving. Over ground, walking and running mix from 1.9 to 3.0 m/s (Baker et al. 2025,
    arXiv:2501.00720); 1.8 lies below that. 5.2: chosen by judgement, a pace that few hold in training.
    rush_mps: means of 20 s above it call for a closer look; rush_step_m: median step there, most a sprinter's;
    rush_spm: least cadence there; rush_s: without cadence, longest time that a fast finish or a stride takes;
    rush_most_mps: and its fastest 20 s. Chosen by judgement: 200 m in 27 s are 7.4 m/s.
    best_share: of the best performances' mean speed over the same distance, while moving: a ride at a runner's pace
    goes on for longer than a runner can. Chosen by judgement: 10 km in 32:40, a marathon in 2:31.
    coasting: share of fast time (3 m/s and more) at cadence zero that lost readings do not reach. Chosen by judgement.
    min_s: less than that shows no shape. Chosen by judgement.

    A corpus of unnamed runs and rides, with their truth, would change those chosen by judgement.
    """

    cadence_spm: tuple[float, float] = (135.0, 225.0)
    step_m: tuple[float, float] = (0.45, 1.75)
    speed_mps: tuple[float, float] = (1.8, 5.2)
    rush_mps: float = 6.0
    rush_step_m: float = 2.4
    rush_spm: float = 160.0
    rush_s: float = 90.0
    rush_most_mps: float = 8.0
    best_share: float = 0.8
    coasting: float = 0.08
    min_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """named: the sport as its file names it, where it does. reason: why it does not count as a run; "" for runs."""

    sport: Sport
    reason: str = ""
    named: str | None = None


def named_sport(word: str | None) -> str | None:
    """Return a sport as a file names it: "running", "walking", another sport's own word,
    or None where it stays open."""
    plain = _plain(word).removeprefix("hkworkout_activity_type_")
    if plain in _OPEN:
        return None
    if plain.isdigit():
        return _NUMBERS.get(plain)
    if "treadmill" in plain and _WALK.search(plain) and not re.search(r"(^|_)(run\w*|jog\w*)($|_)", plain):
        return Sport.WALKING
    if "wheelchair" in plain:
        return plain  # Garmin: wheelchair_push_run
    if _ELSE.search(plain) and not re.search(r"(^|_)(run|running|trail_run\w*)($|_)", plain):
        return plain
    if _RUN.search(plain):
        return Sport.RUNNING
    return Sport.WALKING if _WALK.search(plain) else None


def _plain(word: str | None) -> str:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", (word or "").strip()).lower()
    return re.sub(r"[\s\-/.,;:!?()]+", "_", plain.translate(_UNMARKED))


def _is_titled_otherwise(title: str) -> bool:
    """Whether a title speaks of another sport and not of running, such as "Evening Ride"."""
    plain = _plain(title)
    return bool(_TITLE.search(plain)) and not _RUN.search(plain)


def verdict_of(activity: Activity, limits: Evidence | None = None) -> Verdict:
    """Return what an activity was, by name, else by its data.

    A named run that is faster as a whole than any human is kept apart, too.
    """
    limits = limits or Evidence()
    named = named_sport(activity.sport)
    if named == Sport.WALKING:
        return Verdict(Sport.WALKING, named=named)
    if named not in (None, Sport.RUNNING):
        return Verdict(Sport.OTHER, f"the file calls it {str(named).replace('_', ' ')}", named)
    too_fast = _faster_than_any_runner(activity)
    if too_fast:
        return Verdict(Sport.OTHER, too_fast, named)
    if named:
        return Verdict(Sport.RUNNING, named=named)
    if _is_titled_otherwise(activity.name):
        return _open("its title speaks of something else")
    return _by_data(activity, limits)


def _faster_than_any_runner(activity: Activity) -> str:
    distance_m, moving_s = activity.distance_m, activity.duration_s
    if not distance_m or distance_m < 200 or moving_s <= 0 or moving_s >= fastest_s(distance_m):
        return ""
    return f"{distance_m / 1000:.1f} km in {moving_s / 60:.0f} min is faster than anybody runs"


def _by_data(activity: Activity, limits: Evidence) -> Verdict:
    times = np.array([record.t_s for record in activity.records])
    speed = _values(activity, "speed_mps")
    cadence = _values(activity, "cadence_spm")
    is_moving = np.nan_to_num(speed, nan=1.0) > 0.5
    if len(times) < 5 or times[-1] - times[0] < limits.min_s:
        return _open("it is too short to show what it was")
    steps = cadence[is_moving & (cadence > 0)]
    has_speed, has_cadence = np.isfinite(speed).sum() >= 5, len(steps) >= 5
    if has_speed:
        middle = float(np.nanmedian(speed[is_moving])) if np.isfinite(speed[is_moving]).any() else 0.0
        if 0.6 <= middle < limits.speed_mps[0] and not _is_other(activity):
            return Verdict(Sport.WALKING, f"no sport is named, and {middle:.1f} m/s is a walk's speed")
        if not limits.speed_mps[0] <= middle <= limits.speed_mps[1]:
            return _open(f"{middle:.1f} m/s is {'a ride' if middle > limits.speed_mps[0] else 'a stroll'}'s speed")
        if _share_of_best(activity, times, is_moving) > limits.best_share:
            return _open("few run as fast over such a distance")
        rushing = _rush(times, speed, cadence, limits)
        if rushing:
            return _open(rushing)
    if has_cadence:
        return _by_cadence(speed, cadence, steps, has_speed, limits)
    if not has_speed or _is_other(activity) or not _has_places(activity):
        return _open("no cadence shows what it was")
    return Verdict(Sport.RUNNING)


def _share_of_best(activity: Activity, times: FloatArray, is_moving: BoolArray) -> float:
    """Return the mean speed while moving, as a share of the best performances' over the distance;
    0 over less than a kilometre."""
    moving_s = float(np.minimum(np.diff(times), _HOLD_S)[is_moving[1:]].sum())
    distance_m = activity.distance_m or 0.0
    return fastest_s(distance_m) / moving_s if distance_m >= 1000 and moving_s > 0 else 0.0


def _open(reason: str) -> Verdict:
    return Verdict(Sport.OTHER, f"no sport is named, and {reason}")


def _rush(times: FloatArray, speed: FloatArray, cadence: FloatArray, limits: Evidence) -> str:
    """Return why the fastest parts are no runner's; "" where they can be: a fast finish, strides, intervals."""
    known = np.isfinite(speed)
    smooth = np.full(len(speed), np.nan)
    smooth[known] = _smooth(times, speed)
    is_fast = np.nan_to_num(smooth) > limits.rush_mps
    if not is_fast.any():
        return ""
    top = float(np.nanmax(smooth))
    with_steps = is_fast & (cadence > 0)
    if with_steps.sum() >= 0.5 * is_fast.sum():
        step_m = float(np.nanmedian(60 * smooth[with_steps] / cadence[with_steps]))
        spm = float(np.median(cadence[with_steps]))
        if step_m <= limits.rush_step_m and spm >= limits.rush_spm and top <= limits.rush_most_mps:
            return ""
        return f"{top:.1f} m/s at {spm:.0f} steps a minute is no runner's"
    if np.isfinite(cadence).any():
        return f"it rolls at {top:.1f} m/s without steps"
    gaps = np.diff(times, append=times[-1])
    fast_s = float(np.minimum(gaps, 20.0)[is_fast].sum())
    if fast_s <= limits.rush_s and top <= limits.rush_most_mps:
        return ""
    return f"{top:.1f} m/s, and {fast_s:.0f} s faster than {limits.rush_mps:.0f} m/s, is a ride's speed"


def _by_cadence(
    speed: FloatArray, cadence: FloatArray, steps: FloatArray, has_speed: bool, limits: Evidence
) -> Verdict:
    middle = float(np.median(steps))
    if not limits.cadence_spm[0] <= middle <= limits.cadence_spm[1]:
        return _open(f"{middle:.0f} steps a minute is no runner's cadence")
    if not has_speed:
        return Verdict(Sport.RUNNING)
    is_fast = (speed > 3.0) & np.isfinite(cadence)
    if is_fast.sum() >= 20 and float((cadence[is_fast] == 0).mean()) > limits.coasting:
        return _open("it rolls on while the cadence is zero")
    length = speed * 60 / np.where(cadence > 0, cadence, np.nan)
    step_m = float(np.nanmedian(length)) if np.isfinite(length).any() else 1.0
    if not limits.step_m[0] <= step_m <= limits.step_m[1]:
        return _open(f"steps of {step_m:.2f} m are no runner's")
    return Verdict(Sport.RUNNING)


def _is_other(activity: Activity) -> bool:
    """Whether the file says that it is something else than the sports it has names for (TCX: Other)."""
    return (activity.sport or "").strip().lower() == "other"


def _has_places(activity: Activity) -> bool:
    return any(record.latitude_deg is not None for record in activity.records)


def _values(activity: Activity, name: str) -> FloatArray:
    return np.array([record.values.get(name, np.nan) for record in activity.records], dtype=np.float64)


def _smooth(times: FloatArray, speed: FloatArray, window_s: float = 20.0) -> FloatArray:
    """Return means over a window of the speeds that are known."""
    is_known = np.isfinite(speed)
    t_s, v = times[is_known], speed[is_known]
    total = np.concatenate(([0.0], np.cumsum(v)))
    first = np.searchsorted(t_s, t_s - window_s / 2)
    last = np.searchsorted(t_s, t_s + window_s / 2, side="right")
    return np.asarray((total[last] - total[first]) / (last - first), dtype=np.float64)
