"""The distinct ACL lists of a tree: each is one tuple object, however many nodes have it.

Lists are counted, so that one which no node has any more is forgotten. Each has a number of its own
for snapshots, never given twice. The open list is special: it is always ``OPEN_ACL_UNSAFE`` itself,
so a permission check compares by identity; it is not counted, and its number is -1.

Source: ZooKeeper ``ReferenceCountedACLCache``.
"""

from collections.abc import Mapping

from speckeeper.wire.records import ACL, ANYONE, OPEN_ACL_UNSAFE

OPEN_ACL_ID = -1

# Stands for a list that a snapshot names but does not hold: nobody but super passes it. Such a node
# was changed while the snapshot was being written, and the log that follows sets its list again.
UNKNOWN_ACL = (ACL(0, ANYONE),)


class _Entry:
    """One list, how many nodes have it, its number."""

    __slots__ = ("acl", "acl_id", "users")

    def __init__(self, acl: tuple[ACL, ...], acl_id: int) -> None:
        self.acl = acl
        self.acl_id = acl_id
        self.users = 0


class AclCache:
    """See the module. ``acquire`` and ``release`` pair up for each node that has a list."""

    __slots__ = ("_entries", "_last_id")

    def __init__(self) -> None:
        self._entries: dict[tuple[ACL, ...], _Entry] = {}
        self._last_id = 0

    def __len__(self) -> int:
        """Count the lists other than the open one."""
        return len(self._entries)

    def acquire(self, acl: tuple[ACL, ...], users: int = 1) -> tuple[ACL, ...]:
        """Count ``users`` more nodes with this list; return the tuple object to store in them."""
        if acl is OPEN_ACL_UNSAFE or acl == OPEN_ACL_UNSAFE:
            return OPEN_ACL_UNSAFE
        entry = self._entries.get(acl)
        if entry is None:
            self._last_id += 1
            entry = self._entries[acl] = _Entry(acl, self._last_id)
        entry.users += users
        return entry.acl

    def release(self, acl: tuple[ACL, ...]) -> None:
        """Count one node less with this list."""
        if acl is OPEN_ACL_UNSAFE:
            return
        entry = self._entries[acl]
        entry.users -= 1
        if entry.users <= 0:
            del self._entries[acl]

    def id_of(self, acl: tuple[ACL, ...]) -> int:
        """Return the number of a list that some node has; -1 for the open list."""
        return OPEN_ACL_ID if acl is OPEN_ACL_UNSAFE else self._entries[acl].acl_id

    def table(self) -> dict[int, tuple[ACL, ...]]:
        """Return a copy, number to list, as a snapshot holds it: without the open list."""
        return {entry.acl_id: entry.acl for entry in self._entries.values()}

    def load(self, table: Mapping[int, tuple[ACL, ...]]) -> dict[int, tuple[ACL, ...]]:
        """Take over the numbers of a snapshot, with no users yet; return number to stored tuple.

        Different numbers for equal lists become one.
        """
        self._entries.clear()
        self._last_id = max(table, default=0)
        stored: dict[int, tuple[ACL, ...]] = {OPEN_ACL_ID: OPEN_ACL_UNSAFE}
        for acl_id, acl in table.items():
            if acl == OPEN_ACL_UNSAFE:
                stored[acl_id] = OPEN_ACL_UNSAFE
                continue
            entry = self._entries.setdefault(acl, _Entry(acl, acl_id))
            stored[acl_id] = entry.acl
        return stored

    def purge_unused(self) -> None:
        """Forget lists that no node took after :meth:`load`."""
        for acl in [acl for acl, entry in self._entries.items() if entry.users <= 0]:
            del self._entries[acl]
