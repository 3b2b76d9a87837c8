"""Quotas: limits for a subtree and what the subtree uses, both kept as nodes under
``/zookeeper/quota``.

For a quota on ``/a`` the node ``/zookeeper/quota/a/zookeeper_limits`` holds the limits and
``.../zookeeper_stats`` the usage: how many nodes (``/a`` itself included) and how many bytes of
data. Usage is each server's own account, not replicated; no version changes when it does. The
nearest quota towards the root is the one that counts; a quota on the root does not exist.

Only a client with the right to write there can have put a text that cannot be read. As long as it
is there, writes that ask for it answer MarshallingError; applied changes count usage afresh.

Source: ZooKeeper ``StatsTrack``, ``Quotas``, ``ZooKeeperServer.checkQuota``,
``DataTree.getMaxPrefixWithQuota``.
"""

import re
from collections.abc import Mapping, MutableSet, Set
from typing import NamedTuple

from speckeeper.tree.node import Node, descendants
from speckeeper.tree.paths import QUOTA

LIMITS_NODE = "zookeeper_limits"
STATS_NODE = "zookeeper_stats"
NOT_SET = -1

_LIMITS_ENDING = "/" + LIMITS_NODE
_STATS_ENDING = "/" + STATS_NODE

_SEPARATOR = re.compile("[,;]+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}\Z")


class Limits(NamedTuple):
    """Limits of a subtree; -1 is none. A hard limit takes the place of the soft one."""

    soft_count: int = NOT_SET
    soft_bytes: int = NOT_SET
    hard_count: int = NOT_SET
    hard_bytes: int = NOT_SET


class Usage(NamedTuple):
    """What a subtree uses: nodes, and bytes of data."""

    node_count: int
    byte_count: int


class Excess(NamedTuple):
    """A limit that a change would cross."""

    prefix: str
    what: str
    used: int
    limit: int
    is_hard: bool

    def __str__(self) -> str:
        kind = "hard" if self.is_hard else "soft"
        return (
            f"quota of {self.prefix} exceeded: {self.what} {self.used}, {kind} limit {self.limit}"
        )


def limits_path(path: str) -> str:
    """Return where the limits of a path are kept."""
    return f"{QUOTA}{path}/{LIMITS_NODE}"


def stats_path(path: str) -> str:
    """Return where the usage of a path is kept."""
    return f"{QUOTA}{path}/{STATS_NODE}"


def nearest_quota(quotas: Set[str], path: str) -> str | None:
    """Return the path with a quota that is nearest to ``path``: itself, its parent and so on."""
    while path not in quotas:
        path = path[: path.rfind("/")]
        if not path:
            return None
    return path


def parse_pairs(data: bytes | None) -> dict[str, int] | None:
    """Read ``count=4,bytes=7=;byteHardLimit=9``; None for what ``StatsTrack`` throws on.

    Java's split is in here: it drops empty parts at the end, of the text and of a pair.
    """
    if data is None:
        return None
    texts = _SEPARATOR.split(data.decode("utf-8", "replace"))
    while texts and not texts[-1]:
        texts.pop()
    pairs: dict[str, int] = {}
    for text in texts:
        # The limits of 3.7 hide behind a second "=", so that older readers do not see them.
        parts = text.rstrip("=").split("=")
        if len(parts) < 2 or not _NUMBER.match(parts[1] or "0"):
            return None
        number = int(parts[1]) if parts[1] else NOT_SET
        if not -(1 << 63) <= number < 1 << 63:
            return None
        pairs[parts[0]] = number
    return pairs


def format_pairs(pairs: Mapping[str, int]) -> bytes:
    """Write what :func:`parse_pairs` reads: count and bytes first, the others sorted behind a
    ``=``.
    """
    text = f"count={pairs.get('count', NOT_SET)},bytes={pairs.get('bytes', NOT_SET)}"
    others = sorted(pairs.keys() - {"count", "bytes"})
    if others:
        text += "=" + "".join(f";{key}={pairs[key]}" for key in others)
    return text.encode()


def read_limits(node: Node) -> Limits | None:
    """Return the limits that a limits node holds, None if they cannot be read."""
    pairs = parse_pairs(node.data)
    if pairs is None:
        return None
    return Limits(
        pairs.get("count", NOT_SET),
        pairs.get("bytes", NOT_SET),
        pairs.get("countHardLimit", NOT_SET),
        pairs.get("byteHardLimit", NOT_SET),
    )


def read_usage(node: Node) -> Usage | None:
    """Return the usage that a stats node holds, None if it cannot be read."""
    pairs = parse_pairs(node.data)
    if pairs is None:
        return None
    return Usage(pairs.get("count", NOT_SET), pairs.get("bytes", NOT_SET))


