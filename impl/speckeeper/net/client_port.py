"""The client port: moves bytes between sockets and the server, and keeps strangers out.

One protocol object per connection. It hands every chunk to the server and writes what comes of it,
once per turn of the loop. What it decides by itself needs no server: the limits on connections, and
the four-letter words, which come before any handshake. See ZooKeeper NIOServerCnxnFactory and
NIOServerCnxn.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic_ns
from typing import cast

from speckeeper.net.addresses import java_host
from speckeeper.net.refusals import RefusalLog
from speckeeper.net.unread import NOTICED, Unread
from speckeeper.server.connection import Connection, Hold
from speckeeper.server.reasons import ORDINARY, CloseReason
from speckeeper.server.server import Server

log = logging.getLogger(__name__)

#: Answers a four-letter word; None if it is none, and then its bytes are the length of a frame.
#: The word is four characters, and eight more for ``stmk``, which brings a long (latin-1).
Commands = Callable[[str], bytes | None]

_WORD_SIZE = 4
_SET_TRACE_MASK = b"stmk"
_SET_TRACE_MASK_SIZE = 12
# Replies that a client does not take pile up here before its requests wait: about as much as one
# largest reply, so that a client that reads steadily never waits.
WRITE_HIGH_WATER = 1 << 20
# Requests of a waiting client are kept up to here, then its socket is not read any more.
INBOX_HIGH_WATER = 64 << 10
_NS_PER_MS = 1_000_000


class ClientPort:
    """What all client connections share."""

    def __init__(
        self,
        server: Server,
        commands: Commands,
        end_turn: Callable[[], None],
        most_connections: int = 0,
        end_turn_now: Callable[[], None] | None = None,
        counted: Callable[[int], None] = lambda connections: None,
    ) -> None:
        """``end_turn`` has the end of this turn run soon, once; ``end_turn_now`` runs it.

        ``most_connections``: as many as the process has descriptors for, 0 if that is no concern.
        ``counted``: told how many connections there are whenever that changes.
        """
        self.server = server
        self._counted = counted
        self.most_connections = most_connections
        self.commands = commands
        self.end_turn = end_turn
        self._end_turn_now = end_turn_now or end_turn
        self.end_chunk = end_turn
        """Ends the turn of a chunk: at once where nobody else is there to bring anything in it."""
        self.refusals = RefusalLog(log)
        self.protocols: set[ClientProtocol] = set()
        self.unread: Unread[ClientProtocol] = Unread(server.settings.max_unsent_total_bytes)
        self.stopping = False
        self._per_host: Counter[str] = Counter()

    def protocol(self) -> ClientProtocol:
        """Make the protocol of one more connection."""
        return ClientProtocol(self)

    @property
    def secure(self) -> SecureGate:
        """The same port for those who come in at the secure one."""
        return SecureGate(self)

    def refusal(self, host: str) -> CloseReason | None:
        """Why a connection from ``host`` may not come in, None if it may."""
        settings = self.server.settings
        if self.stopping:
            return CloseReason.SERVER_SHUTDOWN
        if settings.max_cnxns and len(self.protocols) >= settings.max_cnxns:
            return CloseReason.TOO_MANY_CONNECTIONS
        if self.most_connections and len(self.protocols) >= self.most_connections:
            return CloseReason.OUT_OF_DESCRIPTORS
        if settings.max_client_cnxns and self._per_host[host] >= settings.max_client_cnxns:
            return CloseReason.TOO_MANY_FROM_ADDRESS
        return None

    def refuse(self, reason: CloseReason, peer: str) -> None:
        """Count and log a connection that was not let in."""
        self.server.stats.connections_rejected += 1
        self.server.stats.closed[reason] += 1
        self.refusals.note(reason, peer)

    def opened(self, protocol: ClientProtocol, host: str) -> None:
        """Count a connection that was let in."""
        self.protocols.add(protocol)
        self._per_host[host] += 1
        self._choose_end()

    def closed(self, protocol: ClientProtocol, host: str) -> None:
        """Forget a connection."""
        self.protocols.discard(protocol)
        self._per_host[host] -= 1
        if not self._per_host[host]:
            del self._per_host[host]
        self._choose_end()

    def _choose_end(self) -> None:
        connections = len(self.protocols)
        self.end_chunk = self._end_turn_now if connections == 1 else self.end_turn
        self._counted(connections)


class SecureGate:
    """The gate of the secure client port: what the client port is, and connections say so."""

    def __init__(self, port: ClientPort) -> None:
        self._port = port
        self.refusal = port.refusal
        self.refuse = port.refuse

    def protocol(self) -> ClientProtocol:
        """Make the protocol of one more connection."""
        return ClientProtocol(self._port, True)


def _drop(connection: Connection, data: bytes, now_ms: int) -> bool:
    """Stand in for the server where nothing more is taken."""
    return False


class ClientProtocol(asyncio.Protocol):
    """One connection, between its socket and its :class:`Connection`."""

    __slots__ = (
        "_closing_since_ms",
        "_connection",
        "_first",
        "_port",
        "_reading",
        "_receive",
        "_secure",
        "_server",
        "_transport",
        "_unread",
        "_write",
    )

    def __init__(self, port: ClientPort, secure: bool = False) -> None:
        self._port = port
        self._secure = secure
        self._server = port.server
        self._receive = port.server.receive
        self._first: bytes | None = b""  # until it is clear that the first bytes are no word
        self._reading = True
        self._unread = False  # more than is worth a note waits for the client to take it
        self._closing_since_ms = 0
        self._connection: Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._write: Callable[[bytes], None] = _nowhere

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the connection in, or cut it off (``fastCloseSock``)."""
        stream = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        host, port = java_host(peer[0]), peer[1]
        refusal = self._port.refusal(host)
        if refusal is not None:
            self._port.refuse(refusal, f"{host}:{port}")
            stream.abort()
            return
        self._transport = stream
        self._write = stream.write
        stream.set_write_buffer_limits(high=min(NOTICED, self._server.settings.max_unsent_bytes))
        self._connection = self._server.connect(host, port, monotonic_ns() // _NS_PER_MS)
        self._connection.driver = self
        self._connection.secure = self._secure
        self._port.opened(self, host)
        session = transport.get_extra_info("ssl_object")
        if session is not None:
            self._identify(self._connection, session.getpeercert(binary_form=True))

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the server, and write at once what it answers."""
        connection = self._connection
        if connection is None:
            return
        if self._first is not None:
            data = self._after_word(self._first + data, connection)
            if not data:
                return
        busy = self._receive(connection, data, monotonic_ns() // _NS_PER_MS)
        output = connection.output
        if output:
            self._write(b"".join(output))
            output.clear()
            if self._unread:
                self._measure(connection)
            if connection.hold:  # what is unsent has come to the mark, or beyond the limit
                busy = True
        if busy:
            if connection.hold:
                self.flush()
            self._port.end_chunk()

    def pause_writing(self) -> None:
        """Look after the client from now on: it does not take its replies."""
        if self._connection is not None:
            self._unread = True
            self._measure(self._connection)

    def resume_writing(self) -> None:
        """Let the client go on."""
        self._forget_unread()
        if self._connection is not None:
            self._server.hold_unread(self._connection, False, monotonic_ns() // _NS_PER_MS)
            self.flush()
            self._port.end_turn()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        connection, self._connection = self._connection, None
        self._forget_unread()
        self._transport = None
        self._write = _nowhere
        if connection is None:
            return
        reason = CloseReason.IO_ERROR if exc else CloseReason.CLIENT_CLOSED_CONNECTION
        self._server.disconnect(connection, reason)
        connection.driver = None
        self._port.closed(self, connection.host)

    def flush(self) -> None:
        """Write what waits; hold, free or end the connection as the server says."""
        connection, transport = self._connection, self._transport
        if connection is None or transport is None:
            return
        output = connection.output
        if output:
            self._write(b"".join(output))
            output.clear()
            if self._unread:
                self._measure(connection)
        if connection.close_reason is not None:
            self._end(connection, transport, connection.close_reason)
        elif connection.hold:
            if self._reading and connection.inbox_size > INBOX_HIGH_WATER:
                self._reading = False
                transport.pause_reading()
            limit = self._server.settings.max_unsent_bytes
            if transport.get_write_buffer_size() > limit:
                self.cut(CloseReason.SLOW_READER)
        elif not self._reading:
            self._reading = True
            transport.resume_reading()

    def _measure(self, connection: Connection) -> None:
        """Note what is unread; make the client wait where that is much, or all have too much."""
        transport, unread = self._transport, self._port.unread
        if transport is None:
            return
        size = transport.get_write_buffer_size()
        unread.note(self, size)
        if not connection.hold & Hold.UNREAD and (size > WRITE_HIGH_WATER or unread.scarce):
            self._server.hold_unread(connection, True, monotonic_ns() // _NS_PER_MS)
        while (worst := unread.worst()) is not None:
            worst.cut(CloseReason.SLOW_READER)

    def _forget_unread(self) -> None:
        if self._unread:
            self._unread = False
            self._port.unread.note(self, 0)

    def send(self, frame: bytes) -> None:
        """Write a frame behind everything that was written."""
        self._write(frame)

    def stop_reading(self) -> None:
        """Take nothing more from the client.

        What it sends is dropped, not left unread: at the end of the connection that would make a
        reset of it, which takes replies on their way with it.
        """
        self._first = None
        self._receive = _drop

    def finish(self, reason: CloseReason) -> None:
        """End the connection after what waits has been written."""
        connection, transport = self._connection, self._transport
        if connection is not None and transport is not None:
            self._server.outbox.close(connection, reason)
            self.flush()

    def cut(self, reason: CloseReason) -> None:
        """End the connection at once, whatever waits."""
        self._forget_unread()
        connection, transport = self._connection, self._transport
        if connection is None or transport is None:
            return
        if connection.close_reason is None:
            self._log(connection, reason)
        self._closing_since_ms = self._closing_since_ms or monotonic_ns() // _NS_PER_MS
        self._server.disconnect(connection, reason)
        transport.abort()

    def overdue(self, now_ms: int, patience_ms: int) -> bool:
        """Whether the client has had its time to take the last bytes of a closed connection."""
        return self._closing_since_ms != 0 and now_ms - self._closing_since_ms > patience_ms

    def _identify(self, connection: Connection, certificate: bytes | None) -> None:
        """Take the subject of the client's certificate, if it showed one, for an identity."""
        if certificate is None:
            return
        from speckeeper.net.tls.identity import subject_of  # only TLS needs it

        try:
            subject = subject_of(certificate)
        except ValueError as error:
            log.warning("the certificate of %s cannot be read: %s", connection.address, error)
            self.cut(CloseReason.AUTH_FAILED)
            return
        if not self._server.identify(connection, subject):
            self.cut(CloseReason.AUTH_FAILED)

    def _end(
        self, connection: Connection, transport: asyncio.Transport, reason: CloseReason
    ) -> None:
        if not self._closing_since_ms:
            self._closing_since_ms = monotonic_ns() // _NS_PER_MS
            self._log(connection, reason)
            transport.close()

    def _log(self, connection: Connection, reason: CloseReason) -> None:
        if reason not in ORDINARY:
            because = connection.refused_because
            self._port.refusals.note(reason, connection.address + (because and f" ({because})"))

    def _after_word(self, data: bytes, connection: Connection) -> bytes:
        """Answer a four-letter word; return the bytes that are for the server, maybe none yet."""
        needed = _SET_TRACE_MASK_SIZE if data[:_WORD_SIZE] == _SET_TRACE_MASK else _WORD_SIZE
        if len(data) < _WORD_SIZE:
            self._first = data
            return b""
        stats = self._server.stats
        # A word is among what was received when it is answered, but its answer has not been sent.
        stats.packets_received += 1
        connection.packets_received += 1
        connection.hold |= Hold.WORD
        answer = self._port.commands(data[:needed].decode("latin-1"))
        connection.hold &= ~Hold.WORD
        if answer is None:
            stats.packets_received -= 1
            connection.packets_received -= 1
            if len(data) < needed:
                self._first = data  # the word is allowed, and its mask is still to come
                return b""
            self._first = None
            return data
        self._first = None
        stats.packets_sent += 1
        connection.output.append(answer)
        self.finish(CloseReason.INFO_PROBE)
        return b""


def _nowhere(data: bytes) -> None:
    """Take what is written to a connection that is gone."""
