"""What a core asks of the outside. A step returns a list; it is to be carried out in order.

Durable effects (``Durable``) are reported back with ``Persisted`` when they are on the disk, and
``Append`` with ``LogPersisted``; the core itself waits where the protocol demands it, so nothing
else has to. See etcd-io/raft's ``Ready`` for the idea.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.quorum import QuorumPacket
from speckeeper.wire.quorum_config import QuorumConfig

Link: TypeAlias = int
"""A connection on the quorum port, by the number that the driver gave it. Never used twice."""

Entry: TypeAlias = tuple[int, bytes]
"""A zxid and the serialized transaction that has it."""


class SendNotification(NamedTuple):
    """Send a vote to a server; a newer one replaces one that could not be sent yet."""

    server_id: int
    notification: Notification


class ConnectAll(NamedTuple):
    """Connect on the election port to every voter there is no connection to."""


class ConnectToLeader(NamedTuple):
    """Connect to a server's quorum port, trying again within the time; then say which it was.

    Answered by ``LeaderConnected`` or ``ConnectFailed``.
    """

    server_id: int
    timeout_ms: int


class Send(NamedTuple):
    """Send a packet. What is sent on one link arrives in order, or the link breaks."""

    link: Link
    packet: QuorumPacket


class SendAll(NamedTuple):
    """Send packets, one after the other, on each of the links: the same as a ``Send`` for each."""

    links: Sequence[Link]
    packets: Sequence[QuorumPacket]


class SendSnapshot(NamedTuple):
    """Send SNAP with this zxid, the tree with all that was delivered so far, and the signature.

    What is sent on the link after this effect leaves after the snapshot.
    """

    link: Link
    zxid: int


class Close(NamedTuple):
    """Close a link; nothing more is sent on it, and nothing that it brings is of interest."""

    link: Link
    reason: str


class PersistAcceptedEpoch(NamedTuple):
    """Write the file acceptedEpoch. Durable."""

    epoch: int


class PersistCurrentEpoch(NamedTuple):
    """Write the file currentEpoch. Durable; the history of the epoch already is."""

    epoch: int


class Append(NamedTuple):
    """Write a transaction to the log; ``LogPersisted`` tells of it and of all ahead of it.

    Many may be made durable at once.
    """

    zxid: int
    entry: bytes


class AppendAll(NamedTuple):
    """Write transactions to the log: the same as an ``Append`` for each."""

    entries: Sequence[Entry]


class TruncateLog(NamedTuple):
    """Cut the log after ``zxid``, and go back to it with the tree if that is ahead. Durable.

    Snapshots of later zxids go too.
    """

    zxid: int


class InstallSnapshot(NamedTuple):
    """Replace the tree by the snapshot that came on the link. Answered by ``Persisted``.

    Nothing is durable by this yet: until ``TakeSnapshot`` the disk has the old state.
    """

    link: Link
    zxid: int


class TakeSnapshot(NamedTuple):
    """Write a snapshot of the tree, which has ``zxid`` as its last transaction. Durable.

    What follows in the log follows this snapshot: a log that begins earlier is none of its past.
    """

    zxid: int


class Reload(NamedTuple):
    """Forget the tree and load it from snapshot and log again. Answered by ``Reloaded``."""


class ReadLog(NamedTuple):
    """Read the log from the last transaction at or before ``zxid`` to its end, for a learner.

    Answered by ``LogRead``.
    """

    link: Link
    zxid: int


class SetLastSeenConfig(NamedTuple):
    """Write a configuration that was proposed beside the one in force, durably, before going on.

    It must not be lost while the log has its transaction: who knows of both configurations needs
    quorums of both. Source: ``QuorumPeer.setLastSeenQuorumVerifier``.
    """

    config: QuorumConfig


class SetConfig(NamedTuple):
    """Let a configuration be the one in force, durably, before going on.

    Source: ``QuorumPeer.setQuorumVerifier``, ``QuorumPeer.processReconfig``.
    """

    config: QuorumConfig


class Deliver(NamedTuple):
    """Apply a committed transaction to the tree and answer whoever asked for it here."""

    zxid: int
    entry: bytes


class DeliverAll(NamedTuple):
    """Apply committed transactions in their order: the same as a ``Deliver`` for each."""

    entries: Sequence[Entry]


class Replay(NamedTuple):
    """Apply a transaction that may not be committed; nobody is served meanwhile.

    The tree has to be what the vote says, or what is being synchronized. All that was replayed is
    committed when ``Serve`` comes. Source: ``ZKDatabase.fastForwardDataBase``,
    ``Learner.syncWithLeader``.
    """

    zxid: int
    entry: bytes


class Serve(NamedTuple):
    """Serve clients in this role. A leader gives its first transaction the zxid after ``zxid``."""

    role: ServerState
    zxid: int


class ServeReadOnly(NamedTuple):
    """Serve clients that only want to read, from the tree as it is; there is no leader to ask."""


class StopServing(NamedTuple):
    """Close all client connections; requests under way are not answered."""


class FromLearner(NamedTuple):
    """A packet (REQUEST, REVALIDATE, PING with sessions) of a learner for the leader's server."""

    link: Link
    server_id: int
    packet: QuorumPacket


class FromLeader(NamedTuple):
    """A packet (REVALIDATE, SYNC) of the leader for this learner's server."""

    packet: QuorumPacket


class Synced(NamedTuple):
    """A ``sync`` of the leader's own client is done: all proposed ahead of it is delivered."""

    token: int


Durable: TypeAlias = (
    PersistAcceptedEpoch | PersistCurrentEpoch | TruncateLog | InstallSnapshot | TakeSnapshot
)

Effect: TypeAlias = (
    SendNotification
    | ConnectAll
    | ConnectToLeader
    | Send
    | SendAll
    | SendSnapshot
    | Close
    | Durable
    | Append
    | AppendAll
    | Reload
    | ReadLog
    | SetLastSeenConfig
    | SetConfig
    | Deliver
    | DeliverAll
    | Replay
    | Serve
    | ServeReadOnly
    | StopServing
    | FromLearner
    | FromLeader
    | Synced
)


def one_by_one(effects: Iterable[Effect]) -> Iterator[Effect]:
    """Return the same effects, with one for each packet and transaction."""
    for effect in effects:
        if isinstance(effect, SendAll):
            for packet in effect.packets:
                for link in effect.links:
                    yield Send(link, packet)
        elif isinstance(effect, AppendAll):
            for entry in effect.entries:
                yield Append(*entry)
        elif isinstance(effect, DeliverAll):
            for entry in effect.entries:
                yield Deliver(*entry)
        else:
            yield effect
