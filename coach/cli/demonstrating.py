"""`coach demo`: the whole service with a virtual runner, for the length of the command."""

import time
from typing import Final

import click

from coach.cli.options import ServingOptions
from coach.cli.run_lines import print_summary
from coach.cli.serving import until_ended
from coach.cli.showing import serving
from coach.demo.world import FOCUS, Demo
from coach.settings import demo_folder

DEMO_RUNS: Final = """A run is on: open the address above. The runner soon begins to shuffle, and the coach speaks.
To try: tap Pain; ask Why?; Pocket; hold Stop and read the story. First use instead: coach demo --wait.
Ctrl-C ends it and prints the summary."""
DEMO_WAITS: Final = """The runner waits: open the address above, pair the three sensors, start the run.
Ctrl-C ends it."""


def demonstrate(
    options: ServingOptions,
    minutes: float | None,
    speed: float,
    wait: bool,
    as_json: bool,
) -> None:
    """Run the demonstration until it is ended; see the options of `coach demo`."""
    settings = options.settings(options.data or demo_folder())
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
