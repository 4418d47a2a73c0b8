"""What `coach runs archive` and the import of an archive need beside the service: a file that is whole, a password."""

from pathlib import Path

import click

from coach.bootstrap import Coach
from coach.errors import UserError
from coach.service.runs.archiving import Choice, remember

password_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File whose first line is the password; without it, the password is asked for.",
)


def password_from(path: Path | None, is_new: bool = False) -> str:
    """The password of an archive, from a file or asked for; a new one is asked for twice."""
    if path is None:
        return str(click.prompt("Password of the archive", hide_input=True, confirmation_prompt=is_new, err=True))
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0]:
        raise UserError(f"{path} is empty: write the password in its first line")
    return lines[0]


def write_account(coach: Coach, out: Path, choice: Choice, password: str | None) -> None:
    """Write an archive beside its place, and put it there once it is whole."""
    half = out.with_name(out.name + ".half")
    try:
        with half.open("wb") as stream:
            coach.history.files.archive(stream, password, choice)
        half.replace(out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}; choose another --out") from error
    finally:
        half.unlink(missing_ok=True)
    remember(coach.store, choice)
