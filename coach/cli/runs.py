"""`coach runs ...`: the runs that are kept. Reading them first recovers what a crash cut off."""

import contextlib
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from coach.bootstrap import Coach
from coach.cli.archiving import password_from, password_option, write_account
from coach.cli.importing import OUTCOMES, import_all, import_one
from coach.cli.options import data_option, settings_of
from coach.cli.output import json_option, plainly, print_json, table
from coach.cli.plotting import draw_run, draw_trend, plot_option
from coach.cli.recomputing import further_processes, n_recordings, processes_for, recompute_runs
from coach.cli.run_lines import print_summary
from coach.errors import CoachError, ConflictError, UserError
from coach.interchange.bundles import is_bundle
from coach.model.history import Outcome
from coach.model.runs import RunFilter, Sport
from coach.service.folder_lock import FolderLock
from coach.service.runs.algorithm import algorithm_id
from coach.service.runs.archiving import choose
from coach.service.runs.files import EXPORTS
from coach.service.runs.importing import report_of
from coach.settings import demo_folder

_SPORTS: Final = (*(sport.value for sport in Sport), "all")


@contextmanager
def opened(data: Path | None) -> Iterator[Coach]:
    """The service without page and radio work; runs that were cut off are recovered first, unless a coach at work in
    the folder may be writing them."""
    settings = settings_of(data)
    coach = Coach(settings)
    try:
        with contextlib.suppress(ConflictError), FolderLock(settings.lock):
            for run in coach.recover():
                click.echo(f"recovered a run that was cut off: {run.run_id}", err=True)
        yield coach
    finally:
        coach.close()


