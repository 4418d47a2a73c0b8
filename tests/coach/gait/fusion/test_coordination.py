"""Relative phase and coupling of pelvis and chest: on made swings with a known answer and on a recorded run."""

import numpy as np
import pytest

from coach.gait.fusion.coordination import PelvisTrunk, analytic, circular_sd_deg, measure
from coach.gait.trunk.analyzer import TrunkGait
from coach.model.sites import WearSite
from coach.model.strides import TrunkStep
from tests.support.recordings import read

N, M = 8, 50


def swing(phase_deg: float, size: float = 0.1, wobble: float = 0.0, seed: int = 0):
    per_stride = np.random.default_rng(seed).normal(0.0, wobble, N).repeat(M)
    return size * np.cos(2 * np.pi * np.arange(N * M) / M + np.radians(phase_deg) + per_stride)


@pytest.mark.parametrize(("phase_deg", "coupling_deg"), [(0.0, 45.0), (180.0, 135.0)])
def test_in_phase_and_opposed_swings(phase_deg, coupling_deg):
    found = measure(np.arange(N + 1.0), swing(0.0), swing(phase_deg))
    assert found.crp_deg == pytest.approx(phase_deg, abs=0.1)
    assert found.coupling_deg == pytest.approx(coupling_deg, abs=0.5)
    assert found.crp_sd_deg == pytest.approx(0.0, abs=0.1)
    assert found.coupling_sd_deg == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("phase_deg", [30.0, 90.0, 120.0, -60.0])
def test_any_lag_and_any_size_give_the_phase(phase_deg):
    found = measure(np.arange(N + 1.0), swing(0.0, size=0.02), swing(phase_deg, size=0.3))
    assert found.crp_deg == pytest.approx(abs(phase_deg), abs=0.5)


def test_a_chest_that_alone_turns_couples_at_ninety_degrees():
    found = measure(np.arange(N + 1.0), swing(0.0, size=0.003), swing(0.0, size=0.3))
    assert found.coupling_deg == pytest.approx(90.0, abs=1.5)


def test_wobbling_strides_show_as_variability():
    steady = measure(np.arange(N + 1.0), swing(0.0), swing(120.0, wobble=0.05))
    loose = measure(np.arange(N + 1.0), swing(0.0), swing(120.0, wobble=0.4))
    assert loose.crp_sd_deg > 3 * steady.crp_sd_deg
    assert loose.coupling_sd_deg > steady.coupling_sd_deg


def test_nothing_that_turns_is_no_number():
    assert measure(np.arange(N + 1.0), swing(0.0, size=1e-4), swing(0.0)) is None


def test_the_analytic_signal_of_a_cosine_turns_evenly():
    for n in (64, 65):
        turn = analytic(np.cos(2 * np.pi * 4 * np.arange(n) / n))
        assert np.abs(turn) == pytest.approx(1.0)
    assert circular_sd_deg(np.exp(1j * np.zeros((5, 3)))) == pytest.approx(0.0)


def test_a_recorded_run_agrees_with_motion_capture():
    coordination, contacts = PelvisTrunk(), []
    for name in ("demo_run_pelvis_device", "demo_run_chest_device"):
        recording = read(name)
        engine = TrunkGait(recording.wear_site)
        for chunk in recording.chunks(20):
            contacts += [e for e in engine.feed(chunk) if isinstance(e, TrunkStep) and e.wear_site is WearSite.PELVIS]
            for t_s, rate in engine.take_turning():
                coordination.feed(recording.wear_site, t_s, rate)
    for k, step in enumerate(contacts):
        coordination.contact(step.initial_contact_s, is_next=k > 0)
    found = coordination.result(contacts[-1].initial_contact_s)
    truth = read("demo_run_chest_device").truth["pelvis_trunk_crp_deg"]["mean"]
    assert found.crp_deg == pytest.approx(truth, abs=5)
    assert found.n_strides == 10
    assert coordination.result(contacts[-1].initial_contact_s + 3.5) is None
