"""What no runner exceeds: bounds that keep other sports, lost fixes and zeros of a pod out of what is said of runs.

The bounds are wide: a value outside is no measurement of a person on foot, whatever it is. They say nothing of how
plausible a value inside is.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from coach.model.arrays import BoolArray, FloatArray, np

# (metres, seconds). 5,000 m and 10,000 m: world records 12:35.36 and 26:11.00 (J. Cheptegei, 2020). The others were
# set to the best performances known when this was written, not checked against a list: it is a bound, where a second
# hardly matters. 100 km: 6:05:13, likewise.
_FASTEST: Final = (
    (100.0, 9.58),
    (400.0, 43.03),
    (1000.0, 131.96),
    (1609.344, 223.13),
    (5000.0, 755.36),
    (10000.0, 1571.0),
    (21097.5, 3402.0),
    (42195.0, 7235.0),
    (100_000.0, 21_913.0),
)
# A runner's fastest moment; the average over 100 m above is 10.4 m/s. Chosen by judgement, above any sprint.
FASTEST_MPS: Final = 12.5
# Metres of a step: 100 m sprinters' longest are about 2.7 m. Chosen by judgement, above them.
LONGEST_STEP_M: Final = 2.9
# name: (least, most), both of a person who moves on foot. Chosen by judgement, at values that no gait takes: a foot
# cannot leave the ground again within 60 ms, and a walking step of more than 1.5 s is a stop.
BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "cadence_spm": (40.0, 300.0),
    "contact_time_ms": (60.0, 1500.0),
    "flight_time_ms": (-400.0, 500.0),
    "duty_factor": (0.05, 0.95),
    "step_length_m": (0.1, LONGEST_STEP_M),
    "stride_length_m": (0.2, 2 * LONGEST_STEP_M),
    "speed_mps": (0.0, FASTEST_MPS),
    "vertical_oscillation_mm": (5.0, 300.0),
    "vertical_ratio_pct": (0.5, 40.0),
    "contact_time_balance_pct": (20.0, 80.0),
    "heart_rate_bpm": (25.0, 250.0),
}


def is_human(name: str, values: FloatArray) -> BoolArray:
    """Return (n,) whether a person on foot can have each value; of measures without bounds, any but NaN."""
    least, most = BOUNDS.get(name, (-math.inf, math.inf))
    return np.asarray((least <= values) & (values <= most), dtype=np.bool_)


def is_human_step(speed_mps: FloatArray, cadence_spm: FloatArray) -> BoolArray:
    """Return (n,) whether speed and cadence of the same moment can be those of a person on foot; unknown (NaN): yes."""
    is_too_long = (cadence_spm != 0.0) & (60 * speed_mps > LONGEST_STEP_M * cadence_spm)
    return np.asarray(~is_too_long, dtype=np.bool_)


def fastest_s(distance_m: float) -> float:
    """Return the shortest time [s] in which anybody ran a distance: between the best performances,
    speed over log distance."""
    distance = max(distance_m, 1.0)
    if distance >= _FASTEST[-1][0]:
        return distance_m * _FASTEST[-1][1] / _FASTEST[-1][0]
    if distance <= _FASTEST[0][0]:
        return distance_m * _FASTEST[0][1] / _FASTEST[0][0]
    (a, a_s), (b, b_s) = next(pair for pair in pairwise(_FASTEST) if pair[0][0] <= distance <= pair[1][0])
    share = math.log(distance / a) / math.log(b / a)
    return distance_m / (a / a_s + share * (b / b_s - a / a_s))
