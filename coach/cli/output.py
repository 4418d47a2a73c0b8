"""How commands speak: one JSON document with --json, plain lines without; errors as one line and a non-zero exit."""

import functools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

import click

from coach.errors import CoachError
from coach.model.plain import to_plain

Params = ParamSpec("Params")
Result = TypeVar("Result")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def print_json(value: object) -> None:
    """One JSON document on standard output; nouns keep their Python names."""
    click.echo(json.dumps(to_plain(value), ensure_ascii=False, indent=1))


def plainly(command: Callable[Params, Result]) -> Callable[Params, Result]:
    """Turn every failure of ours into one line on standard error and exit status 1."""

    @functools.wraps(command)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except CoachError as error:
            click.echo(f"coach: {error}", err=True)
            sys.exit(1)
        except BrokenPipeError:
            sys.exit(1)
        except OSError as error:
            click.echo(f"coach: {error}: free some space, or mend the permissions, and try again", err=True)
            sys.exit(1)

    return run


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[tuple[str, str]]) -> None:
    """Plain columns: (key, heading); None shows as "-"."""
    cells = [[heading for _, heading in columns]]
    cells += [["-" if row.get(key) is None else str(row[key]) for key, _ in columns] for row in rows]
    widths = [max(len(line[k]) for line in cells) for k in range(len(columns))]
    for line in cells:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
