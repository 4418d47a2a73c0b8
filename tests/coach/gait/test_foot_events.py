"""Many strides at once and one at a time are measured alike."""

from functools import cache

import numpy as np
import pytest

from coach.gait import foot_contacts, foot_events
from coach.gait.foot_constants import AX, BEFORE_SWING_OVER_S, GX, N_COLUMNS, PITCH, T
from coach.model.samples import FloatArray
from tests.recordings import read

NAME = "demo_run_left_foot_clean"
RATE_HZ = 200.0
UP = np.array([0.0, 0.0, 1.0])


@cache
def columns() -> FloatArray:
    chunk = read(NAME).chunk
    assert chunk.gyr_radps is not None
    filled = np.zeros((N_COLUMNS, len(chunk.t_s)))
    filled[T] = chunk.t_s
    filled[AX : AX + 3] = chunk.acc_mps2.T
    filled[GX : GX + 3] = chunk.gyr_radps.T
    filled[PITCH] = chunk.gyr_radps[:, 1]
    return filled


def at(times: list[float]) -> list[int]:
    return [int(k) for k in np.searchsorted(columns()[T], times)]


@cache
def truth() -> tuple[list[float], list[float]]:
    strides = read(NAME).strides
    return [float(s["initial_contact_s"]) for s in strides], [float(s["toe_off_s"]) for s in strides]


def test_contacts() -> None:
    over = at([t - 0.025 for t in truth()[0]])
    many = foot_contacts.contacts(columns(), over, UP, RATE_HZ, 0.07, 0.0, 157.0)
    single = [foot_contacts.contacts(columns(), [k], UP, RATE_HZ, 0.07, 0.0, 157.0)[0] for k in over]
    for a, b, true in zip(many, single, truth()[0], strict=True):
        assert a is not None
        assert b is not None
        assert a.t_s == pytest.approx(b.t_s, abs=1e-9)
        assert a.peak_mps2 == pytest.approx(b.peak_mps2, rel=1e-9)
        assert a.t_s == pytest.approx(true, abs=0.012)


def test_a_landing_softer_than_the_swing_before_it_is_found() -> None:
    """A fast runner's leg slows down at five g before a landing of four: the window begins above the landing's peak."""
    n = 40
    window = np.zeros((N_COLUMNS, n))
    window[T] = np.arange(n) / RATE_HZ
    landing = np.interp(np.arange(n), [0, 14, 19, 24, 39], [55.0, 2.0, 45.0, 8.0, 12.0])
    window[AX + 2] = landing
    window[PITCH] = np.interp(np.arange(n), [0, 14, 20, 26, 39], [-1.0, 2.5, 4.5, 0.5, 0.3])
    before = round(BEFORE_SWING_OVER_S * RATE_HZ)
    one = foot_contacts.contacts(window, [before], UP, RATE_HZ, 0.14, 0.0, 157.0)
    many = foot_contacts.contacts(np.hstack([window, window]), [before, before + n], UP, RATE_HZ, 0.14, 0.0, 157.0)
    for found in (*one, *many[:1]):
        assert found is not None
        assert found.t_s == pytest.approx(14 / RATE_HZ, abs=0.012)


def test_no_contact_without_a_shock() -> None:
    over = at([t - 0.025 for t in truth()[0]])
    assert foot_contacts.contacts(columns(), over, UP, RATE_HZ, 0.07, 1e4, 157.0) == [None] * len(over)
    assert foot_contacts.contacts(columns(), over[:1], UP, RATE_HZ, 0.07, 1e4, 157.0) == [None]


def test_mid_stances_toe_offs_angles_and_rolling() -> None:
    contact_s, toe_off_s = truth()
    over, heel_off = at([t - 0.025 for t in contact_s]), at([t + 0.16 for t in contact_s])
    push_over = at([t + 0.1 for t in toe_off_s])
    mid = foot_events.mid_stances(columns(), contact_s, over, heel_off, RATE_HZ)
    off = foot_events.toe_offs(columns(), heel_off, push_over)
    rolls = foot_events.rolling(columns(), over, push_over, contact_s, off, np.array([1.0, 0.0, 0.0]), 0.01)
    for k, _ in enumerate(over):
        assert [mid[k]] == foot_events.mid_stances(
            columns(), contact_s[k : k + 1], over[k:][:1], heel_off[k:][:1], RATE_HZ
        )
        assert off[k] == pytest.approx(
            foot_events.toe_offs(columns(), heel_off[k:][:1], push_over[k:][:1])[0], abs=1e-9
        )
        single = foot_events.rolling(
            columns(), over[k:][:1], push_over[k:][:1], contact_s[k:][:1], off[k:][:1], np.array([1.0, 0.0, 0.0]), 0.01
        )
        assert rolls[k] == pytest.approx(single[0], abs=1e-9)
        assert off[k] == pytest.approx(toe_off_s[k], abs=0.012)
    angles = foot_events.strike_angles(columns(), mid, contact_s, RATE_HZ)
    assert np.degrees(np.mean(angles)) == pytest.approx(26.4, abs=3.0)
    alone = [foot_events.strike_angles(columns(), [m], [c], RATE_HZ)[0] for m, c in zip(mid, contact_s, strict=True)]
    assert angles == pytest.approx(alone, abs=1e-9)
