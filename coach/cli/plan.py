"""`coach plan ...`: the strength programme from the command line."""

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from coach.cli.options import data_option
from coach.cli.output import json_option, plainly, print_json, table
from coach.cli.runs import opened
from coach.coaching.programme import PLACES
from coach.errors import UserError
from coach.model.strength import StrengthPlan
from coach.model.time_zones import zone_or_utc
from coach.summary.monthly import Monthly

K95: Final = 1.96
DASH: Final = "–"
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def plan() -> None:
    """The strength programme: two leg sessions a week for eight weeks."""


@plan.command()
@click.option("--track", type=click.Choice(["ladder", "home", "gym"]), required=True)
@click.option("--days", required=True, help="Two weekdays at least two days apart, such as mon,thu.")
@click.option("--time", "at", required=True, help="Time of day, such as 18:30.")
@click.option("--tz", required=True, help="Time zone, such as Europe/London.")
@click.option("--start", type=DAY, help="First day, as YYYY-MM-DD; by default the next session day.")
@data_option
@json_option
@plainly
def create(track: str, days: str, at: str, tz: str, start: datetime | None, data: Path | None, as_json: bool) -> None:
    """Place sixteen sessions."""
    with opened(data) as coach:
        made = coach.strength.create(track, days, at, tz, start.date() if start else None)
    show_plan(made, as_json)


@plan.command()
@data_option
@json_option
@plainly
def show(data: Path | None, as_json: bool) -> None:
    """The current plan, each decision with its reason."""
    with opened(data) as coach:
        found = coach.strength.show()
    show_plan(found, as_json)


@plan.command()
@click.option("--ics", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Calendar file to write.")
@data_option
@json_option
@plainly
def export(ics: Path, data: Path | None, as_json: bool) -> None:
    """Write the sessions as a calendar file with alarms."""
    with opened(data) as coach:
        n_sessions = coach.strength.export_ics(ics)
    if as_json:
        print_json({"path": str(ics), "n_sessions": n_sessions})
    else:
        click.echo(f"wrote {ics} with {n_sessions} sessions: import it into your calendar")


@plan.command()
@data_option
@json_option
@plainly
def growth(data: Path | None, as_json: bool) -> None:
    """Step length month by month at your usual speed, with the strength sessions done beside it."""
    with opened(data) as coach:
        found = coach.strength.progress.growth()
        units = coach.runner.profile().units
    if as_json:
        print_json(found)
    elif found is None:
        raise UserError("no run knows its step length and speed yet: pair a motion sensor on a foot, or a running pod")
    else:
        show_growth(found, units)


def show_growth(found: Monthly, units: str) -> None:
    """Months as lines, in centimetres or inches; a dash where a month has too few runs."""
    factor, unit = (39.3701, "in") if units == "imperial" else (100.0, "cm")
    rows = [
        {
            "month": f"{month.month:%Y-%m}",
            "runs": month.n_runs,
            "sessions": month.n_sessions,
            "step": DASH if month.value is None else f"{factor * month.value:.1f}",
            "interval": DASH if month.se is None else f"± {K95 * factor * month.se:.1f}",
        }
        for month in found.months
    ]
    names = [("month", "month"), ("runs", "runs"), ("sessions", "sessions"), ("step", unit), ("interval", "95 %")]
    table(rows, names)
    click.echo(growth_words(found, factor, unit))


def growth_words(found: Monthly, factor: float, unit: str) -> str:
    """With which runs, and the change per month."""
    at = f" at {found.speed_mps:.2f} m/s" if found.speed_mps else ""
    words = f"Step length{at}, of runs {PLACES[found.place]} only; a month needs two runs."
    rates = (found.per_month, found.per_month_low, found.per_month_high)
    if None in rates:
        return f"{words} Three runs are needed for a change."
    change, low, high = (f"{factor * (rate or 0.0):+.2f}" for rate in rates)
    return f"{words} Change a month: {change} {unit} (95 %: {low} to {high})."


def show_plan(found: StrengthPlan, as_json: bool) -> None:
    """A plan as JSON or as lines in its own time zone."""
    if as_json:
        print_json(found)
        return
    zone = zone_or_utc(found.wish.tz)
    rows = [
        {
            "n": number,
            "at": None if session.due_at is None else f"{session.due_at.astimezone(zone):%a %Y-%m-%d %H:%M}",
            "state": session.state.value,
            "what": ", ".join(one.exercise_id for one in session.exercises),
        }
        for number, session in enumerate(found.sessions, start=1)
    ]
    table(rows, [("n", "#"), ("at", f"WHEN ({found.wish.tz})"), ("state", "STATE"), ("what", "EXERCISES")])
