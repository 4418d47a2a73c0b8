"""What `coach runs import` does with one file or with many, and what it says of each."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click

from coach.bootstrap import Coach
from coach.cli.archiving import password_from
from coach.cli.output import print_json
from coach.errors import LockedArchiveError, UserError
from coach.model.history import ImportedFile, Outcome
from coach.model.runs import Run, RunEntry, Sport

OUTCOMES: Final = {
    Outcome.TAKEN: "imported",
    Outcome.APART: "kept apart, as no run",
    Outcome.MERGED: "merged",
    Outcome.HERE: "here already",
    Outcome.REFUSED: "refused",
}


def import_all(coach: Coach, path: Path, as_json: bool) -> list[ImportedFile]:
    """Import all that a path holds, with progress on a terminal's standard error.

    Raises:
        UserError: there is no such path.
    """
    if not path.exists():
        raise UserError(f"there is no {path}: give the path of a file or folder")
    found: list[ImportedFile] = []
    is_shown = not as_json and sys.stderr.isatty()
    for done, share in coach.imports.each(path):
        found.append(done)
        if is_shown:
            click.echo(f"\r{share:4.0%}  {len(found)} files  {done.name[-50:]:50}", nl=False, err=True)
    if is_shown:
        click.echo(f"\r{'':70}\r", nl=False, err=True)
    return found


def import_one(coach: Coach, path: Path, password_file: Path | None, as_json: bool) -> None:
    """Import one file, or an archive, whose password is asked for where it has one; print what became of it."""
    with _reading(path) as stream:
        try:
            found = coach.history.files.import_file(stream, path.name)
        except LockedArchiveError:
            found = coach.history.files.import_archive(stream, password_from(password_file))
    entries = [coach.store.runs.entry(run_id) for run_id in found.run_ids]
    if as_json:
        print_json(found)
    elif entries:
        done = "merged into" if found.is_merged else "imported as"
        rest = "; the file was cut off, this is what is left of it" if found.is_cut else ""
        for entry in entries:
            click.echo(f"{done} {entry.run.run_id} ({_length_of(entry)}){rest}{_apart(entry.run)}")
    else:
        click.echo(f"imported the archive: {found.n_runs} new {'run' if found.n_runs == 1 else 'runs'}")


@contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; give the path of a file") from error
    with stream:
        yield stream


def _apart(run: Run) -> str:
    """What an activity that is no run is taken for, and how to say otherwise."""
    if run.sport is Sport.RUNNING:
        return ""
    why = f" ({run.sport_reason})" if run.sport_reason else ""
    return f"; kept apart as {run.sport.value}{why}: `coach runs sport {run.run_id} running` counts it as a run"


def _length_of(entry: RunEntry) -> str:
    km = "" if entry.run.distance_m is None else f"{entry.run.distance_m / 1000:.2f} km, "
    return f"{entry.run.started_at:%Y-%m-%d %H:%M} UTC, {km}{(entry.run.duration_s or 0.0) / 60:.1f} min"
