"""Turning points follow the pitch rate of a stride and nothing else."""

import numpy as np

from coach.gait.foot.phase_tracker import FRESH, cross, levels
from coach.gait.foot.strides import HEEL_OFF, NOTHING, PUSH_END, SWING_END

DT = 0.005


def turnings(pitch: list[tuple[float, float]]) -> list[tuple[int, float]]:
    """Turning points of a pitch rate given as (duration [s], rate [rad/s]) pieces."""
    rate = np.concatenate([np.full(round(duration / DT), value) for duration, value in pitch])
    angle = np.cumsum(rate) * DT
    level = levels(rate)
    phases = list(FRESH)
    found = []
    for row in range(1, len(rate)):
        if level[row] != level[row - 1]:
            said = cross(phases, row, row * DT, float(angle[row]), int(level[row]))
            if said != NOTHING:
                found.append((said, row * DT))
    return found


STRIDE = [(0.25, -8.0), (0.02, 0.0), (0.05, 8.0), (0.08, 1.0), (0.12, 8.0), (0.1, 0.0)]


def test_a_running_stride_turns_three_times() -> None:
    kinds = [turn for turn, _ in turnings([(0.1, 0.0), *STRIDE, *STRIDE])]
    assert kinds == [SWING_END, HEEL_OFF, PUSH_END] * 2


def test_the_slap_after_landing_is_no_heel_off() -> None:
    found = turnings([(0.1, 0.0), *STRIDE])
    swing_end, heel_off = found[0][1], found[1][1]
    assert heel_off - swing_end > 0.13


def test_a_landing_forefoot_lowers_its_heel_without_a_new_swing() -> None:
    forefoot = [(0.25, -8.0), (0.02, 0.0), (0.05, -5.0), (0.08, 0.5), (0.12, 8.0), (0.1, 0.0)]
    kinds = [turn for turn, _ in turnings([(0.1, 0.0), *forefoot])]
    assert kinds == [SWING_END, HEEL_OFF, PUSH_END]


def test_a_shock_is_no_swing() -> None:
    assert turnings([(0.1, 0.0), (0.02, -40.0), (0.3, 0.0)]) == []


def test_standing_after_a_landing_ends_the_stride() -> None:
    kinds = [turn for turn, _ in turnings([(0.1, 0.0), (0.25, -8.0), (3.0, 0.0), (0.2, 8.0), (0.1, 0.0)])]
    assert kinds == [SWING_END]
