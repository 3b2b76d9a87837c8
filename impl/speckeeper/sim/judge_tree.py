"""The committed log, applied to a tree of the judge's own, and every state that it has had.

How a transaction changes a tree is not said again here: ``tree.apply`` does it. What is kept is
what each node was after each change, so that a reply can be held to the state at its zxid.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import NamedTuple

from speckeeper.sim.violation import Violation
from speckeeper.tree.apply import apply
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import EventType, OpCode
from speckeeper.wire.records import Stat
from speckeeper.wire.txns import Txn

_ZXID = itemgetter(0)


_OF_SESSIONS = (OpCode.CREATE_SESSION, OpCode.CLOSE_SESSION)

Digest = tuple[int, int]
"""The digest of a tree's nodes, and one of its sessions."""


def digest_of(tree: DataTree) -> Digest:
    """Return the digests of a tree."""
    return tree.digest, sum(tree.sessions) + sum(tree.sessions.values())


class NodeState(NamedTuple):
    """A node as it was for a while."""

    data: bytes
    stat: Stat
    children: frozenset[str]


class Change(NamedTuple):
    """An event, as watches may wait for it."""

    zxid: int
    kind: EventType


_History = list[tuple[int, NodeState | None]]


class JudgedTree:
    """A tree with all its states."""

    def __init__(self) -> None:
        self.tree = DataTree()
        self._digests: list[tuple[int, Digest]] = [(0, digest_of(self.tree))]
        self._states: dict[str, _History] = {}
        self._changes: dict[str, list[Change]] = {}
        self._touch("/", 0)

    def apply(self, txn: Txn) -> None:
        """Apply the next committed transaction."""
        zxid = txn.header.zxid
        applied = apply(self.tree, txn)
        for kind, path, _ in applied.events:
            self._changes.setdefault(path, []).append(Change(zxid, kind))
        for path in dict.fromkeys(event.path for event in applied.events):
            self._touch(path, zxid)
        known = self._digests[-1][1]
        sessions = digest_of(self.tree)[1] if txn.header.type in _OF_SESSIONS else known[1]
        self._digests.append((zxid, (self.tree.digest, sessions)))

    def _touch(self, path: str, zxid: int) -> None:
        node = self.tree.nodes.get(path)
        state = None
        if node is not None:
            state = NodeState(node.data or b"", node.stat(), frozenset(node.children or ()))
        self._states.setdefault(path, []).append((zxid, state))

    def state(self, path: str, zxid: int) -> NodeState | None:
        """Return what a node was after a transaction; None: there was none."""
        states = self._states.get(path, [])
        index = bisect_right(states, zxid, key=_ZXID)
        return states[index - 1][1] if index else None

    def changes(self, path: str, after: int, upto: int) -> list[Change]:
        """Return the events of a node in an interval of time, its first zxid left out."""
        changes = self._changes.get(path, [])
        return changes[
            bisect_right(changes, after, key=_ZXID) : bisect_right(changes, upto, key=_ZXID)
        ]

    def digest_at(self, zxid: int) -> Digest:
        """Return the digests of the tree after a transaction."""
        return self._digests[bisect_right(self._digests, zxid, key=_ZXID) - 1][1]

    def compare_all(self, server_id: int, tree: DataTree) -> None:
        """Hold what no digest covers to the judge's tree: sessions, and who owns what."""
        ours = self.tree
        for what, found, wanted in (
            ("sessions", tree.sessions, ours.sessions),
            ("ephemerals", tree.ephemerals, ours.ephemerals),
            ("nodes", tree.nodes.keys(), ours.nodes.keys()),
        ):
            if found != wanted:
                raise Violation(f"Agreement: the {what} of {server_id} are {found}, not {wanted}")
