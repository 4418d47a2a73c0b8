"""The events of a stride are detected where the known motion of a virtual foot has them."""

from functools import cache

import numpy as np
import pytest

from coach.gait.foot import events as foot_events
from coach.gait.foot.constants import AX, GX, N_COLUMNS, PITCH, T
from coach.gait.foot.params import PARAMS
from coach.model.samples import FloatArray
from tests.support.recordings import read

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
    for k, true in zip(at([t - 0.025 for t in truth()[0]]), truth()[0], strict=True):
        found = foot_events.contact(columns(), k, UP, RATE_HZ, 0.07, 0.0, 157.0)
        assert found is not None
        assert found.t_s == pytest.approx(true, abs=0.012)


def test_a_landing_softer_than_the_swing_before_it_is_found() -> None:
    """A fast runner's leg slows down at five g before a landing of four: the window begins above the landing's peak."""
    n = 40
    window = np.zeros((N_COLUMNS, n))
    window[T] = np.arange(n) / RATE_HZ
    landing = np.interp(np.arange(n), [0, 14, 19, 24, 39], [55.0, 2.0, 45.0, 8.0, 12.0])
    window[AX + 2] = landing
    window[PITCH] = np.interp(np.arange(n), [0, 14, 20, 26, 39], [-1.0, 2.5, 4.5, 0.5, 0.3])
    before = round(PARAMS.contact_before_s * RATE_HZ)
    found = foot_events.contact(window, before, UP, RATE_HZ, 0.14, 0.0, 157.0)
    assert found is not None
    assert found.t_s == pytest.approx(14 / RATE_HZ, abs=0.012)


def test_no_contact_without_a_shock() -> None:
    for k in at([t - 0.025 for t in truth()[0]]):
        assert foot_events.contact(columns(), k, UP, RATE_HZ, 0.07, 1e4, 157.0) is None


def test_mid_stances_and_rolling() -> None:
    contact_s, toe_off_s = truth()
    over, heel_off = at([t - 0.025 for t in contact_s]), at([t + 0.16 for t in contact_s])
    push_end = at([t + 0.1 for t in toe_off_s])
    inwards = np.array([1.0, 0.0, 0.0])
    for k, (contact, toe_off) in enumerate(zip(contact_s, toe_off_s, strict=True)):
        mid = foot_events.mid_stance(columns(), contact, over[k], heel_off[k], RATE_HZ)
        assert contact + 0.03 < columns()[T, mid] < columns()[T, heel_off[k]]
        turned, rate = foot_events.rolling(columns(), over[k], push_end[k], contact, toe_off, inwards, 0.01)
        assert 0.0 <= turned < np.radians(40)
        assert rate >= 0.0
