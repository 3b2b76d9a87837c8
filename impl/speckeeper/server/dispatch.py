"""Which part of the server deals with a request, by its opcode.

The frequent reads do not come here: :mod:`speckeeper.server.intake` answers them in its loop. See
ZooKeeper ZooKeeperServer.processPacket, submitRequestNow, Request.isValid,
UnimplementedRequestProcessor.
"""

from __future__ import annotations

from speckeeper.server.auth import Authenticator
from speckeeper.server.connection import Connection, Hold, State
from speckeeper.server.core import Core
from speckeeper.server.handlers import Handler, InSteps
from speckeeper.server.local_sessions import SessionUpgrader
from speckeeper.server.ordinary_commits import FREQUENT
from speckeeper.server.ordinary_writes import OrdinaryWrites
from speckeeper.server.pipeline import Pipeline
from speckeeper.server.reads import SLOW_READS
from speckeeper.server.reasons import CloseReason
from speckeeper.server.sessions import Session
from speckeeper.server.turns import LARGE, OF_PARTS, Costly, cost_us
from speckeeper.server.writes import WRITES
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import encode_ustring
from speckeeper.wire.records import Id
from speckeeper.wire.requests import SyncRequest, decode_request
from speckeeper.wire.steps import Steps

_PING = int(OpCode.PING)
_SYNC = int(OpCode.SYNC)
_AUTH = int(OpCode.AUTH)
_SASL = int(OpCode.SASL)
_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
_MARSHALLING_ERROR = int(ErrorCode.MARSHALLING_ERROR)
_UNIMPLEMENTED = int(ErrorCode.UNIMPLEMENTED)
_THROTTLED_OP = int(ErrorCode.THROTTLED_OP)
_NEVER_THROTTLED = frozenset(
    (_PING, _AUTH, _SASL, _CLOSE_SESSION, int(OpCode.CREATE_SESSION))
)  # Request.isThrottlable, and what never gets as far as the throttle

_UNLIMITED = 1 << 62

#: Not an opcode of any client: what a request that waited too long is queued as.
THROTTLED = int(OpCode.ERROR)
_PING_XID = -2
_NO_ZXID = -1


def ping(
    connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
) -> bytes | int:
    """ping: an empty answer; that it came is all there is to it."""
    return b""


def sync(
    connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
) -> bytes | int:
    """sync: echo the path, once every write ahead of it is applied."""
    request = decode_request(_SYNC, buffer, start, end)
    assert isinstance(request, SyncRequest)
    return encode_ustring(request.path)


def close_local(
    connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
) -> bytes | int:
    """closeSession of a local session: an empty answer; it is forgotten already."""
    return b""


def throttled(
    connection: Connection, buffer: bytes, start: int, end: int, ids: tuple[Id, ...]
) -> bytes | int:
    """Stand in for a request that waited too long (ZooKeeper RequestThrottler)."""
    return _THROTTLED_OP


MOST_WAITING_BYTES = 64 << 20
"""Who asks for more while transactions of so many bytes wait for the log has to wait too.

ZooKeeper counts requests alone (``globalOutstandingLimit``), of which a thousand may come to a
gigabyte.
"""


