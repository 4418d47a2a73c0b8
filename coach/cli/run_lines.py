"""A run's summary in plain lines."""

import math
from typing import Final

import click

from coach.cli.output import print_json
from coach.model.runs import RunEntry

SUMMARY_LINES: Final = (
    ("distance_m", "distance", "km", 0.001, 2),
    ("cadence_spm", "cadence", "steps/min", 1.0, 0),
    ("step_length_m", "step length", "cm", 100.0, 1),
    ("contact_time_ms", "contact time", "ms", 1.0, 0),
    ("flight_time_ms", "flight time", "ms", 1.0, 0),
    ("foot_strike_angle_deg", "foot strike angle", "deg", 1.0, 1),
    ("impact_g", "impact", "g", 1.0, 1),
    ("n_impacts", "landings", "", 1.0, 0),
    ("impacts_per_km", "landings per km", "", 1.0, 0),
    ("heart_rate_bpm", "heart rate", "bpm", 1.0, 0),
)


def half_width(name: str, sd: float, digits: int) -> str:
    """± of a value with `digits` decimals, half of the 95 % interval; "" where those digits are sure.

    A count's is rounded up, as on the page.
    """
    half = math.ceil(1.96 * sd) if name.startswith("n_") else 1.96 * sd
    text = f"{half:.{digits}f}"
    return f" ± {text}" if float(text) else ""


def print_summary(entry: RunEntry, as_json: bool) -> None:
    """A run and its summary."""
    if as_json:
        print_json({"run": entry.run, "summary": entry.summary})
        return
    run, summary = entry.run, entry.summary
    title = f"Run {run.run_id}, {run.started_at:%Y-%m-%d %H:%M} UTC, {run.state.value}"
    click.echo("\n" + click.style(title, bold=True))
    if summary is None:
        click.echo("no summary yet")
        return
    click.echo(f"  time               {summary.duration_s / 60:.1f} min, running {summary.moving_s / 60:.1f} min")
    if summary.speed_mps:
        pace, speed = round(1000 / summary.speed_mps), f"{3.6 * summary.speed_mps:.1f} km/h"
        click.echo(f"  {'pace':<18} {pace // 60}:{pace % 60:02d} /km ({speed})")
    for name, title, unit, scale, digits in SUMMARY_LINES:
        value: float | None = getattr(summary, name)
        error = summary.total_uncertainty(name)
        text = "-" if value is None else f"{value * scale:.{digits}f} {unit}"
        interval = half_width(name, error * scale, digits) if value is not None and error else ""
        click.echo(f"  {title:<18} {text}{interval}")
    if summary.foot_strike_share:
        shares = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in summary.foot_strike_share.items())
        click.echo(f"  foot strike        {shares} of the strides that are sure")
    lost = f"{summary.n_gaps} gaps, {summary.n_missing} readings missing, {summary.n_clipped} clipped"
    click.echo(f"  strides            {summary.n_strides}; {lost}; cues {summary.n_cues}")
    if summary.algorithm:
        click.echo(f"  algorithm          {summary.algorithm}")
    for finding in summary.findings:
        click.echo(click.style(f"  - {finding.words}", fg="green"))
