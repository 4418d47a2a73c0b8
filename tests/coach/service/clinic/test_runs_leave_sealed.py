"""Sealed runs go to a clinic: only as far as consented, each once."""

import hashlib
import stat
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from coach.errors import UserError
from coach.model.pain import PainMoment
from coach.model.runs import Sport
from coach.recording.reader import read_recording
from coach.roster.index import runs_of
from coach.seal.manifest import Scope, read_manifest
from coach.service.clinic import link
from coach.service.clinic.link import DamagedError, NotKnownError, read_invitation
from tests.support.clinic import FIX, PHONE, POD, SECRET, Clinic, Home, folder_of, holds, joined
from tests.support.postgres import ClinicDatabase

Scene = tuple[Home, Clinic]


def test_what_leaves_is_what_was_consented_to_and_arrives_as_it_left(scene: Scene) -> None:
    home, clinic = scene
    home.runner.report_pain(PainMoment.NOW, 3, note=SECRET)
    home.runner.answer_red_flags([])
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    assert home.clinic.status().n_waiting == 2
    status = home.clinic.push()
    assert (status.failure, status.n_waiting, status.n_sent) == ("", 0, 2)
    assert list((home.folder / "sealed").iterdir()) == []
    folder = folder_of(home, clinic)
    runs = [entry.run for entry in home.store.runs.list()]
    for run in runs:
        manifest = read_manifest((folder / "sealed" / f"{run.run_id}.manifest.json").read_text())
        here = folder / "recordings" / f"{run.run_id}.mcap"
        assert hashlib.sha256(here.read_bytes()).hexdigest() == manifest.sha256
        sent, own = read_recording(here), read_recording(home.recordings / f"{run.run_id}.mcap")
        kept = [item for item in own.items() if getattr(item, "sensor_id", "") != PHONE.sensor_id]
        assert list(sent.items()) == kept
        assert sent.header.sensors == (POD,)
        assert sent.header.settings == {"place": "treadmill"}
    assert holds(folder, FIX) == holds(folder, SECRET.encode()) == []
    with clinic.host.folders.opened(clinic.runner_id(status.pseudonym)) as store:
        assert [entry.summary for entry in store.runs.list()] == [entry.summary for entry in home.store.runs.list()]
        assert [(entry.back, entry.note) for entry in store.pain.list()] == [(3, "")]
        assert store.pain.red_flags() == home.store.pain.red_flags()


def test_a_clinics_folder_is_a_data_folder_as_at_home(scene: Scene) -> None:
    from click.testing import CliRunner

    from coach.cli.root import coach

    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    home.clinic.push()
    answer = CliRunner().invoke(coach, ["runs", "list", "--json", "--data", str(folder_of(home, clinic))])
    own = {entry.run.run_id for entry in home.store.runs.list()}
    assert all(run_id in answer.stdout for run_id in own), answer.output


@pytest.mark.parametrize(
    ("scopes", "has_raw", "has_positions"),
    [
        ([Scope.CARE], False, False),
        ([Scope.RESEARCH, Scope.RAW_LOGS], True, False),
        ([Scope.CARE, Scope.RAW_LOGS, Scope.POSITIONS], True, True),
        ([Scope.CARE, Scope.POSITIONS], False, False),
    ],
)
def test_each_scope_decides_by_itself(
    tmp_path: Path, database: ClinicDatabase, scopes: list[Scope], has_raw: bool, has_positions: bool
) -> None:
    with joined(tmp_path, database, 1, *scopes) as (home, clinic):
        assert home.clinic.push().n_sent == 1
        recordings = list((folder_of(home, clinic) / "recordings").glob("*.mcap"))
        assert bool(recordings) is has_raw
        assert (
            any(FIX in bytes(n.payload) for r in recordings for n in read_recording(r).notifications()) is has_positions
        )


