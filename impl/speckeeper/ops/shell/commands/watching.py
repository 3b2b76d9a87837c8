"""addWatch, removewatches, printwatches.

Source: ZooKeeper ``AddWatchCommand``, ``RemoveWatchesCommand``, ``ZooKeeperMain``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speckeeper.ops.shell.commands.command import Command
from speckeeper.ops.shell.errors import ShellError
from speckeeper.ops.shell.flags import Flag, Parsed
from speckeeper.wire.codes import AddWatchMode, WatcherType

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell

_MODES = ", ".join(mode.name for mode in AddWatchMode)
_DEFAULT_MODE = AddWatchMode.PERSISTENT_RECURSIVE
# The first that is given counts.
_TYPES = {
    "c": WatcherType.CHILDREN,
    "d": WatcherType.DATA,
    "p": WatcherType.PERSISTENT,
    "r": WatcherType.PERSISTENT_RECURSIVE,
    "a": WatcherType.ANY,
}


def add_watch(shell: Shell, given: Parsed) -> None:
    """Set a watch that stays."""
    name = given.value("m")
    mode = _DEFAULT_MODE if name is None else AddWatchMode.__members__.get(name.upper())
    if mode is None:
        raise ShellError(_ADD_WATCH.usage())
    shell.session.add_watch(given.operands[0], mode)


def remove_watches(shell: Shell, given: Parsed) -> None:
    """Remove this client's watches on a path."""
    meant = next((type_ for flag, type_ in _TYPES.items() if given.has(flag)), WatcherType.ANY)
    shell.session.remove_watches(given.operands[0], meant, local=given.has("l"))


def print_watches(shell: Shell, given: Parsed) -> None:
    """Say whether events are printed, or switch that."""
    if given.operands:
        shell.print_watches = given.operands[0] == "on"
    else:
        shell.console.out(f"printwatches is {'on' if shell.print_watches else 'off'}")


_ADD_WATCH = Command(
    "addWatch",
    f"[-m mode] path # optional mode is one of [{_MODES}] - default is {_DEFAULT_MODE.name}",
    "Set a watch that stays.",
    add_watch,
    (Flag("m", "mode", "mode"),),
    operands=(1, 1),
)

COMMANDS = (
    _ADD_WATCH,
    Command(
        "removewatches",
        "path [-c|-d|-a] [-l]",
        "Remove this session's watches on a path.",
        remove_watches,
        (
            Flag("c", "child watcher type"),
            Flag("d", "data watcher type"),
            Flag("p", "persistent watcher type"),
            Flag("r", "persistent recursive watcher type"),
            Flag("a", "any watcher type"),
            Flag("l", "remove locally when there is no server connection"),
        ),
        operands=(1, None),
    ),
    Command(
        "printwatches",
        "on|off",
        "Say whether events are printed, or switch it.",
        print_watches,
        online=False,
    ),
)
