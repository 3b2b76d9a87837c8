"""Replies of getData and exists kept ready-made, found by the bytes of the request.

A hit costs no decoding, no look-up in the tree and no encoding. Only what the whole world may read
is kept, and only for requests that set no watch, so an entry depends on nothing but its node;
whoever applies a change to a node, or to the children of one, calls :meth:`ReplyCache.forget`.

ZooKeeper ResponseCache has the same purpose, and its limit (``maxResponseCacheSize``) is kept.
"""

from speckeeper.tree.paths import ZOOKEEPER_SUBTREE

_BESIDE_THE_PATH = 9  # int opcode, int length of the path, and the byte that says "no watch"


class ReplyCache:
    """Reply bodies by request: int opcode, ustring path, a zero byte (no watch)."""

    __slots__ = ("_requests", "bodies", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.bodies: dict[bytes, bytes] = {}
        self._requests: dict[str, list[bytes]] = {}  # which of them are about a path

    def keep(self, path: str, request: bytes, body: bytes) -> None:
        """Remember a reply. When there are too many, all go: making room one by one costs more.

        Not below /zookeeper, where quota usage changes without anybody being told; not for the
        root under its other name, the empty path; and not for a request with bytes behind it: no
        change would find these again.
        """
        if not path or len(request) != _BESIDE_THE_PATH + len(path):
            return
        if path.startswith(ZOOKEEPER_SUBTREE):
            return
        bodies = self.bodies
        if len(bodies) >= self.most:
            if not self.most:
                return
            self.clear()
        if request not in bodies:
            self._requests.setdefault(path, []).append(request)
        bodies[request] = body

    def forget(self, path: str) -> None:
        """Drop what is kept for a node that has changed."""
        for request in self._requests.pop(path, ()):
            del self.bodies[request]

    def clear(self) -> None:
        """Drop everything."""
        self.bodies.clear()
        self._requests.clear()
