"""The commands, one function each, in modules by subject.

A module lists its commands as `COMMANDS`; :func:`all_commands` gathers them by name.
"""

from functools import cache

from speckeeper.ops.shell.commands import (
    acls,
    ensemble,
    nodes,
    quotas,
    reads,
    shell_itself,
    watching,
)
from speckeeper.ops.shell.commands.command import Command


@cache
def all_commands() -> dict[str, Command]:
    """Return every command by its name, in alphabetical order as Java sorts (capitals first)."""
    modules = (nodes, reads, acls, watching, quotas, ensemble, shell_itself)
    commands = (command for module in modules for command in module.COMMANDS)
    return {command.name: command for command in sorted(commands, key=lambda each: each.name)}