def test_nothing_leaves_without_a_clinic_or_consent(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.on_finished(home.run(0.1))
    assert home.clinic.status().n_waiting == 0
    with pytest.raises(UserError, match="no clinic"):
        home.clinic.push()
    with pytest.raises(UserError, match="choose who may see"):
        home.clinic.join(clinic.invite(), [Scope.RAW_LOGS, Scope.POSITIONS])
    home.clinic.join(clinic.invite(), [Scope.CARE])
    home.clinic.consent(())
    home.clinic.on_finished(home.run(0.2))
    status = home.clinic.push()
    assert (status.n_waiting, status.n_sent, status.failure) == (0, 0, "")
    assert clinic.host.monday(clinic.ada) == []
    home.clinic.consent([Scope.CARE])
    assert home.clinic.push().n_sent == 4


def test_a_run_leaves_by_itself_when_it_has_ended(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    home.clinic.start()
    home.clinic.on_finished(home.run(0.4))
    end = time.monotonic() + 90
    while home.clinic.status().n_sent < 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert home.clinic.status().n_sent == 3


def test_the_key_is_its_owners_alone_and_not_in_the_archive(scene: Scene) -> None:
    from coach.storage.dump import rows_of

    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    key = home.folder / "secrets" / "clinic.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    kept = list(rows_of(home.store.database, "settings"))
    assert not any(str(row["key"]).startswith("clinic.") for row in kept)
    assert holds(clinic.folder / "clinic", key.read_bytes().strip()) == []


def test_an_invitation_is_good_once_for_a_while_and_for_this_clinic(scene: Scene) -> None:
    home, clinic = scene
    invitation = clinic.invite()
    with pytest.raises(UserError, match="not the clinic"):
        home.clinic.join(invitation.replace("key=", "key=00"), [Scope.CARE])
    with pytest.raises(UserError, match="too old or was used"):
        home.clinic.join(invitation, [Scope.CARE])
    home.clinic.join(clinic.invite(), [Scope.CARE])
    with pytest.raises(UserError, match="leave it first"):
        home.clinic.join(clinic.invite(), [Scope.CARE])


@pytest.mark.parametrize("address", ["", "x", "http://clinic.example/join?token=a&key=b", "https://clinic.example/join",
                                     "ftp://127.0.0.1/join?token=a&key=b"])  # fmt: skip
def test_health_data_go_to_no_address_that_is_not_encrypted(address: str) -> None:
    with pytest.raises(UserError):
        read_invitation(address)


def test_what_is_not_the_runners_own_is_refused(scene: Scene) -> None:
    """Another's key, another path, an old request, a body that was changed, a consent that says less."""
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    home.clinic.push()
    right = home.clinic._client()
    stranger = link.ClinicLink(clinic.url, bytes(32))
    with pytest.raises(NotKnownError, match="not connected"):
        stranger.ask("GET", "/api/v1/orders")
    late = link.ClinicLink(clinic.url, right._key, lambda: home.now - timedelta(hours=1))
    with pytest.raises(NotKnownError, match="clock"):
        late.ask("GET", "/api/v1/orders")
    home.clinic.consent([Scope.CARE, Scope.RAW_LOGS])  # the clinic has not heard of it yet
    run = home.run(0.5)
    from coach.service.clinic.sealing import seal_run

    entry = home.store.runs.entry(run.run_id)
    scopes = {Scope.CARE, Scope.RAW_LOGS}
    sealed = seal_run(entry, home.recordings, home.folder / "sealed" / "x", scopes, right._key, home.now)
    body = {"manifest": sealed.document, "numbers": sealed.numbers}
    with pytest.raises(UserError, match="consent that does not hold"):
        right.ask("POST", "/api/v1/runs", body)
    home.clinic._send_consent_and_report()
    numbers = {**sealed.numbers, "run": {**sealed.numbers["run"], "distance_m": 1.0}}
    with pytest.raises(UserError, match="not those of the manifest"):
        right.ask("POST", "/api/v1/runs", {"manifest": sealed.document, "numbers": numbers})
    assert right.ask("POST", "/api/v1/runs", body) == {"offset": 0}
    (home.folder / "long").write_bytes(bytes(sealed.manifest.n_bytes + 1))
    with pytest.raises(UserError, match="more bytes than the manifest"):
        right.send_file(home.folder / "long", sealed.manifest.sha256, 0)
    (home.folder / "long").write_bytes(bytes(sealed.manifest.n_bytes))
    with pytest.raises(DamagedError):
        right.send_file(home.folder / "long", sealed.manifest.sha256, 0)
    with pytest.raises(UserError, match="manifest of this recording first"):
        right.send_file(home.folder / "long", "00" * 32, 0)


def test_a_run_that_came_in_by_a_file_leaves_too_and_one_that_is_refused_is_tried_once(scene: Scene) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    home.run(3.0)  # nobody was notified of it
    torn = home.run(4.0)
    (home.recordings / f"{torn.run_id}.mcap").write_bytes(b"no recording")
    status = home.clinic.push()
    assert (status.n_sent, status.n_waiting) == (3, 0)
    assert "not a recording" in status.failure
    status = home.clinic.push()
    assert (status.n_sent, status.failure) == (3, "")


def test_a_strangers_body_is_not_even_read(scene: Scene) -> None:
    """What is longer than an invitation is taken only from a coach that is known."""
    import http.client

    _, clinic = scene
    connection = http.client.HTTPConnection("127.0.0.1", int(clinic.url.rpartition(":")[2]), timeout=20)
    headers = {"Coach-Request": "e30=", "Content-Length": "3000000"}
    connection.request("POST", "/api/v1/runs", b"{", headers)
    assert connection.getresponse().status == 401
    connection.close()


def test_a_run_with_other_numbers_is_sent_again_without_its_bytes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after `coach runs recompute` with a newer program, or a trim: the clinic's index has the newest numbers."""
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    home.clinic.push()
    entry = home.store.runs.list()[0]
    assert entry.summary is not None
    home.store.runs.save_summary(entry.run.run_id, replace(entry.summary, distance_m=5100.0, algorithm="f" * 16))
    asked: list[str] = []
    send = link.ClinicLink._send

    def counted(self: link.ClinicLink, method: str, path: str, *rest: object) -> object:
        asked.append(path)
        return send(self, method, path, *rest)

    monkeypatch.setattr(link.ClinicLink, "_send", counted)
    assert home.clinic.push().failure == ""
    assert asked.count("/api/v1/runs") == 1
    assert not any("recordings" in path for path in asked)
    runner_id = clinic.runner_id(home.clinic.status().pseudonym)
    with clinic.roster.transaction(runner_id=runner_id) as connection:
        (numbers,) = [one for one in runs_of(connection, runner_id) if one.run_id == entry.run.run_id]
    assert (numbers.distance_m, numbers.algorithm) == (5100.0, "f" * 16)
    asked.clear()
    home.clinic.push()
    assert "/api/v1/runs" not in asked


def test_another_activity_stays_at_home(scene: Scene) -> None:
    home, clinic = scene
    home.store.runs.change(home.store.runs.list()[0].run.run_id, sport=Sport.OTHER)
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    assert home.clinic.push().n_sent == 1


def test_a_run_that_was_deleted_while_it_waited_stays_at_home(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
    run = home.run(0.5)
    home.clinic.on_finished(run)
    home.store.runs.delete(run.run_id, home.now)
    assert home.clinic.push().n_sent == 2
    assert not (home.folder / "sealed" / run.run_id).exists()
    home.store.runs.restore(run.run_id)
    assert home.clinic.push().n_sent == 3


def test_a_run_waits_where_the_extra_is_gone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home, clinic = scene
    home.clinic.join(clinic.invite(), [Scope.CARE])
    assert home.clinic.push().n_sent == 2
    home.run(0.5)
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
        assert "[clinic]" in home.clinic.push().failure
    assert home.clinic.status().n_waiting == 1
    assert home.clinic.push().n_sent == 3
