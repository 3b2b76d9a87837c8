"""Replies of getData and exists kept ready-made, found by the bytes of the request.

A hit costs no decoding, no look-up in the tree and no encoding. Only what the whole world may read
is kept, and only for requests that set no watch, so an entry depends on nothing but its node;
whoever applies a change to a node, or to the children of one, calls :meth:`ReplyCache.forget`.

ZooKeeper ResponseCache has the same purpose. Its ``maxResponseCacheSize`` counts replies, however
large; here it is a budget of memory, so that many small replies fit where few large ones would.
"""

from speckeeper.tree.paths import ZOOKEEPER_SUBTREE

#: What one reply of the limit stands for. The default, 400, thus is 1.6 MB.
BUDGET_PER_REPLY = 4096
# What a small reply costs with its request and the entries in two tables.
_LEAST_COST = 256
# A reply larger than this part of the budget would drive out too many others.
_LARGEST_PART = 16
_BESIDE_THE_PATH = 9  # int opcode, int length of the path, and the byte that says "no watch"


class ReplyCache:
    """Reply bodies by request: int opcode, ustring path, a zero byte (no watch)."""

    __slots__ = ("_left", "bodies", "budget", "requests")

    def __init__(self, replies: int) -> None:
        """``replies``: the limit, in replies of :data:`BUDGET_PER_REPLY`; 0 keeps nothing."""
        self.budget = max(replies, 0) * BUDGET_PER_REPLY
        self.bodies: dict[bytes, bytes] = {}
        self.requests: dict[str, list[bytes]] = {}
        """Which of them are about a path."""
        self._left = self.budget

    def keep(self, path: str, request: bytes, body: bytes) -> None:
        """Remember a reply. When there is no room, all go: making room one by one costs more.

        Not below /zookeeper, where quota usage changes without anybody being told; not for the
        root under its other name, the empty path; and not for a request with bytes behind it: no
        change would find these again.
        """
        size = len(body)
        if size > self.budget // _LARGEST_PART or request in self.bodies:
            return
        if not path or len(request) != _BESIDE_THE_PATH + len(path):
            return
        if path.startswith(ZOOKEEPER_SUBTREE):
            return
        cost = size if size > _LEAST_COST else _LEAST_COST
        if cost > self._left:
            self.clear()
        self._left -= cost
        self.bodies[request] = body
        self.requests.setdefault(path, []).append(request)

    def forget(self, path: str) -> None:
        """Drop what is kept for a node that has changed."""
        for request in self.requests.pop(path, ()):
            size = len(self.bodies.pop(request))
            self._left += size if size > _LEAST_COST else _LEAST_COST

    def clear(self) -> None:
        """Drop everything."""
        self.bodies.clear()
        self.requests.clear()
        self._left = self.budget
