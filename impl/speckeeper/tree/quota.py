"""Quotas: limits for a subtree and what the subtree uses, both kept as nodes under
``/zookeeper/quota``.

For a quota on ``/a`` the node ``/zookeeper/quota/a/zookeeper_limits`` holds the limits and
``.../zookeeper_stats`` the usage: how many nodes (``/a`` itself included) and how many bytes of
data. Usage is each server's own account, not replicated; no version changes when it does. The
nearest quota towards the root is the one that counts; a quota on the root does not exist.

A text that cannot be read, which only a client with the right to
write it can have put there, counts as no limits or, for usage, is counted afresh.

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
    """Read ``count=4,bytes=7=;byteHardLimit=9``; None if that is not what it is. An empty value is
    -1.
    """
    pairs: dict[str, int] = {}
    text = (data or b"").decode("utf-8", "replace")
    for pair in _SEPARATOR.split(text) if text else ():
        key, _, rest = pair.partition("=")
        # The limits of 3.7 hide behind a second "=", so that older readers do not see them.
        value = rest.split("=", 1)[0]
        if "=" not in pair or not (value == "" or _NUMBER.match(value)):
            return None
        pairs[key] = int(value) if value else NOT_SET
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


def read_limits(node: Node | None) -> Limits:
    """Return the limits that a limits node holds."""
    pairs = parse_pairs(node.data) if node is not None else None
    if not pairs:
        return Limits()
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
) -> list[Excess]:
    """Return the limits of ``prefix`` that its usage plus a change crosses.

    A figure that does not change is not looked at. The usage is that of the applied tree: changes
    under way do not count, as in ZooKeeper.
    """
    limits = read_limits(nodes.get(limits_path(prefix)))
    stats = nodes.get(stats_path(prefix))
    usage = read_usage(stats) if stats is not None else None
    if usage is None:
        return []
    crossed: list[Excess] = []
    for what, change, used, soft, hard in (
        ("count", count_change, usage.node_count, limits.soft_count, limits.hard_count),
        ("bytes", bytes_change, usage.byte_count, limits.soft_bytes, limits.hard_bytes),
    ):
        is_hard = hard > NOT_SET
        limit = hard if is_hard else soft
        if change and limit > NOT_SET and used + change > limit:
            crossed.append(Excess(prefix, what, used + change, limit, is_hard))
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
    crossed = excesses(nodes, prefix, count_change, bytes_change) if count_change >= 0 else ()
    used = Usage(usage.node_count + count_change, usage.byte_count + bytes_change)
    stats.data = with_usage(stats, used)
    return tuple(map(str, crossed))
