"""Commands as a shell would call them."""

from click.testing import CliRunner, Result

from coach.cli.root import coach


def run(*words: str) -> Result:
    return CliRunner().invoke(coach, list(words))


def one_line_of_error(result: Result) -> str:
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr
