"""Disks of a clinic fail: a missing folder is not an empty record, and what was not copied is copied later."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from coach.model.pain import Lock, PainMoment
from coach.seal.manifest import Scope
from coach.service.clinic_host.vault import Vault
from tests.support.clinic import Clinic, Home, joined
from tests.support.postgres import ClinicDatabase

Scene = tuple[Home, Clinic]


@pytest.fixture
def scene(tmp_path: Path, clinic_database: ClinicDatabase) -> Iterator[Scene]:
    with joined(tmp_path, clinic_database, 2, Scope.CARE, Scope.RAW_LOGS) as found:
        yield found


def runner_of(home: Home, clinic: Clinic) -> str:
    return clinic.runner_id(home.clinic.status().pseudonym)


def test_a_folder_that_is_away_empties_neither_index_nor_copies(scene: Scene) -> None:
    """As when the disk is not mounted at the start: a warning sign stays on the page, and the copy can be restored."""
    home, clinic = scene
    home.runner.report_pain(PainMoment.NOW, 3)
    home.runner.answer_red_flags(["saddle_numbness"])
    home.clinic.push()
    runner_id = runner_of(home, clinic)
    assert clinic.host.keeping.copy_away() == (1, [])
    shutil.rmtree(clinic.host.folders.path(runner_id))
    assert clinic.host.keeping.reindex() == (0, [runner_id])
    assert clinic.host.keeping.copy_away() == (0, [runner_id])
    (row,) = clinic.host.monday(clinic.ada)
    assert row.patient.state is not None
    assert row.patient.state.lock is Lock.EMERGENCY
    home.clinic.on_finished(home.run(0.3))
    assert "waits" in home.clinic.push().failure  # nothing is taken into a folder that is not the runner's
    assert not clinic.host.folders.path(runner_id).exists()
    assert clinic.host.keeping.restore() == (1, 2, [])
    assert clinic.host.keeping.reindex() == (1, [])
    assert home.clinic.push().n_sent == 3
    with clinic.host.folders.opened(runner_id) as store:
        assert [entry.back for entry in store.pain.list()] == [3]


def test_a_key_that_is_another_one_costs_one_name_and_not_the_page(scene: Scene) -> None:
    """As after a restore of keys from another day: the row is named by its pseudonym."""
    home, clinic = scene
    key = clinic.folder / "clinic" / "keys" / f"{runner_of(home, clinic)}.key"
    key.write_bytes(bytes(32))
    clinic.host.vault = Vault(key.parent)
    (row,) = clinic.host.monday(clinic.ada)
    assert (row.patient.label, row.patient.pseudonym) == ("", home.clinic.status().pseudonym)


def test_one_runner_who_cannot_be_copied_holds_up_no_other(scene: Scene, tmp_path: Path) -> None:
    home, clinic = scene
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other", 1)
    other.clinic.join(clinic.invite("Chart 18"), [Scope.CARE])
    ids = [runner_of(one, clinic) for one in (home, other)]
    for lost in ids:  # whichever of the two comes first
        away = clinic.host.folders.path(lost).rename(tmp_path / "away")
        assert clinic.host.keeping.copy_away() == (1, [lost])
        away.rename(clinic.host.folders.path(lost))
    other.close()


def test_a_recording_that_could_not_be_copied_arrives_and_is_copied_at_night(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, clinic = scene
    runner_id = runner_of(home, clinic)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Vault, "lock_away", full)
        assert home.clinic.push().failure == ""
        assert clinic.host.keeping.copy_away() == (0, [runner_id])
    assert home.clinic.status().n_sent == 2
    assert clinic.host.keeping.copy_away() == (1, [])
    shutil.rmtree(clinic.host.folders.path(runner_id))
    assert clinic.host.keeping.restore() == (1, 2, [])
