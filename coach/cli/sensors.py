"""`coach scan`, `coach sensors ...`, `coach capture`: find, pair, set up and check sensors without a page."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from coach.cli.options import ABOVE_ZERO, data_option, settings_of
from coach.cli.output import json_option, plainly, print_json, table
from coach.interchange.device_report import report_name, write_report
from coach.model.links import FoundSensor
from coach.model.plain import to_plain
from coach.model.sites import WearSite
from coach.model.steps import SettingsReport
from coach.service.event_loop import LoopThread
from coach.service.sensors.capture import capture_to
from coach.service.sensors.device_report import report_on
from coach.service.sensors.registry import SensorBook
from coach.service.sensors.service import SensorService
from coach.storage.store import Store
from firmware_config.loader import load_profiles

SITES = click.Choice([site.value for site in WearSite])
FOUND_COLUMNS = [
    ("name", "NAME"),
    ("profile_id", "PROFILE"),
    ("rssi_dbm", "SIGNAL dBm"),
    ("battery_pct", "BATTERY %"),
    ("ago", "SEEN"),
    ("sensor_id", "ADDRESS"),
]
USE_COLUMNS = [("name", "NAME"), ("profile_id", "PROFILE"), ("wear_site", "WORN"), ("sensor_id", "ADDRESS")]


@contextmanager
def opened(data: Path | None) -> Iterator[tuple[SensorService, LoopThread]]:
    """The sensor service on this machine's radio, for the length of a command."""
    store, loop = Store(settings_of(data).database), LoopThread()
    try:
        service = SensorService(store, loop)
        yield service, loop
        service.close()
    finally:
        loop.close()
        store.close()


@contextmanager
def book(data: Path | None) -> Iterator[SensorBook]:
    """What is remembered of sensors; needs no radio."""
    store = Store(settings_of(data).database)
    try:
        yield SensorBook(store)
    finally:
        store.close()


@click.command()
@click.option("--seconds", type=ABOVE_ZERO, default=5.0, show_default=True, help="How long to listen.")
@data_option
@json_option
@plainly
def scan(seconds: float, data: Path | None, as_json: bool) -> None:
    """Listen for sensors: a table that is renewed while it listens."""
    started = time.monotonic()

    def rows(found: list[FoundSensor]) -> list[dict[str, object]]:
        now = time.monotonic() - started
        return [{**to_plain(sensor), "ago": f"{max(0.0, now - sensor.seen_s):.0f} s ago"} for sensor in found]

    def show(found: list[FoundSensor]) -> None:
        if not as_json and sys.stdout.isatty():
            click.clear()
            table(rows(found), FOUND_COLUMNS)

    with opened(data) as (service, _):
        found = service.scan(seconds, show)
        ant_problem = service.ant_problem()
    if as_json:
        print_json({"sensors": found})
    elif not sys.stdout.isatty():
        table(rows(found), FOUND_COLUMNS)
    if not found and not as_json:
        click.echo("nothing heard: wake the sensor (move it, wet the strap) and end other apps that hold it")
    if ant_problem:
        click.echo(ant_problem, err=True)


@click.group()
def sensors() -> None:
    """The sensors you own: pair, place, set up, check."""


@sensors.command("list")
@data_option
@json_option
@plainly
def list_(data: Path | None, as_json: bool) -> None:
    """Sensors that are paired, and the profiles that are known."""
    profiles = load_profiles().values()
    with book(data) as shelf:
        uses = shelf.remembered()
    known = [{"id": p.id, "title": p.title, "is_tried_on_hardware": p.is_tried_on_hardware} for p in profiles]
    if as_json:
        print_json({"sensors": uses, "profiles": known})
        return
    table([to_plain(use) for use in uses], USE_COLUMNS)
    if not uses:
        click.echo("no sensor is paired yet: `coach scan`, then `coach sensors pair ADDRESS`")
    untried = [p["id"] for p in known if not p["is_tried_on_hardware"]]
    click.echo(f"\nprofiles: {', '.join(str(p['id']) for p in known)}")
    click.echo(f"not yet tried on hardware by anyone: {', '.join(map(str, untried)) or 'none'}")


@sensors.command()
@click.argument("address")
@click.option("--site", type=SITES, help="Where it is worn.")
@click.option("--profile", help="Id of its profile, if it is not recognised; `coach sensors list` names them.")
@click.option("--cadence-unit", type=click.Choice(["steps", "strides"]), help="What a running pod counts.")
@data_option
@json_option
@plainly
def pair(
    address: str, site: str | None, profile: str | None, cadence_unit: str | None, data: Path | None, as_json: bool
) -> None:
    """Connect once to the sensor at ADDRESS, and remember it."""
    with opened(data) as (service, _):
        use = service.pair(address, WearSite(site) if site else None, profile, cadence_unit)
    if as_json:
        print_json(use)
    else:
        click.echo(f"paired {use.name} ({use.profile_id}), worn: {use.wear_site or 'not said'}")


