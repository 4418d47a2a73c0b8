"""Orders, answers and consent that change while the coach sends: nothing is lost, and nothing is done twice."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from coach.errors import UserError
from coach.model.pain import Lock
from coach.seal.events import OrderKind
from coach.seal.manifest import Scope
from coach.service.clinic import link
from tests.support.clinic import Clinic, Home, joined
from tests.support.postgres import ClinicDatabase

Scene = tuple[Home, Clinic]


@pytest.fixture
def scene(tmp_path: Path, clinic_database: ClinicDatabase) -> Iterator[Scene]:
    with joined(tmp_path, clinic_database, 1, Scope.CARE) as found:
        yield found


def runner_of(home: Home, clinic: Clinic) -> str:
    return clinic.runner_id(home.clinic.status().pseudonym)


def test_an_answer_given_while_orders_are_fetched_is_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home, clinic = scene
    order = clinic.host.order(clinic.ada, runner_of(home, clinic), OrderKind.WELL_DONE)
    home.clinic.push()
    true_send = link.ClinicLink._send

    def answer_meanwhile(self, method, path, body, kind):
        answer = true_send(self, method, path, body, kind)
        if path.endswith("/orders") and home.clinic.status().orders:
            home.clinic.answer(order.order_id, True)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(link.ClinicLink, "_send", answer_meanwhile)
        home.clinic.push()
    assert home.clinic.status().orders == ()
    home.clinic.push()
    (row,) = clinic.host.record(clinic.ada, runner_of(home, clinic)).orders
    assert row["state"] == "accepted"


def test_two_taps_on_accept_do_it_once(scene: Scene) -> None:
    home, clinic = scene
    home.runner.answer_red_flags(["saddle_numbness"])
    order = clinic.host.order(clinic.ada, runner_of(home, clinic), OrderKind.SEEN, home.now.date())
    home.clinic.push()
    together, refusals = threading.Barrier(2), list[str]()

    def tap() -> None:
        together.wait(5)
        try:
            home.clinic.answer(order.order_id, True)
        except UserError as error:
            refusals.append(str(error))

    taps = [threading.Thread(target=tap) for _ in range(2)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    assert len(refusals) == 1
    assert [one.seen_on for one in home.store.pain.red_flags()].count(home.now.date()) == 1
    assert home.runner.pain_state().lock is Lock.NONE


def test_of_two_pauses_that_arrive_together_the_newer_holds(scene: Scene) -> None:
    home, clinic = scene
    runner_id, today = runner_of(home, clinic), home.now.date()
    orders = []
    for days in (20, 3):
        clinic.ahead += timedelta(seconds=5)
        orders.append(clinic.host.order(clinic.ada, runner_id, OrderKind.PAUSE_RUNNING, today + timedelta(days=days)))
    home.clinic.push()
    for order in orders:
        home.clinic.answer(order.order_id, True)
    assert home.clinic.status().pause_until == today + timedelta(days=3)


def test_a_run_whose_consent_changes_while_it_is_sent_waits(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    home, _ = scene
    true_send = link.ClinicLink._send

    def more_meanwhile(self, method, path, body, kind):
        answer = true_send(self, method, path, body, kind)
        if path.endswith("/report"):
            home.clinic.consent([Scope.CARE, Scope.RAW_LOGS])
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(link.ClinicLink, "_send", more_meanwhile)
        status = home.clinic.push()
    assert status.n_waiting == 1
    assert home.clinic.push().n_sent == 1


@pytest.mark.parametrize("name", ["manifest.json", "numbers.json"])
def test_a_seal_that_a_power_cut_emptied_is_made_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home, _ = scene
    true_open = link.OPENER.open

    class Cut:
        def open(self, request, timeout):
            if request.selector.endswith("/runs"):
                raise ConnectionResetError("cut")
            return true_open(request, timeout=timeout)

    with monkeypatch.context() as patched:
        patched.setattr(link, "OPENER", Cut())
        assert home.clinic.push().n_waiting == 1
    (folder,) = (home.folder / "sealed").iterdir()
    (folder / name).write_bytes(b"")
    status = home.clinic.push()
    assert (status.n_sent, status.failure) == (1, "")


@pytest.mark.parametrize("answer", [{"offset": "x"}, {"offset": None}, {"offset": -1}, ["?"]])
def test_an_answer_that_nobody_foresaw_leaves_the_run_waiting(
    tmp_path: Path, clinic_database: ClinicDatabase, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    with joined(tmp_path, clinic_database, 1, Scope.CARE, Scope.RAW_LOGS) as (home, _):
        true_send = link.ClinicLink._send

        def strange(self, method, path, body, kind):
            found = true_send(self, method, path, body, kind)
            return answer if path.endswith("/runs") else found

        with monkeypatch.context() as patched:
            patched.setattr(link.ClinicLink, "_send", strange)
            status = home.clinic.push()
            assert (status.n_waiting, status.n_sent) == (1, 0)
            assert "waits" in status.failure
        assert home.clinic.push().n_sent == 1


def test_deleting_everything_while_a_run_is_sent_leaves_nothing_of_the_clinic(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = scene
    true_send = link.ClinicLink._send
    erasing = threading.Thread(target=home.clinic.forget_all)

    def erase_meanwhile(self, method, path, body, kind):
        if path.endswith("/runs"):
            erasing.start()
            erasing.join(0.3)  # it ends before the request does, or waits for it
        return true_send(self, method, path, body, kind)

    monkeypatch.setattr(link.ClinicLink, "_send", erase_meanwhile)
    home.clinic.push()
    erasing.join(5)
    names = ("link", "consent", "queue", "sent", "orders", "reported", "refused", "looks")
    assert [name for name in names if home.store.settings.get(f"clinic.{name}", None)] == []
    assert not (home.folder / "secrets" / "clinic.key").exists()
