"""`coach doctor`: what this machine has and lacks, each with what to do."""

import asyncio
import contextlib
import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from coach.cli.options import data_option, port_option, settings_of
from coach.cli.output import json_option, plainly, print_json
from coach.errors import LinkError, ProfileError
from coach.model.frozen import dataclass
from coach.radio.ant.air import can_hear_ant
from coach.radio.ant.words import HARMLESS
from coach.radio.backend import Backend
from coach.radio.clock import RunClock
from coach.radio.scan import can_listen
from coach.settings import Settings
from coach.wall_clock import utc_now
from firmware_config.loader import load_profiles

MB: Final = 1024 * 1024
RUN_HOUR_MB: Final = 25  # two shoe sensors at 208 Hz, measured: 22 MB an hour
FIRST_YEAR: Final = 2026  # a clock before the program's own year was never set


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. advice: what to do where is_fine is False. note: what may be worth doing though all is fine."""

    name: str
    is_fine: bool
    found: str
    advice: str = ""
    note: str = ""


def _python(_: Settings) -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), f"Python {found}", "install Python 3.11 or newer")


def _profiles(_: Settings) -> Check:
    try:
        return Check("profiles", True, f"{len(load_profiles())} sensor models known")
    except ProfileError as error:
        return Check("profiles", False, str(error), "mend the file in firmware_config/profiles, or install again")


def _bluetooth(_: Settings) -> Check:
    async def scan() -> LinkError | None:
        return await can_listen(Backend(), RunClock())

    fault = asyncio.run(scan())
    if fault is None:
        return Check("bluetooth", True, "the adapter listens")
    return Check("bluetooth", False, fault.reason, str(fault))


def _ant(_: Settings) -> Check:
    """A machine without a stick lacks nothing; one whose stick cannot be used does."""
    fault = asyncio.run(can_hear_ant())
    if fault is None:
        return Check("ant+", True, "the stick listens")
    is_seen = fault.reason == "ant_no_extra" and has_ant_stick(Path("/"))
    if fault.reason in HARMLESS and not is_seen:
        return Check("ant+", True, "not used: foot pods and straps of ANT+ need a USB stick", note=str(fault))
    return Check("ant+", False, fault.reason, str(fault))


def has_ant_stick(root: Path) -> bool:
    """Whether Linux sees a stick of ANT's maker, without the extra. root: of the file system."""
    return any(device.startswith("0fcf:") for device in usb_devices(root))


def can_see_usb(root: Path) -> bool:
    """Whether `usb_devices` can know anything: it does on Linux. root: of the file system."""
    return (root / "sys/bus/usb/devices").is_dir()


def usb_devices(root: Path) -> set[str]:
    """Vendor and product of what Linux sees on USB, as "0a12:0001". root: of the file system."""
    found = set()
    for vendor in (root / "sys/bus/usb/devices").glob("*/idVendor"):
        with contextlib.suppress(OSError):  # it was pulled out just now
            found.add(f"{vendor.read_text().strip()}:{vendor.with_name('idProduct').read_text().strip()}")
    return found


def holds_few(root: Path) -> bool:
    """Whether a USB adapter with a chip of CSR is here: five sensors at once, the next ones are lost.

    Source: noble issues 214 and 387 (five of nine, five of eight), bluepy issue 129 (three). root: of the file system.
    """
    return "0a12:0001" in usb_devices(root)


def shares_antenna(root: Path) -> bool:
    """Whether this is a Raspberry Pi whose Wi-Fi is on beside Bluetooth of the same chip. root: of the file system.

    Such boards lose connections, as bleak's troubleshooting says (pull request 1670; RPi-Distro/bluez-firmware 12).
    """
    try:
        is_pi = "raspberry pi" in (root / "proc/device-tree/model").read_text(errors="replace").casefold()
    except OSError:
        return False
    adapters = list((root / "sys/class/bluetooth").glob("hci*"))
    is_built_in = bool(adapters) and not any("usb" in str(adapter.resolve()) for adapter in adapters)
    links = (root / "sys/class/net").glob("*/wireless")
    return is_pi and is_built_in and any(_is_up(link.parent) for link in links)


def _is_up(link: Path) -> bool:
    try:
        return (link / "operstate").read_text().strip() == "up"
    except OSError:
        return False


def _antenna(_: Settings) -> Check:
    if not shares_antenna(Path("/")):
        return Check("antenna", True, "Bluetooth does not share its antenna with Wi-Fi, as far as can be seen")
    note = "sensors drop less with 5 GHz Wi-Fi or a cable, or with a USB Bluetooth adapter on a short extension"
    return Check("antenna", True, "Wi-Fi and Bluetooth share one antenna on this board", note=note)


def _adapter(_: Settings) -> Check:
    if not can_see_usb(Path("/")):
        note = (
            "a USB adapter with a chip of CSR (0a12:0001) holds five sensors at most: wear no more than three with it"
        )
        return Check("adapter", True, "which adapter is here cannot be seen on this system", note=note)
    if not holds_few(Path("/")):
        return Check("adapter", True, "none here is known to hold few sensors")
    note = "wear no more than three, or take an adapter with another chip"
    return Check("adapter", True, "a USB adapter with a chip of CSR (0a12:0001) holds five sensors at most", note=note)


def _permissions(settings: Settings) -> Check:
    try:
        probe = settings.data / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Check("permissions", False, str(error), f"make {settings.data} writable, or choose another with --data")
    return Check("permissions", True, f"{settings.data} can be written")


def _disk(settings: Settings) -> Check:
    free_mb = shutil.disk_usage(settings.data).free // MB
    return Check("disk", free_mb > 10 * RUN_HOUR_MB, f"{free_mb} MB free", "free at least 250 MB: ten hours of running")


def _clock(_: Settings) -> Check:
    now = utc_now()
    before = time.monotonic()
    is_fine = now.year >= FIRST_YEAR and time.monotonic() >= before
    return Check("clock", is_fine, f"{now:%Y-%m-%d %H:%M} UTC", "set the date: runs and sessions are filed by it")


def _port(settings: Settings) -> Check:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            advice = f"stop the other program (a coach that still runs?) or choose another port with --port: {error}"
            return Check("port", False, f"{settings.port} is taken", advice)
    return Check("port", True, f"{settings.port} is free")


def _database(settings: Settings) -> Check:
    if not settings.database.exists():
        return Check("database", True, "none yet: the first start makes it")
    advice = (
        f"move {settings.database} away and make the runs again from their recordings: `coach runs recompute --all`"
    )
    try:
        with closing(sqlite3.connect(f"file:{settings.database}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.OperationalError as error:
        verdict, advice = str(error), f"give yourself the right to write in {settings.data}"
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    return Check("database", verdict == "ok", verdict, advice)


CHECKS: Final[tuple[Callable[[Settings], Check], ...]] = (
    _python,
    _profiles,
    _bluetooth,
    _ant,
    _antenna,
    _adapter,
    _permissions,
    _disk,
    _clock,
    _port,
    _database,
)


@click.command()
@data_option
@port_option
@json_option
@plainly
def doctor(data: Path | None, port: int, as_json: bool) -> None:
    """Check Python, Bluetooth, permissions, disk, clock and port; say what to do about each fault."""
    settings = settings_of(data, port)
    checks = [check(settings) for check in CHECKS]
    if as_json:
        print_json({"checks": checks, "is_fine": all(check.is_fine for check in checks)})
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.is_fine else 'FAULT'} {check.name}: {check.found}")
            if words := check.note if check.is_fine else check.advice:
                click.echo(f"      {words}")
    if not all(check.is_fine for check in checks):
        sys.exit(1)
