"""Replies of getData and exists kept ready-made, found by the bytes of the request.

A hit costs no decoding, no look-up in the tree and no encoding. Only what the whole world may read
is kept, and only for requests that set no watch, so an entry depends on nothing but its node;
whoever applies a change to a node, or to the children of one, calls :meth:`ReplyCache.forget`.

ZooKeeper ResponseCache has the same purpose, and its limit (``maxResponseCacheSize``) is kept.
"""

from struct import Struct

from speckeeper.tree.paths import ZOOKEEPER_SUBTREE
from speckeeper.wire.codes import OpCode

_OP_AND_SIZE = Struct(">ii")
_NO_WATCH = b"\0"
_GET_DATA = int(OpCode.GET_DATA)
_EXISTS = int(OpCode.EXISTS)


class ReplyCache:
    """Reply bodies by request: int opcode, ustring path, a zero byte (no watch)."""

    __slots__ = ("bodies", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.bodies: dict[bytes, bytes] = {}

    def keep(self, path: str, request: bytes, body: bytes) -> None:
        """Remember a reply; the oldest one makes room when there are too many.

        Not below /zookeeper, where quota usage changes without anybody being told; not for the
        root under its other name, the empty path; and not for a request with bytes behind it: no
        change would find these again.
        """
        bodies = self.bodies
        if not path or path.startswith(ZOOKEEPER_SUBTREE):
            return
        if request[-1] or len(request) != 9 + len(path):
            return
        if len(bodies) >= self.most:
            if not self.most:
                return
            del bodies[next(iter(bodies))]
        bodies[request] = body

    def forget(self, path: str) -> None:
        """Drop what is kept for a node that has changed."""
        bodies = self.bodies
        if bodies:
            raw = path.encode()
            size = len(raw)
            tail = raw + _NO_WATCH
            bodies.pop(_OP_AND_SIZE.pack(_GET_DATA, size) + tail, None)
            bodies.pop(_OP_AND_SIZE.pack(_EXISTS, size) + tail, None)