def with_usage(node: Node, usage: Usage) -> bytes:
    """Return the text of a stats node with new usage; other pairs it may hold stay."""
    pairs = parse_pairs(node.data) or {}
    return format_pairs({**pairs, "count": usage.node_count, "bytes": usage.byte_count})


def excesses(
    nodes: Mapping[str, Node], prefix: str, count_change: int, bytes_change: int
) -> list[Excess] | None:
    """Return the limits of ``prefix`` that its usage plus a change crosses.

    None if a text that is needed cannot be read. A figure that does not change is not looked at.
    The usage is that of the applied tree: changes under way do not count, as in ZooKeeper.
    """
    limits_node, stats_node = nodes.get(limits_path(prefix)), nodes.get(stats_path(prefix))
    if limits_node is None:
        return []
    limits = read_limits(limits_node)
    if limits is None:
        return None
    count_limit = limits.hard_count if limits.hard_count > NOT_SET else limits.soft_count
    bytes_limit = limits.hard_bytes if limits.hard_bytes > NOT_SET else limits.soft_bytes
    limits_count = count_change != 0 and count_limit > NOT_SET
    limits_bytes = bytes_change != 0 and bytes_limit > NOT_SET
    if stats_node is None or not (limits_count or limits_bytes):
        return []
    usage = read_usage(stats_node)
    if usage is None:
        return None
    crossed: list[Excess] = []
    used = usage.node_count + count_change
    if limits_count and used > count_limit:
        is_hard = limits.hard_count > NOT_SET
        crossed.append(Excess(prefix, "count", used, count_limit, is_hard))
    used = usage.byte_count + bytes_change
    if limits_bytes and used > bytes_limit:
        is_hard = limits.hard_bytes > NOT_SET
        crossed.append(Excess(prefix, "bytes", used, bytes_limit, is_hard))
    return crossed


def limited_paths(nodes: Mapping[str, Node]) -> list[str]:
    """Return the paths that have limits, after a tree was loaded (``DataTree.setupQuota``)."""
    paths = map(_limited_by, descendants(nodes, QUOTA))
    return [path for path in paths if path is not None]


def _limited_by(path: str) -> str | None:
    """Return the path whose limits node this is, None for any other; the root can have none."""
    limited = path[len(QUOTA) : -len(_LIMITS_ENDING)]
    return limited if path.endswith(_LIMITS_ENDING) and limited.startswith("/") else None


def quota_node_added(nodes: Mapping[str, Node], quotas: MutableSet[str], path: str) -> None:
    """Begin to keep account when a node with limits or usage appears below ``/zookeeper/quota``."""
    limited = _limited_by(path)
    if limited is not None:
        quotas.add(limited)
    elif path.endswith(_STATS_ENDING):
        count_usage(nodes, path[len(QUOTA) : -len(_STATS_ENDING)])


def quota_node_removed(quotas: MutableSet[str], path: str) -> None:
    """Stop to keep account when the limits go."""
    limited = _limited_by(path)
    if limited is not None:
        quotas.discard(limited)


def count_usage(nodes: Mapping[str, Node], path: str) -> None:
    """Set the usage of ``path`` to what is there (``DataTree.updateQuotaForPath``)."""
    stats = nodes.get(stats_path(path))
    if stats is None:
        return
    members: list[Node] = []
    if path in nodes:
        members = [nodes[path], *(nodes[name] for name in descendants(nodes, path))]
    size = sum(len(member.data or b"") for member in members)
    stats.data = format_pairs({"count": len(members), "bytes": size})


def account(
    nodes: Mapping[str, Node], quotas: Set[str], path: str, count_change: int, bytes_change: int
) -> tuple[str, ...]:
    """Add a change to the usage of the nearest quota; return warnings where it crosses a limit.

    An enforced limit has refused the request before it became a transaction. A deletion crosses
    nothing. (``DataTree.updateQuotaStat``; the warnings are those of
    ``ZooKeeperServer.checkQuota``, which from 3.7 on are only there with ``enforceQuota``, here
    always.)
    """
    prefix = nearest_quota(quotas, path)
    stats = nodes.get(stats_path(prefix)) if prefix is not None else None
    if prefix is None or stats is None:
        return ()
    usage = read_usage(stats)
    if usage is None:
        count_usage(nodes, prefix)
        return ()
    crossed = excesses(nodes, prefix, count_change, bytes_change) if count_change >= 0 else None
    used = Usage(usage.node_count + count_change, usage.byte_count + bytes_change)
    stats.data = with_usage(stats, used)
    return tuple(map(str, crossed or ()))
