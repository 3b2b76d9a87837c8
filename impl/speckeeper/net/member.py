"""One member of an ensemble on an event loop: the core, its two ports, its disk and its tree.

It carries out what the core asks for and decides nothing. All that one turn of the loop brings is
handled first; then its transactions go to the log together, and each link gets one write.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from speckeeper.net.background import Background
from speckeeper.net.client_doors import ClientDoors, no_commands
from speckeeper.net.client_port import Commands
from speckeeper.net.election_port import ElectionPort
from speckeeper.net.incoming_snapshots import IncomingSnapshots
from speckeeper.net.member_clock import NS_PER_MS, CoreClock, ServerClock, now_ms
from speckeeper.net.member_config import MemberConfig, server_in
from speckeeper.net.member_disk import MemberDisk
from speckeeper.net.member_serving import MemberServing
from speckeeper.net.member_store import MemberStore
from speckeeper.net.peer_line import PeerLine
from speckeeper.net.quorum_port import LinkCounts, QuorumPort
from speckeeper.net.snapshotter import Snapshotter
from speckeeper.net.tracing import TraceOptions, Tracing
from speckeeper.server.member_counts import MemberCounts
from speckeeper.server.member_server import MemberServer
from speckeeper.server.phase_times import PhaseTimes
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.config_files import ConfigFiles
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import SLICE_BYTES
from speckeeper.storage.txnlog import Synced
from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.errors import WireError
from speckeeper.wire.quorum import DEFAULT_MAX_DATA, PacketType, QuorumPacket
from speckeeper.wire.quorum_config import ConfiguredServer, QuorumConfig
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
_new = tuple.__new__  # makes a NamedTuple in half the time of its own constructor


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
        membership = Membership(config, last_seen)
        own = server_in(membership, zab.server_id)
        if own is None:
            raise ValueError(f"server {zab.server_id} is not in the configuration")
        self.settings = server
        self.failure: Exception | None = None
        self.failed = asyncio.Event()
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self.store = MemberStore(
            storage, files, zab.commit_log_count, self._logged, self.fail, synced
        )
        self._part = MemberServer(server, lambda: self.store.tree)
        self.counts: MemberCounts = self._part.counts
        self.peer = Peer(zab, membership, self.store.load(), now_ms())
        self._part.ensemble = self.peer
        self.peer.bulk = True
        self._config = MemberConfig(
            own, lambda: self.peer.membership, config_files, self._addresses_changed, self.fail
        )
        host, quorum_port, election_port = own.endpoints[0]
        self._election = ElectionPort(
            zab.server_id,
            (host, election_port),
            self._config.election_addresses(),
            self._notified,
            listen_on_all,
            connect_timeout_ms,
            line,
            strangers=zab.reconfig_enabled,
        )
        # As long as the longest transaction, and never too short for what members say themselves.
        longest = max(DEFAULT_MAX_DATA, server.largest_transaction)
        self._quorum = QuorumPort((host, quorum_port), self, longest, listen_on_all, line)
        self._tracing: Tracing | None = None
        if trace is not None and self.peer.membership.was_reconfigured:
            log.info("a reconfiguration has made the configuration: nothing is traced")
        elif trace is not None:
            self._tracing = Tracing(trace, self.peer, self._quorum.name)
        self._serving = MemberServing(
            self.peer, self._part, self.store, storage, files, self.fail, leader_serves
        )
        self._serving.end_turn, self._serving.end_turn_now = self.client_turn, self._end_turn
        if clients is not None:
            self.let_clients_in(clients)
        self._appends: list[Entry] = []
        self._snapshots = IncomingSnapshots(storage.digest_enabled, self._quorum.read)
        self._background = Background(self.fail)
        self._clock = CoreClock(lambda: self._step(inputs.Tick()))
        self._server_clock = ServerClock(lambda: self.server, server.tick_time_ms, self.client_turn)
        self._turn_pending = False
        self._turns_pending = False
        self._counted = False  # transactions towards the next snapshot, in this turn
        self._phase = self.peer.state, self.peer.zab_state
        self._settled: tuple[object, ...] = ()
        self.times = PhaseTimes(now_ms())
        self._closed = False
        self._step_ms = 0
        disk = MemberDisk(self.store, self._snapshots, self._background, self._step)
        self._perform: dict[type[Any], Callable[[Any], None]] = {
            **disk.perform,
            **self._config.perform,
            **self._serving.perform,
            effects.SendNotification: self._send_notification,
            effects.ConnectAll: lambda effect: self._election.connect_all(),
            effects.ConnectToLeader: self._connect_to_leader,
            effects.SendSnapshot: self._send_snapshot,
            effects.Close: self._close_link,
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
        return self._serving.lets_clients_in

    @property
    def doors(self) -> ClientDoors | None:
        """Where clients come in; None: nowhere."""
        return self._serving.doors

    @property
    def snapshotter(self) -> Snapshotter | None:
        """What takes its snapshots while it serves."""
        return self._serving.snapshotter

    @property
    def own(self) -> ConfiguredServer:
        """This server as the configuration has it, or had it last."""
        return self._config.own

    def server_of(self, server_id: int) -> ConfiguredServer | None:
        """Return a member by its id: of the configuration in force, else of the one proposed."""
        return self._config.server_of(server_id)

    @property
    def opened(self) -> Callable[[Server], None]:
        """Told of the server of each time of serving, before any client is let in."""
        return self._serving.opened

    @opened.setter
    def opened(self, opened: Callable[[Server], None]) -> None:
        self._serving.opened = opened

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
        self._serving.let_in(clients, commands, most_connections, tls, secure)

    async def start(self) -> None:
        """Listen for peers, and begin the first election. Raises ListenError."""
        self._quorum.try_address()
        await self._election.listen()
        self._server_clock.start()
        self._step(inputs.Start())

    async def close(self) -> None:
        """Leave the ensemble: close everything, the log last."""
        self._shut()
        self._serving.abort_snapshot()
        await self._background.ended()
        await self.store.close()
        if self._tracing is not None:
            self._tracing.close()

    def fail(self, error: Exception) -> None:
        """Stop because going on would be wrong."""
        if self.failure is None:
            self.failure = error
            log.error("member %d stops: %s", self.peer.settings.server_id, error)
        self._shut()
        self.failed.set()
        self._on_failure()

    def _shut(self) -> None:
        """Hear and say nothing any more."""
        self._closed = True
        self._clock.stop()
        self._server_clock.stop()
        self._election.close()
        self._quorum.close()
        self._snapshots.give_up_all()
        self._serving.close()

    # -- turns of the loop

    def _step(self, event: inputs.Input) -> None:
        self._step_all((event,))

    def _step_all(self, events: Sequence[inputs.Input]) -> None:
        if self._closed:
            return
        deliveries: list[Entry] = []
        others = False
        time_ms = self._step_ms = monotonic_ns() // NS_PER_MS
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
            if len(deliveries) == 1 and self._tracing is None and self._serving.clients <= 1:
                self._tell_ahead(deliveries[0][0])
            self._deliver(deliveries)
        if others and self._tracing is not None:
            self._tracing.flush()  # the disk may be done before the turn ends
        if not self._turn_pending:
            self.client_turn()

    def _tell_ahead(self, zxid: int) -> None:
        """Tell who waits for a commit before our tree changes: our own client, or the others."""
        if self._serving.answer_ahead(zxid) or not self._serving.clients:
            self._quorum.flush()

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
            serving, quorum = self._serving, self._quorum
            if server is not None and server.outbox.dirty and serving.clients <= 1:
                if tracing is not None:
                    tracing.flush()
                serving.write()
            if server is not None and server.has_inputs:
                self.propose_all()
            if tracing is not None:
                tracing.flush()
            if quorum.dirty:
                quorum.flush()
            if self._appends:
                entries, self._appends = self._appends, []
                if self.peer.learner is not None:
                    self.counts.proposals_received += len(entries)
                self.store.append(entries)  # what is durable at once is acknowledged here
                if tracing is not None:
                    tracing.flush()
                if quorum.dirty:
                    quorum.flush()
                if tracing is None and len(entries) == serving.clients == 1:
                    self._part.make_ready(*entries[0])  # while we wait for the others
            if server is not None:
                if self._counted:
                    self._counted = False
                    if server.pipeline.snapshot_due:
                        serving.take_snapshot()
                if server.outbox.dirty:
                    serving.write()
                if server.wants_turn and not self._turns_pending:
                    self._turns_pending = True
                    self._loop.call_soon(self._give_turns)
            peer = self.peer
            phase = peer.state, peer.zab_state, peer.closing
            if phase != self._settled or not self._clock.is_armed:
                self._follow_phase()
        finally:
            self._turn_pending = False
        server = self._part.server
        if self._appends or (server is not None and server.has_inputs):
            self.client_turn()

    def _follow_phase(self) -> None:
        """See to phase, port and timer, which need not be as the last turn has left them.

        While it serves, nothing can become due before what the timer is set to: what is heard of
        others only gives them more time.
        """
        peer = self.peer
        self._say_phase()
        self._quorum.listen(peer.accepts_learners, self.fail)
        self._clock.arm(peer.deadline_ms)
        serves = peer.zab_state is ZabState.BROADCAST and not peer.closing
        self._settled = (peer.state, peer.zab_state, peer.closing) if serves else ()

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
        events = (_new(inputs.PacketsReceived, (link, packets)),)
        if self._serving.clients > 1:
            self._step_all(events)
            return
        self._turn_pending = True  # it ends here, and not once more a little later
        try:
            self._step_all(events)
        finally:
            self._end_turn()

    def snapshot(self, link: Link, piece: SnapshotPiece) -> None:
        """A part of a snapshot has come."""
        self._snapshots.feed(link, piece)
        self._step(inputs.SnapshotReceived(link) if piece.last else inputs.Heard(link))

    def heard(self, link: Link) -> None:
        """A part of a snapshot has gone out."""
        self._step(inputs.Heard(link))

    def gone(self, link: Link) -> None:
        """A link has broken."""
        self._snapshots.give_up(link)
        self._step(inputs.Disconnected(link))

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

        self._background.run(connect())

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
        self._snapshots.give_up(effect.link)
        self._quorum.close_link(effect.link)

    def _addresses_changed(self, addresses: dict[int, tuple[str, int]]) -> None:
        self._election.know(addresses)

    def _logged(self, zxid: int) -> None:
        self._step_all((_new(inputs.LogPersisted, (zxid,)),))

    # -- what goes to the tree

    def _deliver(self, deliveries: list[Entry]) -> None:
        self._counted = True
        self._part.deliver_all(deliveries, self._step_ms)

    def _from_leader(self, effect: effects.FromLeader) -> None:
        try:
            self._part.from_leader(effect, self._step_ms)
        except WireError as error:
            log.warning("%s of the leader: %s", effect.packet.type.name, error)

    def _from_learner(self, effect: effects.FromLearner) -> None:
        event: inputs.Input | None
        if effect.packet.type is PacketType.REQUEST:
            self._quorum.first = effect.link
        try:
            event = self._part.from_learner(effect, self._step_ms)
        except WireError as error:
            log.warning("server %d: %s", effect.server_id, error)
            self._quorum.close_link(effect.link)
            event = inputs.Disconnected(effect.link)
        if event is not None:  # not from within the step whose effect this is
            self._loop.call_soon(self._step, event)
