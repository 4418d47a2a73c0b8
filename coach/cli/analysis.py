"""`coach analyse`, `coach decode`, `coach replay`: recordings and bytes looked at without a runner."""

import json
from pathlib import Path

import click

from coach.cli.options import ABOVE_ZERO, data_option, host_option, port_option, settings_of
from coach.cli.output import json_option, plainly, print_json
from coach.cli.plotting import draw_strides, plot_option
from coach.cli.run_lines import print_summary
from coach.cli.showing import serving
from coach.errors import UserError
from coach.packets.registry import decode_payload
from coach.service.runs.analysis import analyse_path
from coach.service.runs.replay import ReplaySource, open_replay


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@plot_option
@json_option
@plainly
def analyse(path: Path, plot: Path | None, as_json: bool) -> None:
    """Strides and summary of a recording (MCAP) or a reference folder, as one JSON document."""
    document = analyse_path(path)
    if plot:
        draw_strides(document, plot)
    if not document["recording"].get("is_complete", True):
        click.echo(f"coach: beware: {path} is cut off or damaged; this is of the sound part of it", err=True)
    click.echo(json.dumps(document, indent=None if as_json else 1))


@click.command()
@click.argument("profile")
@click.argument("payload", metavar="HEX")
@click.option("--characteristic", help="UUID of the characteristic, where the profile has several with data.")
@json_option
@plainly
def decode(profile: str, payload: str, characteristic: str | None, as_json: bool) -> None:
    """Read one packet of a sensor: PROFILE is its id, HEX its bytes."""
    try:
        data = bytes.fromhex(payload.replace(":", " "))
    except ValueError as error:
        raise UserError(f"{payload!r} is not hexadecimal: write each byte as two digits, such as 03 5c a1") from error
    samples = decode_payload(profile, data, characteristic)
    if as_json:
        print_json({"samples": samples})
        return
    for sample in samples:
        for name, value in sample.items():
            click.echo(f"{name}: {'-' if value is None else value}")


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--speed", type=ABOVE_ZERO, default=1.0, show_default=True, help="Times as fast as it was.")
@data_option
@host_option
@port_option
@json_option
@plainly
def replay(path: Path, speed: float, data: Path | None, host: str, port: int, as_json: bool) -> None:
    """Play a recording through the whole service as if live; the run is saved and its summary printed."""
    uses, items = open_replay(path)
    source = ReplaySource(items, speed)
    settings = settings_of(data, port, host)
    with serving(settings, is_quiet=as_json) as coach:
        facts = {"title": f"Replay of {path.name}", "source": "replay"}
        run = coach.runs.begin(uses, lambda: (source, source.now), facts=facts)
        coach.runs.wait()
        entry = coach.store.runs.entry(run.run_id)
    print_summary(entry, as_json)
