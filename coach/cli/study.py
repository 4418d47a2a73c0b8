"""`coach study`: many runners' recordings computed, on one machine or on many."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from coach.cli.options import ABOVE_ZERO
from coach.cli.output import json_option, plainly, print_json
from coach.cli.output import table as show_table
from coach.errors import UserError
from coach.service.study.bids_export import About, export_bids
from coach.service.study.mixed_model import Effect
from coach.service.study.recompute import Plan, forget, plan
from coach.service.study.recompute import recompute as recompute_planned
from coach.service.study.trial_table import table_of_trial, trial_of, write_table
from coach.service.study.work import Done
from coach.study.rows import Status

store_argument = click.argument("store")
results_option = click.option(
    "--results", metavar="URL", help="Where results go; by default the folder `results` in STORE."
)


@click.group()
def study() -> None:
    """Many runners: compute all recordings of a store, export them, and tabulate a trial."""


@study.command()
@store_argument
@results_option
@click.option("--jobs", type=click.IntRange(0), help="Processes of this machine; by default one a processor.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler instead, such as tcp://host:8786.")
@click.option("--retry", is_flag=True, help="Try recordings again whose processes died.")
@json_option
@plainly
def recompute(
    store: str, results: str | None, jobs: int | None, scheduler: str | None, retry: bool, as_json: bool
) -> None:
    """Compute all recordings of STORE (a folder or a URL) that this version of the program has not computed yet.

    Stopped (Ctrl-C, a lost machine), the same command goes on where it was. Progress goes to standard error.
    """
    if jobs is not None and scheduler is not None:
        raise UserError("give --jobs for this machine, or --scheduler for others, not both")
    planned = plan(store, results, retry=retry)
    counts, not_done, cut = Counter[str](), list[Done](), list[Done]()
    for done in _shown(planned, jobs, scheduler):
        counts[done.status.value] += 1
        if done.status is not Status.DONE:
            not_done.append(done)
        elif not done.is_complete:
            cut.append(done)
    if as_json:
        rows = [{"source": d.source, "status": d.status.value, "words": d.words} for d in (*not_done, *cut)]
        print_json({"algorithm": planned.job.algorithm, "n_before": planned.n_done, "counts": counts, "rows": rows})
    else:
        _report(planned, counts, not_done, cut)
    if any(done.status is not Status.NO_CONSENT for done in not_done):
        sys.exit(1)


@study.command("forget")
@store_argument
@results_option
@json_option
@plainly
def forget_gone(store: str, results: str | None, as_json: bool) -> None:
    """Delete all results of recordings that are not in STORE any more, or whose consent has changed since."""
    n_rows = forget(store, results)
    if as_json:
        print_json({"n_forgotten": n_rows})
    else:
        click.echo(f"results of {n_rows} recordings were deleted")


def _shown(planned: Plan, jobs: int | None, scheduler: str | None) -> Iterator[Done]:
    """The recordings as they are done, with a line of progress for each."""
    began_s, cpu_s = time.monotonic(), 0.0
    for number, done in enumerate(recompute_planned(planned, jobs, scheduler), start=1):
        cpu_s += done.cpu_s
        left_s = (time.monotonic() - began_s) / number * (len(planned.tasks) - number)
        words = "" if done.status is Status.DONE else f" {done.status.value}: {done.words}"
        left = f"{cpu_s:.0f} CPU-s, {int(left_s // 60)} min {int(left_s % 60)} s left"
        click.echo(f"{number} of {len(planned.tasks)}: {done.source}{words}, {left}", err=True)
        yield done


def _report(planned: Plan, counts: Counter[str], not_done: list[Done], cut: list[Done]) -> None:
    words = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in sorted(counts.items())) or "nothing to do"
    click.echo(f"algorithm {planned.job.algorithm}: {planned.n_done} were done before; {words}")
    for done in not_done:
        click.echo(f"{done.status.value}: {done.source}: {done.words}")
    for done in cut:
        click.echo(f"not complete: {done.source}: {done.words}")


@study.command()
@store_argument
@click.option("--speed", "speed_mps", type=ABOVE_ZERO, required=True, help="Speed at which all are compared [m/s].")
@click.option("--metric", "metrics", multiple=True, default=("step_length_m",), show_default=True, help="Which ones.")
@click.option("--reference", help="Arm that the others are compared with; by default the first in participants.csv.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for values, effects, flow and figure.")
@results_option
@json_option
@plainly
def table(
    store: str,
    speed_mps: float,
    metrics: tuple[str, ...],
    reference: str | None,
    out: Path | None,
    results: str | None,
    as_json: bool,
) -> None:
    """Tabulate the trial of STORE: changes by arm and time with 95 % intervals, at one speed for everybody."""
    found = table_of_trial(trial_of(store, results), speed_mps, metrics, reference)
    if out is not None:
        write_table(found, metrics, out)
    if as_json:
        print_json({"reference": found.reference, "effects": found.effects, "flow": found.flow})
        return
    rows = [_effect_row(effect) for effect in found.effects]
    columns = [("measure", "measure"), ("group", "arm"), ("time", "time"), ("n", "n"), ("change", "change (95 %)")]
    show_table(rows, [*columns, ("against", f"against {found.reference}")])
    click.echo(f"{found.flow['assessed']} assessed, {found.flow['randomised']} included")


def _effect_row(effect: Effect) -> dict[str, str | int | None]:
    change = _with_interval(effect.change, effect.low, effect.high)
    against = _with_interval(effect.against_reference, effect.against_low, effect.against_high)
    caveat = "" if effect.is_converged or effect.change is None else ", the fit did not converge"
    return {
        "measure": effect.measure,
        "group": effect.group or "all",
        "time": effect.time,
        "n": effect.n,
        "change": f"- ({effect.reason})" if change is None else change + caveat,
        "against": against,
    }


def _with_interval(value: float | None, low: float | None, high: float | None) -> str | None:
    return None if value is None else f"{value:+.3g} ({low:+.3g} to {high:+.3g})"


@study.command()
@store_argument
@click.option("--bids", "out", type=click.Path(path_type=Path), required=True, help="A new folder for the dataset.")
@click.option("--name", default="Running with body-worn sensors", show_default=True, help="Name of the dataset.")
@click.option("--author", "authors", multiple=True, help="An author; give it once for each.")
@click.option("--licence", default="n/a", show_default=True, help="Licence of the dataset.")
@click.option("--raw-logs", is_flag=True, help="Also raw logs without their runners, which can be computed again.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes of this machine.")
@results_option
@json_option
@plainly
def export(
    store: str,
    out: Path,
    name: str,
    authors: tuple[str, ...],
    licence: str,
    raw_logs: bool,
    jobs: int,
    results: str | None,
    as_json: bool,
) -> None:
    """Export the computed runs of STORE as a Motion-BIDS dataset: pseudonyms, shifted dates, raw readings, Parquet."""
    about = About(name, authors or ("n/a",), licence, raw_logs)

    def show(done: int, total: int) -> None:
        click.echo(f"{done} of {total}", err=True)

    exported = export_bids(store, out, about, results, jobs, show)
    if as_json:
        print_json(exported)
        return
    click.echo(
        f"{out}: {exported.n_participants} participants, {exported.n_runs} runs, {exported.n_files} sensors' files"
    )
    for reason, n in sorted(exported.left_out.items()):
        click.echo(f"left out: {n} {reason.replace('_', ' ')}")
    for label, why in exported.unreadable.items():
        click.echo(f"no readings: {label}: {why}")
