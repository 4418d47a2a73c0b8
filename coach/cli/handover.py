"""`coach handover`: what may leave the house, each off until it is asked for."""

from pathlib import Path

import click

from coach.cli.options import data_option
from coach.cli.output import json_option, plainly, print_json
from coach.cli.runs import opened


@click.command()
@click.option("--outbox/--no-outbox", "is_outbox", default=None, help="A FIT file of each run in the data folder.")
@click.option("--intervals-key", help="Upload each run to intervals.icu by this API key; '' stops it.")
@click.option("--broker", help="MQTT broker for Home Assistant; '' ends it.")
@click.option("--broker-port", type=click.IntRange(1, 65535))
@click.option("--broker-user")
@click.option("--broker-password")
@data_option
@json_option
@plainly
def handover(data: Path | None, as_json: bool, **wishes: object) -> None:
    """What leaves the house: outbox, intervals.icu, Home Assistant.

    Without options it is shown; each is off until it is asked for.
    """
    changes = {name: value for name, value in wishes.items() if value is not None}
    with opened(data) as coach:
        if changes:
            coach.handover.change(**changes)
        status = coach.handover.status()
        outbox = coach.handover.outbox
    kept = status.wishes
    if as_json:
        shown = {"is_outbox": kept.is_outbox, "has_intervals_key": bool(kept.intervals_key), "broker": kept.broker}
        print_json({**shown, "n_waiting": status.n_waiting, "n_sent": status.n_sent, "failure": status.failure})
        return
    click.echo(f"outbox: {f'each run as FIT in {outbox}' if kept.is_outbox else 'off'}")
    sent = f"each run's FIT file and title, {status.n_sent} sent, {status.n_waiting} waiting"
    click.echo(f"intervals.icu: {sent if kept.intervals_key else 'off'}")
    sent = f"cadence, next session and open pain question to {kept.broker}:{kept.broker_port}"
    click.echo(f"Home Assistant: {sent if kept.broker else 'off'}")
