"""Writes on their way: prepared and logged in zxid order, applied and answered once durable.

A large multi is prepared in steps, between which others are served; what is submitted meanwhile
waits in a line of its own (``large_writes.py``).

One queue holds everything that waits for the log: each write, and behind a connection's own writes
its reads, so that replies keep the order of requests. Whoever makes entries durable (a disk here,
an ensemble later) takes ``appends`` and reports back with :meth:`Pipeline.committed`.

See ZooKeeper PrepRequestProcessor, SyncRequestProcessor, FinalRequestProcessor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from speckeeper.server.connection import Connection
from speckeeper.server.large_writes import Line, Refusal, Submitted, WaitingRead
from speckeeper.server.settings import ServerSettings
from speckeeper.server.turns import LARGE
from speckeeper.tree.apply import Applied, apply
from speckeeper.tree.prepare import (
    Request,
    keep_readable,
    prepare,
    prepare_in_steps,
    refuse,
)
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.records import OPEN_ACL_UNSAFE, Id
from speckeeper.wire.requests import decode_request
from speckeeper.wire.steps import Steps, decode_request_in_steps, encode_txn_in_steps
from speckeeper.wire.txns import (
    CreateTxn,
    ErrorTxn,
    MultiTxn,
    Record,
    SetDataTxn,
    SubTxn,
    Txn,
    TxnHeader,
    encode_txn,
)

# To apply and answer a part of a multi takes as long as to answer with so many times its bytes.
MULTI_WEIGHT = 16

_MULTI = int(OpCode.MULTI)
_RECONFIG = int(OpCode.RECONFIG)
_CREATE = int(OpCode.CREATE)
_CREATE2 = int(OpCode.CREATE2)

_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


def _as_logged(txn: Txn) -> Txn:
    """Return a multi as the log shall hold it: with create for create2, whose record is the same.

    ZooKeeper 3.8.0 and 3.8.1 leave a create2 out when they replay a multi, so a data directory that
    goes back to them would lose the node. Only the form of the reply tells the two apart.
    """
    record = txn.record
    if not isinstance(record, MultiTxn) or all(part.type != _CREATE2 for part in record.txns):
        return txn
    parts = [SubTxn(_CREATE, p.record) if p.type == _CREATE2 else p for p in record.txns]
    return txn._replace(record=MultiTxn(tuple(parts)))


class Random(Protocol):
    """The two draws a server needs; ``random.Random`` has them."""

    def random(self) -> float:
        """Return a float in [0, 1)."""
        ...

    def randrange(self, stop: int, /) -> int:
        """Return an int in [0, stop)."""
        ...


class Queued(NamedTuple):
    """One request that waits. ``txn`` is None for a read; ``connection`` for the server's own."""

    zxid: int  # the write's own; for a read that of the last write ahead of it
    txn: Txn | None
    connection: Connection | None
    xid: int
    op: int
    body: bytes  # of a read, with its opcode before it; of a write, if Pipeline.keep_bodies
    auth_ids: tuple[Id, ...]
    received_ms: int
    large: int  # bytes that count as a large request in progress, else 0
    size: int = 0  # of the log entry made of it


OrdinaryWrite = tuple[int, int, Connection | None, int, int, str, bytes, int, int, int, bytes]
"""A write that was queued by ``ordinary_writes.py``: zxid, operation, connection, session id, xid,
path, data, the version that the node (setData) or the cversion that its parent (create) gets,
time (wall clock) and time of arrival in ms, and the path as it was sent (create)."""

Finish = Callable[[Queued, Applied | None], int]


def _unfinished(queued: Queued, applied: Applied | None) -> int:
    raise AssertionError("nobody finishes the requests of this pipeline")


def _never_ordinary(write: OrdinaryWrite) -> bool:
    return False


def _in_full(write: OrdinaryWrite) -> Queued:
    """Return what the general way would have queued for an ordinary write."""
    zxid, op, connection, session_id, xid, path, data, made, time_ms, received_ms, _ = write
    record: Record = SetDataTxn(path, data, made)
    if op == _CREATE:
        record = CreateTxn(path, data, OPEN_ACL_UNSAFE, False, made)
    txn = Txn(TxnHeader(session_id, xid, zxid, time_ms, op), record, None)
    ids = () if connection is None else connection.auth_ids
    return Queued(zxid, txn, connection, xid, op, b"", ids, received_ms, 0)


