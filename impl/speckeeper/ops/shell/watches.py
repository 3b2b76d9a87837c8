"""The watches that this client has set, and which of them an event is for.

A server's event says what happened to which path, not which watch it answers; clients keep that.
The shell has one watcher (it prints), so a watch is its kind and its path.

Source: ZooKeeper ``ZKWatchManager`` (what an event takes away, what removal reports),
``ClientCnxn.SendThread.primeConnection`` (setting watches again after a reconnection).
"""

from collections.abc import Iterator
from enum import Enum
from threading import Lock
from typing import NamedTuple

from speckeeper.wire.codes import EventType, KeeperState, WatcherType
from speckeeper.wire.requests import SetWatchesRequest

# ZooKeeper's SET_WATCHES_MAX_LENGTH: paths are sent again in requests of about so many characters,
# to stay far below jute.maxbuffer.
_BATCH_CHARACTERS = 128 * 1024

_STATE_NAMES = {
    KeeperState.UNKNOWN: "Unknown",
    KeeperState.DISCONNECTED: "Disconnected",
    KeeperState.NO_SYNC_CONNECTED: "NoSyncConnected",
    KeeperState.SYNC_CONNECTED: "SyncConnected",
    KeeperState.AUTH_FAILED: "AuthFailed",
    KeeperState.CONNECTED_READ_ONLY: "ConnectedReadOnly",
    KeeperState.SASL_AUTHENTICATED: "SaslAuthenticated",
    KeeperState.EXPIRED: "Expired",
    KeeperState.CLOSED: "Closed",
}
_TYPE_NAMES = {
    EventType.NONE: "None",
    EventType.NODE_CREATED: "NodeCreated",
    EventType.NODE_DELETED: "NodeDeleted",
    EventType.NODE_DATA_CHANGED: "NodeDataChanged",
    EventType.NODE_CHILDREN_CHANGED: "NodeChildrenChanged",
    EventType.DATA_WATCH_REMOVED: "DataWatchRemoved",
    EventType.CHILD_WATCH_REMOVED: "ChildWatchRemoved",
    EventType.PERSISTENT_WATCH_REMOVED: "PersistentWatchRemoved",
}


class Event(NamedTuple):
    """What a watcher is told; no ``path`` if it is about the connection; ``zxid`` -1 if unknown."""

    type: EventType
    state: KeeperState = KeeperState.SYNC_CONNECTED
    path: str | None = None
    zxid: int = -1

    def __str__(self) -> str:
        path = "null" if self.path is None else self.path
        return (
            f"WatchedEvent state:{_STATE_NAMES[self.state]} type:{_TYPE_NAMES[self.type]}"
            f" path:{path} zxid: {self.zxid}"
        )


class Kind(Enum):
    """How a watch was set; in the order in which setWatches2 lists the paths."""

    DATA = "get, or exists on a node that is there"
    EXIST = "exists on a node that is not there"
    CHILD = "ls"
    PERSISTENT = "addWatch -m PERSISTENT"
    PERSISTENT_RECURSIVE = "addWatch -m PERSISTENT_RECURSIVE"


# Watches that an event on their path uses up.
_USED_UP = {
    EventType.NODE_CREATED: (Kind.DATA, Kind.EXIST),
    EventType.NODE_DATA_CHANGED: (Kind.DATA, Kind.EXIST),
    EventType.NODE_CHILDREN_CHANGED: (Kind.CHILD,),
    EventType.NODE_DELETED: (Kind.DATA, Kind.EXIST, Kind.CHILD),
}
# Watches that a removal means, and the event that reports each.
_REMOVED = {
    Kind.DATA: EventType.DATA_WATCH_REMOVED,
    Kind.EXIST: EventType.DATA_WATCH_REMOVED,
    Kind.CHILD: EventType.CHILD_WATCH_REMOVED,
    Kind.PERSISTENT: EventType.PERSISTENT_WATCH_REMOVED,
    Kind.PERSISTENT_RECURSIVE: EventType.PERSISTENT_WATCH_REMOVED,
}
_MEANT = {
    WatcherType.DATA: (Kind.DATA, Kind.EXIST),
    WatcherType.CHILDREN: (Kind.CHILD,),
    WatcherType.PERSISTENT: (Kind.PERSISTENT,),
    WatcherType.PERSISTENT_RECURSIVE: (Kind.PERSISTENT_RECURSIVE,),
    WatcherType.ANY: tuple(Kind),
}


class WatchBook:
    """Watches by kind and path (the server's, chroot included). Any thread may use it."""

    def __init__(self) -> None:
        self._paths: dict[Kind, set[str]] = {kind: set() for kind in Kind}
        self._lock = Lock()

    def add(self, kind: Kind, path: str) -> None:
        """Note that the server has accepted a watch."""
        with self._lock:
            self._paths[kind].add(path)

    def fire(self, event: EventType, path: str) -> bool:
        """Take away the watches that an event uses up; tell whether any watch wanted it."""
        with self._lock:
            interested = path in self._paths[Kind.PERSISTENT]
            for kind in _USED_UP.get(event, ()):
                if path in self._paths[kind]:
                    self._paths[kind].discard(path)
                    interested = True
            # A standard child watch below makes the server send this event; a recursive watch never
            # wants it.
            if event != EventType.NODE_CHILDREN_CHANGED:
                recursive = self._paths[Kind.PERSISTENT_RECURSIVE]
                interested = interested or any(above in recursive for above in _upwards(path))
            return interested

    def holds(self, meant: WatcherType, path: str) -> bool:
        """Tell whether there is a watch of the meant kinds on exactly this path."""
        with self._lock:
            return any(path in self._paths[kind] for kind in _MEANT[meant])

    def remove(self, meant: WatcherType, path: str) -> list[EventType]:
        """Forget the meant watches on this path; return the events that report it."""
        reports: dict[EventType, None] = {}
        with self._lock:
            for kind in _MEANT[meant]:
                if path in self._paths[kind]:
                    self._paths[kind].discard(path)
                    reports[_REMOVED[kind]] = None
        return list(reports)

    def to_set_again(self, relative_zxid: int) -> list[SetWatchesRequest]:
        """Return the requests that set all watches again on another connection of the session.

        ``relative_zxid`` is the last zxid this client has seen: the server reports what changed
        since.
        """
        with self._lock:
            waiting = [(kind, path) for kind in Kind for path in sorted(self._paths[kind])]
        requests = []
        while waiting:
            batch: dict[Kind, list[str]] = {kind: [] for kind in Kind}
            size = 0
            while waiting and size < _BATCH_CHARACTERS:
                kind, path = waiting.pop()
                batch[kind].append(path)
                size += len(path)
            requests.append(
                SetWatchesRequest(relative_zxid, *(tuple(batch[kind]) for kind in Kind))
            )
        return requests


def _upwards(path: str) -> Iterator[str]:
    """Yield the path and all that are above it, the root last."""
    while path != "/":
        yield path
        path = path[: path.rindex("/")] or "/"
    yield "/"
