"""Sessions begin, move and end: the handshake, reopening with a password, closing, expiry.

See ZooKeeper ZooKeeperServer.processConnectRequest, createSession, reopenSession,
finishSessionInit, expire; reference sections 2 and 9.
"""

from __future__ import annotations

from speckeeper.server.auth import Authenticator
from speckeeper.server.connection import Connection, Hold, State
from speckeeper.server.core import Core
from speckeeper.server.pipeline import Pipeline
from speckeeper.server.reasons import CloseReason
from speckeeper.server.sessions import OWNED_HERE, Session
from speckeeper.server.throttle import ConnectionThrottle
from speckeeper.wire.codes import OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.handshake import (
    NO_PASSWORD,
    ConnectResponse,
    decode_connect_request,
    encode_connect_response,
    session_password,
)
from speckeeper.wire.requests import CreateSessionRequest, encode_request

_CREATE_SESSION = int(OpCode.CREATE_SESSION)
_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
# Longer than writes are on their way from a learner that has not heard of a session's end.
_REMEMBERED = 10_000


class SessionOps:
    """Everything that makes or ends a session of this server."""

    read_only = False
    """Whether only clients are let in that asked for no more than to read."""

    def __init__(
        self, core: Core, pipeline: Pipeline, auth: Authenticator, throttle: ConnectionThrottle
    ) -> None:
        self._core = core
        self._pipeline = pipeline
        self._auth = auth
        self._throttle = throttle
        self.opened: list[Connection] = []
        """Connections whose session is ready now, with requests that have waited for it."""
        self.lately_closed: dict[int, None] = {}
        """Sessions of the ensemble that are over, where an unknown id may be a local one."""

    def handshake(self, connection: Connection, payload: bytes, now_ms: int) -> None:
        """Take the first frame of a connection: open a session, reopen one, or turn it away."""
        core = self._core
        outbox = core.outbox
        try:
            request = decode_connect_request(payload)
        except WireError:
            outbox.close(connection, CloseReason.MALFORMED_FRAME)
            return
        if not self._throttle.admit(now_ms):
            core.stats.connections_rejected += 1
            outbox.close(connection, CloseReason.CLIENT_RATE_LIMIT)
            return
        core.stats.connection_requests += 1
        connection.read_only_flag = request.read_only is not None
        if self.read_only and not request.read_only:
            outbox.close(connection, CloseReason.NOT_READ_ONLY_CLIENT)
            return
        if request.last_zxid_seen > core.tree.last_processed_zxid:
            outbox.close(connection, CloseReason.CLIENT_ZXID_AHEAD)
            return
        low, high = core.settings.session_timeout_bounds_ms
        connection.timeout_ms = min(max(request.timeout_ms, low), high)
        connection.state = State.OPENING
        connection.hold |= Hold.HANDSHAKE
        if request.session_id == 0:
            self._create(connection, now_ms)
        else:
            self._reopen(connection, request.session_id, request.password, now_ms)

    def _create(self, connection: Connection, now_ms: int) -> None:
        core = self._core
        local = core.local_sessions
        session_id = connection.session_id = core.sessions.new_id()
        if local is not None:
            session = local.track(session_id, connection.timeout_ms, now_ms)
            session.local = True
            self._attach(connection, session)
            core.stats.ops[_CREATE_SESSION] += 1
            zxid = core.tree.last_processed_zxid
            connection.note_reply(0, zxid, _CREATE_SESSION, 0, now_ms)
            self.finish(connection, True)
            return
        self._attach(connection, core.sessions.track(session_id, connection.timeout_ms, now_ms))
        body = encode_request(_CREATE_SESSION, CreateSessionRequest(connection.timeout_ms))
        self._pipeline.write(
            connection, session_id, 0, _CREATE_SESSION, body, 0, len(body), (), now_ms
        )
        connection.queued += 1
        self._core.waiting += 1

    def _attach(self, connection: Connection, session: Session) -> None:
        connection.session = session
        session.connection = connection
        session.owner = OWNED_HERE

    def _reopen(
        self, connection: Connection, session_id: int, password: bytes, now_ms: int
    ) -> None:
        session = self._leave_old_connection(connection, session_id)
        tracker = self._core.local_sessions
        if tracker is None or session is None or not session.local:
            tracker = self._core.sessions
        valid = (
            session is not None and not session.closing and password == session_password(session_id)
        )
        if valid and session is not None:
            tracker.touch(session, connection.timeout_ms, now_ms)
            self._attach(connection, session)
        self.finish(connection, valid)

    def _leave_old_connection(self, connection: Connection, session_id: int) -> Session | None:
        """Take a session off the connection that it had here; return it, None if it is unknown.

        ZooKeeper closes the old connection before it looks at the password.
        """
        core = self._core
        core.stats.connections_revalidated += 1
        local = core.local_sessions
        session = None if local is None else local.by_id.get(session_id)
        if session is None:
            session = core.sessions.by_id.get(session_id)
        if session is not None and session.connection is not None:
            core.outbox.close(session.connection, CloseReason.CLIENT_RECONNECT)
            session.connection = None
        connection.session_id = session_id
        return session

    def finish(self, connection: Connection, valid: bool) -> None:
        """Answer the handshake; an invalid session (expired, bad password) ends the connection."""
        flag = self.read_only if connection.read_only_flag else None
        if not valid:
            answer = ConnectResponse(0, 0, 0, NO_PASSWORD, flag)
            self._core.outbox.frame(connection, encode_connect_response(answer))
            self._core.outbox.close(connection, CloseReason.INVALID_SESSION)
            return
        session_id = connection.session_id
        answer = ConnectResponse(
            0, connection.timeout_ms, session_id, session_password(session_id), flag
        )
        self._core.outbox.frame(connection, encode_connect_response(answer))
        if connection.state == State.OPENING:
            owes = self._auth.owes_authentication(connection)
            connection.state = State.UNAUTHENTICATED if owes else State.OPEN
            connection.hold &= ~Hold.HANDSHAKE
            if connection.inbox_size:
                self.opened.append(connection)

    def created(self, connection: Connection, timeout_ms: int, now_ms: int) -> None:
        """A createSession was applied: answer it, also where a client with a session has sent it.

        Such a client may have asked for another timeout. ZooKeeper remembers it, so it is the one
        that counts after a restart, and waits for so long for what the client sends next.
        """
        session = connection.session
        if session is not None and not session.local and timeout_ms != session.timeout_ms:
            self._core.sessions.grant(session, timeout_ms, now_ms)
        self.finish(connection, True)

    def close(self, session_id: int, now_ms: int) -> None:
        """Have the server itself close a session (it expired, or an operator asks for it)."""
        session = self._core.sessions.by_id.get(session_id)
        if session is not None:
            session.closing = True
        self._pipeline.write(None, session_id, 0, _CLOSE_SESSION, b"", 0, 0, (), now_ms)

    def expire(self, now_ms: int) -> list[int]:
        """Close every session that was silent for too long; return their ids."""
        expired = self._core.sessions.sweep(now_ms)
        for session in expired:
            self.close(session.id, now_ms)
        self._core.stats.sessions_expired += len(expired)
        return [*(session.id for session in expired), *self.expire_local(now_ms)]

    def expire_local(self, now_ms: int) -> list[int]:
        """Forget every local session that was silent for too long; return their ids."""
        core = self._core
        tracker = core.local_sessions
        if tracker is None:
            return []
        expired = tracker.sweep(now_ms)
        for session in expired:
            tracker.remove(session.id)
            if session.connection is not None:
                core.outbox.close(session.connection, CloseReason.SESSION_EXPIRED)
        core.stats.sessions_expired += len(expired)
        return [session.id for session in expired]

    def closed(self, session_id: int, asked_by: Connection | None) -> None:
        """Forget a session whose closeSession has been applied, and end its connection.

        A connection that asked for it gets its reply first, so it is left to the caller.
        """
        session = self._core.sessions.remove(session_id)
        if self._core.local_sessions is not None:
            self.lately_closed[session_id] = None
            if len(self.lately_closed) > _REMEMBERED:
                del self.lately_closed[next(iter(self.lately_closed))]
        connection = None if session is None else session.connection
        if connection is not None and connection is not asked_by:
            self._core.outbox.close(connection, CloseReason.SESSION_EXPIRED)
