"""The command line: `coach COMMAND`, with --json on every command that answers."""

from importlib.metadata import version

import click

from coach.cli.account import account
from coach.cli.analysis import analyse, decode, replay
from coach.cli.coaching import explain, rules
from coach.cli.doctor import doctor
from coach.cli.phone import phone
from coach.cli.plan import plan
from coach.cli.runs import runs
from coach.cli.sensors import capture, scan, sensors
from coach.cli.serving import demo, serve
from coach.cli.signs import signs

HELP = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "COACH"}


@click.group(context_settings=HELP)
@click.version_option(version("running-coach"), message="%(version)s")
def coach() -> None:
    """A running coach for runners with low back pain. Training and education, not diagnosis or treatment."""


for command in (
    demo,
    serve,
    scan,
    sensors,
    capture,
    decode,
    analyse,
    replay,
    runs,
    explain,
    rules,
    signs,
    plan,
    phone,
    account,
    doctor,
):
    coach.add_command(command)
