"""What follows when a request leaves the queue: events, session changes, and the reply.

The order within one request is ZooKeeper FinalRequestProcessor's: the transaction is applied, its
watch events are queued, its session is opened or dropped, then it is answered.
"""

from __future__ import annotations

from collections.abc import Callable

from speckeeper.server.connection import Connection, State
from speckeeper.server.core import Core
from speckeeper.server.pipeline import Queued
from speckeeper.server.reads import Handler
from speckeeper.server.reasons import CloseReason
from speckeeper.server.session_ops import SessionOps
from speckeeper.server.watch_ops import WatchOps
from speckeeper.tree.applied import Applied
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT
from speckeeper.wire.records import STAT, Stat
from speckeeper.wire.replies import (
    CheckResult,
    Create2Result,
    CreateResult,
    DeleteResult,
    ErrorResult,
    MultiResult,
    SetDataResult,
    encode_multi_reply,
)

_MARSHALLING_ERROR = int(ErrorCode.MARSHALLING_ERROR)
_PING = int(OpCode.PING)
_PING_XID = -2
_CREATE_SESSION = int(OpCode.CREATE_SESSION)
_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
_SET_ACL = int(OpCode.SET_ACL)
_MULTI = int(OpCode.MULTI)
_ERROR = int(OpCode.ERROR)
_NO_OP = 0

_pack_int = INT.pack
_pack_stat = STAT.pack


def _path(applied: Applied) -> bytes:
    raw = (applied.path or "").encode()
    return _pack_int(len(raw)) + raw


def _stat(applied: Applied) -> bytes:
    return _pack_stat(*_stat_of(applied))


def _stat_of(applied: Applied) -> Stat:
    assert applied.stat is not None, f"type {applied.type} was applied without a Stat"
    return applied.stat


def _nothing(applied: Applied) -> bytes:
    return b""


def _multi(applied: Applied) -> bytes:
    return encode_multi_reply([_part(result) for result in applied.results])


def _part(result: Applied) -> MultiResult:
    kind = result.type
    if kind == _ERROR or result.err:
        return ErrorResult(result.err)
    if kind == OpCode.CREATE:
        return CreateResult(result.path or "")
    if kind == OpCode.SET_DATA:
        return SetDataResult(_stat_of(result))
    if kind == OpCode.CHECK:
        return CheckResult()
    if kind in (OpCode.DELETE, OpCode.DELETE_CONTAINER):
        return DeleteResult()
    return Create2Result(result.path or "", _stat_of(result))


# The body of the reply to a write that succeeded.
_BODIES: dict[int, Callable[[Applied], bytes]] = {
    OpCode.CREATE: _path,
    OpCode.CREATE2: lambda applied: _path(applied) + _stat(applied),
    OpCode.CREATE_CONTAINER: lambda applied: _path(applied) + _stat(applied),
    OpCode.CREATE_TTL: lambda applied: _path(applied) + _stat(applied),
    OpCode.DELETE: _nothing,
    OpCode.DELETE_CONTAINER: _nothing,
    OpCode.SET_DATA: _stat,
    OpCode.SET_ACL: _stat,
    OpCode.MULTI: _multi,
    OpCode.RECONFIG: _nothing,
    OpCode.CLOSE_SESSION: _nothing,
}

WRITES = frozenset({*(int(op) for op in _BODIES), _CREATE_SESSION})
"""Opcodes that become a transaction."""


class Finisher:
    """Finishes requests in queue order; ``handlers`` are the reads that may wait in the queue."""

    def __init__(
        self,
        core: Core,
        sessions: SessionOps,
        watch_ops: WatchOps,
        handlers: dict[int, Handler],
    ) -> None:
        self._core = core
        self._sessions = sessions
        self._watch_ops = watch_ops
        self._handlers = handlers
        self.now_ms = 0

    def finish(self, queued: Queued, applied: Applied | None) -> None:
        """Deal with one request that is done; ``applied`` is None for a read."""
        if applied is not None:
            self._take_effect(queued, applied)
        connection = queued.connection
        if connection is None:
            return
        connection.queued -= 1
        if queued.xid > 0:
            connection.outstanding -= 1
        if connection.state >= State.CLOSING:
            return  # nobody is there to hear of it; a read must not leave a watch behind
        if applied is None:
            self._answer_read(queued, connection)
        else:
            self._answer_write(queued, applied, connection)

    def _take_effect(self, queued: Queued, applied: Applied) -> None:
        """Tell watchers, forget stale replies, and follow what happened to the session."""
        events = applied.events
        forget = self._core.cache.forget
        if events:
            self._watch_ops.fire(events, queued.zxid)
            for event in events:
                forget(event.path)
        if applied.type == _SET_ACL and applied.path is not None:
            forget(applied.path)
        elif applied.type == _CLOSE_SESSION and queued.txn is not None:
            self._sessions.closed(queued.txn.header.client_id, queued.connection)

    def _answer_read(self, queued: Queued, connection: Connection) -> None:
        body = queued.body
        try:
            answer = self._handlers[queued.op](connection, body, 4, len(body), queued.auth_ids)
        except WireError:
            answer = _MARSHALLING_ERROR
        xid = _PING_XID if queued.op == _PING else queued.xid
        if isinstance(answer, int):
            self._reply(queued, connection, xid, queued.op, answer, b"")
        else:
            self._reply(queued, connection, xid, queued.op, 0, answer)

    def _answer_write(self, queued: Queued, applied: Applied, connection: Connection) -> None:
        op = queued.op
        if applied.err and applied.type != _MULTI:
            # ZooKeeper shows no name for a refused write as the connection's last operation.
            self._reply(queued, connection, queued.xid, _NO_OP, applied.err, b"")
        elif op == _CREATE_SESSION:
            self._note(queued, connection, queued.xid, op)
            self._sessions.finish(connection, True)
        else:
            self._reply(queued, connection, queued.xid, op, 0, _BODIES[op](applied))
        if op == _CLOSE_SESSION:
            self._core.outbox.close(connection, CloseReason.CLIENT_CLOSED_SESSION)

    def _reply(
        self, queued: Queued, connection: Connection, xid: int, op: int, err: int, body: bytes
    ) -> None:
        core = self._core
        self._note(queued, connection, xid, op)
        core.outbox.reply(connection, xid, core.tree.last_processed_zxid, err, body)

    def _note(self, queued: Queued, connection: Connection, xid: int, op: int) -> None:
        now_ms = self.now_ms
        latency_ms = max(now_ms - queued.received_ms, 0)
        stats = self._core.stats
        stats.latency.add(latency_ms)
        (stats.read_latency if queued.txn is None else stats.update_latency).add(latency_ms)
        stats.ops[queued.op] += 1
        connection.note_reply(xid, self._core.tree.last_processed_zxid, op, latency_ms, now_ms)
