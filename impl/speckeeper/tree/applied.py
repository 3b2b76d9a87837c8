"""What applying a transaction yields: the answer to the request, and what happened to nodes.

Source: ZooKeeper ``DataTree.ProcessTxnResult``; the calls of ``IWatchManager.triggerWatch``.
"""

from typing import NamedTuple

from speckeeper.wire.codes import EventType
from speckeeper.wire.records import ACL, Stat


class TreeEvent(NamedTuple):
    """A change that watches may wait for. For NODE_CHILDREN_CHANGED ``path`` is the parent.

    ``acl`` is the node's list at that moment, for a deleted node the last it had: a watcher that
    may not READ under it is not told (since 3.9.2).
    """

    type: EventType
    path: str
    acl: tuple[ACL, ...]


class Applied(NamedTuple):
    """The outcome of one transaction, or of one part of a multi.

    ``type`` is an OpCode: that of the reply. ``path`` is the final path of a create. ``stat`` is
    there for create2, createContainer, createTTL, setData and setACL. ``results`` has one entry for
    each part of a multi; then ``err`` is the first error among them, while the reply's header says
    OK.
    """

    type: int
    err: int = 0
    path: str | None = None
    stat: Stat | None = None
    results: "tuple[Applied, ...]" = ()
    events: tuple[TreeEvent, ...] = ()
    warnings: tuple[str, ...] = ()
    """For the log: quotas that are exceeded but not enforced."""
