"""create, delete, deleteall, set.

Source: ZooKeeper ``CreateCommand``, ``DeleteCommand``, ``DeleteAllCommand``, ``SetCommand``,
``ZKUtil.deleteRecursive``, ``EphemeralType``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speckeeper.ops.shell.commands.command import Command
from speckeeper.ops.shell.errors import KeeperError, ShellError
from speckeeper.ops.shell.flags import Flag, Parsed, to_number
from speckeeper.ops.shell.session import ANY_VERSION
from speckeeper.ops.shell.subtree import subtree
from speckeeper.ops.shell.text import from_base64, parse_acl, show_stat, to_bytes
from speckeeper.wire.codes import CreateFlag, ErrorCode
from speckeeper.wire.records import ACL, OPEN_ACL_UNSAFE

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell

# Of the 64 bits of an ephemeral owner, a TTL has 40 (ZooKeeper EphemeralType.TTL).
MAX_TTL_MS = (1 << 40) - 1
DEFAULT_BATCH = 1000

_FLAGS = {
    # (ephemeral, sequential, container, ttl)
    (False, False, False, False): CreateFlag.PERSISTENT,
    (True, False, False, False): CreateFlag.EPHEMERAL,
    (False, True, False, False): CreateFlag.PERSISTENT_SEQUENTIAL,
    (True, True, False, False): CreateFlag.EPHEMERAL_SEQUENTIAL,
    (False, False, True, False): CreateFlag.CONTAINER,
    (False, False, False, True): CreateFlag.PERSISTENT_WITH_TTL,
    (False, True, False, True): CreateFlag.PERSISTENT_SEQUENTIAL_WITH_TTL,
}


def create(shell: Shell, given: Parsed) -> None:
    """Create a node."""
    ephemeral, sequential, container, with_ttl = (given.has(name) for name in "esct")
    if container and (ephemeral or sequential):
        raise ShellError(
            "-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential."
        )
    ttl_ms = given.number("t", -1, bits=64)
    if with_ttl and ephemeral:
        raise ShellError("TTLs cannot be used with Ephemeral znodes")
    if with_ttl and container:
        raise ShellError("TTLs cannot be used with Container znodes")
    if with_ttl and not 0 < ttl_ms <= MAX_TTL_MS:
        raise ShellError(f"ttl must be positive and cannot be larger than: {MAX_TTL_MS}")
    path, *rest = given.operands
    data = to_bytes(rest[0]) if rest else None
    acl: tuple[ACL, ...] = OPEN_ACL_UNSAFE
    if len(rest) > 1:
        acl, complaints = parse_acl(rest[1])
        for complaint in complaints:
            shell.console.error(complaint)
    flag = _FLAGS[ephemeral, sequential, container, with_ttl]
    try:
        created = shell.session.create(path, data, acl, flag, ttl_ms)
    except KeeperError as error:
        if error.code == ErrorCode.EPHEMERAL_ON_LOCAL_SESSION:
            shell.console.error("Unable to create ephemeral node on a local session")
        elif error.code == ErrorCode.INVALID_ACL:
            shell.console.error(error.code_text())
        raise
    shell.console.error(f"Created {created}")


def set_data(shell: Shell, given: Parsed) -> None:
    """Set the data of a node."""
    path, text = given.operands[:2]
    data = from_base64(text) if given.has("b") else to_bytes(text)
    stat = shell.session.set_data(path, data, given.number("v", ANY_VERSION))
    if given.has("s"):
        shell.console.out(show_stat(stat))


def delete(shell: Shell, given: Parsed) -> None:
    """Delete a node that has no children."""
    version = given.number("v", ANY_VERSION)
    if len(given.operands) > 1:
        shell.console.error(
            "'delete path [version]' has been deprecated."
            " Please use 'delete [-v version] path' instead."
        )
        # zkCli has come to ignore this version; who gives one wants that version gone and no other.
        if not given.has("v"):
            number = to_number(given.operands[1], bits=32)
            if number is None:
                raise ShellError("version argument must be an int value")
            version = number
    shell.session.delete(given.operands[0], version)


def delete_all(shell: Shell, given: Parsed) -> None:
    """Delete a node and all below it, leaves first."""
    batch = given.number("b", DEFAULT_BATCH)
    session, path = shell.session, given.operands[0]
    paths = subtree(session, path)
    paths.reverse()
    if batch <= 0:
        for each in paths:
            session.delete(each)
        return
    for start in range(0, len(paths), batch):
        if not session.delete_batch(paths[start : start + batch]):
            raise ShellError("Failed to delete some node(s) in the subtree!")


COMMANDS = (
    Command(
        "create",
        "[-s] [-e] [-c] [-t ttl] path [data] [acl]",
        "Create a node; acl is scheme:id:perms[,...] with perms out of cdrwa.",
        create,
        (
            Flag("e", "ephemeral"),
            Flag("s", "sequential"),
            Flag("c", "container"),
            Flag("t", "ttl in milliseconds", "ttl"),
        ),
        operands=(1, None),
    ),
    Command(
        "set",
        "path data [-s] [-v version] [-b]",
        "Set the data of a node.",
        set_data,
        (
            Flag("s", "Print znode stats additionally"),
            Flag("v", "Set with an expected version", "version"),
            Flag("b", "Supply data in base64 format"),
        ),
        operands=(2, None),
    ),
    Command(
        "delete",
        "[-v version] path",
        "Delete a node that has no children.",
        delete,
        (Flag("v", "version", "version"),),
        operands=(1, None),
    ),
    Command(
        "deleteall",
        "path [-b batch size]",
        "Delete a node and all below it.",
        delete_all,
        (Flag("b", "batch size", "size"),),
        operands=(1, None),
    ),
)
