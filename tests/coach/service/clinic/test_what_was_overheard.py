"""Whoever overheard all requests of a coach gains nothing: sent again, altered or elsewhere, they change nothing."""

import json
import urllib.error
import urllib.request
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from coach.roster import index
from coach.seal.manifest import Scope
from coach.service.clinic import link
from tests.support.clinic import Clinic, Home, folder_of

Scene = tuple[Home, Clinic]


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    body: bytes
    signed: str

    def send(self, base: str) -> int:
        request = urllib.request.Request(
            base + self.path, self.body or None, {link.HEADER: self.signed}, method=self.method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Heard]:
    """Every request of every coach, as it went over the line."""
    tape: list[Heard] = []
    true_open = link.OPENER.open

    class Tape:
        def open(self, request: urllib.request.Request, timeout: float) -> object:
            body = request.data if isinstance(request.data, bytes) else b""
            tape.append(Heard(request.get_method(), request.selector, body, request.headers[link.HEADER.capitalize()]))
            return true_open(request, timeout=timeout)

    monkeypatch.setattr(link, "OPENER", Tape())
    return tape


def state_of(home: Home, clinic: Clinic) -> tuple[object, ...]:
    runner_id = folder_of(home, clinic).name
    with clinic.roster.transaction(runner_id=runner_id) as connection:
        allowed = index.consent_of(connection, runner_id)
    files = {p.name: p.read_bytes() for p in folder_of(home, clinic).rglob("*.mcap")}
    return allowed, files, index_of(clinic, runner_id)


def index_of(clinic: Clinic, runner_id: str) -> object:
    return clinic.database.cluster.sql(f"select * from run_index where runner_id = '{runner_id}'", clinic.database.name)


def test_all_that_was_overheard_sent_again_at_once_changes_nothing(scene: Scene, heard: list[Heard]) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    home.now += timedelta(seconds=5)
    home.clinic.consent([Scope.CARE])  # what was overheard before allows more
    home.clinic.push()
    before = state_of(home, clinic)
    assert before[0] == {Scope.CARE}
    answers = [one.send(clinic.url) for one in list(heard)]
    assert state_of(home, clinic) == before
    assert not [status for status in answers if status >= 500]
    assert len({one.path.partition("?")[0].split("/")[3] for one in heard}) >= 5, "join, report, runs, raw, orders"


def test_a_quarter_of_an_hour_later_nothing_of_it_is_heard(scene: Scene, heard: list[Heard]) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    assert len(heard) >= 3, "join, report, runs"
    for clinic.ahead in (timedelta(minutes=15), timedelta(minutes=-15)):
        assert {one.send(clinic.url) for one in list(heard)} <= {401, 403}


def test_a_request_that_was_altered_is_nobodys(scene: Scene, heard: list[Heard]) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    before = state_of(home, clinic)
    for one in list(heard):
        signed = json.loads(urlsafe_b64decode(one.signed))
        forged = urlsafe_b64encode(json.dumps(signed | {"path": "/api/v1/withdraw"}).encode()).decode()
        altered = [
            replace(one, body=one.body + b" "),
            replace(one, path=one.path + ("&" if "?" in one.path else "?") + "x=1"),
            replace(one, method="POST" if one.method == "GET" else "GET"),
            replace(one, path="/api/v1/withdraw", method="POST"),
            replace(one, path="/api/v1/withdraw", method="POST", signed=forged),
        ]
        assert {each.send(clinic.url) for each in altered} <= {400, 401, 403, 405}  # 400: the invitation was taken
    assert state_of(home, clinic) == before


def test_what_one_clinic_heard_is_worth_nothing_at_the_next(scene: Scene, heard: list[Heard]) -> None:
    """The first clinic keeps all it got; the runner leaves it and joins another, under a new key."""
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    first = list(heard)
    home.clinic.withdraw()
    home.clinic.join(clinic.invite("Chart 18"), [Scope.CARE])
    home.clinic.push()
    before = state_of(home, clinic)
    assert {one.send(clinic.url) for one in first if not one.path.endswith("/join")} <= {401, 403}
    assert state_of(home, clinic) == before
