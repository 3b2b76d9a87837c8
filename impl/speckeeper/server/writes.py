"""What follows when a request leaves the queue: events, session changes, and the reply.

The order within one request is ZooKeeper FinalRequestProcessor's: the transaction is applied, its
watch events are queued, its session is opened or dropped, then it is answered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from speckeeper.server.connection import Connection, State
from speckeeper.server.core import Core
from speckeeper.server.handlers import Handler
from speckeeper.server.pipeline import Queued
from speckeeper.server.reads import SLOW_READS, TURN_REPLY_BYTES
from speckeeper.server.reasons import CloseReason
from speckeeper.server.session_ops import SessionOps
from speckeeper.server.watch_ops import WatchOps
from speckeeper.tree.applied import Applied
from speckeeper.tree.paths import CONFIG
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT
from speckeeper.wire.records import STAT, Id, Stat
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
from speckeeper.wire.reply_bodies import encode_data_reply
from speckeeper.wire.txns import CreateSessionTxn, Txn

_MARSHALLING_ERROR = int(ErrorCode.MARSHALLING_ERROR)
_SESSION_MOVED = int(ErrorCode.SESSION_MOVED)
_PING = int(OpCode.PING)
_PING_XID = -2
_CREATE_SESSION = int(OpCode.CREATE_SESSION)
_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
_SET_ACL = int(OpCode.SET_ACL)
_MULTI = int(OpCode.MULTI)
_RECONFIG = int(OpCode.RECONFIG)
_ERROR = int(OpCode.ERROR)
_CHECK = int(OpCode.CHECK)
_NO_OP = 0

_pack_int = INT.pack
_pack_stat = STAT.pack


def _path(applied: Applied) -> bytes:
    raw = (applied.path or "").encode()
    return _pack_int(len(raw)) + raw


def _stat(applied: Applied) -> bytes:
    stat = applied.stat
    assert stat is not None, f"type {applied.type} was applied without a Stat"
    return _pack_stat(*stat)


def _stat_of(applied: Applied) -> Stat:
    assert applied.stat is not None, f"type {applied.type} was applied without a Stat"
    return applied.stat


def _nothing(applied: Applied) -> bytes:
    return b""


# One object for all: the encoder makes bytes of each once.
_CHECKED = CheckResult()
_DELETED = DeleteResult()
_failed = lru_cache(maxsize=64)(ErrorResult)


def _multi(applied: Applied) -> bytes:
    return encode_multi_reply([_part(result) for result in applied.results])


def _part(result: Applied) -> MultiResult:
    kind = result.type
    if kind == _ERROR or result.err:
        return _failed(result.err)
    if kind == _CHECK:
        return _CHECKED
    if kind == OpCode.CREATE:
        return CreateResult(result.path or "")
    if kind == OpCode.SET_DATA:
        return SetDataResult(_stat_of(result))
    if kind in (OpCode.DELETE, OpCode.DELETE_CONTAINER):
        return _DELETED
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
        self._tree = core.tree
        self._stats = core.stats
        self._ops = core.stats.ops
        self._outbox = core.outbox
        self._cached = core.cache.bodies.get
        self._kept = core.cache.requests
        self._forget = core.cache.forget
        self._fire = watch_ops.fire
        self._watched = (core.watches.data.watched, core.watches.child.watched)
        self._sessions = sessions
        self._handlers = handlers
        self._read_counts: dict[int, int] = {}
        self._write_counts: dict[int, int] = {}
        self.now_ms = 0

    def finish(self, queued: Queued, applied: Applied | None) -> int:
        """Deal with one request that is done; ``applied`` is None for a read.

        Watchers are told, stale replies forgotten and the session followed before it is answered.
        Returns what a read has cost of the turn, in bytes.
        """
        zxid, txn, connection, xid, op, body, auth_ids, received_ms, _, _ = queued
        if applied is not None:
            kind, err, path, _, _, events, _ = applied
            if events:
                data_watched, child_watched = self._watched
                if data_watched or child_watched:
                    self._fire(events, zxid)
                kept = self._kept
                for _, changed, _ in events:
                    if changed in kept:
                        self._forget(changed)
            if kind == _SET_ACL and path is not None:
                self._forget(path)
            elif kind == _CLOSE_SESSION and txn is not None:
                self._sessions.closed(txn.header.client_id, connection)
        if connection is None:
            return 0
        connection.queued -= 1
        self._core.waiting -= 1
        if xid > 0:
            connection.outstanding -= 1
        if connection.state >= State.CLOSING:
            return 0  # nobody is there to hear of it; a read must not leave a watch behind
        answer: bytes | int
        if applied is None:
            answer = self._read(connection, op, body, auth_ids)
            if op == _PING:
                xid = _PING_XID
        elif err == _SESSION_MOVED:
            # Not an answer, in a multi neither: the client is elsewhere, and would take it for news
            # of there.
            self._outbox.close(connection, CloseReason.CLIENT_RECONNECT)
            return 0
        elif err and kind != _MULTI:
            answer = err
        elif op == _CREATE_SESSION:
            self._count(connection, xid, op, received_ms, txn)
            assert txn is not None
            assert isinstance(txn.record, CreateSessionTxn)
            self._sessions.created(connection, txn.record.timeout, self.now_ms)
            return 0
        elif op == _RECONFIG:
            answer = encode_data_reply(self._tree.nodes[CONFIG].data, _stat_of(applied))
        else:
            answer = _BODIES[op](applied)
        zxid = self._tree.last_processed_zxid
        if isinstance(answer, int):
            # ZooKeeper shows no name for a refused write as the connection's last operation.
            shown = op if applied is None else _NO_OP
            self._count(connection, xid, op, received_ms, txn, shown)
            self._outbox.reply(connection, xid, zxid, answer)
            return TURN_REPLY_BYTES if op in SLOW_READS else 0
        self._count(connection, xid, op, received_ms, txn)
        self._outbox.reply(connection, xid, zxid, 0, answer)
        if op == _CLOSE_SESSION:
            self._outbox.close(connection, CloseReason.CLIENT_CLOSED_SESSION)
        if applied is None:
            return TURN_REPLY_BYTES if op in SLOW_READS else len(answer)
        return 0

    def _read(
        self, connection: Connection, op: int, body: bytes, auth_ids: tuple[Id, ...]
    ) -> bytes | int:
        """Answer a read that has waited; ``body`` has its opcode before it."""
        kept = self._cached(body)
        if kept is not None:
            return kept
        turns = self._core.turns
        turns.at_once = True  # it has waited long enough
        try:
            return self._handlers[op](connection, body, 4, len(body), auth_ids)
        except WireError:
            return _MARSHALLING_ERROR
        finally:
            turns.at_once = False

    def _count(
        self,
        connection: Connection,
        xid: int,
        op: int,
        received_ms: int,
        txn: Txn | None,
        shown: int | None = None,
    ) -> None:
        """Enter a reply into the numbers of the connection and of this batch.

        ``shown`` is the connection's last operation from now on, if not ``op``.
        """
        now_ms = self.now_ms
        latency_ms = now_ms - received_ms
        counts = self._read_counts if txn is None else self._write_counts
        counts[latency_ms] = counts.get(latency_ms, 0) + 1
        self._ops[op] += 1
        connection.note_reply(
            xid,
            self._tree.last_processed_zxid,
            op if shown is None else shown,
            latency_ms,
            now_ms,
        )

    def settle(self) -> None:
        """Enter the latencies of a batch into the numbers of the server."""
        stats = self._stats
        for counts, summary in (
            (self._read_counts, stats.read_latency),
            (self._write_counts, stats.update_latency),
        ):
            if not counts:
                continue
            for latency_ms, times in counts.items():
                summary.add(latency_ms, times)
                stats.latency.add(latency_ms, times)
            counts.clear()
