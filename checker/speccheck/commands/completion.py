"""`speccheck completion SHELL`: the script that has a shell complete commands and options."""

from enum import StrEnum
from typing import Annotated

import typer
from click.shell_completion import get_completion_class


class Shell(StrEnum):
    """Shells that click writes scripts for."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument(help="The shell.")] = Shell.bash,
) -> None:
    """Print the script that has a shell complete commands, options and files.

    For bash, in ~/.bashrc: eval "$(speccheck completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None
    source = kind(context.find_root().command, {}, "speccheck", "_SPECCHECK_COMPLETE").source()
    # typer, which answers the script, wants the two words in the other order.
    typer.echo(source.replace(f"={shell}_complete", f"=complete_{shell}"))
