"""The pipeline of a learner: writes go to the leader, and are answered when their commit passes.

The requests of a session keep their order: what comes behind a write waits for it. Requests of
other sessions do not. A ``sync`` goes to the leader too, which answers in the order of asking.

Source: ZooKeeper ``FollowerRequestProcessor``, ``CommitProcessor``, ``FollowerZooKeeperServer``
(pendingSyncs).
"""

from __future__ import annotations

from collections import deque
from typing import Any

from speckeeper.server.connection import Connection
from speckeeper.server.local_sessions import wants_ephemeral
from speckeeper.server.ordinary_commits import FREQUENT, ordinary_write
from speckeeper.server.pipeline import OrdinaryWrite, Pipeline, Queued, Random
from speckeeper.server.settings import ServerSettings
from speckeeper.tree.apply import apply
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_data import ForwardedRequest, encode_forwarded
from speckeeper.wire.records import Id
from speckeeper.wire.txns import TXN_HEADER, decode_txn

_SYNC = int(OpCode.SYNC)
_MULTI = int(OpCode.MULTI)
_ERROR = int(OpCode.ERROR)
_EPHEMERAL_ON_LOCAL_SESSION = int(ErrorCode.EPHEMERAL_ON_LOCAL_SESSION)


class _LeaderAhead(deque[Any]):
    """A queue that never counts as empty: the leader may always be ahead, so a sync must ask it."""

    def __bool__(self) -> bool:
        return True


class _Waiting:
    """A request in its session's order. ``ready``: nothing is waited for but what is ahead.

    ``refusal``: why we know that the leader will refuse it, which may not know itself; else 0.
    """

    __slots__ = ("queued", "ready", "refusal", "session_id", "write")

    def __init__(self, session_id: int, queued: Queued, write: bool, ready: bool) -> None:
        self.session_id = session_id
        self.queued = queued
        self.write = write
        self.ready = ready
        self.refusal = 0


class ForwardingPipeline(Pipeline):
    """Gives no zxids and logs nothing. ``requests``: packets for the leader, to be taken out."""

    __slots__ = ("_by_session", "_syncs", "requests")

    def __init__(self, settings: ServerSettings, view: TreeView, rng: Random) -> None:
        super().__init__(settings, view, rng)
        self.prepares = False
        self.queue = _LeaderAhead()  # only its length matters: what waits, for the limits
        self.requests: list[QuorumPacket] = []
        self._by_session: dict[int, deque[_Waiting]] = {}
        self._syncs: deque[_Waiting] = deque()

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
        """Send a write to the leader; it is answered by :meth:`deliver`."""
        self._ask(session_id, xid, op, buffer[start:end], auth_ids)
        self.large_bytes += large
        body = buffer[start:end] if self.keep_bodies else b""
        queued = Queued(0, None, connection, xid, op, body, auth_ids, now_ms, large)
        waiting = _Waiting(session_id, queued, write=True, ready=False)
        if local and op != _MULTI and wants_ephemeral(op, buffer, start, end):
            waiting.refusal = _EPHEMERAL_ON_LOCAL_SESSION
        self._wait(waiting)

    def read_later(
        self,
        connection: Connection,
        xid: int,
        op: int,
        body: bytes,
        auth_ids: tuple[Id, ...],
        now_ms: int,
    ) -> None:
        """Queue a read behind what its session waits for; a sync waits for the leader as well."""
        queued = Queued(0, None, connection, xid, op, body, auth_ids, now_ms, 0)
        waiting = _Waiting(connection.session_id, queued, write=False, ready=op != _SYNC)
        if op == _SYNC:
            self._ask(connection.session_id, xid, op, body[4:], auth_ids)
            self._syncs.append(waiting)
        self._wait(waiting)
        self._advance(connection.session_id)

    def deliver(self, entry: bytes) -> None:
        """Apply a committed transaction, and answer it if it was asked for here."""
        session_id, cxid, zxid, _, kind = TXN_HEADER.unpack_from(entry)
        waiting = self._by_session.get(session_id)
        first = waiting[0] if waiting and _asked_for(waiting[0], cxid, kind) else None
        queued = None if first is None else first.queued
        if kind not in FREQUENT or not self._finish_ordinary(entry, kind, queued):
            txn = decode_txn(entry)
            applied = apply(self.view.tree, txn)
            if first is None:
                done = Queued(zxid, txn, None, cxid, kind, b"", (), 0, 0)
            else:
                done = first.queued._replace(zxid=zxid, txn=txn)
                if first.refusal and applied.err:
                    applied = applied._replace(err=first.refusal)
            self.finish(done, applied)
        if waiting and queued is not None:
            waiting.popleft()
            self.queue.popleft()
            self.large_bytes -= queued.large
            self._advance(session_id)

    def ordinary_write_of(self, entry: bytes) -> OrdinaryWrite | None:
        """Return the ordinary write that an entry will be here, if it was asked for here.

        Nothing changes by this.
        """
        session_id, cxid, _, _, kind = TXN_HEADER.unpack_from(entry)
        waiting = self._by_session.get(session_id)
        if not waiting or kind not in FREQUENT or self.keep_bodies:
            return None
        first = waiting[0]
        if first.refusal or not _asked_for(first, cxid, kind):
            return None
        return ordinary_write(entry, kind, first.queued.connection, first.queued.received_ms)

    def _finish_ordinary(self, entry: bytes, kind: int, queued: Queued | None) -> bool:
        """Do it the short way, if it is an ordinary write."""
        if self.keep_bodies:
            return False
        if queued is None:
            write = ordinary_write(entry, kind, None, 0)
        else:
            write = ordinary_write(entry, kind, queued.connection, queued.received_ms)
        return write is not None and self.finish_ordinary(write)

    def synced(self) -> None:
        """The leader has answered the oldest sync: all that it had committed then is here."""
        if self._syncs:
            waiting = self._syncs.popleft()
            waiting.ready = True
            self._advance(waiting.session_id)

    def _ask(
        self, session_id: int, xid: int, op: int, body: bytes, auth_ids: tuple[Id, ...]
    ) -> None:
        data = encode_forwarded(ForwardedRequest(session_id, xid, op, body))
        self.requests.append(QuorumPacket(PacketType.REQUEST, -1, data, auth_ids))

    def _wait(self, waiting: _Waiting) -> None:
        self._by_session.setdefault(waiting.session_id, deque()).append(waiting)
        self.queue.append(waiting.queued)

    def _advance(self, session_id: int) -> None:
        """Answer what no longer waits for anything ahead of it."""
        waiting = self._by_session.get(session_id)
        while waiting and waiting[0].ready:
            queued = waiting.popleft().queued
            self.queue.popleft()
            self.finish(queued, None)
        if waiting is not None and not len(waiting):
            del self._by_session[session_id]


def _asked_for(waiting: _Waiting, cxid: int, kind: int) -> bool:
    """Whether a transaction is what a session's oldest request has become."""
    queued = waiting.queued
    if not waiting.write or queued.xid != cxid:
        return False
    # The server's own requests for a session (to create it, to close it) share a number.
    return cxid != 0 or kind in (queued.op, _ERROR)
