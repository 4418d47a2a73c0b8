"""The service and its page, for the length of a command."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click
import segno
from flask import Flask

from coach.bootstrap import Coach
from coach.errors import UserError
from coach.service.access.certificates import make_certificates
from coach.service.access.phones import lan_address
from coach.service.folder_lock import FolderLock
from coach.settings import Settings
from web.access import COOKIE
from web.app import create_app
from web.https import PLAIN_PORT, HttpsServer, serve_https
from web.security import TRUSTS_LOCAL
from web.server import Server, serve

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@contextmanager
def served(
    settings: Settings,
    make: Callable[[], Coach] | None = None,
    is_quiet: bool = False,
    cookie: str = "coach",
    authority: Path | None = None,
) -> Iterator[tuple[Coach, Server, HttpsServer | None]]:
    """As `serving`, with the web server beside the service, and the one by https where there is one.

    cookie: name of the cookie that keeps a phone in. authority: folder of the certificate authority for https, by
    default the runner's own.
    """
    with ExitStack() as stack:
        stack.enter_context(FolderLock(settings.lock))
        coach = make() if make else Coach(settings)
        stack.callback(coach.close)
        coach.worker.go_apart()
        for run in coach.recover():
            _say(is_quiet, f"recovered a run that was cut off: {run.started_at:%Y-%m-%d %H:%M} UTC, {run.run_id}")
        app = create_app(coach)
        app.config[TRUSTS_LOCAL], app.config[COOKIE] = settings.trusts_local, cookie
        server = serve(app, settings.host, settings.port)
        stack.callback(server.stop)
        secure, lack = _secured(app, settings, server.port, authority)
        if secure:
            stack.callback(secure.stop)
        stack.callback(coach.feed.close)
        coach.start()
        if not is_quiet:
            announce(coach, server, secure, lack)
        yield coach, server, secure


@contextmanager
def serving(settings: Settings, make: Callable[[], Coach] | None = None, is_quiet: bool = False) -> Iterator[Coach]:
    """The service with its page, alone in its folder. Runs that were cut off before are recovered first, and said."""
    with served(settings, make, is_quiet) as (coach, _, _):
        yield coach


def _secured(app: Flask, settings: Settings, port: int, authority: Path | None) -> tuple[HttpsServer | None, str]:
    """The same app by https at the next port, with this machine's own authority; or none, and why.

    Raises:
        UserError: https was asked for by name and cannot be had.
    """
    if settings.is_https is False or (settings.is_https is None and settings.host in LOOPBACK):
        return None, "it was not asked for"
    try:
        return _serve_https(app, settings, port, authority), ""
    except UserError as error:
        if settings.is_https:
            raise
        return None, str(error)


def _serve_https(app: Flask, settings: Settings, port: int, authority: Path | None) -> HttpsServer:
    address = lan_address()
    certificates = make_certificates(authority or settings.secrets / "https", [address] if address else [])
    app.config[PLAIN_PORT] = port
    try:
        return serve_https(app, settings.host, port + 1, certificates)
    except UserError:
        if settings.is_https:
            raise
        return serve_https(app, settings.host, 0, certificates)  # nobody chose a port: any free one will do


def announce(coach: Coach, server: Server, secure: HttpsServer | None = None, lack: str = "") -> None:
    """The address on this machine, and on the network as a QR code for the phone. lack: why there is no https."""
    here = f"{server.url}/" if coach.settings.trusts_local else coach.access.invitation(server.url)
    click.echo(f"On this machine:  {here}")
    if server.host in LOOPBACK:
        if secure:
            click.echo(f"By https:         {secure.url}/")
        return
    address = lan_address()
    if address is None:
        click.echo("No network: the page can be opened on this machine only.")
        return
    link = phone_link(coach, address, server, secure)
    click.echo(f"On the phone:     {link}")
    if secure:
        click.echo(f"                  It leads to https://{address}:{secure.port}/ (once per phone, two minutes)")
    else:
        click.echo(f"Plain http ({lack}): the screen may go dark in a run; no app, no reminders.")
    click.echo(f"Or typed:         http://{address}:{server.port}/ and the code {coach.access.code()}")
    segno.make(link, error="m").terminal(compact=True)


def phone_link(coach: Coach, address: str, server: Server, secure: HttpsServer | None) -> str:
    """Make a fresh invitation for a phone: where there is https, to the plain page that leads to the secure one."""
    link = coach.access.invitation(f"http://{address}:{server.port}")
    return link.replace("/come-in?", "/trust?", 1) if secure else link


def _say(is_quiet: bool, words: str) -> None:
    if not is_quiet:
        click.echo(words)
