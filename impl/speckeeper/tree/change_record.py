"""What a view keeps of a node that staged transactions change.

Source: ZooKeeper ``ZooKeeperServer.ChangeRecord``.
"""

from __future__ import annotations

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

    # Attributes stored by hand in two places, and no loop: one is made for each write.
    def __init__(self, node: Node | ChangeRecord, zxid: int, digest: int) -> None:
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
        self.aversion: int = node.aversion
        self.ephemeral_owner: int = node.ephemeral_owner
        self.pzxid: int = node.pzxid
        if type(node) is Node:
            children = node.children
            self.staged_cversion = node.cversion
            self.num_children = len(children) if children else 0
        else:
            self.staged_cversion = node.staged_cversion
            self.num_children = node.num_children

    @staticmethod
    def of_new(
        data: bytes | None, acl: tuple[ACL, ...], zxid: int, time: int, owner: int
    ) -> ChangeRecord:
        """Return the record of a node that transaction ``zxid`` creates."""
        self: ChangeRecord = _new(ChangeRecord)
        self.zxid = self.czxid = self.mzxid = self.pzxid = zxid
        self.ctime = self.mtime = time
        self.version = self.cversion = self.staged_cversion = self.aversion = 0
        self.num_children = self.digest = 0
        self.exists = True
        self.data = data
        self.acl = acl
        self.ephemeral_owner = owner
        return self


_new = object.__new__
