"""`coach account ...`: everything that is kept of the runner, deleted for good."""

from pathlib import Path

import click

from coach.cli.options import data_option
from coach.cli.output import json_option, plainly, print_json
from coach.cli.runs import opened


@click.group()
def account() -> None:
    """The whole account: erase it. (`coach runs archive` writes it to a file first.)"""


@account.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
@json_option
@plainly
def erase(yes: bool, data: Path | None, as_json: bool) -> None:
    """Delete every run, recording, import, answer, plan and phone. There is no way back."""
    with opened(data) as coach:
        clinic = coach.clinic.status().clinic
        if clinic:
            click.echo(f"What {clinic} has of you does not go with this: `coach clinic leave` first.", err=True)
        if not yes:
            click.confirm("Delete everything the coach keeps of you, for good?", abort=True, err=True)
        n_files = coach.account.erase()
    if as_json:
        print_json({"n_files": n_files})
    else:
        click.echo(f"Everything is deleted: the database is empty, and {n_files} files are gone.")
