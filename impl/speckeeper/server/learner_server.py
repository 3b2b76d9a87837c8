"""A server that follows or observes: it reads by itself, and asks the leader for the rest.

In, beside what every server takes: ``deliver_all``, ``synced``, ``revalidated``. Out:
``take_requests``, packets for the leader, and ``take_touched``, the sessions to tell it of.

Source: ZooKeeper ``LearnerZooKeeperServer``, ``FollowerZooKeeperServer``,
``LearnerSessionTracker``.
"""

from __future__ import annotations

from collections.abc import Iterable

from speckeeper.server.auth import Authenticator
from speckeeper.server.connection import Connection, Hold, State
from speckeeper.server.core import Core
from speckeeper.server.forwarding import ForwardingPipeline
from speckeeper.server.ordinary_writes import ReplyAhead
from speckeeper.server.pipeline import Pipeline, Random
from speckeeper.server.server import Server
from speckeeper.server.session_ops import SessionOps
from speckeeper.server.settings import ServerSettings
from speckeeper.server.throttle import ConnectionThrottle
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.handshake import session_password
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.quorum_data import encode_revalidate
from speckeeper.zab.effects import Entry


class LearnerSessionOps(SessionOps):
    """Sessions whose life the leader decides."""

    def __init__(
        self, core: Core, pipeline: Pipeline, auth: Authenticator, throttle: ConnectionThrottle
    ) -> None:
        super().__init__(core, pipeline, auth, throttle)
        self._revalidating: dict[int, Connection] = {}

    def expire(self, now_ms: int) -> list[int]:
        """Let only local sessions expire: of the others it is the leader's to say."""
        return self.expire_local(now_ms)

    def _reopen(
        self, connection: Connection, session_id: int, password: bytes, now_ms: int
    ) -> None:
        """Ask the leader whether the session is alive; it moves here if it is."""
        local = self._core.local_sessions
        if local is not None and session_id in local.by_id:
            super()._reopen(connection, session_id, password, now_ms)
            return
        self._leave_old_connection(connection, session_id)
        if password != session_password(session_id):
            self.finish(connection, False)
            return
        self._revalidating[session_id] = connection
        assert isinstance(self._pipeline, ForwardingPipeline)
        data = encode_revalidate(session_id, connection.timeout_ms)
        self._pipeline.requests.append(QuorumPacket(PacketType.REVALIDATE, -1, data))

    def revalidated(self, session_id: int, valid: bool, now_ms: int) -> None:
        """The leader has said whether a session is alive."""
        connection = self._revalidating.pop(session_id, None)
        if connection is None or connection.state != State.OPENING:
            return
        if valid:
            session = self._core.sessions.track(session_id, connection.timeout_ms, now_ms)
            session.closing = False
            connection.session = session
            session.connection = connection
        self.finish(connection, valid)


class LearnerServer(Server):
    """A server over a tree that a leader's transactions change."""

    def __init__(
        self, settings: ServerSettings, tree: DataTree, now_ms: int, wall_ms: int, rng: Random
    ) -> None:
        super().__init__(
            settings, tree, now_ms, wall_ms, rng, ForwardingPipeline, LearnerSessionOps
        )
        assert isinstance(self.pipeline, ForwardingPipeline)
        assert isinstance(self.session_ops, LearnerSessionOps)
        self._forwarding = self.pipeline
        self._learner_sessions = self.session_ops
        self._told_ms = now_ms + 1  # sessions that came with the tree were not heard of here

    def deliver_all(self, entries: Iterable[Entry], now_ms: int) -> None:
        """Apply committed transactions in their order, and answer who asked for them."""
        self._finisher.now_ms = self._ordinary.now_ms = now_ms
        forwarding = self._forwarding
        for _, entry in entries:
            forwarding.snapshot_log_txns += 1
            forwarding.snapshot_log_bytes += len(entry)
            forwarding.deliver(entry)
        self._settle(now_ms)

    def reply_ahead_of(self, zxid: int, entry: bytes) -> ReplyAhead | None:
        """Return the reply of a transaction that is the next to be delivered; None if in doubt."""
        if self.tree.last_processed_zxid != zxid - 1:
            return None
        write = self._forwarding.ordinary_write_of(entry)
        return None if write is None else self._ordinary.reply_to(write)

    def synced(self, now_ms: int) -> None:
        """The leader has answered a sync."""
        self._finisher.now_ms = now_ms
        self._forwarding.synced()
        self._settle(now_ms)

    def revalidated(self, session_id: int, valid: bool, now_ms: int) -> None:
        """The leader has answered a client's wish to go on with its session here."""
        self._learner_sessions.revalidated(session_id, valid, now_ms)
        self._settle(now_ms)

    @property
    def has_inputs(self) -> bool:
        """Whether there are packets for the leader."""
        return bool(self._forwarding.requests)

    def take_requests(self) -> list[QuorumPacket]:
        """Take out the packets for the leader."""
        requests = self._forwarding.requests
        self._forwarding.requests = []
        return requests

    def take_touched(self, now_ms: int) -> dict[int, int]:
        """Return the timeouts, by id, of sessions that were heard of since this was asked last."""
        told_ms, self._told_ms = self._told_ms, now_ms
        return {
            session.id: session.timeout_ms
            for session in self.sessions.by_id.values()
            if session.touched_ms >= told_ms
        }

    def _settle(self, now_ms: int) -> None:
        self._finisher.settle()
        self._ordinary.settle()
        opened = self.session_ops.opened
        while opened:
            self._intake.release(opened.pop(), Hold.HANDSHAKE, now_ms)
        dispatcher = self._dispatcher
        for connection in list(dispatcher.throttled) if dispatcher.throttled else ():
            if dispatcher.free_to_go_on(connection):
                del dispatcher.throttled[connection]
                self._intake.release_throttled(connection, now_ms)

    def _delete_container(self, path: str, now_ms: int) -> None:
        """Leave it to the leader."""
