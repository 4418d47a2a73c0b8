"""`coach serve --household` and `coach household`: several runners on one machine, each with a page of their own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from coach.bootstrap import Coach
from coach.cli.options import DEFAULT_PORT, data_option, settings_of
from coach.cli.output import json_option, plainly, print_json
from coach.cli.showing import LOOPBACK, phone_link, served
from coach.radio.backend import Backend
from coach.service.access.phones import lan_address
from coach.service.event_loop import LoopThread
from coach.service.household import Household, Member
from coach.service.sensors.claims import SensorClaims
from coach.settings import Settings, default_data_folder
from web.household import create_household_app
from web.server import Server, serve


@contextmanager
def household_serving(
    settings: Settings, is_quiet: bool = False, backend: Backend | None = None, loop: LoopThread | None = None
) -> Iterator[dict[str, Coach]]:
    """Serve all runners of the folder `settings.data` and the page that lists them; gives each Coach by its key.

    The runners share one radio, by default this machine's own. A runner added on the page is served at once.
    """
    household = Household(settings.data)
    claims, coaches = SensorClaims(), dict[str, Coach]()
    with ExitStack() as stack:
        shared = loop or LoopThread()
        if loop is None:
            stack.callback(shared.close)
        ports: dict[str, int] = {}
        secure_ports: dict[str, int] = {}
        links: dict[str, Callable[[str], str]] = {}
        radio = backend or Backend()  # one for all: a stick of ANT+ cannot be opened twice
        alone = threading.Lock()  # two runners added at once are opened one after the other

        def open_runner(member: Member) -> None:
            own = settings_of(
                household.data_of(member),
                member.port(settings.port),
                settings.host,
                settings.is_https,
                settings.trusts_local,
            )

            def make() -> Coach:
                return Coach(own, radio, loop=shared, claims=claims, owner=member.name)

            cookie, authority = cookie_of(member.key), settings.data / "https"
            opened = served(own, make, is_quiet=True, cookie=cookie, authority=authority)
            with alone:
                runner, server, secure = stack.enter_context(opened)
                coaches[member.key], ports[member.key] = runner, server.port
                if secure:
                    secure_ports[member.key] = secure.port
                links[member.key] = lambda address: phone_link(runner, address, server, secure)

        def knows(cookies: Mapping[str, str]) -> bool:
            return any(one.access.knows(cookies.get(cookie_of(key), "")) for key, one in list(coaches.items()))

        def address_of(member: Member, host: str) -> str | None:
            if member.key not in ports:  # added by the command, or being opened just now
                return None
            is_here = host in ("localhost", "127.0.0.1", "[::1]")  # needs no certificate
            if member.key in secure_ports and not is_here:  # a cookie that came by https goes by https only
                return f"https://{host}:{secure_ports[member.key]}"
            return f"http://{host}:{ports[member.key]}"

        for member in household.members():
            open_runner(member)
        app = create_household_app(household, address_of, open_runner, knows, trusts_local=settings.trusts_local)
        door = serve(app, settings.host, settings.port)
        stack.callback(door.stop)
        if not is_quiet:
            _announce(settings, door, household, links)
        yield coaches


def cookie_of(key: str) -> str:
    """The name of a runner's cookie: browsers share cookies between the ports of a host."""
    return f"coach-{key}"


def _announce(
    settings: Settings, door: Server, household: Household, links: Mapping[str, Callable[[str], str]]
) -> None:
    click.echo(f"All runners, on this machine:  {door.url}/")
    address = None if settings.host in LOOPBACK else lan_address()
    if address is not None:
        click.echo(f"All runners, on a phone:       http://{address}:{door.port}/")
    for member in household.members():
        click.echo(f"{member.name}: {links[member.key](address or '127.0.0.1')}")
    if not links:
        click.echo("No runner yet: add one on the page, or with `coach household add NAME`.")


def household_folder(data: Path | None) -> Path:
    """Where the household is: the folder that was given, or one beside a single runner's own."""
    return data or default_data_folder() / "household"


@click.group()
def household() -> None:
    """Several runners on one machine, each with their own data and page."""


@household.command()
@click.argument("name")
@data_option
@json_option
@plainly
def add(name: str, data: Path | None, as_json: bool) -> None:
    """Add a runner called NAME. A service that is going on serves them from its next start."""
    settings = settings_of(household_folder(data))
    member = Household(settings.data).add(name)
    if as_json:
        print_json({"key": member.key, "name": member.name, "port": member.port(DEFAULT_PORT)})
    else:
        click.echo(f"{member.name} is in the household. Serve all: `coach serve --household`")


@household.command("list")
@data_option
@json_option
@plainly
def list_members(data: Path | None, as_json: bool) -> None:
    """The runners of the household."""
    members = Household(household_folder(data)).members()
    if as_json:
        print_json({"members": [{"key": m.key, "name": m.name, "port": m.port(DEFAULT_PORT)} for m in members]})
    elif not members:
        click.echo("no runner yet: `coach household add NAME`")
    else:
        for member in members:
            click.echo(f"{member.name}, served at port {member.port(DEFAULT_PORT)}")
