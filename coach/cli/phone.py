"""`coach phone check`: whether what a phone takes along is whole, and whether its core starts."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from coach.cli.output import json_option, plainly, print_json
from coach.errors import UserError
from coach.model.documents import JsonObject
from web.phone_bundle import STATIC, Bundle, make_bundle, page_files, runtime_faults, runtime_manifest, unpack

_START_WITHIN_S: Final = 300


@click.group()
def phone() -> None:
    """The coach on the phone alone: check what a phone takes along."""


@phone.command()
@json_option
@plainly
def check(as_json: bool) -> None:
    """Compare the hashes of everything a phone takes along, and start its core in Node where Node is installed."""
    faults = runtime_faults()
    bundle = make_bundle(page_files())
    started = start_in_node(bundle) if not faults else None
    found: dict[str, object] = {
        "is_fine": not faults,
        "faults": faults,
        "n_files": len(runtime_manifest()),
        "wire_mb": round(bundle.wire_bytes / 1e6, 1),
        "version": bundle.version,
        "core_version": bundle.core_version,
        "node": started,
    }
    if as_json:
        print_json(found)
    else:
        _say(found)
    if faults:
        sys.exit(1)


def start_in_node(bundle: Bundle, *arguments: str) -> dict[str, object] | None:
    """Start the core of a bundle in Node; None where Node is not installed.

    Raises:
        UserError: the core does not start.
    """
    node = shutil.which("node")
    if node is None:
        return None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        unpack(bundle, folder)
        command = [node, str(STATIC / "js" / "phone" / "check.mjs"), str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_START_WITHIN_S, check=False)
    if done.returncode:
        raise UserError(f"the core does not start in Node: {done.stderr.strip()[-500:]}")
    answer: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _say(found: JsonObject) -> None:
    for fault in found["faults"]:
        click.echo(f"FAULT {fault}")
    if not found["faults"]:
        click.echo(f"ok    runtime: {found['n_files']} files have the bytes of their manifest")
        click.echo(f"ok    bundle {found['version']}, core {found['core_version']}: {found['wire_mb']} MB on the wire")
    node = found["node"]
    if node:
        seconds = sum(node["start_cpu_s"].values())
        click.echo(f"ok    the core starts in Node: {seconds:.1f} s of CPU, {node['heap_mb']:.0f} MB")
    elif not found["faults"]:
        click.echo("-     Node is not installed: the core was not started")
