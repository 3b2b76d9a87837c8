"""The election port on asyncio: one connection to each peer, and the last word for each of them.

Of two connections between a pair of servers the one that the larger id has opened stays: a smaller
id that is called keeps the connection, one that has called is called back. What cannot be sent is
kept, the latest message for each peer only, and said when a connection is there.

Source: ZooKeeper ``QuorumCnxManager``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.listening import listen
from speckeeper.net.peer_line import PeerLine, log_unreached
from speckeeper.wire.election import (
    InitialMessage,
    Notification,
    decode_initial_message,
    decode_notification,
    encode_initial_message,
    encode_notification,
    frame_notification,
    take_frames,
)
from speckeeper.wire.errors import WireError

log = logging.getLogger(__name__)

Address = tuple[str, int]

_NAME = "election port"


class ElectionPort:
    """Connections to the peers of one server.

    ``peers``: election addresses by id, without our own. ``received(server_id, notification)`` is
    called for every notification that can be decoded. ``connect_timeout_ms``: how long calling one
    of them may take (cnxTimeout).
    """

    def __init__(
        self,
        server_id: int,
        address: Address,
        peers: dict[int, Address],
        received: Callable[[int, Notification], None],
        listen_on_all: bool = False,
        connect_timeout_ms: int = 5000,
        line: PeerLine | None = None,
        strangers: bool = False,
    ) -> None:
        """``line``: how peers are reached, None for plainly. ``strangers``: who is no peer is
        called back all the same, for it may be about to join.
        """
        self._strangers = strangers
        self._line = line or PeerLine()
        self.server_id = server_id
        self._address = address
        self._listen_on_all = listen_on_all
        self._connect_timeout_s = connect_timeout_ms / 1000
        self._peers = peers
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._server: Acceptor | None = None
        self._connections: dict[int, _Connection] = {}
        self._last_sent: dict[int, bytes] = {}
        self._dialing: dict[int, asyncio.Task[None]] = {}
        self._closed = False

    async def listen(self) -> None:
        """Begin to accept peers. Raises ListenError."""
        host, port = self._address
        sock = listen(_NAME, None if self._listen_on_all else host, port, -1, False)
        self._server = self._line.accept(
            _NAME, sock, lambda: _Connection(self, None), _first_message_size
        )

    def close(self) -> None:
        """Close everything."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        for task in self._dialing.values():
            task.cancel()
        for connection in [*self._connections.values()]:
            connection.close()

    def send(self, server_id: int, notification: Notification) -> None:
        """Send a notification, now or when there is a connection."""
        raw = frame_notification(encode_notification(notification))
        self._last_sent[server_id] = raw
        connection = self._connections.get(server_id)
        if connection is not None:
            connection.write(raw)
        else:
            self.connect(server_id)

    def know(self, peers: dict[int, Address]) -> None:
        """Take others for the peers from now on; who is connected stays connected."""
        self._peers = peers

    def connect_all(self) -> None:
        """Connect to every peer to which there is no connection."""
        for server_id in self._peers:
            self.connect(server_id)

    def connect(self, server_id: int) -> None:
        """Connect to a peer, unless that is done or under way."""
        if (
            self._closed
            or server_id in self._connections
            or server_id in self._dialing
            or server_id not in self._peers
        ):
            return
        task = self._loop.create_task(self._dial(server_id))
        self._dialing[server_id] = task
        task.add_done_callback(lambda _: self._dialing.pop(server_id, None))

    async def _dial(self, server_id: int) -> None:
        host, port = self._peers[server_id]
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                greeted = self._line.greets
                await self._line.dial(
                    lambda: _Connection(self, server_id, greeted), host, port, self.greeting()
                )
        except (OSError, TimeoutError) as error:
            log_unreached(_NAME, host, port, error)

    # -- for the connections

    def greeting(self) -> bytes:
        """Return what the caller says first."""
        return encode_initial_message(InitialMessage(self.server_id, (self._address,)))

    def dialed(self, connection: _Connection, server_id: int, greeted: bool) -> None:
        """We have called: keep it if we may, else wait for being called back."""
        if not greeted:
            connection.write(self.greeting())
        if server_id > self.server_id:
            connection.close()
        else:
            self._keep(connection, server_id)

    def called(self, connection: _Connection, message: InitialMessage) -> None:
        """Somebody has called and said who it is."""
        server_id = message.server_id
        if server_id == self.server_id:
            log.warning("a server with our id, %d, has called: it is ignored", server_id)
            connection.close()
        elif server_id < self.server_id:
            connection.close()
            if self._strangers and server_id not in self._peers and message.addresses:
                # Somebody who is no member, and is to know who is.
                self._peers[server_id] = message.addresses[0]
            self.connect(server_id)
        else:
            self._keep(connection, server_id)

    def _keep(self, connection: _Connection, server_id: int) -> None:
        old = self._connections.pop(server_id, None)
        if old is not None:
            old.close()
        self._connections[server_id] = connection
        connection.server_id = server_id
        last = self._last_sent.get(server_id)
        if last is not None:
            connection.write(last)

    def lost(self, connection: _Connection) -> None:
        """A connection is gone."""
        server_id = connection.server_id
        if server_id is not None and self._connections.get(server_id) is connection:
            del self._connections[server_id]

    def deliver(self, server_id: int, raw: bytes) -> None:
        """A frame has come."""
        try:
            notification = decode_notification(raw)
        except WireError as error:
            log.warning("notification of server %d: %s", server_id, error)
            return
        self._received(server_id, notification)


def _first_message_size(data: bytes) -> int | None:
    found = decode_initial_message(data)
    return None if found is None else found[1]


class _Connection(asyncio.Protocol):
    """One connection. ``server_id``: whose, once that is known and it is kept.

    ``greeted``: the caller's first message has gone out.
    """

    def __init__(self, port: ElectionPort, dialed: int | None, greeted: bool = False) -> None:
        self._port = port
        self._greeted = greeted
        self._dialed = dialed
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self.server_id: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._dialed is not None:
            self._port.dialed(self, self._dialed, self._greeted)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._port.lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._take(self._buffer + data)
        except WireError as error:
            log.warning("election port: %s", error)
            self.close()

    def _take(self, data: bytes) -> None:
        if self.server_id is None:
            first = decode_initial_message(data)
            if first is None:
                self._buffer = data
                return
            message, size = first
            data = data[size:]
            self._port.called(self, message)
            if self.server_id is None:
                return
        frames, self._buffer = take_frames(data)
        for frame in frames:
            if self.server_id is not None:
                self._port.deliver(self.server_id, frame)

    def write(self, data: bytes) -> None:
        """Send bytes, if the connection is still there."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Close after what was written."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
        self._port.lost(self)


__all__ = ["Address", "ElectionPort"]
