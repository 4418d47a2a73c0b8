"""Commands answer as they promise: one JSON document with --json, one line for an error, status 0 only on success."""

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import icalendar
import pytest
from click.testing import CliRunner, Result

from coach.cli.root import coach
from tests.support import need_reference

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
}


def run(*words: str) -> Result:
    return CliRunner().invoke(coach, list(words))


def one_line_of_error(result: Result) -> str:
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        here = (*before, name)
        found += commands(command, here) if isinstance(command, click.Group) else [here]
    return found


@pytest.mark.parametrize("words", commands(coach), ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout or words == ("serve",)


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
        ("running_speed_cadence", "zz", "hexadecimal"),
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


def test_an_empty_account_lists_no_runs_and_names_no_run(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path)]
    assert json.loads(run("runs", "list", "--json", *data).stdout) == {"runs": []}
    assert "coach runs list" in one_line_of_error(run("runs", "show", "20200101", *data))
    assert "coach demo" in one_line_of_error(run("explain", "newest", *data))


def test_doctor_names_each_part_and_fails_where_one_is_wrong(tmp_path: Path) -> None:
    result = run("doctor", "--json", "--data", str(tmp_path), "--port", "0")
    report = json.loads(result.stdout)
    names = [check["name"] for check in report["checks"]]
    assert names == ["python", "bluetooth", "permissions", "disk", "clock", "port", "database"]
    assert result.exit_code == (0 if report["is_fine"] else 1)
    assert all(check["is_fine"] or check["advice"] for check in report["checks"])


def test_rules_name_their_sources() -> None:
    document = json.loads(run("rules", "--json").stdout)
    assert len(document["rules"]) >= 9
    assert all(set(rule["sources"]) <= set(document["sources"]) and rule["sources"] for rule in document["rules"])


def test_sixteen_sessions_stand_at_their_local_time_on_both_sides_of_the_clock_change(tmp_path: Path) -> None:
    data, zone = ["--data", str(tmp_path)], ZoneInfo("Europe/London")
    wish = ["--track", "home", "--days", "mon,thu", "--time", "18:30", "--tz", "Europe/London", "--start", "2027-03-01"]
    assert run("plan", "create", *wish, *data).exit_code == 0
    plan = json.loads(run("plan", "show", "--json", *data).stdout)
    assert len(plan["sessions"]) == 16
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
    assert "48" in one_line_of_error(run("plan", "create", *wish, "--data", str(tmp_path)))
