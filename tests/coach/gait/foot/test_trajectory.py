"""A known motion comes back from what its sensor would feel; gravity from any whole stride."""

import numpy as np
import pytest

from coach.gait.foot.constants import AX, GX, T
from coach.gait.foot.trajectory import attitudes, mean_forces, path, rotated, stride_rows
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2


def swing(length_m: float, height_m: float, turn_rad: float, n: int = 141, seconds: float = 0.7) -> FloatArray:
    """Rows of a foot that moves ahead and up and down while it pitches there and back, at rest at both ends."""
    t = np.linspace(0.0, seconds, n)
    w = 2 * np.pi / seconds
    acc_x = length_m / seconds * w * np.sin(w * t)
    acc_z = 0.5 * height_m * w * w * np.cos(w * t)
    # smooth start and end of the lift: the velocity is zero there by itself
    pitch = 0.5 * turn_rad * (1 - np.cos(w * t))
    rate = 0.5 * turn_rad * w * np.sin(w * t)
    rows = np.zeros((n, 9))
    rows[:, T] = t
    up = acc_z + GRAVITY_MPS2
    rows[:, AX] = np.cos(pitch) * acc_x - np.sin(pitch) * up
    rows[:, AX + 2] = np.sin(pitch) * acc_x + np.cos(pitch) * up
    rows[:, GX + 1] = rate
    return rows


@pytest.mark.parametrize("turn_rad", [0.0, 1.0, -1.5])
def test_length_and_clearance_come_back(turn_rad: float) -> None:
    rows = swing(2.5, 0.2, turn_rad)
    of = stride_rows(rows.T, np.eye(3), np.zeros(3))
    (attitude,) = attitudes(of.half_turns)
    found = path(of, attitude)
    assert found.length_m == pytest.approx(2.5, rel=0.002)
    assert found.clearance_m == pytest.approx(0.2, rel=0.02)


def test_the_mean_force_of_a_stride_is_gravity() -> None:
    rows = swing(2.5, 0.2, 1.0)
    force = mean_forces(rows[:, T], rows[:, AX : AX + 3], rows[:, GX : GX + 3], [0], [len(rows) - 1])
    np.testing.assert_allclose(force, [0.0, 0.0, GRAVITY_MPS2], atol=0.05)


def test_small_turns_add_up_to_a_large_one() -> None:
    n = 97
    turns = np.zeros((2, 3, n))
    turns[0, 2] = 0.5 * np.pi / 2 / n  # a quarter turn to the left
    turns[1, 1] = 0.5 * np.pi / n  # half a turn toes down
    forward = np.zeros((3, n + 1))
    forward[0] = 1.0
    left, down = attitudes(*turns)
    np.testing.assert_allclose(rotated(left, forward)[:, -1], [0.0, 1.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(rotated(down, forward)[:, -1], [-1.0, 0.0, 0.0], atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 6, 7, 8, 9, 40])
def test_a_motion_turns_beside_others_exactly_as_alone(n: int) -> None:
    """Of any length, at the edge of a block, too: so live strides are those of a recompute."""
    rng = np.random.default_rng(n)
    motions = [rng.normal(0.0, 0.02, (3, size)) for size in (n, 61, n + 1)]
    for alone, beside in zip(motions, attitudes(*motions), strict=True):
        for ours, theirs in zip(attitudes(alone)[0], beside, strict=True):
            assert len(theirs) == alone.shape[1] + 1
            assert np.array_equal(ours, theirs)
