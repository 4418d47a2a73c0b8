"""Options that several commands share; each can also be set as COACH_<NAME> in the environment."""

from pathlib import Path
from typing import Final

import click

from coach.settings import Settings, make_settings

DEFAULT_PORT: Final = 8765
ABOVE_ZERO: Final = click.FloatRange(min=0, min_open=True)

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="COACH_DATA",
    help="Folder of runs and settings; by default the user's own data folder.",
)
port_option = click.option(
    "--port", type=int, default=DEFAULT_PORT, show_default=True, envvar="COACH_PORT", help="Port of the page."
)
host_option = click.option(
    "--host",
    default="0.0.0.0",
    show_default=True,
    envvar="COACH_HOST",
    help="Address to listen on; 127.0.0.1 for this machine only.",
)


trust_local_option = click.option(
    "--trust-local/--no-trust-local",
    "trusts_local",
    default=True,
    show_default=True,
    envvar="COACH_TRUST_LOCAL",
    help="Let programs on this machine in without an invitation, whichever of its users they belong to.",
)


https_option = click.option(
    "--https/--no-https",
    "is_https",
    default=None,
    envvar="COACH_HTTPS",
    help="Serve by https, too, with a certificate authority of this machine; by default wherever phones can reach it.",
)


def settings_of(
    data: Path | None,
    port: int = DEFAULT_PORT,
    host: str = "0.0.0.0",
    is_https: bool | None = None,
    trusts_local: bool = True,
) -> Settings:
    """Settings from command-line values; raises UserError where they cannot be."""
    return make_settings(data, host, port, is_https, trusts_local)
