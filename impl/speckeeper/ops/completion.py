"""`speckeeper completion SHELL`: the script that has a shell complete commands, options and files.

click writes the scripts; typer, which answers them, wants the two words of the instruction in the
other order.
"""

from click import Command
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


def script(command: Command, program: str, shell: str) -> str:
    """Return the script of one of SHELLS."""
    variable = f"_{program.upper()}_COMPLETE"
    kind = get_completion_class(shell)
    assert kind is not None, shell
    source = kind(command, {}, program, variable).source()
    return source.replace(f"={shell}_complete", f"=complete_{shell}")
