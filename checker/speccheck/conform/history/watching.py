"""The watches of one connection, and what it was told: two queues that have to agree.

The server's table is kept as the specification has it, cut down to one watcher; what fires is
decided by its operators. Here is only which of its watches a change can concern.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from speccheck.conform.history import values as v
from speccheck.conform.history.records import Watch
from speccheck.evaluate.values import Fn, Value


class Due(NamedTuple):
    """An event that the specification says is to be told."""

    type: str
    path: Value
    zxid: int
    in_any_order: bool
    """With the others of its transaction."""


class Told(NamedTuple):
    """An event that the client got."""

    type: str
    path: Value
    zxid: int
    line: int


class Watcher:
    """One connection's watches.

    ``index``: who watches a path, of all watchers; ``counts``: of the events that were right.
    """

    def __init__(
        self, session: int, index: dict[Value, set[Watcher]], counts: Counter[str]
    ) -> None:
        self.session = session
        self.counts = counts
        self.due: deque[Due] = deque()
        self.told: deque[Told] = deque()
        self.ids: Fn = v.NO_IDS
        self.is_uncertain = False
        """Some of its watches are not known: nothing that it is told can be judged."""
        self.is_over = False
        """The connection has ended: what is due may have been lost with it."""
        self._index = index
        self._by_path: dict[Value, tuple[frozenset[Fn], frozenset[Fn]]] = {}

    def heard(self, record: Watch, line: int) -> None:
        """The client got an event."""
        self.told.append(Told(record.type, v.path(record.path), record.zxid, line))

    def paths(self) -> set[Value]:
        """Return what is watched."""
        return set(self._by_path)

    def concerning(self, paths: set[Value]) -> Fn:
        """Return the tables, as far as they concern some paths."""
        data: set[Fn] = set()
        child: set[Fn] = set()
        for path in paths:
            found = self._by_path.get(path)
            if found is not None:
                data |= found[0]
                child |= found[1]
        return v.record({"data": frozenset(data), "child": frozenset(child)})

    def replace(self, paths: set[Value], tables: Fn) -> None:
        """Put tables in the place of those that concern some paths."""
        by_path: dict[Value, tuple[set[Fn], set[Fn]]] = {path: (set(), set()) for path in paths}
        for which, name in enumerate(("data", "child")):
            for watch in tables[name]:
                by_path.setdefault(watch["path"], (set(), set()))[which].add(watch)
        for path, (data, child) in by_path.items():
            if data or child:
                self._by_path[path] = frozenset(data), frozenset(child)
                self._index.setdefault(path, set()).add(self)
            elif self._by_path.pop(path, None) is not None:
                watchers = self._index[path]
                watchers.discard(self)
                if not watchers:
                    del self._index[path]

    def forget(self) -> None:
        """Take all watches away."""
        self.replace(set(self._by_path), v.record({"data": frozenset(), "child": frozenset()}))


def agree(watcher: Watcher) -> str | None:
    """Take off what was due and was told; return what does not agree, None if all that was told is.

    What is due and was not told yet stays.
    """
    due, told = watcher.due, watcher.told
    if watcher.is_uncertain:
        due.clear()
        told.clear()
    while told:
        got = told[0]
        if not due:
            return "nothing of what was watched has changed"
        first = due[0]
        if first.in_any_order:
            found = next((one for one in due if _is(one, got) and one.zxid == first.zxid), None)
        else:
            found = first if _is(first, got) else None
        if found is None:
            return f"the next that was due is {shown(first)}"
        due.remove(found)
        told.popleft()
        watcher.counts[f"event: {got.type}"] += 1
    return None


def _is(due: Due, told: Told) -> bool:
    if due.type != told.type or due.path is not told.path:
        return False
    return told.zxid in (-1, due.zxid)


def shown(due: Due) -> str:
    """Return an event for people to read."""
    return f"{due.type} of {v.text_of(due.path)} at zxid {due.zxid:#x}"
