"""A trial's table finds what was put in, says where it cannot, and comes from a store as from a simulation."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("fsspec", reason="the extra [study] is not installed")

from coach.cli.root import coach
from coach.errors import UserError
from coach.service.study.mixed_model import effects_of
from coach.service.study.trial_figure import mean_and_half
from coach.service.study.trial_table import Trial, TrialTable, table_of_trial, write_table
from coach.study.trial import TrialValue
from tests.simulated_trial import SPEED_MPS, STEP, holds, primary, put_in, simulate
from tests.support.common import mostly_slow, needs
from tests.support.study import store_of

pytestmark = needs("statsmodels", "the extra [study] is not installed")


@pytest.fixture(scope="module")
def table() -> TrialTable:
    return table_of_trial(simulate(3), SPEED_MPS)


@pytest.mark.slow
def test_the_intervals_hold_what_was_put_in(table: TrialTable) -> None:
    assert len(table.effects) == 4 * 3 * 3
    assert all(effect.is_converged for effect in table.effects)
    held = [holds(effect, is_against=False) for effect in table.effects]
    assert sum(held) >= 31  # 95 % of 36 are 34; fewer than 31 come by chance once in fifty trials
    assert holds(primary(table), is_against=True)


@pytest.mark.parametrize("n_trials", mostly_slow([1, 4], n_quick=1))
def test_the_main_outcome_is_found_in_each_of_some_trials_and_is_no_chance(n_trials: int) -> None:
    found = []
    for seed in range(n_trials):
        whole = simulate(seed)
        steps = Trial(whole.people, whole.runs, {})
        found.append(primary(table_of_trial(steps, SPEED_MPS)))
    assert sum(holds(effect, is_against=True) for effect in found) >= 0.75 * n_trials
    assert all(effect.against_low is not None and effect.against_low > 0.03 for effect in found)
    assert all(effect.against_high - effect.against_low < 0.04 for effect in found)  # type: ignore[operator]


def test_an_interval_that_is_moved_no_longer_holds(table: TrialTable) -> None:
    effect = primary(table)
    assert put_in(effect, is_against=True) == pytest.approx(0.078)
    assert effect.against_high is not None
    assert not holds(replace(effect, against_low=effect.against_high), is_against=True)


def test_too_few_participants_give_a_reason_instead_of_a_number() -> None:
    values = [
        TrialValue(f"P{k}", "leg", time, "pain", 5.0 - k + (k % 2 - 0.5) * (time == "week_8"), 1)
        for k in range(4)
        for time in ("week_0", "week_8")
    ]
    values += [TrialValue("P0", "leg", "month_3", "pain", 3.0, 1)]
    week_8, month_3, month_6 = effects_of(values, "pain")
    assert week_8.change == pytest.approx(0.0, abs=1e-6)
    assert week_8.low is not None
    assert week_8.low < -0.1
    assert (month_3.change, month_3.n, month_3.reason) == (None, 1, "fewer than 3 participants at month_3")
    assert (month_6.change, month_6.n) == (None, 0)
    assert effects_of([], "pain") == []
    assert all(effect.reason for effect in effects_of(values[:2], "pain"))


@pytest.mark.parametrize("fall", [0.0, 1.0])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_participants_who_all_change_alike_give_no_interval_of_nothing(fall: float, spread: float) -> None:
    values = [
        TrialValue(f"P{k}", "leg", time, "pain", 5.0 - spread * k - fall * (time == "week_8"), 1)
        for k in range(12)
        for time in ("week_0", "week_8")
    ]
    effect = effects_of(values, "pain")[0]
    assert (effect.change, effect.low, effect.n) == (None, None, 12)
    assert effect.reason.startswith("all participants change alike")


def test_a_metric_or_an_arm_that_is_not_there_is_named() -> None:
    trial = simulate(0, n=6)
    with pytest.raises(UserError, match="step_length_m"):
        table_of_trial(trial, SPEED_MPS, ("distance_m",))
    with pytest.raises(UserError, match="choose of extensor, leg"):
        table_of_trial(trial, SPEED_MPS, reference="placebo")


def test_a_bar_of_the_figure_is_students_interval_and_none_for_too_few() -> None:
    mean, half = mean_and_half([4.0, 5.0, 6.0, 7.0])
    assert mean == 5.5
    assert half == pytest.approx(2.054, abs=1e-3)  # 3.182 (t of three degrees of freedom) * 1.291 / 2
    assert mean_and_half([3.0]) == (3.0, None)
    assert mean_and_half([3.0, 4.0]) == (3.5, None)


def test_a_table_is_written_with_its_figure(table: TrialTable, tmp_path: Path) -> None:
    write_table(table, (STEP,), tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out" / "effects.csv").read_text().splitlines()))
    assert len(rows) == 36
    assert float(rows[0]["low"]) < float(rows[0]["change"]) < float(rows[0]["high"])
    assert json.loads((tmp_path / "out" / "flow.json").read_text())["randomised"] == 84
    assert (tmp_path / "out" / "figure.png").read_bytes()[:4] == b"\x89PNG"


def test_a_store_is_tabulated_and_what_is_too_little_is_said(tmp_path: Path) -> None:
    store = store_of(tmp_path, 2)
    (store / "study").mkdir()
    (store / "study" / "participants.csv").write_text(
        "runner,group,enrolled_on,excluded,lost_on,lost_reason\nanna,leg,2026-05-04,,2026-06-20,injury\n"
        "eve,,2026-05-04,warning sign,,\n"
    )
    outcomes = [f"anna,2026-05-{day:02d},pain,{day}" for day in (4, 5)]
    (store / "study" / "outcomes.csv").write_text("\n".join(["participant,on,measure,value", *outcomes]))
    run = CliRunner()
    assert run.invoke(coach, ["study", "table", str(store), "--speed", "2.8"]).exit_code == 1  # nothing is computed yet
    assert run.invoke(coach, ["study", "recompute", str(store), "--jobs", "0"]).exit_code == 0
    result = run.invoke(coach, ["study", "table", str(store), "--speed", "2.8", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.stderr
    assert "- (fewer than 3 participants at week_0)" in result.stdout
    assert "2 assessed, 1 included" in result.stdout
    assert json.loads((tmp_path / "out" / "flow.json").read_text())["arms"]["leg"]["lost"] == [
        {"reason": "injury", "week": 6}
    ]
    values = (tmp_path / "out" / "values.csv").read_text()
    assert "pain,4.5,2" in values
    assert "anna" not in values
