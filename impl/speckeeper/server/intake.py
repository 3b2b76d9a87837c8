"""From bytes to requests: framing, the loop that answers reads, and what makes a client wait.

The loop is the hot path of the server. Per request it does one unpack, one slice, one look-up and
one pack; everything that can be is done once per batch. Nothing is applied while it runs, so the
zxid of all its replies is the same. See ZooKeeper NIOServerCnxn.readLength, readRequest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from struct import Struct

from speckeeper.server.connection import Connection, Hold, State
from speckeeper.server.core import Core
from speckeeper.server.dispatch import Dispatcher
from speckeeper.server.handlers import Handler
from speckeeper.server.ordinary_commits import FREQUENT
from speckeeper.server.outbox import REPLY_FRAME, REPLY_HEADER_SIZE
from speckeeper.server.reads import TURN_REPLY_BYTES
from speckeeper.server.reasons import CloseReason
from speckeeper.server.turns import COSTLY, LARGE, Costly
from speckeeper.wire.codes import ErrorCode
from speckeeper.wire.errors import WireError

#: int length, int xid, int opcode: what every request frame begins with.
_FRAME = Struct(">iii")
_FRAME_SIZE = 12
_LENGTH = Struct(">i")
_unpack_frame = _FRAME.unpack_from
_pack_reply = REPLY_FRAME.pack
_SHORTEST = 8  # a request is at least xid and opcode
# Bytes taken from one connection before others get their turn: some 400 small reads or 1400 pings,
# one to three milliseconds.
TURN_BYTES = 16 * 1024
_LARGE_REPLY = 1 << 10
# Entries of long ACL lists that one turn may look through: about a millisecond.
TURN_ACL_ENTRIES = 4096

_MARSHALLING_ERROR = int(ErrorCode.MARSHALLING_ERROR)


def _no_answer(key: object) -> None:
    """Stand in for a look-up where nothing may be answered by the loop."""


class Intake:
    """Takes the bytes of all connections of one server."""

    def __init__(
        self,
        core: Core,
        dispatcher: Dispatcher,
        loop_handlers: dict[int, Handler],
        handshake: Callable[[Connection, bytes, int], None],
    ) -> None:
        """``loop_handlers``: reads that the loop answers; ``handshake`` takes the first frame."""
        self._core = core
        self._dispatcher = dispatcher
        self._handshake = handshake
        self._longest = core.settings.jute_max_buffer
        self._stats = core.stats
        self._turns = core.turns
        # Bound once: the loop looks them up for every chunk.
        self._cached = core.cache.bodies.get
        self._handler_of = loop_handlers.get
        self._dispatch = dispatcher.dispatch
        self.backlog: deque[Connection] = deque()
        """Connections that used up their turn with requests left over."""

    def receive(self, connection: Connection, data: bytes, now_ms: int) -> bool:
        """Take bytes of a connection and do as much as they allow.

        Returns whether there may be more to take out of the server than this connection's output.
        """
        if connection.state == State.OPEN and not (connection.inbox_size or connection.hold):
            size = len(data)
            if size >= _FRAME_SIZE:
                length, xid, op = _unpack_frame(data)
                if op in FREQUENT and length + 4 == size:
                    return self._serve_write(connection, xid, op, data, size, now_ms)
            return self._serve(connection, data, now_ms)
        if connection.state >= State.CLOSING:
            return True
        if connection.inbox_size or connection.hold:
            connection.inbox.append(data)
            connection.inbox_size += len(data)
            if connection.hold or connection.inbox_size < connection.inbox_needed:
                return True
            data = b"".join(connection.inbox)
            connection.drop_inbox()
        self._advance(connection, data, now_ms)
        return True

    def release(self, connection: Connection, hold: int, now_ms: int) -> None:
        """Take back a reason to wait; go on with what has arrived if it was the last.

        The connection is marked, for its driver must read again and write what the loop answered.
        """
        connection.hold &= ~hold
        self._core.outbox.mark(connection)
        if not connection.hold and connection.inbox_size:
            data = b"".join(connection.inbox)
            connection.drop_inbox()
            self._advance(connection, data, now_ms)

    def release_throttled(self, connection: Connection, now_ms: int) -> None:
        """Let a throttled connection go on; what has waited for too long is refused."""
        if connection.hold == Hold.OUTSTANDING and self._dispatcher.is_late(connection, now_ms):
            connection.hold = 0
            self._core.outbox.mark(connection)
            data = b"".join(connection.inbox)
            connection.drop_inbox()
            position = self._serve_late(connection, data, now_ms)
            self._advance(connection, data[position:], now_ms)
        else:
            self.release(connection, Hold.OUTSTANDING, now_ms)

    def _serve_late(self, connection: Connection, data: bytes, now_ms: int) -> int:
        """Refuse the complete requests there are; return where they end."""
        position = requests = 0
        while len(data) - position >= _FRAME_SIZE:
            length, xid, op = _FRAME.unpack_from(data, position)
            start, end = position + _FRAME_SIZE, position + 4 + length
            if end > len(data) or not _SHORTEST <= length <= self._longest:
                break
            requests += 1
            position = end
            if not self._dispatcher.dispatch_late(connection, xid, op, data, start, end, now_ms):
                break
        self._count(connection, requests, position)
        return position

    def waiting_requests(self, connection: Connection) -> int:
        """How many whole requests of a held connection have not been looked at."""
        data = b"".join(connection.inbox)
        position = count = 0
        while len(data) - position >= _FRAME_SIZE:
            end = position + 4 + max(_unpack_frame(data, position)[0], _SHORTEST)
            if end > len(data):
                break
            position, count = end, count + 1
        return count

    def take_turns(self, now_ms: int) -> None:
        """Give every connection of the backlog one more turn, and what is costly its share.

        Raises ExceptionGroup, once all had their turn, of what requests have raised that no request
        should; the connections that sent them are closed.
        """
        turns = self._turns
        turns.spent_us = 0
        errors: list[Exception] = []
        line = self._dispatcher.line
        if line.busy:
            turns.exhaust()
            try:
                line.step()
            except Exception as error:  # noqa: BLE001  (the others must have their turn all the same)
                errors.append(error)
                if line.asker is not None:
                    self._core.outbox.close(line.asker, CloseReason.IO_ERROR)
        if turns.reads:
            turns.exhaust()
            connection = turns.reads[0][0]
            self._for_one(self._read_on, connection, now_ms, errors)
        backlog = self.backlog
        for _ in range(len(backlog)):
            self._for_one(self._let_on, backlog.popleft(), now_ms, errors)
        waiting = turns.waiting
        while waiting and not turns.exhausted:
            connection = waiting.popleft()
            turns.let(connection)
            self._for_one(self._let_on, connection, now_ms, errors)
            turns.let(None)
        if errors:
            raise ExceptionGroup("requests that failed", errors)

    def _for_one(
        self,
        action: Callable[[Connection, int], None],
        connection: Connection,
        now_ms: int,
        errors: list[Exception],
    ) -> None:
        """Do something for a connection; if that fails, end the connection and note why."""
        try:
            action(connection, now_ms)
        except Exception as error:  # noqa: BLE001  (whatever it is, the others are to be served)
            errors.append(error)
            self._core.outbox.close(connection, CloseReason.IO_ERROR)

    def _let_on(self, connection: Connection, now_ms: int) -> None:
        self.release(connection, Hold.TURN, now_ms)

    def touch_waiting(self, now_ms: int) -> None:
        """Let nobody expire who waits for a turn: what it has sent since may not be read yet."""
        turns = self._turns
        readers = [connection for connection, _ in turns.reads]
        for connection in (*turns.waiting, *self.backlog, *readers):
            session = connection.session
            if session is not None:
                session.touched_ms = now_ms

    def _read_on(self, reader: Connection, now_ms: int) -> None:
        """Do one more step of the first large read; after the last, let its client go on."""
        reads = self._turns.reads
        if reader.state < State.CLOSING:
            try:
                next(reads[0][1])
            except StopIteration:
                pass
            except Exception:
                reads.popleft()
                raise
            else:
                return
        reads.popleft()
        self.release(reader, Hold.TURN, now_ms)

    def _advance(self, connection: Connection, data: bytes, now_ms: int) -> None:
        if connection.state == State.NEW:
            data = self._greet(connection, data, now_ms)
            if not data:
                return
        if connection.state >= State.CLOSING:
            return
        if connection.hold:
            connection.keep(data, 0)
            return
        self._serve(connection, data, now_ms)

    def _greet(self, connection: Connection, data: bytes, now_ms: int) -> bytes:
        """Take the handshake off the front; return what follows it."""
        size = len(data)
        needed = 4
        if size >= 4:
            length = _LENGTH.unpack_from(data)[0]
            # As long as any request, like ZooKeeper: what strangers can have kept is bounded by the
            # deadline of the handshake and the limits on connections.
            if not 0 <= length <= self._longest:
                self._core.outbox.close(connection, CloseReason.FRAME_LENGTH)
                return b""
            needed = 4 + length
        if size < needed:
            connection.keep(data, needed)
            return b""
        self._count(connection, 1, needed)
        self._handshake(connection, data[4:needed], now_ms)
        return data[needed:]

    def _serve(self, connection: Connection, data: bytes, now_ms: int) -> bool:
        """Answer the requests of an open connection, in order, until something makes them wait.

        Returns whether anything was done that the loop could not do alone.
        """
        core = self._core
        session = connection.session
        if session is None or session.closing:
            return False  # ZooKeeper drops requests when the session is not there to be touched
        cached: Callable[[bytes], bytes | None] = _no_answer
        handler_of: Callable[[int], Handler | None] = _no_answer
        if connection.state == State.OPEN:
            cached, handler_of = self._cached, self._handler_of
        decided = core.decided
        decided.forget()
        unpack, pack = _unpack_frame, _pack_reply
        append = connection.output.append
        ops = core.stats.ops
        zxid = core.tree.last_processed_zxid
        longest = self._longest
        body: bytes | int | None

        costly = False
        position = answered = dispatched = 0
        xid = op = 0
        room = TURN_REPLY_BYTES
        size = len(data)
        last_start = size - _FRAME_SIZE
        if last_start > TURN_BYTES:
            last_start = TURN_BYTES
        while position <= last_start:
            length, xid, op = unpack(data, position)
            end = position + 4 + length
            if end > size or not _SHORTEST <= length <= longest:
                break
            if connection.queued or op in FREQUENT:
                body = None
            else:
                body = cached(data[position + 8 : end])
                if body is None:
                    handler = handler_of(op)
                    if handler is not None and (length <= LARGE or op not in COSTLY):
                        try:
                            body = handler(
                                connection, data, position + 12, end, connection.auth_ids
                            )
                        except Costly as request:
                            if not self._turns.may_begin(connection, request.cost_us):
                                costly = True
                                break
                        except WireError:
                            body = _MARSHALLING_ERROR
                        if decided.walked > TURN_ACL_ENTRIES:
                            last_start = 0  # this request, and no other
            if body is None:
                if op in COSTLY and not self._dispatcher.may_begin(connection, op, length):
                    costly = True
                    break
                start = position + 12
                position = end
                dispatched += 1
                if not self._dispatch(connection, xid, op, data, start, end, now_ms):
                    break
                if decided.walked > TURN_ACL_ENTRIES:
                    break
                continue
            position = end
            answered += 1
            ops[op] += 1
            if isinstance(body, int):
                append(pack(REPLY_HEADER_SIZE, xid, zxid, body))
            else:
                length = len(body)
                append(pack(REPLY_HEADER_SIZE + length, xid, zxid, 0))
                append(body)
                if length > _LARGE_REPLY:
                    room -= length
                    if room < 0:
                        break

        if position:
            session.touched_ms = now_ms
            self._count(connection, answered + dispatched, position)
            if answered:
                self._note_answers(connection, answered, xid, zxid, op, now_ms)
        if position < size:
            self._leave(connection, data, position, self._turns.waiting if costly else self.backlog)
            return True
        return dispatched != 0 or self._turns.spent_us != 0

    def _serve_write(
        self, connection: Connection, xid: int, op: int, data: bytes, size: int, now_ms: int
    ) -> bool:
        """Do the same with a chunk that is one frequent write and nothing else."""
        session = connection.session
        if session is None or session.closing or size - 4 > self._longest:
            return self._serve(connection, data, now_ms)
        self._dispatch(connection, xid, op, data, _FRAME_SIZE, size, now_ms)
        session.touched_ms = now_ms
        connection.packets_received += 1
        stats = self._stats
        stats.packets_received += 1
        stats.bytes_received += size
        return True

    def _count(self, connection: Connection, requests: int, size: int) -> None:
        connection.packets_received += requests
        stats = self._core.stats
        stats.packets_received += requests
        stats.bytes_received += size

    def _note_answers(
        self, connection: Connection, count: int, xid: int, zxid: int, op: int, now_ms: int
    ) -> None:
        """Account for replies made by the loop, all at once; they took no measurable time."""
        stats = self._core.stats
        stats.packets_sent += count
        stats.instant_reads += count
        connection.packets_sent += count
        connection.latency_count += count
        connection.min_latency_ms = 0
        connection.last_latency_ms = 0
        connection.last_response_ms = now_ms
        connection.last_zxid = zxid
        connection.last_op = op
        if xid >= 0:
            connection.last_cxid = xid

    def _leave(
        self, connection: Connection, data: bytes, position: int, line: deque[Connection]
    ) -> None:
        """Keep the bytes that were not used: the start of a frame, or requests that must wait.

        ``line``: where it waits for another turn.
        """
        session = connection.session
        if connection.state >= State.CLOSING or session is None or session.closing:
            return
        rest = data[position:]
        if connection.hold:
            connection.keep(rest, 0)
            return
        needed = 4
        if len(rest) >= 4:
            length = _LENGTH.unpack_from(rest)[0]
            if length > self._longest or length < 0:
                self._core.outbox.close(connection, CloseReason.FRAME_LENGTH)
                return
            if length < _SHORTEST:
                self._core.outbox.close(connection, CloseReason.MALFORMED_FRAME)
                return
            needed = 4 + length
        connection.keep(rest, needed)
        if len(rest) >= needed:
            connection.hold |= Hold.TURN
            line.append(connection)
