"""One run in numbers: averages with honest errors, drift at matched speed, findings, splits, the average stride."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from coach.model.columns import Columns
from coach.model.cues import CueDecision
from coach.model.metrics import LiveMetrics
from coach.model.plain import to_plain
from coach.model.runs import Lap
from coach.model.samples import Gap, StreamReport
from coach.model.sites import WearSite
from coach.model.strides import FootStrike, GaitState, Stride, TrunkStep
from coach.summary.distance_curve import distance_curve
from coach.summary.document import analysis_document
from coach.summary.picture import average_strides
from coach.summary.series import series_of
from coach.summary.silence import silence_counted
from coach.summary.splits import splits_by_distance, splits_by_lap
from coach.summary.summarise import summarise
from tests.coach.summary.runs import make_seconds, make_strides


def test_averages_are_those_of_the_run() -> None:
    summary = summarise(make_strides(10))
    assert summary.cadence_spm == pytest.approx(60 * 3.0 / 1.05, rel=0.005)
    assert summary.step_length_m == pytest.approx(1.05, rel=0.005)
    assert summary.stride_length_m == pytest.approx(2.1, rel=0.005)
    assert summary.contact_time_ms == pytest.approx(250, abs=1)
    assert summary.speed_mps == pytest.approx(3.0, abs=0.01)
    assert summary.distance_m == pytest.approx(1800, rel=0.01)
    assert summary.moving_s == pytest.approx(599, abs=2)
    assert summary.duration_s == pytest.approx(599, abs=2)
    assert summary.foot_strike == "rearfoot"
    assert summary.foot_strike_share == {"rearfoot": 1.0, "midfoot": 0.0, "forefoot": 0.0}
    assert summary.n_impacts == pytest.approx(len(make_strides(10)), rel=0.01)
    assert summary.impacts_per_km == pytest.approx(1000 / 1.05, rel=0.005)
    assert summary.contact_time_balance_pct == pytest.approx(50, abs=0.3)
    assert abs(summary.step_time_asymmetry_pct or 9) < 1
    assert summary.stride_time_cv_pct == pytest.approx(1.5, abs=0.8)
    assert summary.best_s["1000"] == pytest.approx(333, rel=0.02)
    assert "5000" not in summary.best_s


def test_the_error_of_the_mean_covers_the_truth() -> None:
    truths = []
    for seed in range(40):
        summary = summarise(make_strides(5, seed=seed))
        assert summary.contact_time_ms is not None
        truths.append(abs(summary.contact_time_ms - 250) / summary.uncertainty["contact_time_ms"])
    assert 0.8 <= np.mean(np.array(truths) < 2) <= 1.0
    assert np.mean(np.array(truths) < 0.5) < 0.7  # not far too wide either


def test_a_mean_of_many_strides_keeps_what_the_sensors_do_not_know() -> None:
    seconds = [replace(s, contact_time_ms=250.0, uncertainty={"contact_time_ms": 9.0}) for s in make_seconds(300)]
    summary = summarise(make_strides(5), seconds=seconds)
    assert summary.uncertainty["contact_time_ms"] < 3.0  # compared with himself by the same sensors
    assert summary.uncertainty["shared_contact_time_ms"] == 9.0
    assert 9.0 < (summary.total_uncertainty("contact_time_ms") or 0.0) < 9.5
    assert "shared_cadence_spm" not in summary.uncertainty
    assert summary.total_uncertainty("lateral_drop_deg") is None


def test_warm_up_cool_down_pauses_and_trims_stay_out() -> None:
    strides = make_strides(9, speed=lambda t: 2.0 if t < 180 else 3.0 if t < 360 else 1.5)
    laps = (Lap(1, 0.0, 180.0, "warm_up"), Lap(2, 180.0, 360.0), Lap(3, 360.0, None, "cool_down"))
    summary = summarise(strides, laps=laps)
    assert summary.speed_mps == pytest.approx(3.0, abs=0.02)
    assert summary.distance_m == pytest.approx(180 * (2 + 3 + 1.5), rel=0.02)
    assert summarise(strides, trim=(180.0, 360.0)).speed_mps == pytest.approx(3.0, abs=0.02)
    paused = summarise(strides, pauses=((0.0, 180.0), (360.0, 1000.0)))
    assert paused.speed_mps == pytest.approx(3.0, abs=0.02)
    assert paused.duration_s == pytest.approx(180, abs=3)
    assert summarise(strides, laps=laps[:1]).n_strides > 0


def test_a_few_wild_strides_do_not_move_the_averages() -> None:
    strides = make_strides(10)
    wild = [
        dataclasses.replace(s, contact_time_s=2.5, impact_g=400.0) if i % 50 == 0 else s for i, s in enumerate(strides)
    ]
    assert summarise(wild).contact_time_ms == pytest.approx(250, abs=1)
    assert summarise(wild).impact_g == pytest.approx(8, abs=0.1)


def test_drift_is_reported_at_matched_speed_only() -> None:
    slowing = make_strides(30, speed=lambda t: 3.3 - 0.5 * t / 1800 + 0.1 * np.sin(t / 40))
    assert abs(summarise(slowing).drift_pct["step_length_m"]) < 1.5
    tiring = make_strides(
        30,
        speed=lambda t: 3.0 + 0.1 * np.sin(t / 40),
        step_length=lambda v, t: (0.3 + 0.25 * v) * (1 - 0.06 * t / 1800),
    )
    summary = summarise(tiring)
    assert summary.drift_pct["step_length_m"] == pytest.approx(-4, abs=0.7)
    assert summary.findings[0].id == "drift_step_length_m"
    assert "4 % shorter" in summary.findings[0].words
    assert "at the same speed" in summary.findings[0].reason
    assert len(summary.findings) == 3


@pytest.mark.slow
def test_a_steady_run_is_not_said_to_drift() -> None:
    false = 0
    for seed in range(20):
        summary = summarise(make_strides(20, speed=lambda t: 3.0 + 0.1 * np.sin(t / 40), seed=seed))
        false += any(f.id.startswith("drift") for f in summary.findings)
    assert false == 0


def test_uneven_steps_and_lost_readings_are_found() -> None:
    report = StreamReport(
        "A", "p", WearSite.LEFT_FOOT, n_samples=900, n_missing=100, n_clipped=90, gaps=(Gap("A", None, 1.0, 2.0, 100),)
    )
    seconds = [dataclasses.replace(s, uncertainty={"step_time_asymmetry_pct": 3.3}) for s in make_seconds(600)]
    seconds = [replace(s, step_time_asymmetry_pct=11.4) for s in seconds]
    summary = summarise(make_strides(10, late_right_s=0.02), seconds=seconds, reports=[report])
    assert (summary.n_gaps, summary.n_missing, summary.n_clipped) == (1, 100, 90)
    words = " ".join(f.words for f in summary.findings)
    assert "left steps took" in words
    assert "left foot sensor lost 10 %" in words


@pytest.mark.parametrize(("sd_pct", "speaks"), [(2.0, True), (3.3, False), (None, False)])
def test_uneven_steps_are_named_only_beyond_what_the_sensors_may_be_wrong(sd_pct: float | None, speaks: bool) -> None:
    stated = {} if sd_pct is None else {"step_time_asymmetry_pct": sd_pct}
    seconds = [replace(s, step_time_asymmetry_pct=5.7, uncertainty=stated) for s in make_seconds(600)]
    found = summarise(make_strides(10, late_right_s=0.01), seconds=seconds).findings
    assert any(f.id == "uneven" for f in found) is speaks


@pytest.mark.parametrize(
    ("unsure", "says"),
    [
        (0.2, "You landed on the heel in 80 % of your strides; 20 % lie too near a limit."),
        (0.8, "How you land is not clear"),
    ],
)
def test_strides_too_near_a_limit_are_no_pattern(unsure: float, says: str) -> None:
    strides = make_strides(10)
    n = round(unsure * len(strides))
    strides = [*(replace(s, foot_strike=FootStrike.UNCERTAIN) for s in strides[:n]), *strides[n:]]
    summary = summarise(strides)
    assert any(f.words.startswith(says) for f in summary.findings), [f.words for f in summary.findings]
    assert (summary.foot_strike_share is None) is (unsure > 0.5)
    assert (summary.foot_strike is None) is (unsure > 0.5)


@pytest.mark.parametrize(("known_s", "is_known"), [(600.0, True), (520.0, True), (120.0, False)])
def test_a_distance_is_given_only_where_the_speed_was_known(known_s: float, is_known: bool) -> None:
    strides = [
        s if s.initial_contact_s < known_s else dataclasses.replace(s, stride_length_m=None, speed_mps=None)
        for s in make_strides(10)
    ]
    seconds = [
        dataclasses.replace(s, uncertainty={"distance_m": 0.02 * (s.distance_m or 0.0)})
        for s in make_seconds(int(known_s))
    ]
    summary = summarise(strides, (), seconds)
    assert summary.moving_s == pytest.approx(600, abs=3)
    assert summary.speed_mps == pytest.approx(3.0, abs=0.02)
    if is_known:
        assert summary.distance_m == pytest.approx(3.0 * known_s, rel=0.01)
        assert summary.splits
        return
    assert (summary.distance_m, summary.splits, summary.best_s) == (None, (), {})
    assert not {"distance_m", "shared_distance_m"} & set(summary.uncertainty), "of what is not given"
    assert any("known in 20 % of your running only" in finding.words for finding in summary.findings)


def test_the_pace_of_a_watch_s_split_is_its_distance_by_its_time() -> None:
    """The speeds that the watch showed lag behind; it stopped for a minute, too."""
    seconds = [
        dataclasses.replace(s, speed_mps=2.5, t_s=s.t_s + (60 if s.t_s > 200 else 0)) for s in make_seconds(1000)
    ]
    first, second, *_ = summarise([], seconds=seconds).splits
    assert first.distance_m == pytest.approx(1000, abs=4)
    assert first.end_s - first.start_s == pytest.approx(1000 / 3 + 60, abs=2)
    assert first.values["speed_mps"] == pytest.approx(3.0, rel=0.01)
    assert second.values["speed_mps"] == pytest.approx(3.0, rel=0.01)


def test_a_sensor_that_sent_nothing_is_named() -> None:
    silent = StreamReport("B", "p", WearSite.RIGHT_FOOT)
    words = " ".join(f.words for f in summarise(make_strides(10), reports=[silent]).findings)
    assert "The right foot sensor sent nothing" in words


def test_a_sensor_that_fell_silent_is_missing_to_the_end_and_said_first() -> None:
    left = StreamReport("A", "p", WearSite.LEFT_FOOT, n_samples=808, rate_hz=208.0, last_s=4.0)
    right = StreamReport("B", "p", WearSite.RIGHT_FOOT, n_samples=195944, n_missing=9679, rate_hz=208.0, last_s=599.0)
    counted = [silence_counted(report, 600.0) for report in (left, right)]
    assert [(report.n_missing, report.silent_s, len(report.gaps)) for report in counted] == [
        (123968, 596.0, 1),
        (9679, 0.0, 0),
    ]
    assert [silence_counted(report, 600.0) for report in counted] == counted, "counted once"
    summary = summarise(make_strides(10), reports=counted)
    assert summary.n_missing == 123968 + 9679
    first, *others = [finding.words for finding in summary.findings]
    assert first == (
        "The left foot sensor fell silent at 0:04 and sent nothing in the last 99 % of the run, so what it measures is "
        "not known there."
    )
    assert any("right foot sensor lost 5 %" in words for words in others)
    assert not any("left foot sensor lost" in words for words in others)


def test_a_strap_without_a_rate_can_fall_silent_too() -> None:
    strap = StreamReport("C", "p", WearSite.CHEST, n_samples=300, last_s=300.0)
    assert silence_counted(strap, 304.0) == strap
    counted = silence_counted(strap, 400.0)
    assert (counted.n_missing, counted.silent_s) == (0, 100.0)
    assert "chest sensor fell silent at 5:00" in summarise(make_strides(10), reports=[counted]).findings[0].words


def test_spoken_cues_are_counted_and_not_praised_without_proof() -> None:
    cue = CueDecision("c", 5.0, "r", "stride", "cue", True, False, "Push", None, None, "", (), "", "")
    silent = dataclasses.replace(cue, cue_id="d", is_spoken=False)
    summary = summarise(make_strides(10), decisions=[cue, silent])
    assert summary.n_cues == 1
    assert any("is not known yet" in f.words for f in summary.findings)


def test_a_running_pod_alone_gives_what_it_knows() -> None:
    summary = summarise([], seconds=make_seconds(600))
    assert summary.cadence_spm == 170
    assert summary.distance_m == pytest.approx(3 * 599)
    assert summary.moving_s == 600
    assert summary.heart_rate_max_bpm == pytest.approx(140 + 599 / 60)
    assert summary.contact_time_ms is None
    assert summary.foot_strike_share is None


def test_a_trunk_sensor_alone_gives_what_it_knows() -> None:
    steps = [
        TrunkStep(
            WearSite.PELVIS,
            0.36 * i,
            contact_time_s=0.25,
            step_time_s=0.36,
            is_left=i % 2 == 0,
            vertical_oscillation_m=0.09,
        )
        for i in range(500)
    ]
    both = [dataclasses.replace(s, wear_site=WearSite.CHEST) for s in steps] + steps
    summary = summarise([], both)
    assert summary.cadence_spm == pytest.approx(60 / 0.36)
    assert summary.n_steps == 500
    assert summary.vertical_oscillation_mm == pytest.approx(90)
    assert summary.step_time_asymmetry_pct == pytest.approx(0, abs=1e-6)


def test_nothing_at_all_is_summed_up_as_nothing() -> None:
    summary = summarise([])
    assert summary.duration_s == 0
    assert summary.distance_m is None
    assert summary.findings == ()


def test_standing_and_walking_do_not_count_as_running() -> None:
    strides = make_strides(5)
    walking = [dataclasses.replace(s, state=GaitState.WALKING, speed_mps=1.0) for s in strides]
    assert summarise(strides + walking).speed_mps == pytest.approx(3.0, abs=0.02)
    assert summarise(walking).speed_mps == pytest.approx(1.0, abs=0.02)


def test_splits_are_kilometres_and_laps() -> None:
    run = series_of(make_strides(20), (), make_seconds(1201))
    curve = distance_curve(run)
    splits = splits_by_distance(run, curve)
    assert [split.number for split in splits] == [1, 2, 3, 4]
    assert [round(split.distance_m or 0) for split in splits] == pytest.approx([1000, 1000, 1000, 600], abs=4)
    assert splits[0].end_s - splits[0].start_s == pytest.approx(333.3, abs=2)
    assert splits[1].values["step_length_m"] == pytest.approx(60 * 3 / 170, rel=0.01)
    assert splits[1].foot_strike_share == {"rearfoot": 1.0, "midfoot": 0.0, "forefoot": 0.0}
    laps = splits_by_lap(run, curve, (Lap(1, 0.0, 600.0, "warm_up"), Lap(2, 600.0, None)), 1200.0)
    assert [(lap.kind, lap.end_s) for lap in laps] == [("warm_up", 600.0), ("lap", 1200.0)]
    assert distance_curve(series_of([], (), [LiveMetrics(1.0)])) is None


def test_the_average_stride_has_its_events_in_order() -> None:
    left, right = average_strides(Columns(Stride, make_strides(5)))
    assert (left.wear_site, right.wear_site) == (WearSite.LEFT_FOOT, WearSite.RIGHT_FOOT)
    assert left.stride_time_s == pytest.approx(0.7, abs=0.01)
    assert left.mid_stance_pct == pytest.approx(14.3, abs=0.5)
    assert left.toe_off_pct == pytest.approx(35.7, abs=0.5)
    assert left.other_contact_pct == pytest.approx(50, abs=1)
    assert left.spread["contact_time_s"] == pytest.approx(0.004, abs=0.001)


def test_the_document_of_a_recording_has_the_agreed_keys() -> None:
    strides: list[Stride | TrunkStep] = [*make_strides(1)[:10]]
    steps = [TrunkStep(WearSite.PELVIS, 0.36 * i, step_time_s=0.36) for i in range(3)]
    document = analysis_document({"id": "x"}, [*strides, *steps])
    assert set(document) == {"recording", "strides", "summary"}
    expected = "wear_site initial_contact_s toe_off_s contact_time_s flight_time_s stride_time_s stride_length_m"
    expected += " speed_mps foot_strike_angle_deg foot_strike impact_g state is_clipped uncertainty"
    assert " ".join(document["strides"][0]) == expected
    pelvis = [row for row in document["strides"] if row["wear_site"] == "pelvis"]
    assert [row["stride_time_s"] for row in pelvis] == [pytest.approx(0.72), pytest.approx(0.72), None]
    assert document["summary"]["n_strides"] == 10
    assert to_plain(document) == document
