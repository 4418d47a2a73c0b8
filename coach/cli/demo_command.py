"""`coach demo`: the first thing a newcomer types. It speaks before the service is loaded, which takes seconds."""

from typing import Final

import click

from coach.cli.options import ABOVE_ZERO, ServingOptions, serving_options
from coach.cli.output import json_option, plainly

WORLD_SPEED: Final = click.FloatRange(0.1, 20)  # beyond, one core cannot keep up with the virtual radio


@click.command()
@click.option("--minutes", type=ABOVE_ZERO, help="End by itself after so long; without it, at Ctrl-C.")
@click.option("--speed", type=WORLD_SPEED, default=1.0, show_default=True, help="Speed of the virtual world.")
@click.option("--wait", is_flag=True, help="Do not start a run: pair sensors and start on the page.")
@json_option
@plainly
@serving_options
def demo(
    options: ServingOptions,
    minutes: float | None,
    speed: float,
    wait: bool,
    as_json: bool,
) -> None:
    """A virtual runner wears virtual Bluetooth sensors: the whole service without hardware."""
    if not as_json:
        click.echo("A virtual runner puts on virtual sensors ... (Ctrl-C ends the demonstration)")
    from coach.cli.demonstrating import demonstrate  # the whole service

    demonstrate(options, minutes, speed, wait, as_json)
