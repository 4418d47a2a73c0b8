"""`coach signs`: the warning signs from the command line, asked and answered as on the page."""

from datetime import datetime
from pathlib import Path

import click

from coach.cli.options import data_option
from coach.cli.output import json_option, plainly, print_json
from coach.cli.plan import DAY
from coach.cli.runs import opened
from coach.coaching.loader import load_red_flags
from coach.errors import UserError
from coach.model.pain import PainState


@click.command()
@click.option("--sign", "signs", multiple=True, metavar="ID", help="A sign that is true for you now; may be repeated.")
@click.option("--none", "is_none", is_flag=True, help="None of the signs is true for you now.")
@click.option("--seen", type=DAY, help="Day on which a clinician looked at the open signs, as YYYY-MM-DD.")
@data_option
@json_option
@plainly
def signs(signs: tuple[str, ...], is_none: bool, seen: datetime | None, data: Path | None, as_json: bool) -> None:
    """Go through the warning signs: list them, or answer them with --sign or --none."""
    if signs and is_none:
        raise UserError("give either --none or --sign, not both")
    with opened(data) as coach:
        runner, is_answer = coach.runner, bool(signs or is_none or seen)
        state = runner.answer_red_flags(signs, seen.date() if seen else None) if is_answer else runner.pain_state()
    if as_json:
        print_json({"state": state, "signs": list(load_red_flags().values())})
        return
    if not is_answer:
        _list()
    _show(state)


def _list() -> None:
    kind = None
    for flag in load_red_flags().values():
        if flag.kind != kind:
            kind = flag.kind
            click.echo(f"\n{kind.value.replace('_', ' ')}")
        click.echo(f"    {flag.id:<24}{flag.asks}")
    click.echo("\nanswer with `coach signs --none`, or `coach signs --sign ID` for each that is true for you now\n")


def _show(state: PainState) -> None:
    click.echo(state.words)
    for line in (*state.reasons, *state.further):
        click.echo(f"    {line}")
