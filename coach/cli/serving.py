"""`coach serve`: the whole service, with your own sensors."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from coach.cli.options import ServingOptions, serving_options
from coach.cli.output import json_option, plainly, print_json
from coach.cli.run_lines import print_summary
from coach.cli.showing import serving


@contextmanager
def until_ended() -> Iterator[threading.Event]:
    """An event that Ctrl-C, a polite kill and the end of the terminal set."""
    ended = threading.Event()

    def note(*_: object) -> None:
        ended.set()

    ends = [signal.SIGINT, signal.SIGTERM, *(getattr(signal, name) for name in ("SIGHUP",) if hasattr(signal, name))]
    before = {number: signal.signal(number, note) for number in ends}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@click.command()
@click.option("--household", "is_household", is_flag=True, help="Serve every runner of a household.")
@json_option
@plainly
@serving_options
def serve(
    options: ServingOptions,
    is_household: bool,
    as_json: bool,
) -> None:
    """The service with your own sensors: open the page, pair, run. At the end, the run that was going on."""
    if is_household:
        from coach.cli.household import household_folder, household_serving  # its page and door: most runners are alone

        settings = options.settings(household_folder(options.data))
        with until_ended() as ended, household_serving(settings, is_quiet=as_json):
            ended.wait()
        return
    settings = options.settings(options.data)
    with until_ended() as ended, serving(settings, is_quiet=as_json) as coach:
        problem = coach.sensors.problem()
        if problem:
            click.echo(f"Bluetooth: {problem}\nThe pages work; sensors do not until then.", err=True)
        ended.wait()
        entry = coach.store.runs.entry(coach.runs.stop().run_id) if coach.runs.current() else None
    if entry is not None:
        print_summary(entry, as_json)
    elif as_json:
        print_json({"run": None, "summary": None})
