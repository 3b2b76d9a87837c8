"""What must be known of a specification's actions to merge traces: which make and end connections.

A specification ends a connection at both of its ends at once, and what was under way is lost. Real
ends notice one after the other, and read what is still in their buffers. So the end of a connection
comes, in the merged order, after everything that the other end has read from it; and what comes
before is for the specification the same, for who has closed an end does nothing on it any more.
"""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """Names of actions. ``channels`` is the variable whose ``[i][j]`` is what i has sent to j.

    ``connects`` makes the connection ``link`` to the server that is its second argument, which
    must have taken ``accepts``; ``closes`` gives up ``link``; ``closes_all`` all connections of a
    server. ``start`` and ``crash`` are those of a server. ``durable``: what the disk may have done
    before a crash without a report; ``disk``: the variables that a crash leaves as they are.
    """

    channels: str | None = None
    connects: str = ""
    accepts: str = ""
    closes: frozenset[str] = frozenset()
    closes_all: frozenset[str] = frozenset()
    start: str = ""
    crash: str = ""
    durable: tuple[str, ...] = ()
    disk: frozenset[str] = frozenset()


ZAB = Dialect(
    channels="msgs",
    connects="ConnectAndFollowerSendFOLLOWERINFO",
    accepts="ZabTurnToLeading",
    closes=frozenset({"FollowerShutdown", "LeaderRemoveLearner"}),
    closes_all=frozenset({"LeaderShutdown", "NodeCrash"}),
    start="NodeStart",
    crash="NodeCrash",
    durable=(
        "FollowerLogFlushed",
        "LeaderLogFlushed",
        "ShutdownLogFlushed",
        "LeaderPersistAcceptedEpoch",
        "FollowerPersistAcceptedEpoch",
        "LeaderPersistCurrentEpoch",
        "FollowerPersistCurrentEpoch",
        "FollowerTakeSnapshot",
        "FollowerProcessSyncMessage",
    ),
    disk=frozenset({"acceptedEpoch", "currentEpoch", "history"}),
)

DIALECTS = {"Zab": ZAB}
"""By module; for any other, messages alone order the events of different servers."""