@click.group()
def runs() -> None:
    """The runs that are kept: list, show, export, import, archive, compute again."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--sport", type=click.Choice(_SPORTS), default="running", show_default=True, help="Which ones.")
@data_option
@json_option
@plainly
def list_(limit: int, sport: str, data: Path | None, as_json: bool) -> None:
    """Runs, newest first; walks and other activities where they are asked for."""
    with opened(data) as coach:
        chosen = RunFilter(sport=None if sport == "all" else Sport(sport))
        entries = coach.store.runs.list(chosen, limit=limit)
        n_open = coach.store.runs.count(RunFilter(sport=Sport.OTHER))
    if as_json:
        print_json({"runs": [{"run": entry.run, "summary": entry.summary} for entry in entries]})
        return
    rows = [
        {
            "id": entry.run.run_id,
            "at": f"{entry.run.started_at:%Y-%m-%d %H:%M}",
            "min": None if entry.run.duration_s is None else f"{entry.run.duration_s / 60:.1f}",
            "km": None if entry.run.distance_m is None else f"{entry.run.distance_m / 1000:.2f}",
            "state": entry.run.state.value,
            "sport": entry.run.sport.value,
            "title": entry.run.title,
        }
        for entry in entries
    ]
    names = ("id", "at", "min", "km", "sport", "state", "title")
    table(rows, [(name, name.upper()) for name in names])
    if n_open and sport == "running":
        click.echo(f"{n_open} kept apart, as no run: `coach runs list --sport other`")
    if not rows and not n_open:
        click.echo("no run yet: `coach serve` with your sensors, or `coach runs import FILE`")
        if demo_folder().is_dir():
            click.echo(f"the demo's runs: `coach runs list --data {shlex.quote(str(demo_folder()))}`")


@runs.command("devices")
@click.argument("run_id")
@click.argument("use", type=click.Choice(("pod", "watch")))
@data_option
@json_option
@plainly
def devices_(run_id: str, use: str, data: Path | None, as_json: bool) -> None:
    """Show a pod's numbers or the watch's, where an imported file holds both."""
    with opened(data) as coach:
        run = coach.history.choose_devices(named(coach, run_id), prefers_pods=use == "pod")
    if as_json:
        print_json({"run": run})
    else:
        table(
            [{"metric": name, "device": device} for name, device in run.sources.items()],
            [("metric", "METRIC"), ("device", "DEVICE")],
        )


@runs.command()
@click.argument("run_id")
@plot_option
@data_option
@json_option
@plainly
def show(run_id: str, plot: Path | None, data: Path | None, as_json: bool) -> None:
    """One run and its summary."""
    with opened(data) as coach:
        entry = coach.store.runs.entry(named(coach, run_id))
        series = coach.history.series(entry.run.run_id) if plot else None
    if plot and series:
        draw_run(series, entry.run.title or f"{entry.run.started_at:%Y-%m-%d %H:%M} UTC", plot)
    print_summary(entry, as_json)


@runs.command()
@click.argument("metric")
@plot_option
@data_option
@json_option
@plainly
def trend(metric: str, plot: Path | None, data: Path | None, as_json: bool) -> None:
    """METRIC over all runs at your usual speed, such as step_length_m or cadence_spm."""
    with opened(data) as coach:
        found = coach.history.trend(metric, place=coach.history.main_place())
    if plot:
        draw_trend(found, plot)
    if as_json:
        print_json({"trend": found})
        return
    rows = [
        {"at": f"{point.started_at:%Y-%m-%d}", "value": f"{point.value:.4g}", "half_width": f"{1.96 * point.se:.2g}"}
        for point in found.points
    ]
    table(rows, [("at", "AT"), ("value", metric), ("half_width", "±")])
    if not rows:
        click.echo("no run with this measure yet")


@runs.command("sport")
@click.argument("run_id")
@click.argument("sport", type=click.Choice(_SPORTS[:-1]))
@data_option
@json_option
@plainly
def sport_(run_id: str, sport: str, data: Path | None, as_json: bool) -> None:
    """Say what an activity was: only running counts in records, trends and the longest run."""
    with opened(data) as coach:
        run = coach.history.edit(named(coach, run_id), sport=sport)
    if as_json:
        print_json({"run": run})
    else:
        click.echo(f"{run.run_id} is {run.sport.value}")


@runs.command()
@click.argument("run_id")
@click.option("--format", "kind", type=click.Choice((*EXPORTS, "all")), required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write, with `all` its folder; by default RUN_ID.FORMAT in this folder.",
)
@data_option
@json_option
@plainly
def export(run_id: str, kind: str, out: Path | None, data: Path | None, as_json: bool) -> None:
    """Write one run as a file that others read, or as every kind of file that it can be."""
    written: list[dict[str, object]] = []
    with opened(data) as coach:
        run_id = named(coach, run_id)
        if kind == "all" and out is not None:
            _make_folder(out)
        for one in EXPORTS if kind == "all" else (kind,):
            path = (out or Path()) / f"{run_id}.{one}" if kind == "all" or out is None else out
            try:
                content = coach.history.files.export(run_id, one)
            except CoachError as error:
                if kind != "all":
                    raise
                click.echo(f"no {one}: {error}", err=True)  # as a run without positions is no GPX file
                continue
            _write(path, content)
            written.append({"path": str(path), "format": one, "n_bytes": len(content)})
            if not as_json:
                click.echo(f"wrote {path} ({len(content):,} bytes)")
    if as_json:
        print_json({"files": written} if kind == "all" else written[0])


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {path}: {error.strerror}; choose another --out") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another --out") from error


@runs.command("import")
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="CSV to write: what became of each file."
)
@password_option
@data_option
@json_option
@plainly
def import_(
    paths: tuple[Path, ...], report: Path | None, password_file: Path | None, data: Path | None, as_json: bool
) -> None:
    """Import files (FIT, TCX, GPX, CSV, MCAP), folders, zips, exports of Strava, Garmin or Apple Health, or an archive.

    A watch's file that overlaps a recorded run in time is merged into that run. An import that was cut off goes on
    where it stopped when it is given again.
    """
    with opened(data) as coach:
        if len(paths) == 1 and report is None and not is_bundle(paths[0]):
            import_one(coach, paths[0], password_file, as_json)
            return
        found = [one for path in paths for one in import_all(coach, path, as_json)]
    if report is not None:
        try:
            report.write_text(report_of(found), encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write {report}: {error.strerror}; choose another --report") from error
    if as_json:
        print_json({"files": found})
        return
    for one in found:
        if one.outcome is Outcome.REFUSED or (one.reason and one.outcome is not Outcome.HERE):
            click.echo(f"{one.name}: {one.outcome.value}: {one.reason}")
    counts = Counter(one.outcome for one in found)
    click.echo(", ".join(f"{counts[outcome]} {OUTCOMES[outcome]}" for outcome in Outcome))


@runs.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Zip file to write.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only runs from this day on (UTC).")
@click.option("--incremental", is_flag=True, help="Only runs that no archive holds yet.")
@click.option("--encrypt", is_flag=True, help="Encrypt it with a password (AES-256).")
@password_option
@data_option
@json_option
@plainly
def archive(
    out: Path,
    since: datetime | None,
    incremental: bool,
    encrypt: bool,
    password_file: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Write the account as one zip: every table, raw log and imported file. `import` reads it back.

    Of an account in several archives, import each, in any order: what is here already stays as it is.
    """
    password = password_from(password_file, is_new=True) if encrypt or password_file is not None else None
    with opened(data) as coach:
        choice = choose(coach.store, since.replace(tzinfo=UTC) if since else None, incremental)
        write_account(coach, out, choice, password)
        n_runs = coach.store.runs.count() if choice.keys is None else len(choice.keys)
    if as_json:
        print_json({"path": str(out), "n_runs": n_runs, "n_bytes": out.stat().st_size})
    else:
        click.echo(f"wrote {out}: {n_runs} {'run' if n_runs == 1 else 'runs'}")


