"""Options that several commands share; each can also be set as COACH_<NAME> in the environment."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

import click

from coach.model.frozen import dataclass
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


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """Where a command that serves pages keeps its data and is reached; as the options of the same names."""

    data: Path | None
    host: str
    port: int
    is_https: bool | None
    trusts_local: bool

    def settings(self, data: Path | None) -> Settings:
        """Settings for this folder; raises UserError where they cannot be."""
        return settings_of(data, self.port, self.host, self.is_https, self.trusts_local)


_Rest = ParamSpec("_Rest")
_Given = TypeVar("_Given")


def serving_options(command: Callable[Concatenate[ServingOptions, _Rest], _Given]) -> Callable[..., _Given]:
    """Give a command the options of whatever serves pages, as its first argument."""

    @wraps(command)
    def called(
        data: Path | None,
        host: str,
        port: int,
        is_https: bool | None,
        trusts_local: bool,
        *args: _Rest.args,
        **kwargs: _Rest.kwargs,
    ) -> _Given:
        return command(ServingOptions(data, host, port, is_https, trusts_local), *args, **kwargs)

    for option in (trust_local_option, https_option, port_option, host_option, data_option):
        called = option(called)
    return called
