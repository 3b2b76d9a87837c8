"""The quorum port on asyncio: links between a leader and its learners, as bytes.

A leader listens as long as it leads; a learner connects to it. What is sent in one turn of the
loop goes out in one write.

Source: ZooKeeper ``Leader.LearnerCnxAcceptor``, ``Learner.connectToLeader``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.listening import ListenError, listen
from speckeeper.net.peer_line import PeerLine, log_unreached
from speckeeper.net.quorum_link import LinkCounts, QuorumLink
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import PacketType, QuorumPacket, encode_packet, encode_packets
from speckeeper.wire.quorum_stream import QuorumStream, SnapshotPiece
from speckeeper.zab.effects import Link

log = logging.getLogger(__name__)

Address = tuple[str, int]

_NAME = "quorum port"
# As long as ZooKeeper's five tries with 100 ms between them, but without so long a gap: a leader
# that was elected hears of it at the same time as its followers, and often opens its port later.
RETRY_S = 0.02
TRIES = 21
_WITH_TRANSACTIONS = (PacketType.PROPOSAL, PacketType.COMMIT, PacketType.INFORM)


class Links(Protocol):
    """Who is told what comes on links."""

    def accepted(self, link: Link) -> None:
        """A learner has connected."""
        ...

    def packets(self, link: Link, packets: list[QuorumPacket]) -> None:
        """Packets have come, one after the other."""
        ...

    def snapshot(self, link: Link, piece: SnapshotPiece) -> None:
        """A part of the snapshot behind a SNAP has come."""
        ...

    def heard(self, link: Link) -> None:
        """A part of a snapshot has gone out."""
        ...

    def gone(self, link: Link) -> None:
        """A link has broken."""
        ...


class QuorumPort:
    """All links of one server."""

    def __init__(
        self,
        address: Address,
        links: Links,
        max_data: int,
        listen_on_all: bool = False,
        line: PeerLine | None = None,
    ) -> None:
        """``line``: how peers are reached, None for plainly."""
        self._line = line or PeerLine()
        self._address: tuple[str | None, int] = (
            None if listen_on_all else address[0],
            address[1],
        )
        self._links = links
        self._max_data = max_data
        self._loop = asyncio.get_running_loop()
        self._server: Acceptor | None = None
        self._listening: asyncio.Task[None] | None = None
        self._connections: dict[Link, QuorumLink] = {}
        self._count = 0
        self._encoded: tuple[QuorumPacket | None, bytes] = None, b""
        self.dirty: dict[Link, None] = {}
        """The links for which :meth:`flush` has something."""
        self.first: Link = -1
        """The link that is written to ahead of others, if there is such a one."""

    def try_address(self) -> None:
        """Find out now, and not when we are elected, whether we can listen. Raises ListenError."""
        host, port = self._address
        listen(_NAME, host, port, -1, False).close()

    def listen(self, wanted: bool, failed: Callable[[ListenError], None]) -> None:
        """Listen from now on, or no more; what is connected stays."""
        if wanted and self._server is None and self._listening is None:
            self._listening = self._loop.create_task(self._listen(failed))
        elif not wanted:
            if self._listening is not None:
                self._listening.cancel()
                self._listening = None
            if self._server is not None:
                self._server.close()
                self._server = None

    async def _listen(self, failed: Callable[[ListenError], None]) -> None:
        host, port = self._address
        try:
            sock = listen(_NAME, host, port, -1, False)
        except ListenError as error:
            failed(error)
            return
        self._server = self._line.accept(_NAME, sock, lambda: self._link(True))
        self._listening = None

    async def connect(self, address: Address, timeout_ms: int) -> Link | None:
        """Connect to a leader; None if it cannot be reached in time."""
        host, port = address
        deadline = self._loop.time() + timeout_ms / 1000
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(RETRY_S)
            try:
                async with asyncio.timeout_at(deadline):
                    protocol = await self._line.dial(lambda: self._link(False), host, port)
                return protocol.number
            except TimeoutError:
                return None
            except OSError as error:
                log_unreached(_NAME, host, port, error)
        return None

    def name(self, link: Link) -> str:
        """Return what a link is called at both of its ends, "" for one that is gone."""
        connection = self._connections.get(link)
        return "" if connection is None else connection.name

    def is_open(self, link: Link) -> bool:
        """Whether a link is still there."""
        return link in self._connections

    def send(self, link: Link, data: bytes) -> None:
        """Send bytes at the end of this turn."""
        connection = self._connections.get(link)
        if connection is not None:
            connection.queue.append(data)
            self.dirty[link] = None

    def send_packet(self, link: Link, packet: QuorumPacket) -> None:
        """Send a packet at the end of this turn. What goes to several links is encoded once."""
        connection = self._connections.get(link)
        if connection is None:
            return
        last, encoded = self._encoded
        if packet is not last:
            encoded = encode_packet(packet)
            self._encoded = packet, encoded
        counts = connection.counts
        counts.packets_sent += 1
        if packet.type in _WITH_TRANSACTIONS:
            counts.last_zxid = packet.zxid
        connection.queue.append(encoded)
        self.dirty[link] = None

    def send_packets(self, links: Sequence[Link], packets: Sequence[QuorumPacket]) -> None:
        """Send packets on each of the links at the end of this turn, encoded once for all."""
        last = packets[-1]
        encoded = encode_packet(last) if len(packets) == 1 else encode_packets(packets)
        with_transactions = last[0] in _WITH_TRANSACTIONS
        for link in links:
            connection = self._connections.get(link)
            if connection is None:
                continue
            counts = connection.counts
            counts.packets_sent += len(packets)
            if with_transactions:
                counts.last_zxid = last[1]
            connection.queue.append(encoded)
            self.dirty[link] = None

    def counts(self, link: Link) -> LinkCounts:
        """Return what a link has counted; zeros for one that is gone."""
        connection = self._connections.get(link)
        return LinkCounts() if connection is None else connection.counted()

    def send_snapshot(self, link: Link, packet: QuorumPacket, chunks: Iterator[bytes]) -> None:
        """Send SNAP, the body of a snapshot, and the signature behind it, in many turns.

        What is sent on the link after this goes out after it.
        """
        self.send_packet(link, packet)
        connection = self._connections.get(link)
        if connection is not None:
            connection.send_snapshot(chunks)

    def read(self, link: Link, wanted: bool) -> None:
        """Take nothing more from a link, or go on."""
        connection = self._connections.get(link)
        if connection is not None:
            connection.read(wanted)

    def flush(self) -> None:
        """Write what was sent."""
        dirty, self.dirty = self.dirty, {}
        if self.first in dirty:
            dirty = {self.first: None, **dirty}
        for link in dirty:
            connection = self._connections.get(link)
            if connection is not None:
                connection.flush()

    def close_link(self, link: Link) -> None:
        """Close a link after what was sent."""
        connection = self._connections.pop(link, None)
        if connection is not None:
            connection.flush()
            connection.close()

    def close(self) -> None:
        """Close everything."""
        self.listen(False, lambda error: None)
        for link in [*self._connections]:
            self.close_link(link)

    # -- for the connections

    def made(self, connection: QuorumLink, accepted: bool) -> None:
        """A connection is there; number it."""
        self._count += 1
        connection.number = self._count
        self._connections[self._count] = connection
        if accepted:
            self._links.accepted(self._count)

    def moved(self, connection: QuorumLink) -> None:
        """A part of a snapshot has gone out."""
        if connection.number in self._connections:
            self._links.heard(connection.number)

    def lost(self, connection: QuorumLink) -> None:
        """A connection is gone."""
        if self._connections.pop(connection.number, None) is not None:
            self._links.gone(connection.number)

    def received(self, connection: QuorumLink, data: bytes) -> None:
        """Bytes have come."""
        link = connection.number
        try:
            arrived = connection.stream.feed(data)
        except WireError as error:
            log.warning("quorum port: %s", error)
            connection.close()
            self.lost(connection)
            return
        counts = connection.counts
        counts.packets_received += len(arrived)
        if len(arrived) > 1:
            counts.requests += sum([item[0] is PacketType.REQUEST for item in arrived])
        elif arrived and arrived[0][0] is PacketType.REQUEST:
            counts.requests += 1
        if not connection.stream.has_pieces:
            if arrived:
                found: Any = arrived
                self._links.packets(link, found)
            return
        packets: list[QuorumPacket] = []
        for item in arrived:
            if isinstance(item, QuorumPacket):
                packets.append(item)
                continue
            if packets:
                self._links.packets(link, packets)
                packets = []
            if link not in self._connections:
                return
            self._links.snapshot(link, item)
        if packets and link in self._connections:
            self._links.packets(link, packets)

    def _link(self, accepted: bool) -> QuorumLink:
        return QuorumLink(self, QuorumStream(self._max_data), accepted)


__all__ = ["Address", "LinkCounts", "Links", "QuorumPort"]
