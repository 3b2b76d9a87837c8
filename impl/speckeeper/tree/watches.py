"""Watches: who wants to be told when a node changes.

A watcher is any hashable object, usually a connection. There are two tables. The data table is
asked when a node is created, deleted or gets new data, the child table when its children change or
it is deleted.

===================  ==============================  =============================================
kind                 tables                          when it fires
===================  ==============================  =============================================
STANDARD             the one it was set in           it is gone
PERSISTENT           both                            it stays
PERSISTENT_RECURSIVE data table                      it stays; fires for all descendants as well
===================  ==============================  =============================================

Kinds of one watcher on one path add up (since 3.9). A watcher is told of one change at most once.

Source: ZooKeeper ``WatchManager``, ``WatchStats``, ``WatcherMode``, ``PathParentIterator``,
``DataTree.addWatch``, ``containsWatcher``, ``removeWatch``.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from speckeeper.tree.applied import TreeEvent
from speckeeper.wire.codes import AddWatchMode, EventType, WatcherType

STANDARD = 1
PERSISTENT = 2
PERSISTENT_RECURSIVE = 4
ANY_KIND = STANDARD | PERSISTENT | PERSISTENT_RECURSIVE

W = TypeVar("W", bound=Hashable)

_CHILDREN_CHANGED = EventType.NODE_CHILDREN_CHANGED
_DELETED = EventType.NODE_DELETED


class WatchSummary(NamedTuple):
    """The numbers of the word ``wchs``."""

    watchers: int
    paths: int
    watches: int


class WatchTable(Generic[W]):
    """One table: watchers by path, in the order they registered, each with its kinds as bits."""

    __slots__ = ("_paths", "_recursive", "watched")

    def __init__(self) -> None:
        self.watched: dict[str, dict[W, int]] = {}
        """Kinds by watcher by path; one dict for the life of the table, empty without watches."""
        self._paths: dict[W, set[str]] = {}
        self._recursive = (
            0  # how many recursive watches there are: without any, parents are not asked
        )

    def __bool__(self) -> bool:
        """Whether there are any; counting them would take longer."""
        return bool(self.watched)

    def __len__(self) -> int:
        """Count pairs of path and watcher."""
        return sum(map(len, self._paths.values()))

    def add(self, path: str, watcher: W, kind: int = STANDARD) -> None:
        """Set a watch of one kind; again is harmless."""
        kinds = self.watched.get(path)
        if kinds is None:
            self.watched[path] = {watcher: kind}
            former = 0
        else:
            former = kinds.get(watcher, 0)
            kinds[watcher] = former | kind
        if not former:
            paths = self._paths.get(watcher)
            if paths is None:
                self._paths[watcher] = {path}
            else:
                paths.add(path)
        if kind & ~former & PERSISTENT_RECURSIVE:
            self._recursive += 1

    def has(self, path: str, watcher: W, kinds: int = ANY_KIND) -> bool:
        """Whether the watcher has a watch of one of these kinds on the path."""
        return bool(self.watched.get(path, {}).get(watcher, 0) & kinds)

    def remove(self, path: str, watcher: W, kinds: int = ANY_KIND) -> bool:
        """Take back watches of these kinds; return whether there were any."""
        former = self.watched.get(path, {}).get(watcher, 0)
        if not former & kinds:
            return False
        self._set_kinds(path, watcher, former & ~kinds)
        if former & kinds & PERSISTENT_RECURSIVE:
            self._recursive -= 1
        return True

    def remove_watcher(self, watcher: W) -> None:
        """Take back all watches of a watcher."""
        for path in self._paths.pop(watcher, ()):
            kinds = self.watched[path]
            if kinds.pop(watcher) & PERSISTENT_RECURSIVE:
                self._recursive -= 1
            if not kinds:
                del self.watched[path]

    def trigger(self, path: str) -> list[W]:
        """Return whom a change at ``path`` concerns, and drop their standard watches on it.

        Those who watch the path itself come first, then recursive watchers of its parent and so on
        to the root; each group in order of registration.
        """
        kinds = self.watched.get(path)
        if kinds is None and not self._recursive:
            return []
        told: dict[W, None] = {}
        if kinds is not None:
            told = dict.fromkeys(kinds)
            for watcher, kind in list(kinds.items()):
                if kind & STANDARD:
                    self._set_kinds(path, watcher, kind & ~STANDARD)
        if self._recursive:
            for parent in _parents(path):
                for watcher, kind in self.watched.get(parent, {}).items():
                    if kind & PERSISTENT_RECURSIVE:
                        told[watcher] = None
        return list(told)

    def _set_kinds(self, path: str, watcher: W, kinds: int) -> None:
        """Replace the kinds of a watcher that has some on the path; none leaves no trace."""
        watchers = self.watched[path]
        if kinds:
            watchers[watcher] = kinds
            return
        del watchers[watcher]
        if not watchers:
            del self.watched[path]
        paths = self._paths[watcher]
        paths.discard(path)
        if not paths:
            del self._paths[watcher]

    def summary(self) -> WatchSummary:
        """Count watchers, watched paths, and pairs of the two."""
        return WatchSummary(len(self._paths), len(self.watched), len(self))

    def by_watcher(self) -> Iterator[tuple[W, list[str]]]:
        """Yield each watcher with its paths, sorted (the word ``wchc``)."""
        for watcher, paths in self._paths.items():
            yield watcher, sorted(paths)

    def sets_by_watcher(self) -> Iterator[tuple[W, set[str]]]:
        """Yield each watcher with its paths; the table may change meanwhile."""
        for watcher in list(self._paths):
            paths = self._paths.get(watcher)
            if paths:
                yield watcher, paths

    def by_path(self) -> Iterator[tuple[str, list[W]]]:
        """Yield each watched path with its watchers (the word ``wchp``); the table may change
        meanwhile.
        """
        for path in list(self.watched):
            watchers = self.watched.get(path)
            if watchers:
                yield path, list(watchers)


def _parents(path: str) -> Iterator[str]:
    """Yield the proper ancestors of a path, nearest first, down to ``/``."""
    while len(path) > 1:
        path = path[: path.rfind("/")] or "/"
        yield path


class Watches(Generic[W]):
    """Both tables of a server. Words and counts that ZooKeeper takes from the data table only say
    so.
    """

    __slots__ = ("child", "data")

    def __init__(self) -> None:
        self.data: WatchTable[W] = WatchTable()
        self.child: WatchTable[W] = WatchTable()

    def __len__(self) -> int:
        """Count the watches of both tables (``zk_watch_count``)."""
        return len(self.data) + len(self.child)

    def trigger(self, event: TreeEvent) -> list[W]:
        """Return who is to be told of an event, each once; all of them get its type and path.

        The caller leaves out those who may not READ under the event's ACL; their watch has fired
        even so.
        """
        kind, path, _ = event
        if kind == _CHILDREN_CHANGED:
            return self.child.trigger(path)
        told = self.data.trigger(path)
        if kind == _DELETED:
            children = self.child.trigger(path)
            if children:
                told = list(dict.fromkeys((*told, *children)))
        return told

    def add_persistent(self, path: str, watcher: W, mode: int) -> None:
        """Set the watch of an addWatch request, ``mode`` an AddWatchMode."""
        if mode == AddWatchMode.PERSISTENT_RECURSIVE:
            self.data.add(path, watcher, PERSISTENT_RECURSIVE)
        else:
            self.data.add(path, watcher, PERSISTENT)
            self.child.add(path, watcher, PERSISTENT)

    def has(self, path: str, watcher: W, kind: int) -> bool:
        """Whether there is a watch of a WatcherType."""
        return any(table.has(path, watcher, kinds) for table, kinds in self._meant(kind))

    def remove(self, path: str, watcher: W, kind: int) -> bool:
        """Take back the watches of a WatcherType; return whether there were any."""
        removed = [table.remove(path, watcher, kinds) for table, kinds in self._meant(kind)]
        return any(removed)

    def remove_watcher(self, watcher: W) -> None:
        """Take back all watches of a watcher, as when its connection closes."""
        self.data.remove_watcher(watcher)
        self.child.remove_watcher(watcher)

    def _meant(self, kind: int) -> Iterable[tuple[WatchTable[W], int]]:
        if kind == WatcherType.CHILDREN:
            return ((self.child, STANDARD),)
        if kind == WatcherType.DATA:
            return ((self.data, STANDARD),)
        if kind == WatcherType.PERSISTENT:
            return ((self.child, PERSISTENT), (self.data, PERSISTENT))
        if kind == WatcherType.PERSISTENT_RECURSIVE:
            return ((self.data, PERSISTENT_RECURSIVE),)
        return ((self.child, ANY_KIND), (self.data, ANY_KIND))
