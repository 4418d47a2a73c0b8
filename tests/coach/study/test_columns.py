"""A study's tables say what each of their columns means, from the nouns themselves."""

import dataclasses

from coach.model.metrics import LiveMetrics
from coach.model.runs import RunSummary
from coach.model.sites import WearSite
from coach.model.strides import GaitState, Stride, TrunkStep
from coach.study.columns import (
    columns_of,
    dictionary_of,
    event_cells,
    second_cells,
    second_columns,
    stride_columns,
    summary_cells,
    summary_columns,
    unit_of,
)


def test_a_column_has_its_unit_by_its_name_and_its_meaning_by_the_docstring() -> None:
    rows = dictionary_of(stride_columns())
    assert rows["foot_strike_angle_deg"] == {
        "Description": "toes-up angle of the sole at contact against foot-flat",
        "Type": "float64",
        "Units": "deg",
    }
    assert rows["eversion_peak_degps"]["Units"] == "deg/s"
    assert "rolling inwards" in rows["eversion_peak_degps"]["Description"]
    assert rows["contact_time_s_sd"]["Description"] == "standard uncertainty (1 SD) of contact_time_s"
    assert (unit_of("acc_mps2"), unit_of("duty_factor"), unit_of("n_steps")) == ("m/s^2", "1", "")


def test_a_field_that_is_added_to_a_noun_is_a_column_at_once() -> None:
    Wider = dataclasses.make_dataclass("Wider", [("braking_mps", float | None, None)], bases=(), frozen=True)  # noqa: N806
    Wider.__doc__ = "A stride.\n\nbraking_mps: speed lost\nat contact."
    (column, sd) = columns_of(Wider)
    assert (column.name, column.unit, column.meaning) == ("braking_mps", "m/s", "speed lost at contact")
    assert (sd.name, sd.sd_of) == ("braking_mps_sd", "braking_mps")


def test_every_plain_field_of_the_nouns_has_a_column() -> None:
    named = {column.name for column in stride_columns()}
    for noun in (Stride, TrunkStep):
        assert {f.name for f in dataclasses.fields(noun)} - {"uncertainty"} <= named
    seconds = {column.name for column in second_columns()}
    left_out = {f.name for f in dataclasses.fields(LiveMetrics)} - seconds
    assert all(
        "_vs_" in name or name in ("pain_rise", "uncertainty", "unknown", "foot_strike_share") for name in left_out
    )


def test_cells_fit_their_columns() -> None:
    stride = Stride(
        WearSite.LEFT_FOOT, 1.0, contact_time_s=0.25, state=GaitState.RUNNING, uncertainty={"contact_time_s": 0.01}
    )
    cells = event_cells(stride)
    assert (cells["kind"], cells["contact_time_s_sd"], cells["is_left"]) == ("stride", 0.01, None)
    assert set(cells) == {column.name for column in stride_columns()}
    assert event_cells(TrunkStep(WearSite.CHEST, 1.0, is_left=True))["is_left"] is True
    second = second_cells(LiveMetrics(1.0, cadence_spm=170.0, foot_strike_share={"rearfoot": 0.9}))
    assert (second["rearfoot_share"], second["forefoot_share"]) == (0.9, None)
    assert set(second) == {column.name for column in second_columns()}
    moments = {"n": 5.0, "speed_mps": 2.8, "value": 1.0, "speed_ss": 0.1, "cross_ss": 0.02, "value_ss": 0.01}
    summary = RunSummary(
        60.0,
        55.0,
        150.0,
        80,
        0,
        0,
        0,
        0,
        step_length_m=1.0,
        uncertainty={"step_length_m": 0.01, "shared_step_length_m": 0.02},
        drift_pct={"step_length_m": -1.5},
        by_speed={"step_length_m": moments},
    )
    row = summary_cells(summary)
    assert set(row) == {column.name for column in summary_columns()}
    assert (row["step_length_m_sd"], row["step_length_m_shared_sd"]) == (0.01, 0.02)
    assert (row["step_length_m_drift_pct"], row["step_length_m_by_speed_cross_ss"]) == (-1.5, 0.02)
