"""Commands answer as they promise: one JSON document with --json, one line for an error, status 0 only on success."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import icalendar
import pytest
from click.testing import CliRunner

from coach.cli.output import plainly
from coach.cli.root import COMMANDS, coach
from coach.model.links import SensorUse
from coach.model.recordings import RecordingHeader
from coach.model.samples import Notification
from coach.recording.writer import RecordingWriter
from coach.settings import make_settings
from firmware_config.loader import load_profile
from tests.support.cli import one_line_of_error, run
from tests.support.common import need_reference

START = datetime(2026, 1, 1, 10, tzinfo=UTC)
STRIDE_KEYS = {
    "wear_site",
    "initial_contact_s",
    "toe_off_s",
    "contact_time_s",
    "flight_time_s",
    "stride_time_s",
    "stride_length_m",
    "speed_mps",
    "foot_strike_angle_deg",
    "foot_strike",
    "impact_g",
    "is_clipped",
    "state",
    "uncertainty",
}


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command but the one whose answer is a script of a shell."""
    found: list[tuple[str, ...]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        if name == "completion":
            continue
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed and cannot be loaded"
        here = (*before, name)
        found += commands(command, here) if isinstance(command, click.Group) else [here]
    return found


@pytest.mark.parametrize("words", commands(coach), ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    context = click.Context(coach)
    for name, (_, line) in COMMANDS.items():
        command = coach.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200) == line
        assert name in run("--help").stdout


def test_help_and_version_load_no_part_of_the_service() -> None:
    words = (
        "import sys; from coach.cli.root import coach; coach(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "sqlalchemy", "flask", "bleak", "pydantic", "mcap", "apscheduler", "coach.bootstrap"}
    assert not heavy & set(loaded)
    assert "coach.cli.root" in loaded


def test_a_service_that_waits_for_its_runner_has_not_loaded_what_only_runs_and_files_need() -> None:
    words = "import sys; import coach.cli.serving; from web.app import blueprints; blueprints(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "alembic", "sqlalchemy", "icalendar", "fitdecode"}
    heavy |= {"pyarrow", "coach.gait.fusion.body", "coach.demo.world"}
    heavy |= {
        f"coach.interchange.{name}" for name in ("fit_writer", "tcx", "archive", "apple_health", "sport", "tables")
    }
    assert heavy & set(loaded) == set()
    assert "coach.bootstrap" in loaded


def test_a_packet_is_read_from_the_command_line() -> None:
    result = run("decode", "running_speed_cadence", "03 5c 03 a1 82 00 f6 09 00 00", "--json")
    assert result.exit_code == 0
    sample = json.loads(result.stdout)["samples"][0]
    assert sample["speed_mps"] == pytest.approx(3.359375)
    assert sample["cadence_spm"] == 161
    assert sample["distance_m"] == 255.0


@pytest.mark.parametrize(
    ("profile", "payload", "says"),
    [
        ("running_speed_cadence", "03 5c 03", "03 5c 03"),
        ("running_speed_cadence", "zz", "hexadecimal: write each byte as two digits"),
        ("running_speed_cadence", "035", "hexadecimal: write each byte as two digits"),
        ("no_such_sensor", "00", "running_speed_cadence"),
    ],
)
def test_bytes_that_cannot_be_read_give_one_line(profile: str, payload: str, says: str) -> None:
    assert says in one_line_of_error(run("decode", profile, payload, "--json"))


@pytest.mark.reference
def test_analyse_prints_the_agreed_document_of_a_foot_recording() -> None:
    result = run("analyse", str(need_reference("demo_run_right_foot_device")), "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert set(document) == {"recording", "strides", "summary"}
    assert all(set(stride) >= STRIDE_KEYS for stride in document["strides"])
    assert document["summary"]["cadence_spm"] == pytest.approx(175.9, abs=1.0)
    assert document["summary"]["foot_strike_share"]["rearfoot"] > 0.9


def test_analyse_of_something_else_says_what_it_wants(tmp_path: Path) -> None:
    other = tmp_path / "run.mcap"
    other.write_bytes(b"not a recording")
    assert "run.mcap" in one_line_of_error(run("analyse", str(other)))
    assert "without recording.json" in one_line_of_error(run("analyse", str(tmp_path)))
    assert "without recording.json" in one_line_of_error(run("replay", str(tmp_path), "--data", str(tmp_path)))


@pytest.mark.parametrize(
    "words",
    [
        "demo --speed 0",
        "demo --speed 1e9",
        "demo --minutes -1",
        "replay . --speed 0",
        "scan --seconds -1",
        "capture x --seconds 0",
        "sensors check --seconds 0",
        "runs list --limit -1",
    ],
)
def test_a_number_that_makes_no_sense_is_refused_before_anything_starts(words: str, tmp_path: Path) -> None:
    result = run(*words.split(), "--data", str(tmp_path / "data"))
    assert result.exit_code == 2
    assert "is not in the range" in result.stderr
    assert not (tmp_path / "data").exists()


def pod_recording(folder: Path, seconds: int = 60) -> Path:
    """A finished recording of a running pod: 3 m/s, 170 steps per minute."""
    use = SensorUse("F0:00", "Pod", "running_speed_cadence")
    uuid = load_profile(use.profile_id).with_role("data")[0].uuid
    writer = RecordingWriter(folder, RecordingHeader("20260101-100000-aaaa", START, "", (use,)))
    for second in range(seconds):
        writer.write(Notification(use.sensor_id, uuid, float(second), bytes.fromhex("04 00 03 aa")))
    return writer.close()


@pytest.mark.parametrize("is_torn", [True, False], ids=["cut off", "one byte wrong"])
def test_of_a_damaged_recording_the_sound_part_is_analysed_and_said(tmp_path: Path, is_torn: bool) -> None:
    path = pod_recording(tmp_path)
    content = bytearray(path.read_bytes())
    whole = json.loads(run("analyse", str(path), "--json").stdout)
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content[: len(content) // 2] if is_torn else content)
    result = run("analyse", str(path), "--json")
    assert result.exit_code == 0
    assert "sound part" in result.stderr
    part = json.loads(result.stdout)
    assert (whole["recording"]["is_complete"], part["recording"]["is_complete"]) == (True, False)
    assert 5 < part["summary"]["duration_s"] < whole["summary"]["duration_s"]
    assert part["summary"]["cadence_spm"] == 170


def test_runs_come_back_from_their_recordings_when_the_database_is_lost(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, "127.0.0.1", 0)
    pod_recording(settings.recordings)
    (settings.recordings / "other.mcap").write_bytes(b"none of ours")
    again = run("runs", "recompute", "--all", "--processes", "1", "--json", "--data", str(tmp_path))
    assert again.exit_code == 0, again.output
    (found,) = json.loads(again.stdout)["runs"]
    assert found["run"]["run_id"] == "20260101-100000-aaaa"
    assert found["summary"]["cadence_spm"] == pytest.approx(170)
    assert "did not know" not in run("runs", "recompute", "--all", "--processes", "1", "--data", str(tmp_path)).stderr


def test_a_full_disk_or_a_forbidden_file_is_one_line_too() -> None:
    @plainly
    def fails() -> None:
        raise OSError(28, "No space left on device", "/data/x")

    output = CliRunner().invoke(click.command()(fails))
    assert "No space left on device: '/data/x': free some space" in one_line_of_error(output)


def test_an_empty_account_lists_no_runs_and_names_no_run(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    assert json.loads(run("runs", "list", "--json", *data).stdout) == {"runs": []}
    assert "coach runs list" in one_line_of_error(run("runs", "show", "20200101", *data))
    assert "coach demo" in one_line_of_error(run("explain", "newest", *data))


def test_rules_name_their_sources() -> None:
    document = json.loads(run("rules", "--json").stdout)
    assert len(document["rules"]) >= 9
    assert all(set(rule["sources"]) <= set(document["sources"]) and rule["sources"] for rule in document["rules"])


def test_sixteen_sessions_are_at_their_local_time_on_both_sides_of_the_clock_change(tmp_path: Path) -> None:
    data, zone = ["--data", str(tmp_path)], ZoneInfo("Europe/London")
    wish = ["--track", "home", "--days", "mon,thu", "--time", "18:30", "--tz", "Europe/London", "--start", "2027-03-01"]
    assert "warning signs have not been asked" in one_line_of_error(run("plan", "create", *wish, *data))
    assert run("signs", "--none", *data).exit_code == 0
    assert run("plan", "create", *wish, *data).exit_code == 0
    plan = json.loads(run("plan", "show", "--json", *data).stdout)
    assert len(plan["sessions"]) == 16
    assert "no run knows its step length" in one_line_of_error(run("plan", "growth", *data))
    calendar_file = tmp_path / "plan.ics"
    assert run("plan", "export", "--ics", str(calendar_file), *data).exit_code == 0
    calendar = icalendar.Calendar.from_ical(calendar_file.read_bytes())
    starts = sorted(event.start for event in calendar.walk("VEVENT"))
    assert len(starts) == 16
    assert {start.astimezone(zone).strftime("%H:%M") for start in starts} == {"18:30"}
    assert {start.astimezone(zone).weekday() for start in starts} == {0, 3}
    assert len({start.astimezone(zone).utcoffset() for start in starts}) == 2
    assert all(isinstance(start, datetime) and start.astimezone(zone).date() >= date(2027, 3, 1) for start in starts)


def test_a_plan_that_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    wish = ["--track", "home", "--days", "mon,tue", "--time", "18:30", "--tz", "Europe/London"]
    assert run("signs", "--none", "--data", str(tmp_path)).exit_code == 0
    assert "48" in one_line_of_error(run("plan", "create", *wish, "--data", str(tmp_path)))


def test_warning_signs_are_listed_answered_and_lock_from_the_shell(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    listed = run("signs", *data).output
    assert "saddle_numbness" in listed
    assert "have not been asked" in listed
    assert "see a doctor or physiotherapist" in run("signs", "--sign", "night_pain", *data).output
    assert "no sign hiccups" in one_line_of_error(run("signs", "--sign", "hiccups", *data)).replace("there is ", "")
    assert "not both" in one_line_of_error(run("signs", "--none", "--sign", "night_pain", *data))
    state = json.loads(run("signs", "--json", *data).stdout)["state"]
    assert (state["lock"], state["signs"]) == ("urgent", ["night_pain"])


def test_without_a_word_the_first_three_things_are_shown() -> None:
    result = run()
    assert result.exit_code == 0
    for words in ("coach demo", "coach serve", "coach runs import"):
        assert words in result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_learns_to_complete_the_commands(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"{shell}_complete" in result.stdout


def test_a_shell_that_asks_is_given_the_commands_that_begin_so() -> None:
    asked = {"_COACH_COMPLETE": "bash_complete", "COMP_WORDS": "coach ru", "COMP_CWORD": "1"}
    completed = subprocess.run([sys.executable, "-m", "coach"], env=os.environ | asked, capture_output=True, text=True)
    assert "plain,runs" in completed.stdout


def test_a_misspelt_command_is_met_with_what_may_be_meant() -> None:
    result = run("rulse")
    assert result.exit_code == 2
    assert "rules" in result.stderr


def test_the_demonstration_speaks_before_the_service_is_loaded() -> None:
    """What takes seconds is loaded after the first line: the command's own module must not need it."""
    script = (
        "import sys; import coach.cli.demo_command; "
        "print([m for m in ('web.app', 'coach.bootstrap', 'bleak') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


def test_the_demonstration_says_what_is_going_on_and_what_to_try(tmp_path: Path) -> None:
    result = run("demo", "--minutes", "0.05", "--port", "0", "--host", "127.0.0.1", "--data", tmp_path)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith("A virtual runner")
    assert "A run is on" in result.stdout
    assert "coach demo --wait" in result.stdout
    assert "Ctrl-C" in result.stdout