class Dispatcher:
    """Takes one complete request of an open connection."""

    def __init__(
        self,
        core: Core,
        pipeline: Pipeline,
        ordinary: OrdinaryWrites,
        auth: Authenticator,
        upgrader: SessionUpgrader,
        handlers: dict[int, Handler],
        in_steps: dict[int, InSteps],
    ) -> None:
        """``handlers`` are all reads, ping, sync and the end of a local session, by opcode.

        ``in_steps`` are those that may be so large that they take many turns.
        """
        self._in_steps = in_steps
        self._turns = core.turns
        self.line = pipeline.line
        self._ordinary = ordinary
        self._core = core
        self._pipeline = pipeline
        self._auth = auth
        self._upgrader = upgrader
        self._handlers = handlers
        settings = core.settings
        self._limit = settings.global_outstanding_limit
        self._request_limit = settings.request_throttle_limit
        # Up to here no limit applies to anybody.
        soonest = self._limit + 1
        self._soonest_limit = min(
            soonest, self._request_limit - 1 if self._request_limit else soonest
        )
        self._limits_large = settings.large_request_threshold != -1
        # Requests up to here count as large by no setting.
        self._never_large = settings.large_request_threshold if self._limits_large else _UNLIMITED
        self.throttled: dict[Connection, None] = {}
        """Connections that wait until fewer requests are in progress, longest first."""

    def may_begin(self, connection: Connection, op: int, size: int) -> bool:
        """Whether a request of a costly operation may be dispatched in this turn."""
        tree = self._core.tree
        owned = tree.ephemerals.get(connection.session_id, ())
        return self._turns.may_begin(connection, cost_us(op, size, len(tree.nodes), len(owned)))

    def dispatch(
        self,
        connection: Connection,
        xid: int,
        op: int,
        buffer: bytes,
        start: int,
        end: int,
        now_ms: int,
    ) -> bool:
        """Deal with one request: its opcode ends at ``start``, its body is ``buffer[start:end]``.

        Returns False when nothing more may be taken from the connection for now.
        """
        if op in WRITES and connection.state == State.OPEN:
            if (
                op in FREQUENT
                and end - start <= self._never_large
                and self._ordinary.take(
                    connection, connection.session_id, xid, op, buffer, start, end, now_ms
                )
            ):
                connection.queued += 1
                self._core.waiting += 1
                if xid > 0:
                    connection.outstanding += 1
                if len(self._pipeline.queue) > self._soonest_limit:
                    self._throttle(connection, now_ms)
                return not connection.hold
            session = connection.session
            local = session is not None and session.local
            if session is not None and local:
                if op == _CLOSE_SESSION:
                    self._close_local(connection, session, xid, buffer, start, end, now_ms)
                    return False
                local = self._upgrader.check_upgrade_session(
                    session, op, buffer, start, end, now_ms
                )
            large = self._large(end - start) if self._limits_large else 0
            if large is None:
                self._core.stats.large_requests_rejected += 1
                self._core.outbox.close(connection, CloseReason.LARGE_REQUEST)
                return False
            self._pipeline.write(
                connection,
                connection.session_id,
                xid,
                op,
                buffer,
                start,
                end,
                connection.auth_ids,
                now_ms,
                large,
                local,
            )
            connection.queued += 1
            self._core.waiting += 1
            if xid > 0:
                connection.outstanding += 1
            pipeline = self._pipeline
            if (
                pipeline.waiting > self._soonest_limit
                or pipeline.waiting_bytes > MOST_WAITING_BYTES
            ):
                self._throttle(connection, now_ms)
            if op == _CLOSE_SESSION and connection.session is not None:
                connection.session.closing = True
                return False
        elif op == _AUTH:
            self._auth.auth(connection, xid, buffer[start:end])
        elif op == _SASL:
            self._auth.sasl(connection, xid, buffer[start:end])
        elif connection.state == State.UNAUTHENTICATED:
            self._auth.refuse(connection, xid)
        elif op in self._handlers:
            self._read(connection, xid, op, buffer, start, end, now_ms)
            if op in SLOW_READS:
                return False
        else:
            self._core.outbox.reply(connection, xid, _NO_ZXID, _UNIMPLEMENTED)
            self._core.outbox.close(connection, CloseReason.UNKNOWN_OPCODE)
        return not connection.hold and connection.state < State.CLOSING

    def _close_local(
        self,
        connection: Connection,
        session: Session,
        xid: int,
        buffer: bytes,
        start: int,
        end: int,
        now_ms: int,
    ) -> None:
        """Forget a local session; the answer comes in its turn, and ends the connection."""
        session.closing = True
        assert self._core.local_sessions is not None
        self._core.local_sessions.remove(session.id)
        self._read(connection, xid, _CLOSE_SESSION, buffer, start, end, now_ms)

    def dispatch_late(
        self,
        connection: Connection,
        xid: int,
        op: int,
        buffer: bytes,
        start: int,
        end: int,
        now_ms: int,
    ) -> bool:
        """Refuse a request that waited longer than ``throttledOpWaitTime``, in its turn."""
        if op in _NEVER_THROTTLED or connection.state != State.OPEN:
            return self.dispatch(connection, xid, op, buffer, start, end, now_ms)
        self._core.stats.throttled_ops += 1
        if connection.queued:
            self._pipeline.read_later(connection, xid, THROTTLED, b"", (), now_ms)
            self._count(connection, xid, now_ms)
        else:
            zxid = self._core.tree.last_processed_zxid
            self._core.outbox.reply(connection, xid, zxid, _THROTTLED_OP)
        return not connection.hold

    def _read(
        self,
        connection: Connection,
        xid: int,
        op: int,
        buffer: bytes,
        start: int,
        end: int,
        now_ms: int,
    ) -> None:
        pipeline = self._pipeline
        if connection.queued or (op == _SYNC and pipeline.queue):
            pipeline.read_later(
                connection, xid, op, buffer[start - 4 : end], connection.auth_ids, now_ms
            )
            self._count(connection, xid, now_ms)
            return
        turns = self._turns
        try:
            if end - start > LARGE and op in OF_PARTS:
                raise Costly(0)
            answer = self._handlers[op](connection, buffer, start, end, connection.auth_ids)
        except Costly:
            turns.exhaust()
            steps = self._read_in_steps(connection, xid, op, buffer, start, end, now_ms)
            turns.reads.append((connection, steps))
            connection.hold |= Hold.TURN
            return
        except WireError:
            answer = _MARSHALLING_ERROR
        self._answer(connection, xid, op, answer, self._core.tree.last_processed_zxid, now_ms)

    def _read_in_steps(
        self,
        connection: Connection,
        xid: int,
        op: int,
        buffer: bytes,
        start: int,
        end: int,
        now_ms: int,
    ) -> Steps[None]:
        """Answer a large read a part at a time; its connection is held meanwhile."""
        ids = connection.auth_ids
        answer: bytes | int
        try:
            answer, zxid = yield from self._in_steps[op](connection, buffer, start, end, ids)
        except WireError:
            answer, zxid = _MARSHALLING_ERROR, self._core.tree.last_processed_zxid
        self._answer(connection, xid, op, answer, zxid, now_ms)
        behind, connection.behind = connection.behind, None
        connection.output += behind or ()

    def _answer(
        self,
        connection: Connection,
        xid: int,
        op: int,
        answer: bytes | int,
        zxid: int,
        now_ms: int,
    ) -> None:
        core = self._core
        if op == _PING:
            xid = _PING_XID
        if isinstance(answer, int):
            core.outbox.reply(connection, xid, zxid, answer)
        else:
            core.outbox.reply(connection, xid, zxid, 0, answer)
        if op == _CLOSE_SESSION:
            core.outbox.close(connection, CloseReason.CLIENT_CLOSED_SESSION)
        core.stats.latency.add(0)
        core.stats.read_latency.add(0)
        core.stats.ops[op] += 1
        connection.note_reply(xid, zxid, op, 0, now_ms)

    def _large(self, size: int) -> int | None:
        """How many bytes count against the limit on large requests; None if they are too many."""
        settings = self._core.settings
        if size <= settings.large_request_threshold:
            return 0
        if self._pipeline.large_bytes + size > settings.large_request_max_bytes:
            return None
        return size

    def _count(self, connection: Connection, xid: int, now_ms: int) -> None:
        """Count a read that waits in the queue."""
        connection.queued += 1
        self._core.waiting += 1
        if xid > 0:
            connection.outstanding += 1
        if self._pipeline.waiting > self._soonest_limit:
            self._throttle(connection, now_ms)

    def _throttle(self, connection: Connection, now_ms: int) -> None:
        """Hold the connection if too many requests are in progress.

        As in ``incrOutstandingAndCheckThrottle``, the one just taken is not yet among those that
        count against ``globalOutstandingLimit``. What a leader does for learners counts there.
        """
        waiting = self._core.waiting
        if self._must_wait(connection, waiting - 1, waiting):
            connection.hold |= Hold.OUTSTANDING
            connection.held_since_ms = now_ms
            self.throttled[connection] = None
            self._core.stats.throttle_waits += 1

    def is_late(self, connection: Connection, now_ms: int) -> bool:
        """Whether what a throttled connection has sent meanwhile has waited too long."""
        patience_ms = self._core.settings.throttled_op_wait_time_ms
        return patience_ms > 0 and now_ms - connection.held_since_ms > patience_ms

    def free_to_go_on(self, connection: Connection) -> bool:
        """Whether a throttled connection may send again (``decrOutstandingAndCheckThrottle``)."""
        waiting = self._core.waiting
        return not self._must_wait(connection, waiting, waiting)

    def _must_wait(self, connection: Connection, others: int, waiting: int) -> bool:
        if 0 < self._request_limit <= waiting:
            return True
        if self._pipeline.waiting_bytes > MOST_WAITING_BYTES:
            return True
        return others > self._limit and connection.outstanding > 0
