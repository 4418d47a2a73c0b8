"""`coach clinic`: the runner's side (join, consent, push, answer, leave) and the clinic's (prepare, serve ...).

The clinic's commands are in `coach.cli.clinic_host` and load PostgreSQL's library when they are run.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

import click

from coach.cli.clinic_host import HOST_COMMANDS
from coach.cli.options import data_option
from coach.cli.output import json_option, plainly, print_json
from coach.cli.runs import opened
from coach.seal.events import Order, OrderKind
from coach.seal.manifest import Scope
from coach.service.clinic.service import ClinicStatus

_WHAT: Final = {
    Scope.CARE: "clinicians see runs' numbers, answers about pain and warning signs, sessions",
    Scope.RESEARCH: "researchers may be given the same under a pseudonym",
    Scope.RAW_LOGS: "sensors' raw logs leave, with the sensors' names",
    Scope.POSITIONS: "raw logs keep where you ran",
}
_ORDERS: Final = {
    OrderKind.CALL_ME: "please call us",
    OrderKind.PLAN_CHANGED: "change the strength track to {track}",
    OrderKind.PAUSE_RUNNING: "do not run until {day}",
    OrderKind.WELL_DONE: "well done",
    OrderKind.MILESTONE_DUE: "a test is due",
    OrderKind.SEEN: "we looked at your warning signs on {day}",
}


@click.group()
def clinic() -> None:
    """Let a clinic see your runs, as far as you consent; or be the clinic.

    At home: status, join, consent, push, answer, leave. At the clinic: prepare, serve, person, reindex, audit,
    withdraw, export, restore.
    """


scope_option = click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What may leave; give it once for each. What is not given does not leave.",
)


@clinic.command()
@data_option
@json_option
@plainly
def status(data: Path | None, as_json: bool) -> None:
    """Which clinic, what it may see, what waits, and what it asks."""
    with opened(data) as coach:
        _say(coach.clinic.status(), as_json)


@clinic.command()
@click.argument("invitation")
@scope_option
@data_option
@json_option
@plainly
def join(invitation: str, scopes: tuple[str, ...], data: Path | None, as_json: bool) -> None:
    """Join the clinic of INVITATION, the link that it gave you, and consent to each --scope."""
    with opened(data) as coach:
        coach.clinic.join(invitation, [Scope(scope) for scope in scopes])
        _say(coach.clinic.push(), as_json)


@clinic.command()
@scope_option
@data_option
@json_option
@plainly
def consent(scopes: tuple[str, ...], data: Path | None, as_json: bool) -> None:
    """Consent to each --scope from now on, and to nothing else."""
    with opened(data) as coach:
        coach.clinic.consent(Scope(scope) for scope in scopes)
        _say(coach.clinic.push(), as_json)


@clinic.command()
@data_option
@json_option
@plainly
def push(data: Path | None, as_json: bool) -> None:
    """Send what waits now, and fetch what the clinic asks. The service does it by itself after each run."""
    with opened(data) as coach:
        _say(coach.clinic.push(), as_json)


@clinic.command()
@click.argument("order_id")
@click.option(
    "--accept/--refuse", "is_accepted", required=True, default=None, help="Nothing changes before you accept."
)
@data_option
@json_option
@plainly
def answer(order_id: str, is_accepted: bool, data: Path | None, as_json: bool) -> None:
    """Accept or refuse what the clinic asks (ORDER_ID: see `coach clinic status`)."""
    with opened(data) as coach:
        coach.clinic.answer(order_id, is_accepted)
        _say(coach.clinic.push(), as_json)


@clinic.command()
@click.option("--keep", is_flag=True, help="The clinic keeps what it has, and takes no more.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
@json_option
@plainly
def leave(keep: bool, yes: bool, data: Path | None, as_json: bool) -> None:
    """Leave the clinic; it then deletes what it has of you."""
    if not yes:
        click.confirm("Leave the clinic?" if keep else "Leave the clinic, and have it delete what it has?", abort=True)
    with opened(data) as coach:
        words = coach.clinic.withdraw(deletes=not keep)
    if as_json:
        print_json({"left": True, "words": words})
    else:
        click.echo(words or "You have left.")


def _say(status: ClinicStatus, as_json: bool) -> None:
    if as_json:
        print_json({**_plain(status), "orders": [_plain_order(order) for order in status.orders]})
        return
    if not status.clinic:
        click.echo("no clinic; join one by its invitation: coach clinic join LINK --scope care")
        return
    click.echo(f"{status.clinic} ({status.address}), where you are {status.pseudonym}")
    for scope in Scope:
        click.echo(f"  {'yes' if scope in status.scopes else 'no ':<4}{scope.value:<10}{_WHAT[scope]}")
    click.echo(f"{_runs(status.n_waiting)} for the clinic, {status.n_sent} sent")
    if status.failure:
        click.echo(status.failure)
    for look in status.looks[:5]:
        click.echo(f"{look.at:%Y-%m-%d %H:%M} UTC: {look.name}, {look.verb}")
    for order in status.orders:
        words = _ORDERS[order.kind].format(day=order.day, track=order.track)
        click.echo(f"It asks: {words}. coach clinic answer {order.order_id} --accept (or --refuse)")


def _runs(n: int) -> str:
    return "1 run waits" if n == 1 else f"{n} runs wait"


def _plain(status: ClinicStatus) -> dict[str, object]:
    names: Iterable[str] = ("clinic", "address", "pseudonym", "n_waiting", "n_sent", "failure")
    days = {name: "" if at is None else at.isoformat() for name, at in _days(status).items()}
    return {**{name: getattr(status, name) for name in names}, **days, "scopes": sorted(status.scopes)}


def _days(status: ClinicStatus) -> dict[str, date | None]:
    return {"pause_until": status.pause_until, "consented_at": status.consented_at}


def _plain_order(order: Order) -> dict[str, object]:
    return {"order_id": order.order_id, "kind": order.kind, "day": order.day, "track": order.track}


for _command in HOST_COMMANDS:
    clinic.add_command(_command)
