"""A node of the tree: data, ACL, children and the stored half of its Stat.

Written for a million of them: ``__slots__``, no children container for a leaf, and every field
shared where it can be (a new node has one int object for its three zxids and one for its two times,
equal ACL lists are one tuple). ``children`` maps the **full path** of each child to None: the key
is the very string that the tree's ``nodes`` has for the child, so a child costs a pointer here and
no second string. A dict rather than a set because it is smaller, keeps the order of creation, and
the garbage collector does not walk it.

Source: ZooKeeper ``DataNode``, ``StatPersisted``.
"""

from collections.abc import Iterator, Mapping

from speckeeper.tree.ephemeral import shown_owner
from speckeeper.wire.records import ACL, STAT, Stat

_INT_MIN, _INT_MAX = -(1 << 31), (1 << 31) - 1
_pack_stat = STAT.pack
_new_stat = tuple.__new__


def int32(value: int) -> int:
    """Wrap to a signed 32-bit number, as Java's int arithmetic does."""
    if _INT_MIN <= value <= _INT_MAX:
        return value
    return (value - _INT_MIN & 0xFFFFFFFF) + _INT_MIN


def descendants(nodes: "Mapping[str, Node]", path: str) -> Iterator[str]:
    """Yield the paths below ``path``, parents first; the tree must not change meanwhile."""
    pending = [path]
    while pending:
        node = nodes.get(pending.pop())
        if node is not None and node.children:
            yield from node.children
            pending.extend(node.children)


class Node:
    """One node. Field names are ZooKeeper's; ``cversion`` counts children ever created, see
    :meth:`stat`.
    """

    __slots__ = (
        "acl",
        "aversion",
        "children",
        "ctime",
        "cversion",
        "czxid",
        "data",
        "digest",
        "ephemeral_owner",
        "mtime",
        "mzxid",
        "pzxid",
        "version",
    )

    def __init__(
        self,
        data: bytes | None,
        acl: tuple[ACL, ...],
        czxid: int,
        mzxid: int,
        ctime: int,
        mtime: int,
        version: int,
        cversion: int,
        aversion: int,
        ephemeral_owner: int,
        pzxid: int,
    ) -> None:
        self.data = data
        self.acl = acl
        self.children: dict[str, None] | None = None
        self.czxid = czxid
        self.mzxid = mzxid
        self.ctime = ctime
        self.mtime = mtime
        self.version = version
        self.cversion = cversion
        self.aversion = aversion
        self.ephemeral_owner = ephemeral_owner
        self.pzxid = pzxid
        self.digest: int | None = None
        """What the node counts for in the digest of its tree, where that is known."""

    @property
    def num_children(self) -> int:
        """How many children the node has now."""
        children = self.children
        return len(children) if children else 0

    @property
    def staged_cversion(self) -> int:
        """What the next child is numbered by; a :class:`ChangeRecord` may be ahead of this."""
        return self.cversion

    def stat(self) -> Stat:
        """Return what clients are shown.

        The tree counts creations of children; clients expect creations plus deletions. Every child
        not there any more was deleted once, hence ``2 * stored - children``.
        """
        data, children = self.data, self.children
        count = len(children) if children else 0
        owner = self.ephemeral_owner
        return _new_stat(
            Stat,
            (
                self.czxid,
                self.mzxid,
                self.ctime,
                self.mtime,
                self.version,
                int32(2 * self.cversion - count),
                self.aversion,
                shown_owner(owner) if owner else 0,
                len(data) if data else 0,
                count,
                self.pzxid,
            ),
        )

    def encode_stat(self) -> bytes:
        """Return the 68 bytes of :meth:`stat` without building the record, for replies to reads."""
        data, children = self.data, self.children
        count = len(children) if children else 0
        changes = 2 * self.cversion - count
        owner = self.ephemeral_owner
        return _pack_stat(
            self.czxid,
            self.mzxid,
            self.ctime,
            self.mtime,
            self.version,
            changes if _INT_MIN <= changes <= _INT_MAX else int32(changes),
            self.aversion,
            shown_owner(owner) if owner else 0,
            len(data) if data else 0,
            count,
            self.pzxid,
        )

    def encode_stat_to_be(self, size: int, version: int, mzxid: int, mtime: int) -> bytes:
        """Return what :meth:`encode_stat` will after a setData with so many bytes."""
        children = self.children
        count = len(children) if children else 0
        changes = 2 * self.cversion - count
        owner = self.ephemeral_owner
        return _pack_stat(
            self.czxid,
            mzxid,
            self.ctime,
            mtime,
            version,
            changes if _INT_MIN <= changes <= _INT_MAX else int32(changes),
            self.aversion,
            shown_owner(owner) if owner else 0,
            size,
            count,
            self.pzxid,
        )

    def add_child(self, path: str) -> None:
        """Link a child by its full path; again is harmless."""
        if self.children is None:
            self.children = {path: None}
        else:
            self.children[path] = None

    def remove_child(self, path: str) -> None:
        """Unlink a child by its full path, if it is one."""
        children = self.children
        if children is not None:
            children.pop(path, None)
            if not children:
                self.children = None
