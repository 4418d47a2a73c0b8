"""The peak force of a step, from its times: what force plates measured lies within what is said."""

import math

import pytest

from coach.gait.fusion.body import BodyGait
from coach.gait.fusion.metrics import peak_force
from coach.gait.fusion.sites import Estimate
from coach.model.metrics import Unknown
from coach.model.samples import RunningSpeedSample
from coach.summary.series import series_of

KG_TO_KN = 9.81e-3


@pytest.mark.parametrize(
    ("mass_kg", "sine_kn", "plate_kn"),
    [(76.0, 1.91, 2.05), (66.4, 2.06, 2.13)],  # Morin 2005, tables 1 (treadmill) and 2 (over ground): means
)
def test_what_force_plates_measured_lies_within_what_is_said(mass_kg: float, sine_kn: float, plate_kn: float) -> None:
    contact_s = 0.2
    step_s = contact_s * sine_kn / (mass_kg * KG_TO_KN) * 2 / math.pi  # the times that give the published sine
    found = peak_force(Estimate(contact_s, 0.0), Estimate(step_s, 0.0))
    assert found is not None
    assert found.value == pytest.approx(plate_kn / (mass_kg * KG_TO_KN), abs=1.96 * found.sd)
    assert found.sd < 0.04 * found.value


def test_over_a_step_the_legs_carry_the_bodys_weight() -> None:
    found = peak_force(Estimate(0.25, 0.0), Estimate(0.35, 0.0))
    assert found is not None
    mean_of_half_a_sine = found.value / 1.05 * 2 / math.pi
    assert mean_of_half_a_sine * 0.25 == pytest.approx(0.35)


def test_an_uncertain_contact_time_makes_an_uncertain_force() -> None:
    sure, unsure = (peak_force(Estimate(0.25, sd), Estimate(0.35, 0.002)) for sd in (0.005, 0.02))
    assert sure is not None
    assert unsure is not None
    assert unsure.sd > 2 * sure.sd
    assert peak_force(None, Estimate(0.35, 0.0)) is None


def pods_metrics(cadence_spm: float, contact_s: float, is_running: bool):
    body = BodyGait([])
    for t in range(8):
        speed_mps = 3.0 if is_running else 1.4
        body.feed(
            RunningSpeedSample(
                float(t), speed_mps, int(cadence_spm), cadence_spm, is_running=is_running, contact_time_s=contact_s
            )
        )
    return body.metrics(7.0)


def test_a_runner_sees_it_and_a_walker_hears_that_it_is_of_running() -> None:
    running = pods_metrics(170.0, 0.25, True)
    assert running.peak_force_bw == pytest.approx(1.05 * math.pi / 2 * (60 / 170) / 0.25, rel=1e-3)
    assert series_of((), (), [running]).measures["peak_force_bw"].value == pytest.approx([running.peak_force_bw])
    walking = pods_metrics(110.0, 0.68, False)
    assert walking.peak_force_bw is None
    assert walking.unknown["peak_force_bw"] is Unknown.ONLY_RUNNING
