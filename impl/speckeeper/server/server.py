"""One server, put together: what a driver (sockets, a simulator) feeds and must carry out.

In: :meth:`Server.connect`, ``receive``, ``disconnect``, ``hold_unread``, ``persisted``, ``tick``.
Out, to be taken after any of them:

- ``take_appends``: log entries; nothing of them may be acknowledged before they are durable, and
  ``persisted`` tells the server when they are;
- ``take_dirty``: connections with output to write, to be held, or to be closed after writing;
- ``wants_turn``: somebody waits for another turn (``take_turns``);
- ``snapshot_due``: take a snapshot and roll the log, then call ``snapshot_started``.

Times are milliseconds of a clock that never goes back; ``set_wall_clock`` says how the wall clock
relates to it.
"""

from __future__ import annotations

from speckeeper.server.auth import Authenticator
from speckeeper.server.connection import Connection, Hold, State
from speckeeper.server.core import Core
from speckeeper.server.dispatch import (
    THROTTLED,
    Dispatcher,
    close_local,
    ping,
    sync,
    throttled,
)
from speckeeper.server.handlers import Handler
from speckeeper.server.intake import Intake
from speckeeper.server.local_sessions import SessionUpgrader
from speckeeper.server.ordinary_commits import FREQUENT
from speckeeper.server.ordinary_writes import OrdinaryWrites
from speckeeper.server.pipeline import Pipeline, Random
from speckeeper.server.reads import TURN_REPLY_BYTES, Reads
from speckeeper.server.reasons import CloseReason
from speckeeper.server.session_ops import SessionOps
from speckeeper.server.sessions import SessionTracker, first_session_id
from speckeeper.server.settings import ServerSettings
from speckeeper.server.stats import ServerStats
from speckeeper.server.sweeper import Sweeper
from speckeeper.server.throttle import ConnectionThrottle
from speckeeper.server.watch_ops import WatchOps
from speckeeper.server.writes import Finisher
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.view import TreeView
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import Id
from speckeeper.wire.requests import DeleteRequest, encode_request

ALL = 1 << 62

_DELETE_CONTAINER = int(OpCode.DELETE_CONTAINER)
# What the loop that answers reads leaves to the dispatcher.
_DISPATCHED = frozenset(
    int(op)
    for op in (
        OpCode.PING,
        OpCode.SYNC,
        OpCode.CLOSE_SESSION,
        OpCode.GET_ALL_CHILDREN_NUMBER,
        OpCode.GET_EPHEMERALS,
        OpCode.MULTI_READ,
    )
)


