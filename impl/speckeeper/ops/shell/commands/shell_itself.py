"""connect, close, quit, exit, history, redo, help.

Source: ZooKeeper ``ZooKeeperMain.processZKCmd``, ``CloseCommand``. zkCli has no help: there, any
word that is no command prints the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speckeeper.ops.shell.commands.command import Command
from speckeeper.ops.shell.errors import NOT_FOUND, ShellError
from speckeeper.ops.shell.flags import Parsed, to_number

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell

# How many lines before the current one history shows.
_HISTORY = 10


def connect(shell: Shell, given: Parsed) -> None:
    """Close the session and start another, on the same servers or on others."""
    shell.connect(given.operands[0] if given.operands else shell.server)


def close(shell: Shell, given: Parsed) -> None:
    """Close the session."""
    shell.session.close()


def leave(shell: Shell, given: Parsed) -> None:
    """Close the session and end the shell."""
    shell.session.close()
    shell.leaving = True


def history(shell: Shell, given: Parsed) -> None:
    """Print the last lines, this one included."""
    for number in range(max(0, shell.count - _HISTORY), shell.count + 1):
        shell.console.out(f"{number} - {shell.history.get(number, 'null')}")


def redo(shell: Shell, given: Parsed) -> None:
    """Run a line of the history again."""
    number = to_number(given.operands[0], bits=32)
    if number is None:
        raise ShellError(f'"{given.operands[0]}" is not the number of a command')
    if not 0 <= number < shell.count:
        raise ShellError("Command index out of range")
    line = shell.history[number]
    if line.split()[0] == "redo":
        raise ShellError("No redoing redos")
    shell.history[shell.count] = line
    shell.run_line(line)


def show_help(shell: Shell, given: Parsed) -> None:
    """Print all commands, or one with its flags."""
    if not given.operands:
        shell.console.out(shell.usage())
        return
    command = shell.commands.get(given.operands[0])
    if command is None:
        raise ShellError(f"Command not found: {given.operands[0]}", NOT_FOUND)
    shell.console.out(command.help())


COMMANDS = (
    Command("connect", "host:port", "Start another session.", connect, online=False),
    Command("close", "", "Close the session.", close),
    Command("quit", "", "Close the session and end the shell.", leave, online=False),
    Command("exit", "", "Close the session and end the shell.", leave, online=False),
    Command("history", "", "Print the last lines with their numbers.", history, online=False),
    Command("redo", "cmdno", "Run a line again.", redo, operands=(1, None), online=False),
    Command(
        "help", "[command]", "Print the commands, or one with its flags.", show_help, online=False
    ),
)
