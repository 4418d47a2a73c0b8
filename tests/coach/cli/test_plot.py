"""`--plot FILE`: a run, a trend and the strides of a recording as pictures; what cannot be drawn is said."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from coach.cli.plotting import draw_run, draw_strides, draw_trend
from coach.cli.root import coach
from coach.errors import UserError
from coach.model.history import DownsampledSeries, Trend, TrendPoint

START = datetime(2026, 11, 1, 7, tzinfo=UTC)
SERIES = DownsampledSeries(
    (0.0, 10.0, 20.0), 10.0, {"speed_mps": (2.8, None, 3.0), "cadence_spm": (170.0, 172.0, None)}
)


def size_of(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_a_run_is_drawn_with_its_pace_upside_down_and_its_gaps_open(tmp_path: Path) -> None:
    picture = tmp_path / "run.svg"
    draw_run(SERIES, "Easy run", picture)
    text = picture.read_text("utf-8")
    assert "<!-- pace -->" in text
    assert "<!-- Easy run -->" in text
    draw_run(SERIES, "Easy run", tmp_path / "run.png")
    width, height = size_of(tmp_path / "run.png")
    assert width > 1000
    assert height > 500, "one picture a measure, below each other"


def test_a_trend_is_drawn_with_its_intervals(tmp_path: Path) -> None:
    points = tuple(
        TrendPoint(f"r{n}", START + timedelta(days=n), 0.98 + 0.01 * n, 0.01, 2.8, 40, True) for n in range(4)
    )
    draw_trend(Trend("step_length_m", 2.8, points), tmp_path / "trend.svg")
    assert "step length at 2.80 m/s" in (tmp_path / "trend.svg").read_text("utf-8")


def test_strides_are_drawn_by_foot(tmp_path: Path) -> None:
    strides = [
        {"wear_site": site, "initial_contact_s": n * 0.7, "contact_time_s": 0.25, "stride_time_s": None}
        for site in ("left_foot", "right_foot")
        for n in range(5)
    ]
    draw_strides({"recording": {"id": "r1"}, "strides": strides}, tmp_path / "strides.svg")
    text = (tmp_path / "strides.svg").read_text("utf-8")
    assert "left foot" in text
    assert "stride time" not in text, "what is unknown is not drawn"


def test_what_cannot_be_drawn_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="png"):
        draw_run(SERIES, "", tmp_path / "run.jpeg")
    with pytest.raises(UserError, match="nothing to draw"):
        draw_run(DownsampledSeries((), 1.0, {}), "", tmp_path / "run.png")
    with pytest.raises(UserError, match="nothing to draw"):
        draw_trend(Trend("step_length_m", None), tmp_path / "run.png")
    with pytest.raises(UserError, match="cannot write"):
        draw_run(SERIES, "", tmp_path / "no" / "run.png")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match=r"\[plot\]"):
        draw_run(SERIES, "", tmp_path / "run.png")


def test_the_trend_command_lists_and_refuses(tmp_path: Path) -> None:
    said = CliRunner().invoke(coach, ["runs", "trend", "step_length_m", "--data", str(tmp_path)])
    assert said.exit_code == 0
    assert "no run" in said.output
    said = CliRunner().invoke(coach, ["runs", "trend", "mood", "--data", str(tmp_path)])
    assert said.exit_code != 0
    assert "step_length_m" in said.output