class Pipeline:
    """Gives zxids, keeps the queue, and applies what has been committed."""

    __slots__ = (
        "_decode",
        "_policy",
        "_rng",
        "_settings",
        "appends",
        "finish",
        "finish_ordinary",
        "keep_bodies",
        "kept_short",
        "large_bytes",
        "line",
        "prepares",
        "queue",
        "reconfigs",
        "snapshot_log_bytes",
        "snapshot_log_txns",
        "snapshot_roll_bytes",
        "snapshot_roll_txns",
        "view",
        "waiting_bytes",
        "wall_offset_ms",
        "zxid",
    )

    def __init__(self, settings: ServerSettings, view: TreeView, rng: Random) -> None:
        self._settings = settings
        self._policy = settings.policy._replace(largest_transaction=settings.largest_transaction)
        self._rng = rng
        self.finish: Finish = _unfinished
        """Called for each request that is done, in queue order: fires events and answers.

        Returns how much of a turn a read has cost, in bytes of replies.
        """
        self.finish_ordinary: Callable[[OrdinaryWrite], bool] = _never_ordinary
        """Does the same for an ordinary write, application included; False: it is none any more."""
        self.view = view
        self.zxid = view.tree.last_processed_zxid
        """The zxid given last."""
        self.wall_offset_ms = 0
        """What to add to the server's clock to get wall-clock milliseconds."""
        self.queue: deque[Queued | OrdinaryWrite] = deque()
        self.appends: list[tuple[int, bytes]] = []
        """Entries that the driver has not taken to the log yet."""
        self.reconfigs: list[int] = []
        """Zxids of reconfigurations among ``appends``."""
        self.large_bytes = 0
        self.waiting_bytes = 0
        """Of transactions made in the general way, which may be far larger than their requests."""
        self.line = Line(self._write_in_steps, self._submit)
        """What waits to be prepared behind a large multi, and that multi."""
        self.kept_short = 0
        """Transactions that would have been too long for a log that ZooKeeper can read."""
        self.keep_bodies = False
        """Whether writes stay in the queue as they were asked for: the audit log wants it."""
        self.prepares = True
        """Whether transactions are made here, and not by a leader elsewhere."""
        self.begin_snapshot_interval()

    def begin_snapshot_interval(self) -> None:
        """Count from zero towards the next snapshot, and roll the dice for when it is due.

        SyncRequestProcessor.resetSnapshotStats: between half and all of the limit, so that the
        servers of an ensemble do not all do it at once.
        """
        settings, randrange = self._settings, self._rng.randrange
        half_txns = max(settings.snap_count, 2) // 2
        half_bytes = settings.snap_size_limit_bytes // 2
        self.snapshot_log_txns = self.snapshot_log_bytes = 0
        self.snapshot_roll_txns = half_txns + randrange(half_txns)
        self.snapshot_roll_bytes = half_bytes + randrange(half_bytes) if half_bytes > 0 else 0

    def write(
        self,
        connection: Connection | None,
        session_id: int,
        xid: int,
        op: int,
        buffer: bytes,
        start: int,
        end: int,
        auth_ids: tuple[Id, ...],
        now_ms: int,
        large: int = 0,
        local: bool = False,
    ) -> None:
        """Prepare a write with body ``buffer[start:end]``; queue it for the log, also if refused.

        A body that does not decode becomes an error transaction with MARSHALLING_ERROR. ``local``:
        the session is known to one server only.
        """
        submitted: Submitted = _new(
            Submitted,
            (connection, session_id, xid, op, buffer, start, end, auth_ids, now_ms, large, local),
        )
        if self.line.busy or (op == _MULTI and end - start > LARGE):
            self.waiting_bytes += end - start
            self.line.join(submitted)
        else:
            self._write(submitted)

    def _write(self, submitted: Submitted) -> None:
        """Prepare a write at once."""
        _, session_id, xid, op, buffer, start, end, auth_ids, now_ms, _, local = submitted
        zxid = self.zxid + 1
        time_ms = now_ms + self.wall_offset_ms
        try:
            record = decode_request(op, buffer, start, end)
        except WireError:
            request = Request(session_id, xid, op, None, auth_ids, zxid, time_ms)
            txn = refuse(request, ErrorCode.MARSHALLING_ERROR)
            entry = encode_txn(txn)
        else:
            request = _new(Request, (session_id, xid, op, record, auth_ids, zxid, time_ms, local))
            txn = prepare(self.view, request, self._policy)
            entry = encode_txn(txn if op != _MULTI else _as_logged(txn))
            txn, entry = self._stage(request, txn, entry)
        self._put(submitted, txn, entry)

    def _write_in_steps(self, submitted: Submitted) -> Steps[None]:
        """Prepare a multi a part at a time; nothing else is prepared meanwhile."""
        _, session_id, xid, op, buffer, start, end, auth_ids, now_ms, _, local = submitted
        zxid = self.zxid + 1
        time_ms = now_ms + self.wall_offset_ms
        try:
            record = yield from decode_request_in_steps(op, buffer, start, end)
        except WireError:
            request = Request(session_id, xid, op, None, auth_ids, zxid, time_ms)
            txn = refuse(request, ErrorCode.MARSHALLING_ERROR)
            entry = encode_txn(txn)
        else:
            request = Request(session_id, xid, op, record, auth_ids, zxid, time_ms, local)
            txn = yield from prepare_in_steps(self.view, request, self._policy)
            entry = yield from encode_txn_in_steps(_as_logged(txn))
            txn, entry = self._stage(request, txn, entry)
        self.waiting_bytes -= end - start
        self._put(submitted, txn, entry)

    def _submit(self, item: Submitted | Refusal | WaitingRead) -> None:
        """Take what has waited in line."""
        if isinstance(item, Submitted):
            self.waiting_bytes -= item.end - item.start
            self._write(item)
        elif isinstance(item, Refusal):
            self.write_refused(*item)
        else:
            connection, _, xid, op, body, auth_ids, now_ms = item
            self.queue.append(
                Queued(self.zxid, None, connection, xid, op, body, auth_ids, now_ms, 0)
            )

    def _stage(self, request: Request, txn: Txn, entry: bytes) -> tuple[Txn, bytes]:
        """Stage what was prepared, or what is to take its place; return that, and its entry."""
        op = request.op
        if len(entry) > self._policy.largest_transaction:
            self.kept_short += 1
            txn = keep_readable(request, txn)
            entry = encode_txn(txn)
        elif op == _MULTI and isinstance(txn.record, ErrorTxn):
            # As a whole, not as one of its parts: it grew too long (or has no form at all).
            self.kept_short += txn.record.err == ErrorCode.INVALID_ACL
        self.view.stage(txn)
        if op == _RECONFIG and txn.header.type == _RECONFIG:
            self.reconfigs.append(txn.header.zxid)
        return txn, entry

    def _put(self, submitted: Submitted, txn: Txn, entry: bytes) -> None:
        """Give a write its zxid, and queue it for the log."""
        connection, _, xid, op, buffer, start, end, auth_ids, now_ms, large, _ = submitted
        zxid = self.zxid = txn[0][2]
        self.appends.append((zxid, entry))
        size = len(entry)
        self.waiting_bytes += size
        if large:
            self.large_bytes += large
        body = buffer[start:end] if self.keep_bodies else b""
        self.queue.append(
            _new(Queued, (zxid, txn, connection, xid, op, body, auth_ids, now_ms, large, size))
        )

    def write_refused(
        self, session_id: int, xid: int, op: int, auth_ids: tuple[Id, ...], now_ms: int, code: int
    ) -> None:
        """Queue the error transaction of a request of another server that is not looked at."""
        if self.line.busy:
            self.line.join(Refusal(session_id, xid, op, auth_ids, now_ms, code))
            return
        zxid = self.zxid = self.zxid + 1
        request = Request(session_id, xid, op, None, auth_ids, zxid, now_ms + self.wall_offset_ms)
        txn = refuse(request, code)
        self.appends.append((zxid, encode_txn(txn)))
        self.queue.append(Queued(zxid, txn, None, xid, op, b"", auth_ids, now_ms, 0))

    def take_appends(self) -> list[tuple[int, bytes]]:
        """Give the entries out for the log, and count them towards the next snapshot."""
        appends, self.appends = self.appends, []
        self.snapshot_log_txns += len(appends)
        self.snapshot_log_bytes += sum([len(entry) for _, entry in appends])
        return appends

    @property
    def waiting(self) -> int:
        """How many requests are under way."""
        return len(self.queue) + len(self.line)

    @property
    def snapshot_due(self) -> bool:
        """Whether enough has been taken to the log since :meth:`begin_snapshot_interval`."""
        limit = self.snapshot_roll_bytes
        return self.snapshot_log_txns > self.snapshot_roll_txns or (
            0 < limit < self.snapshot_log_bytes
        )

    def read_later(
        self,
        connection: Connection,
        xid: int,
        op: int,
        body: bytes,
        auth_ids: tuple[Id, ...],
        now_ms: int,
    ) -> None:
        """Queue a read behind every write there is."""
        if self.line.busy:
            session_id = connection.session_id
            self.line.join(WaitingRead(connection, session_id, xid, op, body, auth_ids, now_ms))
            return
        self.queue.append(Queued(self.zxid, None, connection, xid, op, body, auth_ids, now_ms, 0))

    def committed(self, zxid: int, most: int, reply_bytes: int) -> int:
        """Apply and answer what waits up to ``zxid``; return how many requests it was.

        It ends after so many requests, or when their reads have cost ``reply_bytes``.

        Idempotent: a zxid that was committed before does nothing.
        """
        queue, finish, finish_ordinary = self.queue, self.finish, self.finish_ordinary
        tree = self.view.tree
        done = 0
        settled = 0
        while queue and queue[0][0] <= zxid and done < most:
            queued = queue.popleft()
            done += 1
            settled = queued[0]
            if type(queued) is not Queued:
                ordinary: Any = queued
                if finish_ordinary(ordinary):
                    continue
                queued = _in_full(ordinary)
            txn = queued.txn
            if txn is None:
                reply_bytes -= finish(queued, None)
                if reply_bytes <= 0:
                    most = 0
            else:
                large = queued[8]
                if large:
                    self.large_bytes -= large
                self.waiting_bytes -= queued[9]
                finish(queued, apply(tree, txn))
                if queued[4] == _MULTI:
                    reply_bytes -= MULTI_WEIGHT * queued[9]
                    if reply_bytes <= 0:
                        most = 0
        if done:
            self.view.settle(settled)
        return done
