"""Vertical force of the trunk in, running steps with contact and flight out.

Body weight is the mean vertical force over whole strides. In running the force falls towards zero between two steps
and rises steeply at contact. Initial contact: the force, smoothed over 40 ms, rises through half a body weight, less
`RISE_S`. Toe-off: the force, smoothed over 160 ms, falls through one body weight, plus `FALL_SHARE` of the step time.

Both lags are the middle of three force-plate sets, never of one: sacrum accelerometer (15 trials of one runner at -10
to +10 degrees and 2.5-4.2 m/s, plate at 0.15 body weight), pelvis of one runner at 4 m/s (50 N), mean stride of one
runner at 3.5 m/s (50 N, its sensor lags by 15 ms). Half a body weight is passed +1, +11 and +17 ms after contact, one
body weight 0.138, 0.117 and 0.112 steps (43, 40 and 41 ms) before toe-off. A half-sine force gives 30 ms for the latter
(real pushes fade out more slowly). Patoz 2022, with thresholds of this kind: RMSE of 20 ms for contact time.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from coach.gait.trunk_attitude import SHORTEST_STEP_S, Attitude
from coach.gait.trunk_filters import crossings, hann_smooth
from coach.model.samples import FloatArray

RISE_S: Final = 0.009
FALL_SHARE: Final = 0.120
CONTACT_LEVEL: Final = 0.5  # body weights
LONGEST_RUNNING_STEP_S: Final = 0.56  # 107 steps per minute; slower cadences are walks
# Runners leave the ground: the force falls to zero; walkers keep about 0.6 body weights and reach 1.3 (Nilsson and
# Thorstensson 1989). On a belt worn through runs and breaks: walks above 0.53, below 1.5, runs below -0.2, above 1.6.
_UNLOADED: Final = 0.5
_LOADED: Final = 1.35
_SHORTEST_LOBE_S: Final = 0.08
_IMPACT_DIP_S: Final = 0.06  # the force may dip below body weight after the impact peak for that long
_CONTACT_SMOOTHING_S: Final = 0.04
_WEIGHT_SMOOTHING_S: Final = 0.16


@dataclass(frozen=True, slots=True)
class Landing:
    """One lobe of force. next_s: the next landing's contact, None where none follows. is_running: like a run's."""

    contact_s: float
    toe_off_s: float
    next_s: float | None
    is_running: bool


def find_landings(motion: Attitude) -> list[Landing]:
    """All landings whose force lobe is complete in the window, oldest first."""
    t_s, rate = motion.t_s, motion.rate_hz
    force = motion.vertical_mps2 / np.maximum(motion.weight_mps2, 1e-6)
    fine = hann_smooth(force, round(_CONTACT_SMOOTHING_S * rate))
    coarse = hann_smooth(force, round(_WEIGHT_SMOOTHING_S * rate))
    lobes = _lobes(t_s, coarse)
    if not lobes:
        return []
    rises = crossings(t_s, fine, CONTACT_LEVEL, rising=True)
    contacts = np.array([_contact(rises, start, before) for before, (start, _) in _with_previous_end(lobes)]) - RISE_S
    steps = np.diff(contacts)
    plausible = steps[(steps > SHORTEST_STEP_S) & (steps < LONGEST_RUNNING_STEP_S)]
    step = float(np.median(plausible)) if len(plausible) else 0.0
    toe_offs = np.array([end for _, end in lobes]) + FALL_SHARE * step
    nexts = [*contacts[1:].tolist(), None]
    running = _like_runs(t_s, coarse, contacts)
    return [Landing(*landing) for landing in zip(contacts.tolist(), toe_offs.tolist(), nexts, running, strict=True)]


def _lobes(t_s: FloatArray, coarse: FloatArray) -> list[tuple[float, float]]:
    """Stretches above one body weight, short dips bridged, short lobes left out."""
    starts, ends = crossings(t_s, coarse, 1.0, rising=True), crossings(t_s, coarse, 1.0, rising=False)
    if len(ends) and len(starts) and ends[0] < starts[0]:
        ends = ends[1:]
    lobes: list[tuple[float, float]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=False):
        if lobes and start - lobes[-1][1] < _IMPACT_DIP_S:
            lobes[-1] = (lobes[-1][0], end)
        else:
            lobes.append((start, end))
    return [(start, end) for start, end in lobes if end - start > _SHORTEST_LOBE_S]


def _with_previous_end(lobes: list[tuple[float, float]]) -> list[tuple[float, tuple[float, float]]]:
    ends = [-np.inf] + [end for _, end in lobes[:-1]]
    return list(zip(ends, lobes, strict=True))


def _contact(rises: FloatArray, start: float, previous_end: float) -> float:
    """The last rise through half a body weight before or just after the lobe's start; its start where there is none."""
    near = rises[(rises > max(previous_end, start - 0.12)) & (rises < start + 0.03)]
    return float(near[-1]) if len(near) else start


def _like_runs(t_s: FloatArray, coarse: FloatArray, contacts: FloatArray) -> list[bool]:
    """Judge each landing by its force until the next one (or for a usual step where none follows)."""
    ends = np.append(contacts[1:], contacts[-1] + 0.4)
    steps = ends - contacts
    edges = np.searchsorted(t_s, np.stack([contacts, ends, contacts - 0.15, contacts + 0.02])).T.tolist()
    judged = []
    for (start, end, before, after), step in zip(edges, steps.tolist(), strict=True):
        least = min(coarse[start:end].min(initial=np.inf), coarse[before:after].min(initial=np.inf))
        is_loaded = float(coarse[start:end].max(initial=-np.inf)) > _LOADED
        judged.append(is_loaded and least < _UNLOADED and SHORTEST_STEP_S < step < LONGEST_RUNNING_STEP_S)
    return judged
