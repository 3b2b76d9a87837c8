"""What a leader's server does for its learners: their requests, their sessions, their pings.

Sans I/O. A request of a learner's client becomes a transaction like one of our own; the learner
answers its client when the commit passes there. Sessions live in the leader's tracker: a learner
reports which it has heard of, the leader lets the others expire. A session belongs to the
connection on which it was opened last: a write that comes late on an earlier one is not carried
out.

Source: ZooKeeper ``LearnerHandler.run``, ``Leader.revalidateSession``, ``Leader.touch``,
``LeaderZooKeeperServer``, ``LeaderSessionTracker``.
"""

from __future__ import annotations

from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.writes import WRITES
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_data import (
    decode_forwarded,
    decode_revalidate,
    decode_touched,
    encode_revalidated,
)
from speckeeper.wire.requests import CreateSessionRequest, decode_request
from speckeeper.zab.effects import FromLearner, Link
from speckeeper.zab.inputs import Sync, ToLearner

_SYNC = int(OpCode.SYNC)
_CREATE_SESSION = int(OpCode.CREATE_SESSION)
_CLOSE_SESSION = int(OpCode.CLOSE_SESSION)
_SESSION_MOVED = int(ErrorCode.SESSION_MOVED)


class LearnersGate:
    """Takes packets of learners to a leader's server; returns what the core has to be told."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def take(self, packet: FromLearner, now_ms: int) -> Sync | ToLearner | None:
        """Do what a packet asks. Raises WireError for data that does not decode."""
        link, kind, data = packet.link, packet.packet.type, packet.packet.data
        if kind is PacketType.REQUEST:
            return self._request(link, packet.packet, now_ms)
        if kind is PacketType.PING:
            for session_id, timeout_ms in decode_touched(data):
                self._touch(session_id, timeout_ms, now_ms)
        elif kind is PacketType.REVALIDATE:
            session_id, timeout_ms = decode_revalidate(data)
            valid = self._touch(session_id, timeout_ms, now_ms)
            if valid:
                self._own(session_id, link)
            answer = encode_revalidated(session_id, valid)
            return ToLearner(link, QuorumPacket(PacketType.REVALIDATE, -1, answer))
        return None

    def _request(self, link: Link, packet: QuorumPacket, now_ms: int) -> Sync | None:
        session_id, cxid, op, body = decode_forwarded(packet.data)
        if op == _SYNC:
            return Sync(link)
        if op not in WRITES:
            raise WireError(f"opcode {op} is no write")
        server = self._server
        session = server.sessions.by_id.get(session_id)
        if op == _CREATE_SESSION:
            request = decode_request(op, body, 0, len(body))
            assert isinstance(request, CreateSessionRequest)
            server.sessions.track(session_id, request.timeout, now_ms).owner = link
        elif session is not None:
            if op == _CLOSE_SESSION:
                session.closing = True
            elif session.owner is None:
                session.owner = link
            elif session.owner != link:
                ids = packet.authinfo or ()
                server.pipeline.write_refused(session_id, cxid, op, ids, now_ms, _SESSION_MOVED)
                return None
            session.touched_ms = now_ms
        ids = packet.authinfo or ()
        local = session is None and self._is_local_elsewhere(session_id)
        server.write_of_learner(session_id, cxid, op, body, ids, now_ms, local=local)
        return None

    def _is_local_elsewhere(self, session_id: int) -> bool:
        """Whether a session that we do not know may be a local one of the server that made it.

        LeaderSessionTracker.checkSession: one that was made here is one that we would know. Nor is
        it one that was global and is over, though its learner may not have heard of that.
        """
        server = self._server
        settings = server.settings
        return (
            settings.local_sessions_enabled
            and (session_id >> 56) & 0xFF != settings.server_id
            and session_id not in server.session_ops.lately_closed
        )

    def _own(self, session_id: int, link: Link) -> None:
        """Let a session belong to a learner; who had it before is heard no more."""
        session = self._server.sessions.by_id[session_id]
        session.owner = link
        connection, session.connection = session.connection, None
        if connection is not None:
            self._server.outbox.close(connection, CloseReason.CLIENT_RECONNECT)

    def _touch(self, session_id: int, timeout_ms: int, now_ms: int) -> bool:
        session = self._server.sessions.by_id.get(session_id)
        if session is None or session.closing:
            return False
        self._server.sessions.touch(session, timeout_ms, now_ms)
        return True
