"""A server without a leader, for clients that only want to read (readonlymode.enabled).

It answers reads from the tree as it was when the quorum was lost, and refuses everything that the
ensemble would have to agree on with NotReadOnly. Clients must have said that they can live with
that; others are turned away, so that they look for a server with a leader. New sessions are local
ones, so there are none without ``localSessionsEnabled``; a session of the ensemble cannot go on
here, for nobody here can tell its leader that it lives.

Source: ZooKeeper ``ReadOnlyZooKeeperServer``, ``ReadOnlyRequestProcessor``.
"""

from __future__ import annotations

from speckeeper.server.connection import Connection, State
from speckeeper.server.dispatch import Dispatcher
from speckeeper.server.pipeline import Pipeline, Random
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.session_ops import SessionOps
from speckeeper.server.settings import ServerSettings
from speckeeper.server.writes import WRITES
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.handshake import session_password

_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
_REFUSED = WRITES | {int(OpCode.SYNC)}
_NOT_READ_ONLY = int(ErrorCode.NOT_READ_ONLY)


class ReadOnlySessionOps(SessionOps):
    """Sessions of readers: local ones only."""

    read_only = True

    def expire(self, now_ms: int) -> list[int]:
        """Let only local sessions expire: the others are the ensemble's."""
        return self.expire_local(now_ms)

    def _create(self, connection: Connection, now_ms: int) -> None:
        """Open a local session.

        Where there may be none, ZooKeeper answers NotReadOnly in a form that no client expects
        here; the end of the connection says the same.
        """
        if self._core.local_sessions is None:
            self._core.outbox.close(connection, CloseReason.NOT_READ_ONLY_CLIENT)
        else:
            super()._create(connection, now_ms)

    def _reopen(
        self, connection: Connection, session_id: int, password: bytes, now_ms: int
    ) -> None:
        core = self._core
        if session_id in core.tree.sessions:
            reason = CloseReason.RENEW_GLOBAL_SESSION_IN_RO_MODE
            core.outbox.close(connection, reason)
        elif core.local_sessions is not None or password != session_password(session_id):
            super()._reopen(connection, session_id, password, now_ms)
        else:
            # Whose it is we cannot know: LearnerSessionTracker.touchSession lets it read.
            self._leave_old_connection(connection, session_id)
            session = core.sessions.track(session_id, connection.timeout_ms, now_ms)
            self._attach(connection, session)
            self.finish(connection, True)


class ReadOnlyDispatcher(Dispatcher):
    """Lets reads pass, and refuses the rest."""

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
        """Deal with one request; False when nothing more may be taken for now."""
        if op not in _REFUSED or connection.state != State.OPEN:
            return super().dispatch(connection, xid, op, buffer, start, end, now_ms)
        session = connection.session
        if op == _CLOSE_SESSION and session is not None and session.local:
            return super().dispatch(connection, xid, op, buffer, start, end, now_ms)
        zxid = self._core.tree.last_processed_zxid
        self._core.outbox.reply(connection, xid, zxid, _NOT_READ_ONLY)
        return not connection.hold


class ReadOnlyServer(Server):
    """A server over a tree that nobody changes."""

    def __init__(
        self, settings: ServerSettings, tree: DataTree, now_ms: int, wall_ms: int, rng: Random
    ) -> None:
        super().__init__(
            settings, tree, now_ms, wall_ms, rng, Pipeline, ReadOnlySessionOps, ReadOnlyDispatcher
        )

    def _delete_container(self, path: str, now_ms: int) -> None:
        """Leave it to the leader."""