class Server:
    """A standalone server over a loaded tree, whose sessions start with their full timeout."""

    def __init__(
        self,
        settings: ServerSettings,
        tree: DataTree,
        now_ms: int,
        wall_ms: int,
        rng: Random,
        pipeline_class: type[Pipeline] = Pipeline,
        session_ops_class: type[SessionOps] = SessionOps,
        dispatcher_class: type[Dispatcher] = Dispatcher,
    ) -> None:
        """``rng`` is for the connection throttle and for when snapshots are due.

        The classes are what a learner (``learner_server.py``) or a server without a leader
        (``read_only_server.py``) does in another way.
        """
        first_id = first_session_id(wall_ms, settings.server_id)
        sessions = SessionTracker(settings.tick_time_ms, now_ms, first_id)
        for session_id, timeout_ms in tree.sessions.items():
            sessions.track(session_id, timeout_ms, now_ms)
        self.settings = settings
        self.tree = tree
        self.sessions = sessions
        self.core = core = Core(settings, tree, sessions, now_ms)
        self.stats: ServerStats = core.stats
        self.outbox = core.outbox
        self.watches = core.watches
        self.throttle = ConnectionThrottle(settings, now_ms, rng.random)

        reads, watch_ops = Reads(core), WatchOps(core)
        handlers: dict[int, Handler] = {
            **reads.table,
            **watch_ops.table,
            int(OpCode.PING): ping,
            int(OpCode.SYNC): sync,
            int(OpCode.CLOSE_SESSION): close_local,
        }
        in_loop = {op: handlers[op] for op in handlers if op not in _DISPATCHED}
        auth = self._auth = Authenticator(
            settings, core.stats, core.outbox, lambda: f"{rng.randrange(1 << 192):048x}"
        )
        self.pipeline = pipeline = pipeline_class(settings, TreeView(tree), rng)
        pipeline.view.decided = core.decided
        self.session_ops = session_ops_class(core, pipeline, auth, self.throttle)
        queueable = {**handlers, THROTTLED: throttled}
        self._finisher = Finisher(core, self.session_ops, watch_ops, queueable)
        pipeline.finish = self._finisher.finish
        self._ordinary = OrdinaryWrites(core, pipeline)
        pipeline.finish_ordinary = self._ordinary.finish
        upgrader = SessionUpgrader(core, pipeline)
        in_steps = {**reads.in_steps, **watch_ops.in_steps}
        self._dispatcher = dispatcher_class(
            core, pipeline, self._ordinary, auth, upgrader, handlers, in_steps
        )
        self._intake = Intake(core, self._dispatcher, in_loop, self.session_ops.handshake)
        self._sweeper = Sweeper(settings, tree, self._delete_container, now_ms)
        self._finished: list[int] = []  # requests of each group, not among the numbers yet
        self._greeting: dict[Connection, None] = {}  # before their handshake, longest first

        # The driver calls these for every chunk; a method in between would only cost time.
        self.receive = self._intake.receive
        self.take_turns = self._intake.take_turns
        self.backlog = self._intake.backlog
        self.reply_ahead = self._ordinary.reply_ahead
        self.still_holds = self._ordinary.still_holds
        self.sent_ahead = self._ordinary.sent_ahead
        self.set_wall_clock(now_ms, wall_ms)

    # -- inputs

    def set_wall_clock(self, now_ms: int, wall_ms: int) -> None:
        """Say what the wall clock shows at ``now_ms``; transactions carry wall-clock times."""
        self.pipeline.wall_offset_ms = wall_ms - now_ms

    def connect(self, host: str, port: int, now_ms: int) -> Connection:
        """Take in a new connection; ``host`` is a numeric address as ZooKeeper would print it."""
        wall_ms = now_ms + self.pipeline.wall_offset_ms
        connection = Connection(host, port, now_ms, wall_ms)
        self.core.connections[connection] = None
        self._greeting[connection] = None
        return connection

    def identify(self, connection: Connection, subject: str) -> bool:
        """Take the subject of a certificate for an identity of scheme ``x509``; False if there is
        no such scheme, and the connection is to be closed.
        """
        return self._auth.certificate(connection, subject)

    def disconnect(self, connection: Connection, reason: CloseReason) -> None:
        """Forget a connection whose socket is gone or is being cut off. Idempotent.

        Its session lives on until it expires or moves; writes under way are carried out.
        """
        if connection.state == State.CLOSED:
            return
        if connection.close_reason is None:
            connection.close_reason = reason
        if connection.hold & Hold.OUTSTANDING:
            self.stats.stale_requests_dropped += self._intake.waiting_requests(connection)
        connection.state = State.CLOSED
        connection.drop_inbox()
        connection.output.clear()
        core = self.core
        core.stats.closed[connection.close_reason] += 1
        if reason in (CloseReason.CLIENT_CLOSED_CONNECTION, CloseReason.IO_ERROR):
            core.stats.connections_dropped += 1
        core.connections.pop(connection, None)
        self._greeting.pop(connection, None)
        self._dispatcher.throttled.pop(connection, None)
        core.watches.remove_watcher(connection)
        session = connection.session
        connection.session = None
        if session is not None and session.connection is connection:
            session.connection = None

    def hold_unread(self, connection: Connection, unread: bool, now_ms: int) -> None:
        """Take no requests while the client does not take its replies, and go on when it does."""
        if unread:
            connection.hold |= Hold.UNREAD
        else:
            self._intake.release(connection, Hold.UNREAD, now_ms)

    def persisted(self, zxid: int, now_ms: int, most: int = ALL) -> bool:
        """Everything up to ``zxid`` is durable: apply and answer it, at most so many requests.

        With a ``most`` it is also at most so many bytes of reads that waited.
        Returns whether there are more; call it again for them, after others had their turn.
        """
        more = self.committed(zxid, now_ms, most)
        self.settle()
        return more

    def committed(self, zxid: int, now_ms: int, most: int = ALL) -> bool:
        """Everything up to ``zxid`` will never be taken back: apply and answer it.

        With one server durable and committed are the same. Call :meth:`settle` when the replies
        are on their way.
        """
        self.core.decided.forget()
        self._finisher.now_ms = self._ordinary.now_ms = now_ms
        done = self.pipeline.committed(zxid, most, ALL if most == ALL else TURN_REPLY_BYTES)
        if done:
            self._finished.append(done)
        opened = self.session_ops.opened
        while opened:
            self._intake.release(opened.pop(), Hold.HANDSHAKE, now_ms)
        dispatcher = self._dispatcher
        if dispatcher.throttled:
            for connection in list(dispatcher.throttled):
                if dispatcher.free_to_go_on(connection):
                    del dispatcher.throttled[connection]
                    self._intake.release_throttled(connection, now_ms)
        queue = self.pipeline.queue
        return bool(queue) and queue[0][0] <= zxid

    def write_of_learner(
        self,
        session_id: int,
        xid: int,
        op: int,
        body: bytes,
        auth_ids: tuple[Id, ...],
        now_ms: int,
        *,
        local: bool = False,
    ) -> None:
        """Prepare a write that a client of a learner asks for; the learner answers it.

        ``local``: the session is not known here and may be a local one of the learner.
        """
        size = len(body)
        if op not in FREQUENT or not self._ordinary.take(
            None, session_id, xid, op, body, 0, size, now_ms
        ):
            self.pipeline.write(
                None, session_id, xid, op, body, 0, size, auth_ids, now_ms, local=local
            )

    def settle(self) -> None:
        """Enter what was committed into the numbers that operators read."""
        if self._finished:
            self._finisher.settle()
            self._ordinary.settle()
            for done in self._finished:
                self.stats.batch_size.add(done)
            self._finished.clear()

    def tick(self, now_ms: int) -> list[int]:
        """Do what time brings: expire sessions, handshakes, containers; return expired sessions.

        To be called several times per tick of ``tick_time_ms``.
        """
        self.settle()
        self.stats.settle()
        self._intake.touch_waiting(now_ms)
        expired = self.session_ops.expire(now_ms)
        oldest_ms = now_ms - self.settings.sessionless_timeout_ms
        while self._greeting:
            connection = next(iter(self._greeting))
            if connection.state == State.NEW and connection.opened_ms > oldest_ms:
                break
            del self._greeting[connection]
            if connection.state == State.NEW:
                self.stats.sessionless_expired += 1
                self.outbox.close(connection, CloseReason.CONNECTION_EXPIRED)
        self._sweeper.sweep(now_ms, now_ms + self.pipeline.wall_offset_ms)
        return expired

    def adopt(self, tree: DataTree, now_ms: int) -> None:
        """Serve the content of another tree from now on; its last zxid is not below ours.

        Nobody is connected and nothing is under way. The sessions of the tree begin anew.
        """
        core = self.core
        assert not core.connections
        assert not self.pipeline.waiting
        assert tree.last_processed_zxid >= self.pipeline.zxid
        self.tree.adopt(tree)
        self.pipeline.zxid = tree.last_processed_zxid
        core.cache.clear()
        for session_id in list(self.sessions.by_id):
            self.sessions.remove(session_id)
        for session_id, timeout_ms in tree.sessions.items():
            self.sessions.track(session_id, timeout_ms, now_ms)

    # -- outputs

    @property
    def busy(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self.pipeline.appends or self.outbox.dirty or self.wants_turn)

    @property
    def has_inputs(self) -> bool:
        """Whether there is anything that the ensemble has to be told, for a member of one."""
        return bool(self.pipeline.appends)

    @property
    def wants_turn(self) -> bool:
        """Whether there is something to do for :meth:`take_turns`."""
        turns = self.core.turns  # asked in every turn of a loop, so without its property
        waiting = self.backlog or self.pipeline.line.busy or turns.reads or turns.waiting
        return bool(waiting) or turns.spent_us > 0

    @property
    def waiting(self) -> int:
        """How many requests are under way that somebody waits for, reads in turns not counted."""
        return self.pipeline.waiting

    @property
    def unfinished(self) -> bool:
        """Whether anything is under way, or waits for its turn."""
        return bool(self.pipeline.waiting) or self.wants_turn

    def take_appends(self) -> list[tuple[int, bytes]]:
        """Log entries to make durable, zxid and serialized transaction, in zxid order."""
        return self.pipeline.take_appends()

    def take_dirty(self) -> list[Connection]:
        """Connections whose ``output``, ``hold`` or ``close_reason`` the driver must look at."""
        dirty = self.outbox.dirty
        self.outbox.dirty = []
        for connection in dirty:
            connection.dirty = False
        return dirty

    @property
    def snapshot_due(self) -> bool:
        """Whether enough has been logged since the last snapshot began."""
        return self.pipeline.snapshot_due

    def snapshot_started(self) -> None:
        """Start counting towards the next snapshot."""
        self.pipeline.begin_snapshot_interval()

    def _delete_container(self, path: str, now_ms: int) -> None:
        body = encode_request(_DELETE_CONTAINER, DeleteRequest(path))
        self.pipeline.write(None, 0, 0, _DELETE_CONTAINER, body, 0, len(body), (), now_ms)
