"""The clinic's own commands: its database, its service, its people, and what must be done by hand now and then."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import segno

from coach.cli.options import data_option, settings_of
from coach.cli.output import json_option, plainly, print_json
from coach.errors import UserError
from coach.settings import default_data_folder

if TYPE_CHECKING:
    from coach.service.clinic_host.host import ClinicHost

CLINIC_PORT: Final = 8800

url_option = click.option(
    "--url", envvar="COACH_CLINIC_URL", required=True, help="Database, as postgresql://role@host/name."
)
objects_option = click.option(
    "--objects",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="COACH_CLINIC_OBJECTS",
    help="Folder for encrypted copies of recordings, for backups that a deletion reaches.",
)


@contextmanager
def hosting(url: str, data: Path | None, objects: Path | None = None, name: str = "Clinic") -> "Iterator[ClinicHost]":
    """The clinic on its folder and database."""
    from coach.roster.database import Roster
    from coach.service.clinic_host.host import ClinicHost

    settings = settings_of(data or default_data_folder() / "clinic")
    roster = Roster(url)
    try:
        yield ClinicHost(name, settings.data, roster, objects)
    finally:
        roster.close()


@click.command()
@click.option("--url", required=True, help="Database as its owner, as postgresql://owner@host/name.")
@click.option("--role", required=True, help="Role that `serve` will connect as; it owns nothing.")
@json_option
@plainly
def prepare(url: str, role: str, as_json: bool) -> None:
    """Make the clinic's tables in PostgreSQL 15 or newer. Doing it again changes nothing."""
    from coach.roster.database import prepare as make

    is_new = make(url, role)
    if as_json:
        print_json({"is_new": is_new})
    else:
        click.echo("the tables are made" if is_new else "the tables were there already")


