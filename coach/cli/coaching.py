"""`coach explain` and `coach rules`: why the coach spoke, and all rules it knows, with their sources."""

from pathlib import Path

import click

from coach.cli.options import data_option
from coach.cli.output import json_option, plainly, print_json
from coach.cli.runs import named, opened
from coach.coaching.loader import load_rules, load_sources


@click.command()
@click.argument("run_id", metavar="RUN")
@data_option
@json_option
@plainly
def explain(run_id: str, data: Path | None, as_json: bool) -> None:
    """The cue log of RUN (or `newest`): every cue spoken, withheld or suppressed, with the reason."""
    with opened(data) as coach:
        chosen = named(coach, run_id)
        stories = coach.coaching.explain(chosen)
        plan = coach.store.runs.get(chosen).plan
    if as_json:
        print_json({"run_id": chosen, "plan": plan, "cues": stories})
        return
    if plan:
        click.echo(f"plan: {plan.reason}")
    for story in stories:
        minutes, seconds = divmod(int(story.decision.t_s), 60)
        fate = "said" if story.decision.is_spoken else "withheld" if story.decision.is_withheld else "held back"
        click.echo(f"\n{minutes:3d}:{seconds:02d}  {story.title}: {fate}  {story.decision.say!r}")
        for line in (*story.why, story.outcome):
            if line:
                click.echo(f"        {line}")
        click.echo(f"        Sources: {'; '.join(source.cite for source in story.sources) or '-'}")
    if not stories:
        click.echo("no cue was due in this run")


@click.command()
@json_option
@plainly
def rules(as_json: bool) -> None:
    """All cue rules in plain words, with their sources."""
    found, sources = load_rules(), load_sources()
    if as_json:
        print_json({"rules": found, "sources": sources})
        return
    for rule in found:
        click.echo(f"\n{rule.title} ({rule.id})")
        click.echo(f"    {rule.reason}")
        for name in rule.sources:
            source = sources[name]
            click.echo(f"    source: {source.cite} {source.link}")
