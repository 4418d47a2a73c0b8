"""The command line: `coach COMMAND`, with --json on every command that answers.

A command's module is imported when the command is run: `coach --help` needs no web server, radio or database.
"""

import difflib
import gc
from importlib import import_module
from typing import Final

import click

HELP = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "COACH"}

# Command: its module, and the line that `coach --help` shows, the first of the command's own help.
COMMANDS: Final = {
    "account": ("account", "The whole account: erase it."),
    "analyse": ("analysis", "Strides and summary of a recording (MCAP) or a reference folder, as one JSON document."),
    "capture": ("sensors", "Write the raw log of the paired sensors to PATH, without coaching."),
    "clinic": ("clinic", "Let a clinic see your runs, as far as you consent; or be the clinic."),
    "completion": ("completion", "Print what makes SHELL complete this program's commands and options."),
    "decode": ("analysis", "Read one packet of a sensor: PROFILE is its id, HEX its bytes."),
    "demo": ("demo_command", "A virtual runner wears virtual Bluetooth sensors: the whole service without hardware."),
    "doctor": (
        "doctor",
        "Check Python, Bluetooth, permissions, disk, clock and port; say what to do about each fault.",
    ),
    "explain": (
        "coaching",
        "The cue log of RUN (or `newest`): every cue spoken, withheld or suppressed, with the reason.",
    ),
    "handover": ("handover", "What leaves the house: outbox, intervals.icu, Home Assistant."),
    "household": ("household", "Several runners on one machine, each with their own data and page."),
    "phone": ("phone", "The coach on the phone alone: check what a phone takes along."),
    "plan": ("plan", "The strength programme: two leg sessions a week for eight weeks."),
    "replay": (
        "analysis",
        "Play a recording through the whole service as if live; the run is saved and its summary printed.",
    ),
    "rules": ("coaching", "All cue rules in plain words, with their sources."),
    "runs": ("runs", "The runs that are kept: list, show, export, import, archive, compute again."),
    "scan": ("sensors", "Listen for sensors: a table that is renewed while it listens."),
    "sensors": ("sensors", "The sensors you own: pair, place, set up, check."),
    "serve": ("serving", "The service with your own sensors: open the page, pair, run."),
    "signs": ("signs", "Go through the warning signs: list them, or answer them with --sign or --none."),
    "study": ("study", "Many runners: compute all recordings of a store, export them, and tabulate a trial."),
}


class LazyGroup(click.Group):
    """Commands of `COMMANDS`, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, without importing any."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command and return it; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # a thousand modules make no garbage worth looking for: a tenth of the time of loading them
        try:
            command = getattr(import_module(f"coach.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        finally:
            gc.freeze()  # modules stay: no later search for garbage walks over them
            gc.enable()
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from `COMMANDS`, so that `--help` imports none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in sorted(COMMANDS.items())])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was typed; one that does not exist is met with those it is like."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx))
            hint = f" Did you mean {', '.join(near)}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


FIRST = """Three things to begin with:
  coach demo          a virtual runner wears virtual sensors: watch a coached run in the browser, without hardware
  coach serve         your own sensors: open the page, pair, run
  coach runs import   runs of your watch, of Strava, Garmin or Apple Health

All commands: coach --help. Of one: coach COMMAND --help. Your shell completes them: coach completion --help."""


@click.group(cls=LazyGroup, context_settings=HELP, invoke_without_command=True)
@click.version_option(package_name="running-coach", message="%(version)s")
@click.pass_context
def coach(context: click.Context) -> None:
    """A running coach for runners with low back pain. Training and education, not diagnosis or treatment."""
    if context.invoked_subcommand is None:
        click.echo(FIRST)
