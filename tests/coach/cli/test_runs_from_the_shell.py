"""`coach runs export` and `import` from a shell: every format out and in again, and plain words for what cannot be."""

import json
import re
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coach.bootstrap import Coach
from coach.cli.root import coach
from coach.cli.run_lines import half_width
from coach.live.pipeline_factory import profile_texts
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.samples import Notification
from coach.recording.writer import RecordingWriter
from coach.settings import make_settings
from tests.coach.service.runs.exports_of_others import strava, zipped
from tests.support.common import mostly_slow
from web.units import count_uncertainty_text

START = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
MINUTES = 6
MEASUREMENT = "00002a53-0000-1000-8000-00805f9b34fb"


def run(*words: object) -> Result:
    return CliRunner().invoke(coach, [str(word) for word in words])


def refused(*words: object) -> str:
    """The one line in which a command says that it cannot."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("coach: ")
    return result.stderr


@pytest.fixture(scope="module")
def raw_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six minutes of a running pod at 3 m/s and 170 steps a minute, as it sends them."""
    uses = (SensorUse("P", "Pod", "running_speed_cadence", cadence_unit="steps"),)
    folder = tmp_path_factory.mktemp("log")
    writer = RecordingWriter(folder, RecordingHeader("pod-run", START, "", uses, profile_texts(uses)))
    for second in range(1, 60 * MINUTES):
        packet = struct.pack("<BHB", 0x04, round(256 * (3 + 0.3 * (second // 60 % 2))), 170 + second // 60)
        writer.write(Notification("P", MEASUREMENT, float(second), packet))
    return writer.close()


@pytest.fixture(scope="module")
def account(raw_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("account")
    result = run("runs", "import", raw_log, "--data", data)
    assert result.exit_code == 0, result.stderr
    assert "imported as pod-run (2026-05-04 06:30 UTC, " in result.stdout
    return data


def summary(data: Path, run_id: str) -> dict[str, float]:
    result = run("runs", "show", run_id, "--data", data, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)["summary"]


@pytest.mark.parametrize("kind", mostly_slow(["fit", "tcx", "csv", "mcap"], n_quick=2))
def test_a_run_goes_out_and_comes_into_an_empty_account(kind: str, account: Path, tmp_path: Path) -> None:
    out = tmp_path / f"run.{kind}"
    wrote = run("runs", "export", "newest", "--format", kind, "--out", out, "--data", account)
    assert wrote.stdout == f"wrote {out} ({out.stat().st_size:,} bytes)\n"
    took = json.loads(run("runs", "import", out, "--data", tmp_path / "other", "--json").stdout)
    ours, theirs = summary(account, "pod-run"), summary(tmp_path / "other", took["run_ids"][0])
    assert ours["cadence_spm"] == pytest.approx(172.5, abs=1)
    for name in ("cadence_spm", "speed_mps", "distance_m", "step_length_m", "duration_s"):
        assert theirs[name] == pytest.approx(ours[name], rel=0.01), name
    if kind == "csv":  # a table is laid over the run that began at the same moment
        assert "merged into" in run("runs", "import", out, "--data", tmp_path / "other").stdout
    else:
        assert "already" in refused("runs", "import", out, "--data", tmp_path / "other")


def test_a_raw_log_brings_the_same_run(account: Path, raw_log: Path, tmp_path: Path) -> None:
    assert run("runs", "import", raw_log, "--data", tmp_path).exit_code == 0
    ours, theirs = (Coach(make_settings(data, "127.0.0.1", 0)) for data in (account, tmp_path))
    try:
        assert ours.history.entry("pod-run").summary == theirs.history.entry("pod-run").summary
        assert list(ours.store.runs.data.seconds("pod-run")) == list(theirs.store.runs.data.seconds("pod-run"))
        assert theirs.history.files.export("pod-run", "mcap") == raw_log.read_bytes()
    finally:
        ours.close()
        theirs.close()


def test_a_raw_log_that_was_cut_off_says_so(raw_log: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(raw_log.read_bytes()[:-200])
    result = run("runs", "import", cut, "--data", tmp_path / "data")
    assert "the file was cut off, this is what is left of it" in result.stdout
    output = json.loads(run("runs", "show", "pod-run", "--data", tmp_path / "data", "--json").stdout)
    assert output["run"]["state"] == "recovered"


def test_the_whole_account_goes_into_one_file_and_back(account: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.zip"
    assert run("runs", "archive", "--out", out, "--data", account).stdout == f"wrote {out}: 1 run\n"
    other = tmp_path / "other"
    assert run("runs", "import", out, "--data", other).stdout == "imported the archive: 1 new run\n"
    assert run("runs", "import", out, "--data", other).stdout == "imported the archive: 0 new runs\n"
    assert summary(other, "pod-run") == summary(account, "pod-run")
    assert "cannot write" in refused("runs", "archive", "--out", tmp_path / "no" / "all.zip", "--data", account)


def test_what_cannot_be_is_said_in_one_line(account: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.fit"
    assert run("runs", "export", "pod-run", "--format", "fit", "--out", out, "--data", account).exit_code == 0
    cut, text = tmp_path / "cut.fit", tmp_path / "notes.txt"
    content = out.read_bytes()
    cut.write_bytes(content[:60])
    text.write_text("bread, milk")
    for path, words in (
        (tmp_path / "none.fit", "No such file"),
        (text, "none of FIT, TCX, GPX, CSV, MCAP"),
        (cut, "it ends too early"),
    ):
        assert words in refused("runs", "import", path, "--data", tmp_path / "other")
    wrong = tmp_path / "wrong.fit"
    wrong.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert "the file was cut off" in run("runs", "import", wrong, "--data", tmp_path / "third").stdout
    gone = tmp_path / "none" / "run.fit"
    assert "choose another --out" in refused(
        "runs", "export", "pod-run", "--format", "fit", "--out", gone, "--data", account
    )
    assert "coach runs list" in refused("runs", "export", "no", "--format", "fit", "--out", out, "--data", account)
    assert json.loads(run("runs", "list", "--data", tmp_path / "other", "--json").stdout) == {"runs": []}


def test_an_empty_list_says_where_the_runs_of_the_demo_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = tmp_path / "demo"
    monkeypatch.setattr("coach.cli.runs.demo_folder", lambda: demo)
    assert "--data" not in run("runs", "list", "--data", tmp_path / "mine").stdout
    demo.mkdir()
    shown = run("runs", "list", "--data", tmp_path / "mine").stdout
    assert f"the demo's runs: `coach runs list --data {demo}`" in shown


def test_an_export_comes_in_from_the_shell_with_a_report(tmp_path: Path) -> None:
    path = tmp_path / "strava.zip"
    path.write_bytes(zipped(strava()))
    report = tmp_path / "report.csv"
    result = run("runs", "import", path, "--report", report, "--data", tmp_path / "data")
    assert result.stdout.splitlines()[-1] == "2 imported, 0 kept apart, as no run, 0 merged, 0 here already, 1 refused"
    assert "activities/3.gpx: refused: " in result.stdout
    assert len(report.read_text().splitlines()) == 4
    again = json.loads(run("runs", "import", path, path, "--json", "--data", tmp_path / "data").stdout)
    assert [one["outcome"] for one in again["files"]] == ["here", "here", "refused"] * 2
    assert "there is no" in refused("runs", "import", tmp_path / "a", tmp_path / "b", "--data", tmp_path / "data")


def test_what_leaves_the_house_is_chosen_from_the_shell(tmp_path: Path) -> None:
    assert run("handover", "--data", tmp_path).stdout.splitlines() == [
        "outbox: off",
        "intervals.icu: off",
        "Home Assistant: off",
    ]
    output = run("handover", "--outbox", "--intervals-key", "a-key-of-nobody", "--data", tmp_path).stdout
    assert f"each run as FIT in {tmp_path / 'outbox'}" in output
    assert "a-key-of-nobody" not in output
    assert json.loads(run("handover", "--json", "--data", tmp_path).stdout)["has_intervals_key"] is True
    assert "API key" in refused("handover", "--intervals-key", "a b", "--data", tmp_path)


def test_a_run_goes_out_as_every_kind_of_file_and_names_them_itself(
    account: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("runs", "export", "pod-run", "--format", "all", "--data", account)
    assert result.exit_code == 0, result.stderr
    assert {"pod-run.fit", "pod-run.tcx", "pod-run.csv", "pod-run.mcap"} <= {path.name for path in tmp_path.iterdir()}
    assert "no gpx: " in result.stderr  # a run on a treadmill has no positions
    run("runs", "export", "pod-run", "--format", "all", "--out", "own/folder", "--data", account)
    assert (tmp_path / "own/folder/pod-run.fit").read_bytes() == (tmp_path / "pod-run.fit").read_bytes()
    run("runs", "export", "pod-run", "--format", "fit", "--out", "name.fit", "--data", account)
    assert (tmp_path / "name.fit").read_bytes() == (tmp_path / "pod-run.fit").read_bytes()
    output = run("runs", "export", "newest", "--format", "csv", "--json", "--data", account)
    assert json.loads(output.stdout)["path"] == "pod-run.csv"


def test_a_summary_shows_the_pace_and_no_empty_uncertainty(account: Path) -> None:
    output = run("runs", "show", "pod-run", "--data", account).stdout
    assert re.search(r"pace +5:\d\d /km \(\d+\.\d km/h\)", output), output
    assert "0.0\n" not in re.findall(r"± [\d.]+\n?", output)
    assert "+-" not in output
    assert re.search(r"landings +\d+ +± \d+", output), output


@pytest.mark.parametrize("sd", [0.1, 0.7, 1.0, 12.3])
def test_the_interval_of_a_count_is_the_one_on_the_page(sd: float) -> None:
    assert half_width("n_impacts", sd, 0) == f" ± {count_uncertainty_text(sd)}"
