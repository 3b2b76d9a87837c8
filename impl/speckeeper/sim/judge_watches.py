"""Watches of one client: the event comes once, and ahead of any reply that reveals the change.

A standard watch waits for the first event of its node that it is meant for. Events are those that
``tree.apply`` gives for the committed log; what they mean for setWatches is ZooKeeper's
``DataTree.setWatches``: one that finds the node as it is waited for may have missed changes.
"""

from __future__ import annotations

from speckeeper.sim.judge_tree import Change, JudgedTree
from speckeeper.sim.violation import Violation
from speckeeper.wire.codes import EventType, OpCode
from speckeeper.wire.requests import SetWatchesRequest

_DATA = (EventType.NODE_CREATED, EventType.NODE_DELETED, EventType.NODE_DATA_CHANGED)
_CHILD = (EventType.NODE_CHILDREN_CHANGED, EventType.NODE_DELETED)
_EXISTS = int(OpCode.EXISTS)
_CHILDREN = int(OpCode.GET_CHILDREN2)
_NO_ZXID = -1


class JudgedWatches:
    """The watches that a client has, by node: up to which zxid they are known not to have fired."""

    def __init__(self, name: str, tree: JudgedTree) -> None:
        self._name = name
        self._tree = tree
        self._data: dict[str, int] = {}
        self._exist: dict[str, int] = {}
        self._child: dict[str, int] = {}

    def clear(self) -> None:
        """Forget all: the session is over."""
        for table in (self._data, self._exist, self._child):
            table.clear()

    def set(self, op: int, path: str, found: bool, zxid: int) -> None:
        """Note a watch that a read has set."""
        if op == _CHILDREN:
            table = self._child
        elif op == _EXISTS and not found:
            table = self._exist
        else:
            table = self._data
        if found or op == _EXISTS:
            table.setdefault(path, zxid)

    def request(self, last_zxid: int) -> SetWatchesRequest | None:
        """Return what a client asks when it connects anew; None: it has no watches."""
        if not (self._data or self._exist or self._child):
            return None
        return SetWatchesRequest(
            last_zxid, tuple(self._data), tuple(self._exist), tuple(self._child)
        )

    def replied(self, zxid: int) -> None:
        """Nothing that is waited for has happened up to the zxid of a reply."""
        for table, kinds in self._tables():
            for path, since in table.items():
                if zxid <= since:
                    continue
                missed = self._first(path, kinds, since, zxid)
                if missed is not None:
                    raise Violation(
                        f"WatchOrder: {self._name} has a reply at {zxid:#x}, and was not told of "
                        f"{missed.kind.name} of {path} at {missed.zxid:#x}"
                    )
                table[path] = zxid

    def rewatched(self, zxid: int) -> None:
        """The answer to setWatches has come: what was missed has been told of before."""
        for path in self._exist:
            if self._tree.state(path, zxid) is not None:
                raise Violation(
                    f"WatchOrder: {self._name} watches for {path} again, and it is there at "
                    f"{zxid:#x}"
                )
            self._exist[path] = max(zxid, self._exist[path])
        self.replied(zxid)

    def fired(self, kind: int, path: str, zxid: int, upto: int) -> None:
        """An event has come. ``upto``: what is committed; ``zxid`` -1: it is of setWatches."""
        waited = False
        for table, kinds in self._tables():
            if kind not in kinds or path not in table:
                continue
            if waited and zxid == _NO_ZXID:
                continue  # setWatches tells of each table apart
            waited = True
            since = table.pop(path)
            first = self._first(path, kinds, since, upto)
            if first is None or (zxid != _NO_ZXID and first != (zxid, kind)):
                raise Violation(
                    f"WatchTells: {self._name} is told of {EventType(kind).name} of {path} at "
                    f"{zxid:#x}, the first event after {since:#x} is {first}"
                )
        if not waited:
            raise Violation(
                f"WatchOnce: {self._name} is told of {EventType(kind).name} of {path} at "
                f"{zxid:#x}, and does not wait for it"
            )

    def _tables(self) -> tuple[tuple[dict[str, int], tuple[EventType, ...]], ...]:
        return ((self._data, _DATA), (self._exist, _DATA), (self._child, _CHILD))

    def _first(
        self, path: str, kinds: tuple[EventType, ...], since: int, upto: int
    ) -> Change | None:
        changes = self._tree.changes(path, since, upto)
        return next((change for change in changes if change.kind in kinds), None)