@click.command()
@url_option
@click.option("--name", default="Clinic", show_default=True, envvar="COACH_CLINIC_NAME", help="What runners read.")
@click.option("--base", required=True, envvar="COACH_CLINIC_BASE", help="Its address, as https://clinic.example.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, behind a proxy with TLS.")
@click.option("--port", default=CLINIC_PORT, show_default=True)
@click.option("--time-zone", default="UTC", show_default=True, envvar="COACH_CLINIC_TIME_ZONE")
@objects_option
@data_option
@json_option
@plainly
def serve(
    url: str,
    name: str,
    base: str,
    host: str,
    port: int,
    time_zone: str,
    objects: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Serve the clinic's pages and take what its runners' coaches send."""
    from coach.cli.serving import until_ended
    from coach.service.folder_lock import FolderLock
    from web.clinic.app import create_clinic_app
    from web.server import serve as serve_app

    if not base.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise UserError("--base begins with https: health data go over an encrypted line (see docs/clinic.md)")
    with until_ended() as ended, hosting(url, data, objects, name) as clinic:
        settings = settings_of(data or default_data_folder() / "clinic")
        with FolderLock(settings.lock):
            app = create_clinic_app(clinic, base, time_zone)
            server = serve_app(app, host, port, is_https=base.startswith("https"))
            clinic.start()
            if as_json:
                print_json({"name": name, "url": server.url, "base": base})
            else:
                click.echo(f"{name} at {server.url}/, for runners and clinicians {base}")
            try:
                ended.wait()
            finally:
                clinic.stop()
                server.stop()


@click.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["keeper", "clinician", "researcher"]), default="keeper", show_default=True)
@click.option("--base", required=True, envvar="COACH_CLINIC_BASE")
@url_option
@json_option
@plainly
def person(name: str, role: str, base: str, url: str, as_json: bool) -> None:
    """Invite a person called NAME, the first keeper above all; later ones are invited on the page."""
    from coach.roster.database import Roster
    from coach.roster.people import PersonKind, add_person

    roster = Roster(url)
    try:
        with roster.transaction() as connection:
            _, secret = add_person(connection, name, PersonKind(role))
    finally:
        roster.close()
    link = f"{base.rstrip('/')}/come-in?token={secret}"
    if as_json:
        print_json({"link": link})
    else:
        click.echo(f"{name} comes in, once and within two days, by {link}")
        segno.make(link, error="m").terminal(compact=True)


@click.command()
@url_option
@data_option
@json_option
@plainly
def reindex(url: str, data: Path | None, as_json: bool) -> None:
    """Make the shared index again from the runners' folders."""
    with hosting(url, data) as clinic:
        n_done, failed = clinic.keeping.reindex()
    if as_json:
        print_json({"n_done": n_done, "failed": failed})
    else:
        click.echo(f"{n_done} runners are in the index" + (f"; not readable: {', '.join(failed)}" if failed else ""))


@click.command()
@url_option
@json_option
@plainly
def audit(url: str, as_json: bool) -> None:
    """Work the audit's chain of hashes out again; note the newest hash elsewhere. Exit 1 where it is broken."""
    from coach.roster.audit import verify
    from coach.roster.database import Roster

    roster = Roster(url)
    try:
        with roster.transaction() as connection:
            verdict = verify(connection)
    finally:
        roster.close()
    if as_json:
        print_json(verdict)
    elif verdict.broken_at is None:
        click.echo(f"all {verdict.n_entries} entries fit together; newest hash {verdict.head}")
    if verdict.broken_at is not None:
        raise UserError(f"entry {verdict.broken_at} does not fit: the audit was changed there or after it")


@click.command()
@click.argument("pseudonym")
@click.option("--now", is_flag=True, help="Delete at once, without the seven days of grace.")
@url_option
@objects_option
@data_option
@json_option
@plainly
def withdraw(pseudonym: str, now: bool, url: str, objects: Path | None, data: Path | None, as_json: bool) -> None:
    """Withdraw the runner called PSEUDONYM, who asks for it by other means than their own coach."""
    from datetime import timedelta

    from coach.service.clinic_host.withdrawal import GRACE

    with hosting(url, data, objects) as clinic:
        words = clinic.withdrawals.begin_for(pseudonym, timedelta() if now else GRACE)
        reports = clinic.withdrawals.carry_out() if now else ()
    if as_json:
        print_json({"words": words, "reports": list(reports)})
        return
    click.echo(words)
    for report in reports:
        click.echo(f"{report.pseudonym}: {report.n_files} files, {report.n_objects} encrypted copies, key destroyed")
        for line in (*report.failures, *report.beyond_reach):
            click.echo(f"  not deleted: {line}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@url_option
@data_option
@json_option
@plainly
def export(folder: Path, url: str, data: Path | None, as_json: bool) -> None:
    """Write the sealed runs of all who consent to research and raw logs into FOLDER, for `coach study`.

    Each run is a folder with `recording.mcap` and `manifest.json`; `withdrawn.tsv` names those who withdrew.
    """
    with hosting(url, data) as clinic:
        n_runs, n_withdrawn = clinic.keeping.export(folder)
    if as_json:
        print_json({"n_runs": n_runs, "n_withdrawn": n_withdrawn})
    else:
        click.echo(f"{n_runs} sealed runs are in {folder}; {n_withdrawn} runners withdrew (withdrawn.tsv)")


@click.command()
@url_option
@objects_option
@data_option
@json_option
@plainly
def restore(url: str, objects: Path | None, data: Path | None, as_json: bool) -> None:
    """Bring runners' folders and recordings back from the encrypted copies. What is there stays as it is."""
    with hosting(url, data, objects) as clinic:
        n_folders, n_recordings, lost = clinic.keeping.restore()
        clinic.keeping.reindex()
    if as_json:
        print_json({"n_folders": n_folders, "n_recordings": n_recordings, "lost": lost})
        return
    click.echo(f"{n_folders} folders and {n_recordings} recordings were brought back")
    for runner_id in lost:
        click.echo(f"  neither folder nor copy of runner {runner_id}: look for an older copy")


HOST_COMMANDS: Final = (prepare, serve, person, reindex, audit, withdraw, export, restore)
