"""What a view keeps of a node that staged transactions change.

Source: ZooKeeper ``ZooKeeperServer.ChangeRecord``.
"""

from speckeeper.tree.node import Node
from speckeeper.wire.records import ACL


class ChangeRecord:
    """A node as it will be after transaction ``zxid``, or gone by then; fields as in Node."""

    __slots__ = (
        "acl",
        "aversion",
        "ctime",
        "cversion",
        "czxid",
        "data",
        "digest",
        "ephemeral_owner",
        "exists",
        "mtime",
        "mzxid",
        "num_children",
        "pzxid",
        "staged_cversion",
        "version",
        "zxid",
    )

    def __init__(self, node: "Node | ChangeRecord", zxid: int, digest: int) -> None:
        """Copy a node; ``digest`` is what it adds to that of the tree."""
        self.zxid = zxid
        self.exists = True
        self.digest = digest
        self.data: bytes | None = node.data
        self.acl: tuple[ACL, ...] = node.acl
        self.czxid: int = node.czxid
        self.mzxid: int = node.mzxid
        self.ctime: int = node.ctime
        self.mtime: int = node.mtime
        self.version: int = node.version
        self.cversion: int = node.cversion
        # What the next child is numbered by. It goes round where the number ends, and ``cversion``
        # does not, for that is what apply will leave: it never lets a parent's number go back.
        self.staged_cversion: int = node.staged_cversion
        self.aversion: int = node.aversion
        self.ephemeral_owner: int = node.ephemeral_owner
        self.pzxid: int = node.pzxid
        self.num_children: int = node.num_children