@runs.command()
@click.argument("run_id", required=False)
@click.option("--all", "is_all", is_flag=True, help="Every recording, also those the database has lost.")
@click.option("--resume", is_flag=True, help="With --all: leave out what this algorithm has computed already.")
@click.option("--processes", type=click.IntRange(1), help="At once; as many as there are processors if not given.")
@data_option
@json_option
@plainly
def recompute(
    run_id: str | None, is_all: bool, resume: bool, processes: int | None, data: Path | None, as_json: bool
) -> None:
    """Compute runs again from their raw bytes, with this version of the program.

    With --all, progress goes to standard error. Stopped (Ctrl-C), `--all --resume` goes on where it was.
    """
    if not is_all and run_id is None:
        raise UserError("name a run, or give --all")
    settings = settings_of(data)
    n_further = processes_for(n_recordings(settings), processes) - 1 if is_all else 0
    with further_processes(settings, n_further) as workers, opened(data) as coach:
        if is_all:
            with FolderLock(coach.settings.lock):
                for run in coach.recovery.adopt():
                    click.echo(f"the database did not know it: {run.run_id}", err=True)
        if is_all:
            wanted = _with_recordings(coach, algorithm_id() if resume else None)
            faults = _recomputed(coach, wanted, workers, n_further)
        else:
            wanted, faults = [coach.recovery.recompute(named(coach, str(run_id))).run_id], {}
        entries = [coach.store.runs.entry(one) for one in wanted if one not in faults]
    if as_json:
        print_json({"runs": [{"run": entry.run, "summary": entry.summary} for entry in entries]})
    else:
        for entry in entries:
            print_summary(entry, as_json=False)
    if faults:
        sys.exit(1)


def _with_recordings(coach: Coach, but_algorithm: str | None) -> list[str]:
    """Ids of the runs that have a recording, those left out that `but_algorithm` computed."""
    entries = [e for e in coach.store.runs.list(RunFilter(sport=None), limit=None) if e.run.recording]
    return [e.run.run_id for e in entries if e.summary is None or e.summary.algorithm != but_algorithm]


def _recomputed(coach: Coach, run_ids: Sequence[str], workers: Executor | None, n_workers: int) -> dict[str, str]:
    """Compute runs again, with a line of progress for each; gives those that could not be, and why."""
    faults: dict[str, str] = {}
    began_s = time.monotonic()
    for number, (run_id, fault) in enumerate(recompute_runs(coach, run_ids, workers, n_workers), start=1):
        left_s = (time.monotonic() - began_s) / number * (len(run_ids) - number)
        words = f"{number} of {len(run_ids)}: {run_id}, {int(left_s // 60)} min {int(left_s % 60)} s left"
        click.echo(f"coach: {run_id}: {fault}" if fault else words, err=True)
        if fault:
            faults[run_id] = fault
    return faults


def named(coach: Coach, run_id: str) -> str:
    """The id itself, or that of the run called "newest"; raises UserError where there is none."""
    if run_id != "newest":
        return run_id
    entries = coach.store.runs.list(limit=1)
    if not entries:
        raise UserError("there is no run yet: `coach demo` makes one")
    return entries[0].run.run_id
