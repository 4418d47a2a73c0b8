"""What a phone taps in a run is taken whatever becomes of the database: by its cookie, as phones do."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from coach.errors import StorageError
from coach.service.access import phones
from coach.wall_clock import utc_now
from tests.support.common import until
from tests.web.held_run import HeldRun
from tests.web.page_coach import PageCoach

ELSEWHERE = {"REMOTE_ADDR": "192.168.1.20"}


@pytest.fixture
def phone(coach: PageCoach, client: FlaskClient) -> FlaskClient:
    """The test client as a phone of the home network that was let in an hour ago and was quiet since."""
    token = coach.access.invitation("http://x").partition("token=")[2]
    came = client.post("/api/v1/phones", json={"token": token, "name": "Phone"}, environ_overrides=ELSEWHERE)
    assert came.status_code == 200
    (known,) = coach.access.phones()
    coach.store.phones.saw(known.phone_id, utc_now() - timedelta(hours=1))
    coach.access.forget_known()
    return client


@contextlib.contextmanager
def locked(coach: PageCoach) -> Iterator[None]:
    """Another program holds the database."""
    with contextlib.closing(sqlite3.connect(coach.settings.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_phone_that_was_quiet_for_an_hour_taps_pain_while_another_program_holds_the_database(
    coach: PageCoach, phone: FlaskClient
) -> None:
    run = HeldRun(coach)
    with locked(coach):
        began_s = time.monotonic()
        answers = [
            phone.post("/api/v1/run/pain", json={"level": n, "run_id": run.run_id}, environ_overrides=ELSEWHERE)
            for n in (3, 7)
        ]
        status = phone.get("/api/v1/run", environ_overrides=ELSEWHERE)
        took_s = time.monotonic() - began_s
    assert [answer.status_code for answer in answers] == [204, 204]
    assert status.status_code == 200
    assert took_s < 3.0, "nothing waits for the database, which waits 5 s for a lock"
    coach.runs.stop()
    assert [entry.back for entry in coach.store.pain.list(run_id=run.run_id)] == [3, 7]


def test_a_phone_that_was_known_stays_known_while_the_database_cannot_be_read(
    coach: PageCoach, phone: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = HeldRun(coach)
    monkeypatch.setattr(phones, "_KNOWN_S", 0.0)
    assert phone.get("/api/v1/run", environ_overrides=ELSEWHERE).status_code == 200

    def refuse(*_: object) -> None:
        raise StorageError("coach.sqlite: the disk does not answer: check it")

    monkeypatch.setattr(coach.store.phones, "by_token", refuse)
    answer = phone.post("/api/v1/run/pain", json={"level": 5, "run_id": run.run_id}, environ_overrides=ELSEWHERE)
    assert answer.status_code == 204
    stranger = phone.application.test_client()
    stranger.set_cookie("coach", "nobody")
    assert stranger.get("/api/v1/run", environ_overrides=ELSEWHERE).status_code == 503


def test_that_a_phone_was_here_is_kept_and_prolongs_its_stay(coach: PageCoach, phone: FlaskClient) -> None:
    before = utc_now()
    assert phone.get("/api/v1/run", environ_overrides=ELSEWHERE).status_code == 200
    until(lambda: coach.access.phones()[0].seen_at >= before)  # kept beside the answer
    (known,) = coach.access.phones()
    assert known.expires_at - known.seen_at == phones.STAYS
