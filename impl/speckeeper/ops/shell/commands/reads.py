"""get, ls, stat, getAllChildrenNumber, getEphemerals, sync.

Source: ZooKeeper ``GetCommand``, ``LsCommand``, ``StatCommand``, ``GetAllChildrenNumberCommand``,
``GetEphemeralsCommand``, ``SyncCommand``, ``ZKUtil.visitSubTreeDFS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speckeeper.ops.shell.commands.command import Command
from speckeeper.ops.shell.errors import KeeperError, ShellError
from speckeeper.ops.shell.flags import Flag, Parsed
from speckeeper.ops.shell.subtree import visit
from speckeeper.ops.shell.text import show_data, show_list, show_stat
from speckeeper.wire.codes import ErrorCode

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell


def get(shell: Shell, given: Parsed) -> None:
    """Print the data of a node."""
    watch = _watch_asked(shell, given, "get", "get [-s] [-w] path")
    form = "hex" if given.has("x") else "base64" if given.has("b") else "plain"
    data, stat = shell.session.get_data(given.operands[0], watch)
    shell.console.out(show_data(data, form))
    if given.has("s"):
        shell.console.out(show_stat(stat))


def ls(shell: Shell, given: Parsed) -> None:
    """Print the names of a node's children, or of all nodes below it."""
    if given.has("?"):
        shell.console.out(_LS.help())
        return
    if not given.operands:
        raise ShellError(_LS.usage())
    watch = _watch_asked(shell, given, "ls", "ls [-w] path")
    path = given.operands[0]
    if given.has("R"):
        for each in visit(shell.session, path, watch):
            shell.console.out(each)
        return
    names, stat = shell.session.get_children(path, watch)
    shell.console.out(show_list(names))
    if given.has("s"):
        shell.console.out(show_stat(stat))


def stat(shell: Shell, given: Parsed) -> None:
    """Print the Stat of a node."""
    watch = _watch_asked(shell, given, "stat", "stat [-w] path")
    path = given.operands[0]
    found = shell.session.exists(path, watch)
    if found is None:
        raise KeeperError(ErrorCode.NO_NODE, path)
    shell.console.out(show_stat(found))


def get_all_children_number(shell: Shell, given: Parsed) -> None:
    """Print how many nodes are below a node."""
    shell.console.out(str(shell.session.get_all_children_number(given.operands[0])))


def get_ephemerals(shell: Shell, given: Parsed) -> None:
    """Print the ephemeral nodes of this session."""
    prefix = given.operands[0] if given.operands else "/"
    shell.console.out(show_list(shell.session.get_ephemerals(prefix)))


def sync(shell: Shell, given: Parsed) -> None:
    """Wait until this server has caught up with the leader."""
    try:
        shell.session.sync(given.operands[0])
    except KeeperError as error:
        raise ShellError(f"Sync has failed. rc={error.code}") from None
    shell.console.out("Sync is OK")


def _watch_asked(shell: Shell, given: Parsed, name: str, instead: str) -> bool:
    """Tell whether a watch is wanted; a second operand of any text is the old way to say so."""
    if len(given.operands) > 1:
        shell.console.error(
            f"'{name} path [watch]' has been deprecated. Please use '{instead}' instead."
        )
        return True
    return given.has("w")


_LS = Command(
    "ls",
    "[-s] [-w] [-R] path",
    "List the children of a node.",
    ls,
    (
        Flag("?", "help"),
        Flag("s", "stat"),
        Flag("w", "watch"),
        Flag("R", "recurse"),
    ),
)

COMMANDS = (
    _LS,
    Command(
        "get",
        "[-s] [-w] [-b] [-x] path",
        "Print the data of a node.",
        get,
        (
            Flag("s", "Print znode stats additionally"),
            Flag("w", "Watch for changes on the znode"),
            Flag("b", "Output data in base64 format"),
            Flag("x", "Output data in hexdump format"),
        ),
        operands=(1, None),
    ),
    Command(
        "stat",
        "[-w] path",
        "Print the Stat of a node.",
        stat,
        (Flag("w", "watch"),),
        operands=(1, None),
    ),
    Command(
        "getAllChildrenNumber",
        "path",
        "Print how many nodes are below a node.",
        get_all_children_number,
        operands=(1, None),
    ),
    Command(
        "getEphemerals",
        "path",
        "Print the ephemeral nodes of this session whose path starts with path.",
        get_ephemerals,
    ),
    Command(
        "sync",
        "path",
        "Wait until this server has caught up with the leader.",
        sync,
        operands=(1, None),
    ),
)
