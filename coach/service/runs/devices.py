"""Whose numbers an imported run shows where its file holds those of a watch and of a pod: the file kept with it is read
again, the watch's own or the pod's first."""

from pathlib import Path

from coach.errors import UserError
from coach.interchange.activity import Activity
from coach.interchange.positions import completed
from coach.model.runs import Run
from coach.recording.folder import inside


def read_again(run: Run, imports: Path, prefers_pods: bool) -> Activity:
    """Return the run as its FIT file has it.

    Raises:
        UserError: it was not imported from one.
    """
    from coach.interchange.fit_reader import read_fit_sessions  # only now, as the readers of `formats`

    path = inside(imports, f"{run.run_id}.fit")
    if run.source != "fit" or not path.is_file():
        raise UserError(f"run {run.run_id} was not imported from a FIT file: it has one device only")
    found = read_fit_sessions(path.read_bytes(), prefers_pods)
    return completed(min(found, key=lambda one: abs(one.started_at - run.started_at)))
