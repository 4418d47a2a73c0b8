"""The whole coach with a clinic: a run that ends waits to leave, and deleting everything forgets clinic and key."""

from pathlib import Path

from coach.bootstrap import Coach
from coach.seal.manifest import Scope
from coach.settings import make_settings
from tests.coach.service.runs.quiet_run import begin
from tests.support.clinic import Clinic
from tests.support.postgres import ClinicDatabase


def test_a_run_that_ends_leaves_and_erasing_forgets_the_clinic(tmp_path: Path, clinic_database: ClinicDatabase) -> None:
    clinic = Clinic(tmp_path / "away", clinic_database)
    settings = make_settings(tmp_path / "home", "127.0.0.1", 0)
    coach = Coach(settings)
    try:
        coach.runner.answer_red_flags([])
        coach.clinic.join(clinic.invite(), [Scope.CARE, Scope.RAW_LOGS])
        begin(coach)
        run = coach.runs.stop()
        assert coach.clinic.status().n_waiting == 1
        status = coach.clinic.push()
        assert (status.n_sent, status.n_waiting, status.failure) == (1, 0, "")
        folder = clinic.host.folders.path(clinic.runner_id(status.pseudonym))
        assert (folder / "recordings" / f"{run.run_id}.mcap").is_file()
        assert (settings.secrets / "clinic.key").is_file()
        coach.account.erase()
        assert coach.clinic.status().clinic == ""
        assert not (settings.secrets / "clinic.key").exists()
    finally:
        coach.close()
        clinic.close()
