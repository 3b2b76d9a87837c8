"""The quorum port on asyncio: links between a leader and its learners, as bytes.

A leader listens as long as it leads; a learner connects to it. What is sent in one turn of the
loop goes out in one write.

Source: ZooKeeper ``Leader.LearnerCnxAcceptor``, ``Learner.connectToLeader``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from speckeeper.net.addresses import java_host
from speckeeper.net.listening import ListenError, listen
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import PacketType, QuorumPacket, encode_packet
from speckeeper.wire.quorum_stream import SNAPSHOT_SIGNATURE, QuorumStream
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

    def snapshot(self, link: Link, chunks: list[bytes]) -> None:
        """The snapshot behind a SNAP has come."""
        ...

    def heard(self, link: Link) -> None:
        """A part of a snapshot has come or gone."""
        ...

    def gone(self, link: Link) -> None:
        """A link has broken."""
        ...


@dataclass(slots=True)
class LinkCounts:
    """What operators see of a link (``LearnerHandler.getLearnerHandlerInfo``).

    ``last_zxid``: of the last transaction sent on it, -1 before the first.
    """

    address: str = ""
    established_ms: int = 0
    packets_received: int = 0
    packets_sent: int = 0
    requests: int = 0
    last_zxid: int = -1
    queued_bytes: int = 0

    def reset(self) -> None:
        """Start counting again."""
        self.packets_received = self.packets_sent = self.requests = 0
        self.last_zxid = -1


class QuorumPort:
    """All links of one server."""

    def __init__(
        self, address: Address, links: Links, max_data: int, listen_on_all: bool = False
    ) -> None:
        self._address: tuple[str | None, int] = (
            None if listen_on_all else address[0],
            address[1],
        )
        self._links = links
        self._max_data = max_data
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._listening: asyncio.Task[None] | None = None
        self._connections: dict[Link, _Connection] = {}
        self._count = 0
        self._encoded: tuple[QuorumPacket | None, bytes] = None, b""
        self._dirty: dict[Link, None] = {}

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
            server = await self._loop.create_server(lambda: _Connection(self, True), sock=sock)
        except ListenError as error:
            failed(error)
            return
        self._server = server
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
                    _, protocol = await self._loop.create_connection(
                        lambda: _Connection(self, False), host, port
                    )
                return protocol.link
            except TimeoutError:
                return None
            except OSError as error:
                log.debug("quorum port of %s:%d: %s", host, port, error)
        return None

    def is_open(self, link: Link) -> bool:
        """Whether a link is still there."""
        return link in self._connections

    def send(self, link: Link, data: bytes) -> None:
        """Send bytes at the end of this turn."""
        connection = self._connections.get(link)
        if connection is not None:
            connection.queue.append(data)
            self._dirty[link] = None

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
        self._dirty[link] = None

    def counts(self, link: Link) -> LinkCounts:
        """Return what a link has counted; zeros for one that is gone."""
        connection = self._connections.get(link)
        return LinkCounts() if connection is None else connection.counted()

    def send_snapshot(self, link: Link, packet: QuorumPacket, chunks: Iterable[bytes]) -> None:
        """Send SNAP, the body of a snapshot, and the signature behind it."""
        self.send_packet(link, packet)
        for chunk in chunks:
            self.send(link, chunk)
        self.send(link, SNAPSHOT_SIGNATURE)

    def flush(self) -> None:
        """Write what was sent."""
        dirty, self._dirty = self._dirty, {}
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

    def made(self, connection: _Connection, accepted: bool) -> None:
        """A connection is there; number it."""
        self._count += 1
        connection.link = self._count
        self._connections[self._count] = connection
        if accepted:
            self._links.accepted(self._count)

    def lost(self, connection: _Connection) -> None:
        """A connection is gone."""
        if self._connections.pop(connection.link, None) is not None:
            self._links.gone(connection.link)

    def received(self, connection: _Connection, data: bytes) -> None:
        """Bytes have come."""
        link = connection.link
        try:
            arrived = connection.stream.feed(data)
        except WireError as error:
            log.warning("quorum port: %s", error)
            connection.close()
            self.lost(connection)
            return
        packets: list[QuorumPacket] = []
        for item in arrived:
            if isinstance(item, QuorumPacket):
                packets.append(item)
                connection.counts.packets_received += 1
                connection.counts.requests += item.type is PacketType.REQUEST
                continue
            if packets:
                self._links.packets(link, packets)
                packets = []
            if link not in self._connections:
                return
            connection.snapshot.append(item.body)
            if item.last:
                chunks, connection.snapshot = connection.snapshot, []
                self._links.snapshot(link, chunks)
            else:
                self._links.heard(link)
        if packets and link in self._connections:
            self._links.packets(link, packets)

    def stream(self) -> QuorumStream:
        """Return a decoder for a new connection."""
        return QuorumStream(self._max_data)


class _Connection(asyncio.Protocol):
    """One link."""

    def __init__(self, port: QuorumPort, accepted: bool) -> None:
        self._port = port
        self._accepted = accepted
        self._transport: asyncio.Transport | None = None
        self.link: Link = -1
        self.stream = port.stream()
        self.counts = LinkCounts()
        self.snapshot: list[bytes] = []
        self.queue: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self.counts.address = f"/{java_host(host)}:{port}"
        self.counts.established_ms = time.time_ns() // 1_000_000
        self._port.made(self, self._accepted)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._port.lost(self)

    def data_received(self, data: bytes) -> None:
        self._port.received(self, data)

    def flush(self) -> None:
        """Write what is queued."""
        queue, self.queue = self.queue, []
        if self._transport is not None and queue:
            self._transport.write(b"".join(queue))

    def counted(self) -> LinkCounts:
        """Return the numbers, with what waits to be sent now."""
        if self._transport is not None:
            self.counts.queued_bytes = self._transport.get_write_buffer_size()
        return self.counts

    def close(self) -> None:
        """Close after what was written."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()


__all__ = ["Address", "LinkCounts", "Links", "QuorumPort"]
