"""`coach demo` and `coach serve`: the whole service, with a virtual runner or with your own sensors."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from coach.cli.household import household_folder, household_serving
from coach.cli.options import data_option, host_option, https_option, port_option, settings_of, trust_local_option
from coach.cli.output import json_option, plainly, print_json
from coach.cli.showing import print_summary, serving
from coach.demo.world import FOCUS, Demo, demo_folder

DEMO_RUNS: Final = """A run is on: open the address above. The runner soon begins to shuffle, and the coach speaks.
To try: tap Pain; ask Why?; Pocket; hold Stop and read the story. First use instead: coach demo --wait.
Ctrl-C ends it and prints the summary."""
DEMO_WAITS: Final = """The runner waits: open the address above, pair the three sensors, start the run.
Ctrl-C ends it."""


@contextmanager
def until_ended() -> Iterator[threading.Event]:
    """An event that Ctrl-C, a polite kill and the end of the terminal set."""
    ended = threading.Event()

    def tell(*_: object) -> None:
        ended.set()

    ends = [signal.SIGINT, signal.SIGTERM, *(getattr(signal, name) for name in ("SIGHUP",) if hasattr(signal, name))]
    before = {number: signal.signal(number, tell) for number in ends}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def demonstrate(
    minutes: float | None,
    speed: float,
    wait: bool,
    data: Path | None,
    host: str,
    port: int,
    trusts_local: bool,
    is_https: bool | None,
    as_json: bool,
) -> None:
    """Run the demonstration until it is ended; see the options of `coach demo`."""
    settings = settings_of(data or demo_folder(), port, host, is_https, trusts_local)
    with (
        until_ended() as ended,
        Demo(settings, speed) as world,
        serving(settings, world.make_coach, is_quiet=as_json) as coach,
    ):
        world.live_through()
        if not wait:
            world.wear()
            coach.runs.start(focus=FOCUS)
        if not as_json:
            click.echo(DEMO_WAITS if wait else DEMO_RUNS)
        deadline = None if minutes is None else time.monotonic() + 60 * minutes / speed
        while not ended.wait(0.2):
            if deadline is not None and time.monotonic() >= deadline:
                break
        run = coach.runs.stop() if coach.runs.current() else None
        entry = coach.store.runs.entry(run.run_id) if run else None
    if entry is not None:
        print_summary(entry, as_json)


@click.command()
@click.option("--household", "is_household", is_flag=True, help="Serve every runner of a household.")
@data_option
@host_option
@port_option
@https_option
@trust_local_option
@json_option
@plainly
def serve(
    is_household: bool,
    data: Path | None,
    host: str,
    port: int,
    is_https: bool | None,
    trusts_local: bool,
    as_json: bool,
) -> None:
    """The service with your own sensors: open the page, pair, run. At the end, the run that was going on."""
    settings = settings_of(household_folder(data) if is_household else data, port, host, is_https, trusts_local)
    if is_household:
        with until_ended() as ended, household_serving(settings, is_quiet=as_json):
            ended.wait()
        return
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
