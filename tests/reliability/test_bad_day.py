"""The bad day's judge: what one day found is held, and each kind of loss alone is not."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.reliability import bad_day
from tests.reliability.__main__ import main
from tests.reliability.bad_day import count_lines, rows

Day = dict[str, Any]


def sensor(name: str, **facts: object) -> Day:
    return {
        "name": name, "site": "left_foot", "n_sent": 1000, "n_lost_in_air": 20, "n_logged": 998, "n_lost": 0,
        "n_twice": 0, "n_connections": 4, "n_readings": 7984, "n_missing": 176, "n_true_missing": 177,
        "n_mixed": 0, "outages": [160], "silent_s": 0.0, "last_s": 1799.5, **facts,
    }  # fmt: skip


DAY: Day = {
    "all_streaming_s": 10.0, "run_s": 1800.0, "duration_s": 1800.4, "state": "finished", "adapter_back_s": 18.0,
    "phone_back_s": 1.8, "phone_was_away": True, "tap_at_s": 1100.0, "taps_kept_s": [800.0, 1110.2], "n_taps": 2,
    "tap_full_disk": {"answers": [204], "took_s": 0.1}, "is_full_said": True,
    "sensors": [
        sensor("movesense"),
        sensor("running_speed_cadence", n_missing=0, n_true_missing=None, outages=[], silent_s=360.0, last_s=1440.3),
    ],
}  # fmt: skip


def is_held(day: Day) -> bool:
    return all(row.is_held for row in rows(day, 30.0)) and all(held for _, held in count_lines(day))


def of_foot(name: str, value: object) -> Callable[[Day], None]:
    return lambda day: day["sensors"][0].update({name: value})


def test_a_day_without_loss_is_held_and_its_table_names_each_sensor() -> None:
    assert is_held(DAY)
    assert "176 readings counted as missing, 1 too many or too few where absences allow 1;" in next(rows(DAY, 30)).found
    (foot, _), (pod, _) = count_lines(DAY)
    assert foot == "| movesense, left foot | 1,020 | 20 | 2 | 998 | 0 | 0 | 7,984 | 177 | 176 |"
    assert pod.endswith("| - | - |")


@pytest.mark.parametrize(
    "harm",
    [
        of_foot("n_lost", 1),
        of_foot("n_logged", 900),  # as where the last packets of every connection are lost
        of_foot("n_twice", 1),
        of_foot("n_missing", 175),
        of_foot("n_missing", 179),
        of_foot("n_mixed", 1),
        of_foot("last_s", 1700.0),
        lambda day: day["sensors"][1].update(silent_s=0.0),
        lambda day: day.update(duration_s=1790.0),
        lambda day: day.update(state="interrupted"),
        lambda day: day.update(adapter_back_s=31.0),
        lambda day: day.update(phone_back_s=11.0),
        lambda day: day.update(phone_was_away=False),
        lambda day: day.update(taps_kept_s=[800.0]),
        lambda day: day.update(taps_kept_s=[800.0, 1110.0, 1110.1]),
        lambda day: day.update(taps_kept_s=[800.0, 1140.0]),
        lambda day: day.update(is_full_said=False),
        lambda day: day["tap_full_disk"].update(answers=[503]),
    ],
)
def test_each_loss_alone_is_not_held(harm: Callable[[Day], None]) -> None:
    day = deepcopy(DAY)
    harm(day)
    assert not is_held(day)


def test_a_machine_without_the_kernel_is_refused_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bad_day, "known_kernel", lambda: tmp_path / "vmlinux")
    assert main(["bluez"]) == 2
    assert "build.sh" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "is_kept"), [(["bluez"], True), (["bluez", "30"], True), (["bluez", "15"], False)])
def test_only_a_whole_day_takes_its_place_in_the_document(
    words: list[str], is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(bad_day, "lacking", lambda: "")
    monkeypatch.setattr(bad_day, "lines", lambda _minutes: iter([("bluez", "| a row |", True)]))
    monkeypatch.setattr("tests.reliability.__main__.update", lambda _part, rows: kept.extend(rows))
    assert main(words) == 0
    assert kept == ["| a row |"] * is_kept
