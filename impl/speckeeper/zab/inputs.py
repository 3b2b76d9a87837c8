"""What a core is fed with. Each is one thing that happened outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from speckeeper.wire.election import Notification
from speckeeper.wire.quorum import QuorumPacket
from speckeeper.zab.effects import Durable, Entry, Link, TruncateLog


class Start(NamedTuple):
    """Begin: the server is up, its state loaded."""


class NotificationReceived(NamedTuple):
    """A vote came in on the election port."""

    server_id: int
    notification: Notification


class LearnerConnected(NamedTuple):
    """Somebody connected to the quorum port."""

    link: Link


class LeaderConnected(NamedTuple):
    """The connection that ``ConnectToLeader`` asked for is there."""

    link: Link


class ConnectFailed(NamedTuple):
    """The connection that ``ConnectToLeader`` asked for could not be made in time."""

    server_id: int


class PacketReceived(NamedTuple):
    """A packet came in on a link. For SNAP, ``SnapshotReceived`` follows."""

    link: Link
    packet: QuorumPacket


class PacketsReceived(NamedTuple):
    """Packets came in on a link, one after the other: the same as one input for each."""

    link: Link
    packets: Sequence[QuorumPacket]


class SnapshotReceived(NamedTuple):
    """The snapshot behind a SNAP packet is there as a whole, and signed."""

    link: Link


class Heard(NamedTuple):
    """Bytes of something large, as a snapshot, moved on a link: it is alive."""

    link: Link


class Disconnected(NamedTuple):
    """A link is gone."""

    link: Link


class Persisted(NamedTuple):
    """A durable effect has been carried out."""

    effect: Durable


class TruncationRefused(NamedTuple):
    """The disk does not hold the history that ``TruncateLog`` is to go back to; it is unchanged.

    Its snapshot is younger, and what led to it is no longer in the log.
    """

    effect: TruncateLog


class LogPersisted(NamedTuple):
    """The log is durable up to a zxid."""

    zxid: int


class Reloaded(NamedTuple):
    """Tree and log were loaded again; both end at ``zxid``. ``entries``: the end of the log."""

    zxid: int
    entries: tuple[Entry, ...] = ()


class LogRead(NamedTuple):
    """What ``ReadLog`` found; None: the log does not reach back, or is too long to be sent."""

    link: Link
    entries: tuple[Entry, ...] | None


class Propose(NamedTuple):
    """The leader's server has prepared a transaction. ``zxid`` is the next one."""

    zxid: int
    entry: bytes


class ProposeAll(NamedTuple):
    """The leader's server has prepared transactions: the same as a ``Propose`` for each."""

    entries: Sequence[Entry]


class Reconfigure(NamedTuple):
    """The leader's server has prepared a reconfiguration. ``zxid`` is the next one."""

    zxid: int
    entry: bytes


class Sync(NamedTuple):
    """A client asked for ``sync``: of a learner (its link), or here (a token of the server's)."""

    link: Link | None
    token: int = 0


class ToLeader(NamedTuple):
    """The server of a learner has a packet (REQUEST, REVALIDATE) for the leader."""

    packet: QuorumPacket


class ToLeaderAll(NamedTuple):
    """The server of a learner has packets for the leader: the same as a ``ToLeader`` for each."""

    packets: Sequence[QuorumPacket]


class ToLearner(NamedTuple):
    """The leader's server answers a learner (REVALIDATE)."""

    link: Link
    packet: QuorumPacket


class Tick(NamedTuple):
    """Time has passed."""


Input: TypeAlias = (
    Start
    | NotificationReceived
    | LearnerConnected
    | LeaderConnected
    | ConnectFailed
    | PacketReceived
    | PacketsReceived
    | SnapshotReceived
    | Heard
    | Disconnected
    | Persisted
    | TruncationRefused
    | LogPersisted
    | Reloaded
    | LogRead
    | Propose
    | ProposeAll
    | Reconfigure
    | Sync
    | ToLeader
    | ToLeaderAll
    | ToLearner
    | Tick
)


def one_by_one(events: Iterable[Input]) -> Iterator[Input]:
    """Return the same inputs, with one for each transaction and packet."""
    for event in events:
        if isinstance(event, ProposeAll):
            for entry in event.entries:
                yield Propose(*entry)
        elif isinstance(event, ToLeaderAll):
            for packet in event.packets:
                yield ToLeader(packet)
        else:
            yield event
