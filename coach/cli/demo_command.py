"""`coach demo`: the first thing a newcomer types. It speaks before the service is loaded, which takes seconds."""

from pathlib import Path
from typing import Final

import click

from coach.cli.options import ABOVE_ZERO, data_option, host_option, https_option, port_option, trust_local_option
from coach.cli.output import json_option, plainly

WORLD_SPEED: Final = click.FloatRange(0.1, 20)  # beyond, one core cannot keep up with the virtual radio


@click.command()
@click.option("--minutes", type=ABOVE_ZERO, help="End by itself after so long; without it, at Ctrl-C.")
@click.option("--speed", type=WORLD_SPEED, default=1.0, show_default=True, help="Speed of the virtual world.")
@click.option("--wait", is_flag=True, help="Do not start a run: pair sensors and start on the page.")
@data_option
@host_option
@port_option
@https_option
@trust_local_option
@json_option
@plainly
def demo(
    minutes: float | None,
    speed: float,
    wait: bool,
    data: Path | None,
    host: str,
    port: int,
    is_https: bool | None,
    trusts_local: bool,
    as_json: bool,
) -> None:
    """A virtual runner wears virtual Bluetooth sensors: the whole service without hardware."""
    if not as_json:
        click.echo("A virtual runner puts on virtual sensors ... (Ctrl-C ends the demonstration)")
    from coach.cli.demonstrating import demonstrate  # the whole service

    demonstrate(minutes, speed, wait, data, host, port, trusts_local, is_https, as_json)
