"""`coach completion`: the script by which a shell completes commands and options, made by click."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete this program's commands and options.

    bash: coach completion bash >> ~/.bashrc. zsh: coach completion zsh >> ~/.zshrc. fish: coach completion fish >
    ~/.config/fish/completions/coach.fish. Bash needs version 4.4.
    """
    # Put together here: click's own method runs bash to learn its version, and no program is started for a text.
    made = get_completion_class(shell)
    assert made is not None
    one = made(context.find_root().command, {}, "coach", "_COACH_COMPLETE")
    click.echo(one.source_template % one.source_vars())
