"""What goes out to clients: reply frames, watch events, and the mark that ends a connection.

Frames pile up in ``Connection.output`` in the order in which the client must see them; the driver
writes them out once per turn of its loop.
"""

from struct import Struct

from speckeeper.server.connection import Connection, State
from speckeeper.server.reasons import CloseReason
from speckeeper.server.stats import ServerStats

#: Length word and reply header: int length, int xid, long zxid, int err.
REPLY_FRAME = Struct(">iiqi")
REPLY_HEADER_SIZE = 16
_LENGTH = Struct(">i")
_pack_reply = REPLY_FRAME.pack
_pack_length = _LENGTH.pack


class Outbox:
    """Queues frames on connections and remembers which connections the driver must look at."""

    __slots__ = ("_stats", "dirty")

    def __init__(self, stats: ServerStats) -> None:
        self._stats = stats
        self.dirty: list[Connection] = []

    def mark(self, connection: Connection) -> None:
        """List a connection whose output, hold or close reason the driver has to look at."""
        if not connection.dirty:
            connection.dirty = True
            self.dirty.append(connection)

    def reply(
        self, connection: Connection, xid: int, zxid: int, err: int, body: bytes = b""
    ) -> None:
        """Queue a reply; the body is left out when ``err`` is not 0 (unless SASL asks for it)."""
        if connection.state >= State.CLOSING:
            return
        size = REPLY_HEADER_SIZE + len(body)
        connection.output.append(_pack_reply(size, xid, zxid, err) + body)
        connection.packets_sent += 1
        stats = self._stats
        stats.packets_sent += 1
        stats.last_response_size = size
        if not stats.min_response_size <= size <= stats.max_response_size:
            stats.stretch_response_sizes(size)
        if not connection.dirty:
            connection.dirty = True
            self.dirty.append(connection)

    def frame(self, connection: Connection, payload: bytes) -> None:
        """Queue a frame that is not a reply: a watch event or the answer to a handshake."""
        if connection.state >= State.CLOSING:
            return
        output = connection.output if connection.behind is None else connection.behind
        output.append(_pack_length(len(payload)) + payload)
        connection.packets_sent += 1
        self._stats.packets_sent += 1
        self.mark(connection)

    def close(self, connection: Connection, reason: CloseReason) -> None:
        """End a connection once what is queued has been written; later frames are not queued.

        The same as ZooKeeper's ``sendCloseSession``: a mark in the outgoing queue.
        """
        if connection.state >= State.CLOSING:
            return
        connection.state = State.CLOSING
        connection.close_reason = reason
        connection.drop_inbox()
        self.mark(connection)
