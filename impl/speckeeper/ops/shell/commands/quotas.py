"""setquota, listquota, delquota.

A quota is two nodes below /zookeeper/quota + path: zookeeper_limits, which these commands write,
and zookeeper_stats, which the server keeps. Paths here are the server's, so that a quota set below
a chroot is one that the server enforces.

Source: ZooKeeper ``SetQuotaCommand``, ``ListQuotaCommand``, ``DelQuotaCommand``, ``Quotas``,
``StatsTrack``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from speckeeper.ops.shell.commands.command import Command
from speckeeper.ops.shell.errors import KeeperError, ShellError
from speckeeper.ops.shell.flags import Flag, Group, Parsed, to_number
from speckeeper.ops.shell.session import Session
from speckeeper.ops.shell.stats_track import StatsTrack
from speckeeper.ops.shell.subtree import visit
from speckeeper.wire.codes import CreateFlag, ErrorCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE

if TYPE_CHECKING:
    from speckeeper.ops.shell.shell import Shell

QUOTA = "/zookeeper/quota"
LIMITS = "zookeeper_limits"
STATS = "zookeeper_stats"

_KEYS = {"n": "count", "b": "bytes", "N": "countHardLimit", "B": "byteHardLimit"}
_FLAGS = (
    ("n", "num soft quota"),
    ("b", "bytes soft quota"),
    ("N", "num hard quota"),
    ("B", "bytes hard quota"),
)


def set_quota(shell: Shell, given: Parsed) -> None:
    """Limit how many nodes or bytes there may be at and below a node."""
    path = given.operands[0]
    if path.startswith(QUOTA):
        raise ShellError(f"cannot set a quota under the path: {QUOTA}")
    limit = _limit(given)
    session = shell.session.unrooted()
    full = shell.session.server_path(path)
    if session.exists(full) is None:
        raise ShellError(f"{path} does not exist.")
    _refuse_nested(session, full, path)
    base = QUOTA + full
    limits_path, stats_path = f"{base}/{LIMITS}", f"{base}/{STATS}"
    if session.exists(limits_path) is None:
        _create_above(session, full)
        unset = dict.fromkeys(_KEYS.values(), -1)
        limits = StatsTrack(unset | limit)
        _create(session, limits_path, limits.encode())
        _create(session, stats_path, StatsTrack({"count": 0, "bytes": 0}).encode())
        _warn(shell, limits, _read(session, stats_path))
    else:
        limits = StatsTrack(_read(session, limits_path).values | limit)
        _warn(shell, limits, _read(session, stats_path))
        session.set_data(limits_path, limits.encode(), -1)


def _limit(given: Parsed) -> dict[str, int]:
    """Return the one limit that was given, by its key in the limits node."""
    ((name, text),) = given.flags.items()
    count = name in "nN"
    value = to_number(text or "", bits=32 if count else 64)
    if value is None:
        raise ShellError(f"-{name} {text}: not a number that fits")
    if count and value <= 0:
        raise ShellError("the num quota must be greater than zero")
    if value < 0:
        raise ShellError("the bytes quota must be greater than or equal to zero")
    return {_KEYS[name]: value}


def _refuse_nested(session: Session, full: str, path: str) -> None:
    """Raise ShellError where a node above or below has a quota: only one would be enforced."""
    own = f"{QUOTA}{full}/{LIMITS}"
    try:
        for node in visit(session, QUOTA + full):
            if node.endswith("/" + LIMITS) and node != own:
                below = node[len(QUOTA) : -len(LIMITS) - 1]
                raise ShellError(f"{path} has a child {below} which has a quota")
    except KeeperError as error:
        if error.code != ErrorCode.NO_NODE:
            raise
    above = full
    while above := above[: above.rindex("/")]:
        if session.exists(f"{QUOTA}{above}/{LIMITS}") is not None:
            raise ShellError(f"{path} has a parent {above} which has a quota")


def _create_above(session: Session, full: str) -> None:
    """Create the nodes below /zookeeper/quota that lead to the limits."""
    path = QUOTA
    for name in full.split("/")[1:]:
        path = f"{path}/{name}"
        try:
            _create(session, path, None)
        except KeeperError as error:
            if error.code != ErrorCode.NODE_EXISTS:
                raise


def _create(session: Session, path: str, data: bytes | None) -> None:
    session.create(path, data, OPEN_ACL_UNSAFE, CreateFlag.PERSISTENT, -1)


def _read(session: Session, path: str) -> StatsTrack:
    return StatsTrack.decode(session.get_data(path)[0] or b"")


def _warn(shell: Shell, limits: StatsTrack, stats: StatsTrack) -> None:
    for name, soft, hard, used in (
        ("count", "count", "countHardLimit", stats.get("count")),
        ("bytes", "bytes", "byteHardLimit", stats.get("bytes")),
    ):
        if any(-1 < limits.get(key) < used for key in (soft, hard)):
            shell.console.out(
                f"[Warning]: the {name} quota you create is less than the existing {name}:{used}"
            )


def list_quota(shell: Shell, given: Parsed) -> None:
    """Print a node's quota and what is used of it."""
    path = given.operands[0]
    base = QUOTA + shell.session.server_path(path)
    session = shell.session.unrooted()
    shell.console.error(f"absolute path is {base}/{LIMITS}")
    try:
        limits = _read(session, f"{base}/{LIMITS}")
        stats = _read(session, f"{base}/{STATS}")
    except KeeperError as error:
        if error.code != ErrorCode.NO_NODE:
            raise
        shell.console.error(f"quota for {path} does not exist.")
        return
    shell.console.out(f"Output quota for {path} {limits}")
    shell.console.out(f"Output stat for {path} {stats}")


def delete_quota(shell: Shell, given: Parsed) -> None:
    """Remove one limit of a node, or its whole quota."""
    path = given.operands[0]
    base = QUOTA + shell.session.server_path(path)
    session = shell.session.unrooted()
    try:
        if session.exists(f"{base}/{LIMITS}") is None:
            shell.console.out(f"Quota does not exist for {path}")
        elif given.flags:
            unset = {_KEYS[name]: -1 for name in given.flags}
            limits = StatsTrack(_read(session, f"{base}/{LIMITS}").values | unset)
            session.set_data(f"{base}/{LIMITS}", limits.encode(), -1)
        else:
            for name in session.get_children(base)[0]:
                session.delete(f"{base}/{name}")
            _trim(session, base)
    except KeeperError as error:
        if error.code != ErrorCode.NO_NODE:
            raise
        shell.console.error(f"quota for {path} does not exist.")


def _trim(session: Session, path: str) -> None:
    """Delete a node below /zookeeper/quota and those above it that nothing is below any more."""
    while path != QUOTA and not session.get_children(path)[0]:
        session.delete(path)
        path = path[: path.rindex("/")]


COMMANDS = (
    Command(
        "setquota",
        "-n|-b|-N|-B val path",
        "Limit the nodes (-n, -N) or bytes (-b, -B) at and below a node; capitals are enforced.",
        set_quota,
        tuple(Flag(name, text, "val") for name, text in _FLAGS),
        Group(tuple(_KEYS), required=True),
        operands=(1, None),
    ),
    Command(
        "listquota",
        "path",
        "Print the quota of a node and what is used of it.",
        list_quota,
        operands=(1, None),
    ),
    Command(
        "delquota",
        "[-n|-b|-N|-B] path",
        "Remove one limit of a node, or its whole quota.",
        delete_quota,
        tuple(Flag(name, text) for name, text in _FLAGS),
        Group(tuple(_KEYS)),
        operands=(1, None),
    ),
)
