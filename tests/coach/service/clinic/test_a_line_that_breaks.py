"""A line to the clinic that is cut, changes bytes or is answered by another: each byte arrives once, no run is lost."""

import io
import time
import urllib.error
from email.message import Message

import pytest

from coach.errors import LinkError
from coach.recording.reader import read_recording
from coach.seal.manifest import Scope
from coach.service.clinic import link
from tests.support.clinic import Clinic, Home, folder_of
from tests.support.common import mostly_slow

Scene = tuple[Home, Clinic]


@pytest.mark.slow
def test_a_line_that_is_cut_at_every_piece_brings_each_byte_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request is cut once, before it is sent and again before its answer comes."""
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    monkeypatch.setattr(link, "PIECE_BYTES", 4000)
    true_open, seen = link.OPENER.open, dict[str, int]()

    class Cut:
        def open(self, request, timeout):
            key = f"{request.get_method()} {request.selector}"
            seen[key] = seen.get(key, 0) + 1
            if seen[key] == 1:
                raise ConnectionResetError("cut on the way there")
            answer = true_open(request, timeout=timeout)
            if seen[key] == 2:
                answer.close()
                raise ConnectionResetError("cut on the way back")
            return answer

    monkeypatch.setattr(link, "OPENER", Cut())
    n_tries = 0
    while not n_tries or home.clinic.status().failure or home.clinic.status().n_waiting:
        home.clinic.push()
        n_tries += 1
        assert n_tries < 60
    pieces = [key for key in seen if "/raw/" in key]
    assert len(pieces) >= 6
    for path in (folder_of(home, clinic) / "recordings").glob("*.mcap"):
        assert read_recording(path).is_complete
    assert len(list((folder_of(home, clinic) / "recordings").glob("*.mcap"))) == 2
    assert list((folder_of(home, clinic) / "arriving").iterdir()) == []


def test_sending_again_changes_nothing(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    before = {p: p.read_bytes() for p in folder_of(home, clinic).rglob("*.mcap")}
    for entry in home.store.runs.list():
        home.clinic._queue.add(entry.run.run_id)
    assert home.clinic.push().failure == ""
    assert {p: p.read_bytes() for p in folder_of(home, clinic).rglob("*.mcap")} == before


def test_bytes_that_change_on_the_way_are_sent_again_and_then_wait(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    true_send, n_flips = link.ClinicLink._send, [1]

    def flip(self, method, path, body, kind):
        if "/raw/" in path and n_flips[0]:
            n_flips[0] -= 1
            body = body[:-1] + bytes([body[-1] ^ 1])
        return true_send(self, method, path, body, kind)

    monkeypatch.setattr(link.ClinicLink, "_send", flip)
    assert home.clinic.push().failure == ""
    assert home.clinic.status().n_sent == 2
    home.clinic.on_finished(home.run(0.3))
    n_flips[0] = 99
    status = home.clinic.push()
    assert "damaged" in status.failure
    assert status.n_waiting == 1
    assert list((folder_of(home, clinic) / "arriving").iterdir()) == []


def test_a_clinic_that_is_away_holds_nothing_up(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    assert clinic.server is not None
    clinic.server.stop()
    started = time.monotonic()
    home.clinic.on_finished(home.run(0.3))
    assert time.monotonic() - started < 2
    status = home.clinic.push()
    assert status.n_waiting == 3
    assert "waits" in status.failure


def test_consent_that_ends_in_the_middle_of_a_run_stops_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    monkeypatch.setattr(link, "PIECE_BYTES", 2000)
    true_send = link.ClinicLink._send

    def end_consent(self, method, path, body, kind):
        answer = true_send(self, method, path, body, kind)
        if "/raw/" in path:
            home.clinic.consent([Scope.CARE])
        return answer

    monkeypatch.setattr(link.ClinicLink, "_send", end_consent)
    assert "consent has changed" in home.clinic.push().failure
    monkeypatch.setattr(link.ClinicLink, "_send", true_send)
    assert home.clinic.push().n_sent == 2
    assert list((folder_of(home, clinic) / "recordings").glob("*.mcap")) == []


def test_a_withdrawal_that_is_not_heard_changes_nothing_but_that_nothing_leaves(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    assert clinic.server is not None
    clinic.server.stop()
    with pytest.raises(LinkError):
        home.clinic.withdraw()
    assert home.clinic.status().clinic
    assert home.clinic.status().n_waiting == 0


def test_a_runner_whose_joining_was_not_answered_joins_again_as_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, clinic = scene
    true_send = link.ClinicLink._send

    def lose(self, method, path, body, kind):
        true_send(self, method, path, body, kind)
        raise LinkError("offline", "the answer was lost")

    monkeypatch.setattr(link.ClinicLink, "_send", lose)
    with pytest.raises(LinkError):
        home.clinic.join(clinic.invite(), [Scope.CARE])
    monkeypatch.setattr(link.ClinicLink, "_send", true_send)
    assert not home.clinic.status().clinic
    home.clinic.join(clinic.invite(), [Scope.CARE])
    assert home.clinic.push().n_sent == 2
    assert len(clinic.host.monday(clinic.ada)) == 1


def test_a_clinic_whose_database_is_away_loses_no_run(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    with monkeypatch.context() as patched:
        patched.setattr(clinic.roster, "_url", "postgresql://nobody@/nothing?host=/nowhere")
        for connection in clinic.roster._free:
            connection.close()
        for _ in range(3):
            status = home.clinic.push()
            assert "waits" in status.failure
            assert status.n_waiting == 2
    assert home.clinic.push().n_sent == 2


@pytest.mark.parametrize("code", mostly_slow([400, 403, 404, 413, 422, 502], 2))
def test_what_a_proxy_answers_in_the_clinics_place_loses_no_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])

    class Proxy:
        def open(self, request, timeout):
            raise urllib.error.HTTPError(request.full_url, code, "", Message(), io.BytesIO(b"<html>Not here</html>"))

    with monkeypatch.context() as patched:
        patched.setattr(link, "OPENER", Proxy())
        status = home.clinic.push()
        assert status.n_waiting == 2
        assert f"HTTP {code}" in status.failure
    assert home.clinic.push().n_sent == 2
