"""The requests of clients that set, ask for and take back watches, as answers of pure functions.

Reads with ``watch=true`` set theirs in :class:`Watches` directly: exists in the data table also
when the node is missing, getData in the data table and getChildren in the child table only on
success.

Source: ZooKeeper ``FinalRequestProcessor``, ``DataTree.setWatches``, ``WatcherMode.fromZooDef``,
``Watcher.WatcherType.fromInt``.
"""

from typing import NamedTuple

from speckeeper.tree.datatree import DataTree
from speckeeper.tree.watches import PERSISTENT, PERSISTENT_RECURSIVE, STANDARD, W, Watches
from speckeeper.wire.codes import AddWatchMode, ErrorCode, EventType, WatcherType
from speckeeper.wire.requests import (
    AddWatchRequest,
    CheckWatchesRequest,
    RemoveWatchesRequest,
    SetWatchesRequest,
)

_OK = int(ErrorCode.OK)
_NO_WATCHER = int(ErrorCode.NO_WATCHER)
_MARSHALLING_ERROR = int(ErrorCode.MARSHALLING_ERROR)

_ADD_MODES = frozenset(int(mode) for mode in AddWatchMode)
_WATCHER_TYPES = frozenset(int(kind) for kind in WatcherType)


class Rewatch(NamedTuple):
    """What setWatches comes to: events to send at once, and watches to set, as (path, kind)."""

    events: tuple[tuple[EventType, str], ...]
    data: tuple[tuple[str, int], ...]
    child: tuple[tuple[str, int], ...]


def decide_rewatch(tree: DataTree, request: SetWatchesRequest) -> Rewatch:
    """Decide for each watch of a client that was away whether it would have fired in the meantime.

    The client has seen everything up to ``relative_zxid``. A standard watch that missed its change
    fires now, without a look at the ACL; the others are set again. What persistent ones missed is
    not told.
    """
    seen, nodes = request.relative_zxid, tree.nodes
    events: list[tuple[EventType, str]] = []
    data: list[tuple[str, int]] = []
    child: list[tuple[str, int]] = []
    for path in request.data:
        node = nodes.get(path)
        if node is None:
            events.append((EventType.NODE_DELETED, path))
        elif node.mzxid > seen:
            events.append((EventType.NODE_DATA_CHANGED, path))
        else:
            data.append((path, STANDARD))
    for path in request.exist:
        if path in nodes:
            events.append((EventType.NODE_CREATED, path))
        else:
            data.append((path, STANDARD))
    for path in request.child:
        node = nodes.get(path)
        if node is None:
            events.append((EventType.NODE_DELETED, path))
        elif node.pzxid > seen:
            events.append((EventType.NODE_CHILDREN_CHANGED, path))
        else:
            child.append((path, STANDARD))
    for path in request.persistent:
        child.append((path, PERSISTENT))
        data.append((path, PERSISTENT))
    data.extend((path, PERSISTENT_RECURSIVE) for path in request.persistent_recursive)
    return Rewatch(tuple(events), tuple(data), tuple(child))


def set_watches(
    tree: DataTree, watches: Watches[W], watcher: W, request: SetWatchesRequest
) -> tuple[tuple[EventType, str], ...]:
    """Carry out setWatches or setWatches2; return the events to send to the watcher."""
    rewatch = decide_rewatch(tree, request)
    for path, kind in rewatch.data:
        watches.data.add(path, watcher, kind)
    for path, kind in rewatch.child:
        watches.child.add(path, watcher, kind)
    return rewatch.events


def add_watch(watches: Watches[W], watcher: W, request: AddWatchRequest) -> int:
    """Carry out addWatch; return 0, or MARSHALLING_ERROR for an unknown mode."""
    if request.mode not in _ADD_MODES:
        return _MARSHALLING_ERROR
    watches.add_persistent(request.path, watcher, request.mode)
    return _OK


def check_watches(watches: Watches[W], watcher: W, request: CheckWatchesRequest) -> int:
    """Answer checkWatches: 0, NO_WATCHER, or MARSHALLING_ERROR for an unknown type."""
    if request.type not in _WATCHER_TYPES:
        return _MARSHALLING_ERROR
    return _OK if watches.has(request.path, watcher, request.type) else _NO_WATCHER


def remove_watches(watches: Watches[W], watcher: W, request: RemoveWatchesRequest) -> int:
    """Carry out removeWatches: 0, NO_WATCHER, or MARSHALLING_ERROR for an unknown type."""
    if request.type not in _WATCHER_TYPES:
        return _MARSHALLING_ERROR
    return _OK if watches.remove(request.path, watcher, request.type) else _NO_WATCHER
