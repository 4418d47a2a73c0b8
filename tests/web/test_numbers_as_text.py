"""Numbers as people read them: an uncertainty never reads as nothing, and differences of lengths have small units."""

from datetime import UTC, datetime

import pytest

from web.units import difference_scale_of, local_time, uncertainty_text, value_text


@pytest.mark.parametrize(
    ("name", "value", "sd", "shown"),
    [
        ("impact_g", 8.1, 0.12, "8.1 ± 0.2"),
        ("impact_g", 8.104, 0.021, "8.10 ± 0.04"),
        ("impact_g", 8.104, 0.0021, "8.10 ± <0.01"),
        ("step_length_m", 1.0034, 0.002, "100.3 ± 0.4"),
        ("step_length_m", 1.0034, 0.003, "100 ± 1"),
        ("cadence_spm", 170.4, 1.2, "170 ± 2"),
        ("cadence_spm", 170.0, 0.0, "170 ± 0"),
        ("cadence_spm", 170.04, 0.2, "170.0 ± 0.4"),
    ],
)
def test_a_value_is_as_exact_as_its_uncertainty(name: str, value: float, sd: float, shown: str) -> None:
    assert f"{value_text(name, value, sd=sd)} ± {uncertainty_text(name, sd)}" == shown


def test_a_pace_has_no_uncertainty_and_what_is_unknown_none_either() -> None:
    assert uncertainty_text("speed_mps", 0.1) == ""
    assert uncertainty_text("impact_g", None) == ""
    assert value_text("impact_g", None, sd=0.1) == "–"


@pytest.mark.parametrize(("system", "shown"), [("metric", "2.0 cm"), ("imperial", "0.8 in")])
def test_a_difference_of_steps_is_shown_in_a_small_unit(system: str, shown: str) -> None:
    scale = difference_scale_of("step_length_m", system)
    assert f"{0.02 * scale.factor:.{scale.decimals}f} {scale.unit}" == shown


@pytest.mark.parametrize("zone", ["Africa", "Mars/Olympus", "x" * 300, "../UTC"])  # the first is a folder of zones
def test_a_time_in_a_zone_that_is_unknown_is_that_of_greenwich(zone: str) -> None:
    at = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
    assert (local_time(at, zone), local_time(at, zone).utcoffset()) == (at, at.utcoffset())
