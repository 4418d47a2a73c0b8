"""The commands of clinic and runner, as typed, on a real database; and what a plain install says instead."""

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from coach.cli.root import coach
from tests.support.clinic import Clinic, Home
from tests.support.postgres import ClinicDatabase


def run(*words: object) -> Result:
    return CliRunner().invoke(coach, ["clinic", *map(str, words)])


def test_a_clinic_from_an_empty_database_to_a_deletion(tmp_path: Path, clinic_database: ClinicDatabase) -> None:
    url = ("--url", clinic_database.url)
    again = run("prepare", "--url", clinic_database.owner, "--role", "coach_app", "--json")
    assert json.loads(again.stdout) == {"is_new": False}
    person = run("person", "Kim", "--base", "https://clinic.example", *url)
    assert "https://clinic.example/come-in?token=" in person.stdout
    clinic, home = Clinic(tmp_path, clinic_database), Home(tmp_path, 1)
    data = ("--data", tmp_path / "clinic")
    own = ("--data", tmp_path)
    assert "no clinic" in run("status", *own).stdout
    joined = run("join", clinic.invite(), "--scope", "care", "--scope", "research", "--scope", "raw_logs", *own)
    assert "0 runs wait for the clinic, 1 sent" in joined.stdout, joined.output
    assert re.search(r"no +positions", joined.stdout)
    status = json.loads(run("status", "--json", *own).stdout)
    assert (status["n_sent"], status["scopes"]) == (1, ["care", "raw_logs", "research"])
    assert "1 runners are in the index" in run("reindex", *url, *data).stdout
    assert "1 sealed runs" in run("export", tmp_path / "out", *url, *data).stdout
    assert "entries fit together" in run("audit", *url).stdout
    assert "no positions" in re.sub(" +", " ", run("consent", "--scope", "care", *own).stdout)
    gone = run("withdraw", status["pseudonym"], "--now", "--objects", clinic.objects, *url, *data)
    assert f"{status['pseudonym']}: " in gone.stdout, gone.output
    assert "not deleted: the database's write-ahead log" in gone.stdout
    assert run("withdraw", status["pseudonym"], *url, *data).exit_code == 1
    assert "left" in run("leave", "--yes", *own).stdout
    home.close()
    clinic.close()


def test_a_clinic_is_served_over_tls_and_never_as_who_may_see_all(
    tmp_path: Path, clinic_database: ClinicDatabase
) -> None:
    data = ("--data", tmp_path)
    plain = run("serve", "--base", "http://clinic.example", "--url", clinic_database.url, *data)
    assert "--base begins with https" in plain.stderr
    owner = run("serve", "--base", "https://clinic.example", "--url", clinic_database.owner, *data)
    assert "every person could see every runner" in owner.stderr
    nowhere = run("audit", "--url", "postgresql://x@/x?host=/nowhere")
    assert (nowhere.exit_code, "cannot be reached" in nowhere.stderr) == (1, True)


def test_a_plain_install_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("psycopg", "cryptography")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    invitation = "https://clinic.example/join?token=a&key=b"
    for words in (("audit", "--url", "postgresql://x"), ("join", invitation, "--scope", "care", "--data", tmp_path)):
        answer = run(*words)
        assert answer.exit_code == 1
        assert "pip install 'running-coach[clinic]'" in answer.stderr
    assert run("status", "--data", tmp_path).exit_code == 0
