"""The tree of the specification as a history goes on, and slices of it that are cheap to evaluate.

A slice is the tree with fewer nodes: those that an operator can look at. closeSession and
getEphemerals ask for the ephemerals of one session among all nodes; they get these, with their
parents.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from speccheck.conform.history import values as v
from speccheck.conform.history.knowledge import GONE, UNKNOWN, Nodes
from speccheck.conform.history.operators import Operators
from speccheck.evaluate.persistent import Persistent, persistent
from speccheck.evaluate.values import Fn, Value

_CONFIG = ("zookeeper", "config")
_QUOTA = ("zookeeper", "quota")


class World:
    """The tree: ``nodes``, ``sessions``, and the zxid up to which transactions are in.

    ``is_whole``: it begins as spec/ZNodeTree.tla says, else as a tree of which nothing is known.
    """

    def __init__(self, operators: Operators, is_whole: bool) -> None:
        initial = operators.function("InitialTree")(())
        table: dict[Any, Any] = dict(initial["nodes"]) if is_whole else {}
        table[v.sequence(_CONFIG)] = UNKNOWN  # an ensemble keeps its members there
        self.nodes: Persistent = Nodes.of(table, is_whole)
        self.sessions: Persistent = persistent([])
        self.zxid = 0
        self.is_whole = is_whole
        self.ephemerals: dict[int, set[Value]] = {}
        """Paths of ephemerals by session."""
        self._quotas = 0
        self.is_trial = False
        """The nodes are those of a trial, and not indexed."""

    def tree(self, nodes: Persistent | None = None) -> Fn:
        """Return the tree as a value, or a slice of it."""
        return v.record(
            {
                "nodes": self.nodes if nodes is None else nodes,
                "sessions": self.sessions,
                "lastProcessedZxid": self.zxid,
            }
        )

    def slice_of_session(self, session: int) -> Persistent:
        """Return the session's ephemerals and their parents; all nodes where quotas count them."""
        if self._quotas or not self.is_whole:
            return self.nodes
        owned = self.ephemerals.get(session, set())
        if self.is_trial:
            owned = {path for path, node in self.nodes.items_known() if _owner(node) == session}
        wanted: set[Value] = set()
        for path in owned:
            wanted.add(path)
            wanted.add(v.sequence(path.values_[:-1]))
        return Nodes.of({path: self.nodes.look(path) for path in wanted}, True)

    def accept(self, tree: Fn, before: Persistent) -> dict[Value, Value]:
        """Take the tree that comes of changing ``before``; return what changed, as it was."""
        after = tree["nodes"]
        changed = before.changed_until(after)
        assert changed is not None, "a transaction changes nodes one by one"
        paths = list(dict.fromkeys(changed))
        old = self.nodes
        former = [old.get(path) for path in paths]
        if before is old:
            self.nodes = after
        else:
            for path in paths:
                self.put(path, after.get(path))
        for path, was in zip(paths, former, strict=True):
            self._index(path, was, self.nodes.get(path))
        self.sessions = tree["sessions"]
        self.zxid = max(self.zxid, tree["lastProcessedZxid"])
        return dict(zip(paths, former, strict=True))

    def try_on(self, tree: Fn, before: Persistent) -> None:
        """Take the tree that comes of changing ``before``, for a trial: nothing is indexed."""
        after = tree["nodes"]
        if before is self.nodes:
            self.nodes = after
        else:
            for path in before.changed_until(after) or ():
                self.put(path, after.get(path))
        self.sessions = tree["sessions"]

    def put(self, path: Value, node: Value) -> None:
        """Set what is known of a path; None: there is no node."""
        if node is None:
            self.nodes = self.nodes.without(path)
        else:
            self.nodes = self.nodes.with_value(path, node)

    def replace(self, path: Value, node: Value) -> None:
        """Set what is known of a path, whatever was known before."""
        former = self.nodes.get(path)
        self.put(path, node)
        self._index(path, former, self.nodes.get(path))

    def _index(self, path: Value, former: Value, node: Value) -> None:
        was, now = _owner(former), _owner(node)
        if was != now:
            if was:
                self.ephemerals.get(was, set()).discard(path)
            if now:
                self.ephemerals.setdefault(now, set()).add(path)
        names = path.values_
        if names[:2] == _QUOTA and len(names) > 2:
            self._quotas += (_is_node(node)) - (_is_node(former))

    def index_all(self) -> None:
        """Index all nodes anew, after a change that was not made one by one."""
        self.ephemerals.clear()
        self._quotas = 0
        for path, node in self.nodes.items_known():
            self._index(path, None, node)

    def ended(self, session: int) -> None:
        """Forget the index of a session that is over."""
        if not self.ephemerals.get(session, True):
            del self.ephemerals[session]

    def paths_of(self, sessions: Iterable[int]) -> set[Value]:
        """Return the ephemerals of some sessions."""
        return set().union(*(self.ephemerals.get(one, set()) for one in sessions))


def _is_node(node: Value) -> bool:
    return node is not None and node is not GONE and node is not UNKNOWN


def _owner(node: Value) -> int:
    """Return the session that an ephemeral belongs to, 0 for any other node."""
    if not isinstance(node, Fn):
        return 0
    owner = node["ephemeralOwner"]
    return owner["session"] if isinstance(owner, Fn) else 0
