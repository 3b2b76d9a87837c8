"""Empty containers and TTL nodes that have outlived their time (ZooKeeper ContainerManager).

Candidates are looked up once per interval and deleted one by one at a limited rate; whether one may
really go is decided when the deletion is prepared, so a node that got a child meanwhile stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from speckeeper.server.settings import ServerSettings
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.ephemeral import EphemeralType, ephemeral_type, ttl_of

_MS_PER_MINUTE = 60_000


class Sweeper:
    """Finds nodes to delete; ``delete(path, now_ms)`` asks for one deletion."""

    def __init__(
        self,
        settings: ServerSettings,
        tree: DataTree,
        delete: Callable[[str, int], None],
        now_ms: int,
    ) -> None:
        self._settings = settings
        self._tree = tree
        self._delete = delete
        self._interval_ms = settings.container_check_interval_ms
        self._pause_ms = _MS_PER_MINUTE // max(settings.container_max_per_minute, 1)
        self._check_ms = now_ms + self._interval_ms
        self._next_ms = now_ms
        self._candidates: deque[str] = deque()

    def sweep(self, now_ms: int, wall_ms: int) -> None:
        """Look for candidates when it is time, and ask for the deletions that are due."""
        if now_ms >= self._check_ms and not self._candidates:
            self._check_ms = now_ms + self._interval_ms
            self._candidates.extend(candidates(self._tree, self._settings, wall_ms))
            self._next_ms = now_ms
        while self._candidates and self._next_ms <= now_ms:
            self._delete(self._candidates.popleft(), now_ms)
            self._next_ms += self._pause_ms


def candidates(tree: DataTree, settings: ServerSettings, wall_ms: int) -> list[str]:
    """Paths that may be deleted at ``wall_ms``, sorted.

    A container without children that has had one (its cversion tells), or has had none for too
    long; a TTL node without children that was not written for longer than its TTL.
    """
    never_used_ms = settings.container_max_never_used_interval_ms
    found: set[str] = set()
    for path in tree.containers:
        node = tree.nodes.get(path)
        if node is None or node.children:
            continue
        if node.cversion > 0 or (never_used_ms and wall_ms - node.mtime > never_used_ms):
            found.add(path)
    for path in tree.ttls:
        node = tree.nodes.get(path)
        if node is None or node.children:
            continue
        if ephemeral_type(node.ephemeral_owner) is EphemeralType.TTL:
            ttl_ms = ttl_of(node.ephemeral_owner)
            if ttl_ms and wall_ms - node.mtime > ttl_ms:
                found.add(path)
    return sorted(found)
