"""One member of an ensemble on an event loop: the core, its two ports, its disk and its tree.

It carries out what the core asks for and decides nothing. All that one turn of the loop brings is
handled first; then its transactions go to the log together, and each link gets one write.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from speckeeper.net.client_doors import ClientDoors, no_commands
from speckeeper.net.client_port import Commands
from speckeeper.net.election_port import ElectionPort
from speckeeper.net.long_transactions import LongTransactions
from speckeeper.net.member_store import MemberStore
from speckeeper.net.peer_line import PeerLine
from speckeeper.net.quorum_port import LinkCounts, QuorumPort
from speckeeper.net.snapshot_loading import SnapshotLoading
from speckeeper.net.snapshotter import Snapshotter
from speckeeper.net.tracing import TraceOptions, Tracing
from speckeeper.server.member_counts import MemberCounts
from speckeeper.server.member_server import MemberServer
from speckeeper.server.phase_times import PhaseTimes
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.config_files import ConfigFiles
from speckeeper.storage.errors import StorageError
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import SLICE_BYTES
from speckeeper.storage.txnlog import Synced
from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import DEFAULT_MAX_DATA, PacketType, QuorumPacket
from speckeeper.wire.quorum_config import ConfiguredServer, QuorumConfig, encode_config
from speckeeper.wire.quorum_stream import SnapshotPiece
from speckeeper.wire.snapshot import encode_snapshot_body
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Entry, Link
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import ZabState

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)

_NS_PER_MS = 1_000_000
_NEVER = 1 << 61
# How often a leader's server is told the time: sessions expire at most this much late.
_SERVER_TICK_S = 0.05
# A tick that comes this late tells that the process stood still.
LATE_MS = 500


def now_ms() -> int:
    """Milliseconds of a clock that never goes back."""
    return time.monotonic_ns() // _NS_PER_MS


def _wall_ms() -> int:
    return time.time_ns() // _NS_PER_MS


def _one_line(config: QuorumConfig) -> str:
    return " ".join(encode_config(config).decode().split())


class Member:
    """One server of an ensemble. Made and used on the loop's thread.

    ``peer``: the core. ``failure``: why it cannot go on; ``failed`` is set with it.
    """

    def __init__(
        self,
        zab: ZabSettings,
        config: QuorumConfig,
        server: ServerSettings,
        storage: StorageSettings,
        files: FileSystem,
        clients: socket.socket | None = None,
        *,
        listen_on_all: bool = False,
        leader_serves: bool = True,
        connect_timeout_ms: int = 5000,
        line: PeerLine | None = None,
        synced: Callable[[Synced], None] = lambda synced: None,
        on_failure: Callable[[], None] = lambda: None,
        trace: TraceOptions | None = None,
        last_seen: QuorumConfig | None = None,
        config_files: ConfigFiles | None = None,
    ) -> None:
        """The directories of ``storage`` exist and are locked. Raises StorageError.

        ``clients``: a listening socket for clients, which are let in while this member serves.
        ``listen_on_all``: bind the ports for peers to all addresses. ``leader_serves`` False: no
        clients are let in while it leads. ``connect_timeout_ms``: for calling a peer's election
        port. ``line``: how peers are reached, None for plainly. ``synced``: told what syncs of the
        log take. ``on_failure``: called when ``failure`` is set. ``trace``: where its steps are
        recorded. Raises TraceError. ``last_seen``: a configuration that was proposed beside the one
        in force. ``config_files``: where both are kept; None: nowhere.
        """
        own = config.server(zab.server_id) or (last_seen and last_seen.server(zab.server_id))
        if own is None:
            raise ValueError(f"server {zab.server_id} is not in the configuration")
        self.own: ConfiguredServer = own
        """This server as the configuration has it, or had it last."""
        self.settings = server
        self.failure: Exception | None = None
        self.failed = asyncio.Event()
        self._on_failure = on_failure
        self._storage = storage
        self._files = files
        self._loop = asyncio.get_running_loop()
        self.store = MemberStore(
            storage, files, zab.commit_log_count, self._logged, self.fail, synced
        )
        self._part = MemberServer(server, lambda: self.store.tree)
        self.counts: MemberCounts = self._part.counts
        recovered = self.store.load()
        self.peer = Peer(zab, Membership(config, last_seen), recovered, now_ms())
        self._part.ensemble = self.peer
        self._config_files = config_files
        self.peer.bulk = True
        host, quorum_port, election_port = own.endpoints[0]
        self._election = ElectionPort(
            zab.server_id,
            (host, election_port),
            self._election_addresses(),
            self._notified,
            listen_on_all,
            connect_timeout_ms,
            line,
            strangers=zab.reconfig_enabled,
        )
        self._leader_serves = leader_serves
        # As long as the longest transaction, and never too short for what members say themselves.
        longest = max(DEFAULT_MAX_DATA, server.largest_transaction)
        self._quorum = QuorumPort((host, quorum_port), self, longest, listen_on_all, line)
        self._tracing: Tracing | None = None
        if trace is not None and self.peer.membership.was_reconfigured:
            log.info("a reconfiguration has made the configuration: nothing is traced")
        elif trace is not None:
            self._tracing = Tracing(trace, self.peer, self._quorum.name)
        self.doors: ClientDoors | None = None
        self.snapshotter: Snapshotter | None = None
        if clients is not None:
            self.let_clients_in(clients)
        self._appends: list[Entry] = []
        self._snapshots: dict[Link, SnapshotLoading] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = _NEVER
        self._ticked_ms = now_ms()
        self._long_transactions = LongTransactions()
        self._expire_from_ms = 0
        self._turn_pending = False
        self._turns_pending = False
        self._counted = False  # transactions towards the next snapshot, in this turn
        self._phase = self.peer.state, self.peer.zab_state
        self._settled: tuple[object, ...] = ()
        self.times = PhaseTimes(now_ms())
        self.opened: Callable[[Server], None] = lambda server: None
        """Told of the server of each time of serving, before any client is let in."""
        self._closed = False
        self._step_ms = 0
        self._perform: dict[type[Any], Callable[[Any], None]] = {
            effects.SendNotification: self._send_notification,
            effects.ConnectAll: lambda effect: self._election.connect_all(),
            effects.ConnectToLeader: self._connect_to_leader,
            effects.SendSnapshot: self._send_snapshot,
            effects.Close: self._close_link,
            effects.PersistAcceptedEpoch: self._persist_accepted_epoch,
            effects.PersistCurrentEpoch: self._persist_current_epoch,
            effects.TruncateLog: self._truncate_log,
            effects.InstallSnapshot: self._install_snapshot,
            effects.TakeSnapshot: self._take_snapshot,
            effects.Reload: self._reload,
            effects.ReadLog: self._read_log,
            effects.SetLastSeenConfig: self._set_last_seen_config,
            effects.SetConfig: self._set_config,
            effects.Replay: self._part.replay,
            effects.Serve: self._serve,
            effects.ServeReadOnly: self._serve_read_only,
            effects.StopServing: self._stop_serving,
            effects.FromLearner: self._from_learner,
            effects.FromLeader: self._from_leader,
            effects.Synced: lambda effect: None,
        }

    @property
    def server(self) -> Server | None:
        """The request pipeline while this member serves."""
        return self._part.server

    @property
    def serving(self) -> ServerState | None:
        """In which role this member serves, if it does."""
        return self._part.role

    @property
    def serves_clients(self) -> bool:
        """Whether clients are let in; a leader may be told to leave that to others."""
        leads = self.serving is ServerState.LEADING
        return self.server is not None and (self._leader_serves or not leads)

    @property
    def read_only(self) -> bool:
        """Whether it serves readers without a role."""
        return self._part.read_only

    def observer_links(self) -> list[tuple[int, LinkCounts]]:
        """Ids of the observers that this leader informs, and what their links have counted."""
        leader = self.peer.leader
        observers = [] if leader is None else leader.observers
        return [(each.server_id, self._quorum.counts(each.link)) for each in observers]

    # -- life

    def let_clients_in(
        self,
        clients: socket.socket,
        commands: Commands = no_commands,
        most_connections: int = 0,
        tls: TlsOpening | None = None,
        secure: bool = False,
    ) -> None:
        """Let clients in on one more listening socket while this member serves.

        ``commands`` answers four-letter words, always. ``most_connections`` 0: no such limit.
        ``tls``: how they are let in, None for plainly; ``secure``: at the secure port.
        """
        if self.doors is None:
            self.doors = ClientDoors(self._loop, commands, most_connections)
        self.doors.add(clients, tls, secure)

    async def start(self) -> None:
        """Listen for peers, and begin the first election. Raises ListenError."""
        self._quorum.try_address()
        await self._election.listen()
        self._loop.call_later(_SERVER_TICK_S, self._tick_server)
        self._step(inputs.Start())

    async def close(self) -> None:
        """Leave the ensemble: close everything, the log last."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._abort_snapshot()
        self._election.close()
        self._quorum.close()
        for link in [*self._snapshots]:
            self._give_up_snapshot(link)
        if self.doors is not None:
            self.doors.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.store.close()
        if self._tracing is not None:
            self._tracing.close()

    def fail(self, error: Exception) -> None:
        """Stop because going on would be wrong."""
        if self.failure is None:
            self.failure = error
            log.error("member %d stops: %s", self.peer.settings.server_id, error)
        self._closed = True
        self._election.close()
        self._quorum.close()
        for link in [*self._snapshots]:
            self._give_up_snapshot(link)
        if self.doors is not None:
            self.doors.close()
        self.failed.set()
        self._on_failure()

    # -- turns of the loop

    def _step(self, event: inputs.Input) -> None:
        self._step_all((event,))

    def _step_all(self, events: Sequence[inputs.Input]) -> None:
        if self._closed:
            return
        deliveries: list[Entry] = []
        others = False
        time_ms = self._step_ms = now_ms()
        for effect in self.peer.step_all(events, time_ms):
            # Those that there are many of; deliveries that follow each other go together.
            kind: Any = type(effect)
            known: Any = effect
            if kind is effects.SendAll:
                self._quorum.send_packets(*known)
            elif kind is effects.AppendAll:
                self._appends += known[0]
            elif kind is effects.DeliverAll:
                deliveries += known[0]
            elif kind is effects.Send:
                self._quorum.send_packet(*known)
            elif kind is effects.Append:
                self._appends.append(known)
            elif kind is effects.Deliver:
                deliveries.append(known)
            else:
                if deliveries:
                    self._deliver(deliveries)
                    deliveries = []
                others = True
                self._perform[kind](effect)
        if deliveries:
            self._deliver(deliveries)
        if others and self._tracing is not None:
            self._tracing.flush()  # the disk may be done before the turn ends
        self.client_turn()

    def client_turn(self) -> None:
        """Have the end of this turn run, once, after everything that it brings was taken in."""
        if not self._turn_pending:
            self._turn_pending = True
            self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        """Pass on what has come up: to the other members, to the disk, to clients, in this order.

        The disks of the others work while we wait for ours. With a client that is alone its reply
        goes first: nobody but this client waits.
        """
        if self._closed:
            return
        self._turn_pending = True
        try:
            server, tracing = self._part.server, self._tracing
            if server is not None and server.outbox.dirty and self._is_quiet:
                if tracing is not None:
                    tracing.flush()
                self._write_to_clients()
            if self._part.has_inputs:
                self.propose_all()
            if tracing is not None:
                tracing.flush()
            self._quorum.flush()
            if self._appends:
                entries, self._appends = self._appends, []
                if self.peer.learner is not None:
                    self.counts.proposals_received += len(entries)
                self.store.append(entries)  # what is durable at once is acknowledged here
                if tracing is not None:
                    tracing.flush()
                self._quorum.flush()
            if self._counted:
                self._counted = False
                self._take_snapshot_if_due()
            if server is not None:
                self._write_to_clients()
                if server.wants_turn and not self._turns_pending:
                    self._turns_pending = True
                    self._loop.call_soon(self._give_turns)
            self._follow_phase()
        finally:
            self._turn_pending = False
        if self._appends or self._part.has_inputs:
            self.client_turn()

    @property
    def _is_quiet(self) -> bool:
        """Whether nobody else brings in what could go with what has come."""
        return self.doors is None or self.doors.is_quiet

    def _follow_phase(self) -> None:
        """See to phase, port and timer, unless all three are as the last turn has left them.

        While it serves, nothing can become due before what the timer is set to: what is heard of
        others only gives them more time.
        """
        peer = self.peer
        settled = peer.state, peer.zab_state, peer.closing
        if settled == self._settled and self._armed_ms != _NEVER:
            return
        self._say_phase()
        self._quorum.listen(peer.accepts_learners, self.fail)
        self._arm()
        serves = peer.zab_state is ZabState.BROADCAST and not peer.closing
        self._settled = settled if serves else ()

    def _write_to_clients(self) -> None:
        server = self._part.server
        if server is not None and self.doors is not None and server.outbox.dirty:
            self.doors.write(server)

    def _say_phase(self) -> None:
        """Log how far the member is on its way to serving, and why it has to begin again."""
        peer = self.peer
        phase = peer.state, peer.zab_state
        if phase != self._phase:
            self._phase = phase
            self.times.enter(*phase, now_ms())
            learner = peer.learner
            of = "" if learner is None else f" of {learner.leader}"
            log.info("%s, %s%s", peer.state.name, peer.zab_state.name, of)

    def _arm(self) -> None:
        """See that a Tick comes when it is due. One that comes early does no harm."""
        due_ms = self.peer.deadline_ms
        if due_ms is None or due_ms >= min(_NEVER, self._armed_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_ms = due_ms
        self._timer = self._loop.call_later(max(due_ms - now_ms(), 0) / 1000, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._armed_ms = _NEVER
        self._step(inputs.Tick())

    def _tick_server(self) -> None:
        if self._closed:
            return
        server, time_ms = self.server, now_ms()
        if time_ms - self._ticked_ms > LATE_MS:
            # The process was stopped for a while. What clients and learners had to say of sessions
            # meanwhile has not been heard yet: learners are asked in half a tick.
            self._expire_from_ms = time_ms + self.settings.tick_time_ms
        self._ticked_ms = time_ms
        if server is not None:
            server.set_wall_clock(time_ms, time.time_ns() // _NS_PER_MS)
            if time_ms >= self._expire_from_ms:
                server.tick(time_ms)
            self._long_transactions.report(server)
            self.client_turn()
        self._loop.call_later(_SERVER_TICK_S, self._tick_server)

    def propose_all(self) -> None:
        """Pass on what our server has for the ensemble: transactions, or requests to the leader."""
        events = self._part.take_inputs()
        if events:
            self._counted = True
            self._step_all(events)

    def _give_turns(self) -> None:
        self._turns_pending = False
        if self.server is not None:
            try:
                self.server.take_turns(now_ms())
            finally:
                self.client_turn()

    def _take_snapshot_if_due(self) -> None:
        server, snapshotter = self.server, self.snapshotter
        if server is None or snapshotter is None or not server.snapshot_due:
            return
        if not self.peer.keeps_log:
            server.snapshot_started()
            return
        if not snapshotter.begin():
            self.store.writing.roll()
            server.snapshot_started()
            log.info("too busy to snap, skipping")

    def _abort_snapshot(self) -> None:
        if self.snapshotter is not None:
            self.snapshotter.abort()
            self.snapshotter = None

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes time."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001  (whatever it is, the disk is not what we think)
                self.fail(error)

        task = self._loop.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what comes from the ports

    def _notified(self, server_id: int, notification: Notification) -> None:
        self._step(inputs.NotificationReceived(server_id, notification))

    def accepted(self, link: Link) -> None:
        """A learner has connected."""
        self._step(inputs.LearnerConnected(link))

    def packets(self, link: Link, packets: list[QuorumPacket]) -> None:
        """Packets have come, one after the other."""
        for packet in packets:
            if packet[0] is PacketType.PING:
                self.peer.touched |= self._part.take_touched(now_ms())
                break
        if not self._is_quiet:
            self._step(inputs.PacketsReceived(link, packets))
            return
        self._turn_pending = True  # it ends here, and not once more a little later
        try:
            self._step(inputs.PacketsReceived(link, packets))
        finally:
            self._end_turn()

    def snapshot(self, link: Link, piece: SnapshotPiece) -> None:
        """A part of a snapshot has come."""
        loading = self._snapshots.get(link)
        if loading is None:
            loading = self._snapshots[link] = SnapshotLoading(
                self._storage.digest_enabled, lambda: self._quorum.read(link, True)
            )
        loading.feed(piece.body)
        if piece.last:
            loading.end()
            self._step(inputs.SnapshotReceived(link))
            return
        if loading.is_behind:
            self._quorum.read(link, False)
        self._step(inputs.Heard(link))

    def heard(self, link: Link) -> None:
        """A part of a snapshot has gone out."""
        self._step(inputs.Heard(link))

    def gone(self, link: Link) -> None:
        """A link has broken."""
        self._give_up_snapshot(link)
        self._step(inputs.Disconnected(link))

    def _give_up_snapshot(self, link: Link) -> None:
        loading = self._snapshots.pop(link, None)
        if loading is not None:
            loading.abort()

    # -- what goes to the ports

    def _send_notification(self, effect: effects.SendNotification) -> None:
        self._election.send(effect.server_id, effect.notification)

    def _connect_to_leader(self, effect: effects.ConnectToLeader) -> None:
        leader = self.server_of(effect.server_id)

        async def connect() -> None:
            link = None
            if leader is not None:
                host, port, _ = leader.endpoints[0]
                link = await self._quorum.connect((host, port), effect.timeout_ms)
            if link is None or not self._quorum.is_open(link):  # gone before we came to hear of it
                self._step(inputs.ConnectFailed(effect.server_id))
            else:
                self._step(inputs.LeaderConnected(link))

        self._run(connect())

    def _send_snapshot(self, effect: effects.SendSnapshot) -> None:
        tree = self.store.tree
        self.counts.snapshots_sent += 1
        body = encode_snapshot_body(tree.sessions, tree.acls.table(), tree.walk(), SLICE_BYTES)
        packet = QuorumPacket(PacketType.SNAP, effect.zxid)
        self._quorum.send_snapshot(effect.link, packet, body)

    def _close_link(self, effect: effects.Close) -> None:
        log.info("link %d closed: %s", effect.link, effect.reason)
        if self._tracing is not None:
            self._tracing.flush()  # what is queued on the link goes out now
        self._give_up_snapshot(effect.link)
        self._quorum.close_link(effect.link)

    # -- what goes to the disk

    def _logged(self, zxid: int) -> None:
        self._step(inputs.LogPersisted(zxid))

    def _then_persisted(self, effect: effects.Durable, work: Coroutine[Any, Any, None]) -> None:
        async def persist() -> None:
            await work
            self._step(inputs.Persisted(effect))

        self._run(persist())

    def _persist_accepted_epoch(self, effect: effects.PersistAcceptedEpoch) -> None:
        self._then_persisted(effect, self.store.set_accepted_epoch(effect.epoch))

    def _persist_current_epoch(self, effect: effects.PersistCurrentEpoch) -> None:
        self._then_persisted(effect, self.store.set_current_epoch(effect.epoch))

    def _truncate_log(self, effect: effects.TruncateLog) -> None:
        async def truncate() -> None:
            done = await self.store.truncate(effect.zxid)
            said = inputs.Persisted(effect) if done else inputs.TruncationRefused(effect)
            self._step(said)

        self._run(truncate())

    def _install_snapshot(self, effect: effects.InstallSnapshot) -> None:
        loading = self._snapshots.pop(effect.link)
        self._then_persisted(effect, self.store.install(loading.tree(effect.zxid)))

    def _take_snapshot(self, effect: effects.TakeSnapshot) -> None:
        self._then_persisted(effect, self.store.take_snapshot(effect.zxid))

    def _reload(self, effect: effects.Reload) -> None:
        async def reload() -> None:
            zxid, entries = await self.store.reload()
            self._step(inputs.Reloaded(zxid, entries))

        self._run(reload())

    def _read_log(self, effect: effects.ReadLog) -> None:
        async def read() -> None:
            entries = await self.store.read_log(effect.zxid)
            self._step(inputs.LogRead(effect.link, entries))

        self._run(read())

    # -- the configuration

    def server_of(self, server_id: int) -> ConfiguredServer | None:
        """Return a member by its id: of the configuration in force, else of the one proposed."""
        membership = self.peer.membership
        return membership.active.server(server_id) or membership.last_seen.server(server_id)

    def _election_addresses(self) -> dict[int, tuple[str, int]]:
        """Return where the others are called for elections, by their ids."""
        membership = self.peer.membership
        known = {
            each.id: (each.endpoints[0].host, each.endpoints[0].election_port)
            for config in (membership.last_seen, membership.active)
            for each in config.servers
        }
        known.pop(self.peer.settings.server_id, None)
        return known

    def _set_last_seen_config(self, effect: effects.SetLastSeenConfig) -> None:
        """Keep a configuration that was proposed.

        The loop waits for the disk: what follows must not get ahead of it, and it is rare.
        """
        log.info("configuration proposed: %s", _one_line(effect.config))
        if self._config_files is not None:
            try:
                self._config_files.set_last_seen(effect.config)
            except StorageError as error:
                self.fail(error)
        self._election.know(self._election_addresses())

    def _set_config(self, effect: effects.SetConfig) -> None:
        """Let a configuration come into force, here and on the disk, for which the loop waits."""
        log.info("configuration in force: %s", _one_line(effect.config))
        if self._config_files is not None:
            try:
                self._config_files.set(effect.config)
            except StorageError as error:
                self.fail(error)
        self._election.know(self._election_addresses())
        self.own = effect.config.server(self.peer.settings.server_id) or self.own

    # -- what goes to the tree

    def _deliver(self, deliveries: list[Entry]) -> None:
        self._counted = True
        self._part.deliver_all(deliveries, self._step_ms)

    def _serve(self, effect: effects.Serve) -> None:
        log.info("serving as %s from %#x", effect.role.name, effect.zxid)
        active = self.peer.membership.active
        self._open(self._part.serve(effect, active, now_ms(), _wall_ms(), random.SystemRandom()))

    def _serve_read_only(self, effect: effects.ServeReadOnly) -> None:
        log.info("no leader for a while: serving clients that only want to read")
        active = self.peer.membership.active
        self._open(self._part.serve_read_only(active, now_ms(), _wall_ms(), random.SystemRandom()))

    def _open(self, server: Server) -> None:
        """Let clients in."""
        self.opened(server)
        self.snapshotter = Snapshotter(
            self._loop,
            server,
            self.store.writing,
            self._storage,
            self._files,
            self.fail,
            self.peer.is_durable,
            keeps_log=self.peer.keeps_log,
        )
        if self.doors is not None and self.serves_clients:
            self.doors.open(server, self.client_turn, self._end_turn)

    def _stop_serving(self, effect: effects.StopServing) -> None:
        log.info("serving no more")
        self._part.stop()
        self._abort_snapshot()
        if self.doors is not None:
            self.doors.shut()

    def _from_leader(self, effect: effects.FromLeader) -> None:
        try:
            self._part.from_leader(effect, self._step_ms)
        except WireError as error:
            log.warning("%s of the leader: %s", effect.packet.type.name, error)

    def _from_learner(self, effect: effects.FromLearner) -> None:
        event: inputs.Input | None
        try:
            event = self._part.from_learner(effect, self._step_ms)
        except WireError as error:
            log.warning("server %d: %s", effect.server_id, error)
            self._quorum.close_link(effect.link)
            event = inputs.Disconnected(effect.link)
        if event is not None:  # not from within the step whose effect this is
            self._loop.call_soon(self._step, event)