@sensors.command()
@click.argument("address")
@data_option
@json_option
@plainly
def forget(address: str, data: Path | None, as_json: bool) -> None:
    """Remember the sensor at ADDRESS no more."""
    with opened(data) as (service, _):
        service.forget(address)
    if as_json:
        print_json({"forgotten": address})
    else:
        click.echo(f"forgot {address}")


@sensors.command()
@click.argument("address")
@data_option
@json_option
@plainly
def configure(address: str, data: Path | None, as_json: bool) -> None:
    """Set the sensor's own firmware up for its place: what it had, what it has now, what to beware of."""
    with opened(data) as (service, _):
        found = service.configure(address)
    if as_json:
        print_json(found)
    else:
        show_settings(found)


def show_settings(found: SettingsReport) -> None:
    """A settings report as plain lines."""
    after = dict(found.after)
    rows = [{"name": name, "before": value, "after": after.get(name)} for name, value in found.before]
    rows += [{"name": n, "before": None, "after": v} for n, v in found.after if n not in dict(found.before)]
    table(rows, [("name", "SETTING"), ("before", "HAD"), ("after", "HAS NOW")])
    for warning in found.warnings:
        click.echo(f"beware: {warning}")


@sensors.command()
@click.option("--seconds", type=ABOVE_ZERO, default=8.0, show_default=True, help="How long to watch.")
@data_option
@json_option
@plainly
def check(seconds: float, data: Path | None, as_json: bool) -> None:
    """Jump three times: do all sensors send as promised, unclipped, and in step?"""
    with opened(data) as (service, _):
        if not as_json:
            click.echo("connecting; when the lights are on, jump three times")
        checked = service.checks.check(seconds)
    if as_json:
        print_json(checked)
    else:
        columns = [("name", "NAME"), ("wear_site", "WORN"), ("rate_hz", "RATE Hz"), ("n_clipped", "CLIPPED")]
        table([to_plain(one) for one in checked.sensors], [*columns, ("n_landings", "LANDINGS")])
        for problem in (*checked.problems, *(p for one in checked.sensors for p in one.problems)):
            click.echo(f"- {problem}")
    if not checked.is_good:
        sys.exit(1)


@sensors.command()
@click.argument("address")
@click.option("--profile", help="Id of its profile, if it is not recognised; `coach sensors list` names them.")
@click.option("--seconds", type=ABOVE_ZERO, default=60.0, show_default=True, help="How long to listen.")
@click.option("--keep-name", is_flag=True, help="Leave the sensor's own name in; else only what names its kind stays.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@data_option
@json_option
@plainly
def report(
    address: str,
    profile: str | None,
    seconds: float,
    keep_name: bool,
    out: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Listen to the sensor at ADDRESS for a minute and write a report to send.

    Without its address, serial number and own name; of a heart rate strap it holds 15 s of your heart rate.
    """
    with opened(data) as (service, loop):
        if not as_json:
            click.echo(f"connecting; then move the sensor, or wear it, for {seconds:.0f} s")
        found = report_on(service, loop, address, profile, seconds, keep_name)
    path = out or Path(report_name(found))
    write_report(found, path)
    if as_json:
        print_json({"path": str(path), "problems": found.problems, "counts": found.counts})
        return
    if found.counts:
        rate = f", {found.counts.rate_hz:g} a second" if found.counts.rate_hz else ""
        click.echo(f"{found.counts.n_samples} readings in {found.seconds:.0f} s{rate}, {found.counts.n_missing} lost")
    for problem in found.problems:
        click.echo(f"- {problem}")
    click.echo(
        f"written to {path}: read it, then add it to tests/data/devices/ or attach it to an issue of the project"
    )


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--seconds", type=ABOVE_ZERO, default=60.0, show_default=True, help="How long; Ctrl-C ends it sooner.")
@data_option
@json_option
@plainly
def capture(path: Path, seconds: float, data: Path | None, as_json: bool) -> None:
    """Write the raw log of the paired sensors to PATH, without coaching."""
    with opened(data) as (service, loop):
        counts = capture_to(service, loop, path, seconds)
    if as_json:
        print_json({"path": str(path), "notifications": counts})
    else:
        for name, count in counts.items():
            click.echo(f"{name}: {count} notifications")
        click.echo(f"kept in {path}: `coach analyse {path}`")
