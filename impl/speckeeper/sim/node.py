"""One server of the simulated world: core, server, tree and files, and a driver for them.

The counterpart of ``net/member.py``: what that does with sockets, threads and the loop's clock is
done here with links, lanes of a simulated disk and a clock that drifts. The server takes what comes
one thing after the other; it can be stopped for a while, or slow, and then everything waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple, Protocol

from speckeeper.server.member_server import MemberServer
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.sim.clock import Clock, LocalClock
from speckeeper.sim.disk import Disk
from speckeeper.sim.doors import Doors
from speckeeper.sim.link import Link
from speckeeper.sim.network import Channel, Network
from speckeeper.sim.store import Store
from speckeeper.sim.transcript import describe
from speckeeper.storage.errors import StorageError
from speckeeper.wire.codes import OpCode
from speckeeper.wire.election import (
    Notification,
    ServerState,
    decode_notification,
    encode_notification,
)
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import Reader
from speckeeper.wire.quorum import PacketType, QuorumPacket, decode_packet, encode_packet
from speckeeper.wire.requests import CreateSessionRequest, encode_request
from speckeeper.wire.snapshot import encode_snapshot_body
from speckeeper.zab import effects, inputs
from speckeeper.zab.actions import Trace
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer
from speckeeper.zab.settings import ZabSettings
from speckeeper.zab.state import ZabState

WALL_MS = 1_700_000_000_000
"""What a clock that is right shows at the beginning."""
_CONNECT_RETRY_MS = 100
_CONNECT_TRIES = 5
_FOREVER_MS = 1 << 30


class Observer(Protocol):
    """Who looks at the servers from outside."""

    def starts(self, node: Node) -> None:
        """A server has come up with what its disk holds."""
        ...

    def stops(self, node: Node, error: StorageError) -> None:
        """A server stops by itself."""
        ...

    def proposes(self, node: Node, zxid: int, entry: bytes) -> None:
        """A leader makes a proposal."""
        ...

    def acknowledges(self, node: Node, link: int, zxid: int) -> None:
        """A learner sends an ACK."""
        ...

    def serves(self, node: Node, role: ServerState, zxid: int) -> None:
        """A server is about to serve: all of its tree counts as committed."""
        ...

    def delivers(self, node: Node, zxid: int, entry: bytes) -> None:
        """A server is about to apply a committed transaction."""
        ...


class Surroundings(NamedTuple):
    """What all servers of a world share."""

    clock: Clock
    network: Network
    nodes: dict[int, Node]
    observer: Observer
    log: Callable[[str], None] | None
    ambushes: list[Callable[[Node], bool]]
    """Called when a server comes to another phase; who returns True is done."""


class Node:
    """A server with its disk; ``peer`` is None while it is crashed."""

    def __init__(
        self,
        zab: ZabSettings,
        server: ServerSettings,
        membership: Membership,
        world: Surroundings,
        disk: Disk,
        clock: LocalClock,
        rng: Random,
    ) -> None:
        """``clock``: its own, ``rng``: its own draws."""
        self.id = zab.server_id
        self.settings = zab
        self.disk = disk
        disk.failed = self.fail
        self.clock = clock
        self.peer: Peer | None = None
        self.store: Store | None = None
        self.doors = Doors(self)
        self.boot = 0
        self.slow_ms = 0
        """How long the server takes for anything."""
        self.failure: StorageError | None = None
        """Why it stopped by itself the last time that it did."""
        self.trace: Trace | None = None
        self.world = world
        self._server_settings = server
        self._membership = membership
        self._rng = rng
        self.part = MemberServer(server, lambda: self.tree)
        self._free_ms = 0
        self._waiting: deque[Callable[[], None]] = deque()
        self._soon: deque[inputs.Input] = deque()
        self._links: dict[int, Link] = {}
        self._far_ends: dict[int, int] = {}  # of all links that there ever were
        self._channels: dict[int, Channel] = {}
        self._last_sent: dict[int, Notification] = {}
        self._tick_at_ms: int | None = None
        self._snapshots: dict[int, list[bytes]] = {}  # received, by link
        self._stepping = False
        self._phase = ZabState.ELECTION
        self._perform: dict[type[Any], Callable[[Any], None]] = {
            effects.SendNotification: self._send_notification,
            effects.ConnectAll: lambda effect: None,
            effects.ConnectToLeader: self._connect,
            effects.Send: self._send,
            effects.SendSnapshot: self._send_snapshot,
            effects.Close: self._close,
            effects.PersistAcceptedEpoch: self._persist_accepted_epoch,
            effects.PersistCurrentEpoch: self._persist_current_epoch,
            effects.Append: self._append,
            effects.TruncateLog: self._truncate,
            effects.InstallSnapshot: self._install,
            effects.TakeSnapshot: self._take_snapshot,
            effects.Reload: self._reload,
            effects.ReadLog: self._read_log,
            effects.Deliver: self._deliver,
            effects.Replay: self._replay,
            effects.Serve: self._serve,
            effects.ServeReadOnly: lambda effect: None,
            effects.ServeReadOnly: self._serve_read_only,
            effects.StopServing: self._stop_serving,
            effects.FromLearner: self._from_learner,
            effects.FromLeader: self._from_leader,
            effects.Synced: lambda effect: None,
        }

    @property
    def serving(self) -> ServerState | None:
        """In which role the server serves, if it does."""
        return self.part.role

    @property
    def tree(self) -> Any:
        """Its tree."""
        assert self.store is not None
        return self.store.tree

    # -- life

    def start(self) -> None:
        """Come up with what the disk holds; stay down if the disk is of no use."""
        self.boot += 1
        self.failure = None
        self._free_ms = 0
        try:
            self.store = Store(self.disk, self.settings.commit_log_count, self.later(self._logged))
        except StorageError as error:
            self._stops(error)
            return
        self.world.observer.starts(self)
        recovered, now_ms = self.store.recovered, self.clock.now_ms
        self.peer = Peer(self.settings, self._membership, recovered, now_ms, self.trace)
        self.part = MemberServer(self._server_settings, lambda: self.tree)
        self._run(lambda: self.step(inputs.Start()))
        for other in self.world.nodes.values():
            other.greet(self.id)

    def ensure_running(self) -> None:
        """Start, unless it runs."""
        if self.peer is None:
            self.start()

    def crash(self, rng: Random) -> None:
        """Lose everything but the disk, as the power fails; whoever is connected learns of it."""
        self.boot += 1
        self.peer = self.store = None
        self.part.stop()
        self.doors.shut()
        self._tick_at_ms = None
        self._free_ms = 0
        for queue in (self._waiting, self._soon):
            queue.clear()
        self._snapshots.clear()
        self._last_sent.clear()
        self.disk.crash(rng)
        links, self._links = self._links, {}
        for link in links.values():
            link.close(self.id)

    def fail(self, error: StorageError) -> None:
        """Stop because the disk does not do what it is asked."""
        self._stops(error)
        self.crash(self._rng)

    def reset_links(self, other: Node, one_sided: bool = False) -> bool:
        """Break the connections with a server, or our ends of them; whether there are any."""
        common = [link for link in self._links.values() if link.other(self.id) == other.id]
        for link in common:
            if one_sided:
                link.hang_up(self.id)
            else:
                link.cut()
        return bool(common)

    def stop_for(self, time_ms: int) -> bool:
        """Do nothing for a while; return whether the server runs at all."""
        if self.peer is None:
            return False
        self._free_ms = max(self._free_ms, self.world.clock.now_ms + time_ms)
        return True

    def hurry(self) -> None:
        """Be slow no more."""
        self.slow_ms = 0

    def mend_disk(self) -> None:
        """Let the disk work again; who has stopped because of it starts."""
        self.disk.files.broken = False
        if self.failure is not None:
            self.ensure_running()

    def write(self, number: int) -> int | None:
        """Write something unique if this server leads; return the zxid that it gets, or None.

        It opens a session that nobody has asked for: a write that needs no session itself.
        """
        server = self.part.server
        if server is None or self.serving is not ServerState.LEADING:
            return None
        op = int(OpCode.CREATE_SESSION)
        body = encode_request(op, CreateSessionRequest(_FOREVER_MS))
        server.pipeline.write(None, number, 0, op, body, 0, len(body), (), self.clock.now_ms)
        zxid = server.pipeline.zxid
        self.later(lambda: None)()
        return zxid

    def greet(self, server_id: int) -> None:
        """A connection of the election port was made anew: say the last word again."""
        last = self._last_sent.get(server_id)
        if self.peer is not None and last is not None and server_id != self.id:
            self._send_notification(effects.SendNotification(server_id, last))

    def checkpoint(self) -> None:
        """Begin a snapshot of what is applied, while the server goes on."""
        if self.store is not None and self.peer is not None and self.part.server is not None:
            self.store.begin_snapshot(self._soon_after, self.peer.is_durable)

    def _stops(self, error: StorageError) -> None:
        self.failure = error
        self.note(f"stops: {error}")
        self.world.observer.stops(self, error)

    def note(self, text: str) -> None:
        """Write a line of the log of the world."""
        if self.world.log is not None:
            self.world.log(f"{self.world.clock.now_ms} {self.id} {text}")

    # -- one thing after the other

    def later(self, call: Callable[..., None]) -> Callable[..., None]:
        """Return what has something done by this life of the server, when it gets to it."""
        boot = self.boot

        def enter(*arguments: Any) -> None:
            if boot != self.boot or self.peer is None:
                return
            if self._waiting or self.world.clock.now_ms < self._free_ms:
                self._waiting.append(lambda: call(*arguments))
                if len(self._waiting) == 1:
                    self.world.clock.at(self._free_ms, lambda: self._catch_up(boot))
            else:
                self._run(lambda: call(*arguments))

        return enter

    def _catch_up(self, boot: int) -> None:
        """Do what has waited, until the server is busy again."""
        clock = self.world.clock
        while boot == self.boot and self._waiting:
            if clock.now_ms < self._free_ms:
                clock.at(self._free_ms, lambda: self._catch_up(boot))
                return
            self._run(self._waiting.popleft())

    def _run(self, call: Callable[[], None]) -> None:
        boot = self.boot
        call()
        while boot == self.boot and self._turn():
            pass
        if boot == self.boot:
            self._arm()
            self._tell_phase()
            if self.slow_ms:
                self._free_ms = self.world.clock.now_ms + self.slow_ms

    def _tell_phase(self) -> None:
        """Tell those that wait for it that the server has come to another phase."""
        peer = self.peer
        if peer is None or self._phase is peer.zab_state:
            return
        self._phase = peer.zab_state
        waiting = self.world.ambushes
        waiting[:] = [ambush for ambush in waiting if not ambush(self)]

    def _turn(self) -> bool:
        """Pass on what server and core have for each other and for clients; whether there was."""
        if self._soon:
            self.step(self._soon.popleft())
            return True
        events = self.part.take_inputs()
        for event in events:
            self.step(event)
        server = self.part.server
        if server is None:
            return bool(events)
        self.doors.write(server)
        if server.backlog:
            server.take_turns(self.clock.now_ms)
            return True
        return bool(events)

    def step(self, event: inputs.Input) -> None:
        """Feed the core, and do what it asks."""
        peer = self.peer
        if peer is None:
            return
        log = self.world.log
        if log is not None and not isinstance(event, inputs.Tick):
            self._tell(event)
        if isinstance(event, inputs.Propose):
            self.world.observer.proposes(self, event.zxid, event.entry)
        assert not self._stepping, "effects are carried out before the next input"
        self._stepping = True
        for effect in peer.step(event, self.clock.now_ms):
            if log is not None:
                self._tell(effect)
            self._perform[type(effect)](effect)
        self._stepping = False

    def _tell(self, event: Any) -> None:
        self.note(describe(event, lambda link: str(self._far_ends.get(link, "nobody"))))

    def _arm(self) -> None:
        """See to it that the core is called when it wants to be."""
        peer = self.peer
        due_ms = None if peer is None else peer.deadline_ms
        if due_ms is None or due_ms >= 1 << 61:
            return
        if self._tick_at_ms is None or due_ms < self._tick_at_ms:
            self._tick_at_ms = due_ms
            enter = self.later(self._tick)
            self.clock.at(due_ms, lambda: enter(due_ms))

    def _tick(self, due_ms: int) -> None:
        if self._tick_at_ms == due_ms:
            self._tick_at_ms = None
            self.step(inputs.Tick())

    def _tick_server(self) -> None:
        server = self.part.server
        if server is not None:
            now_ms = self.clock.now_ms
            server.set_wall_clock(now_ms, WALL_MS + now_ms)
            server.tick(now_ms)
            if server.snapshot_due:
                server.snapshot_started()
                self.checkpoint()

    def _next_server_tick(self, server: object) -> None:
        """Tell a server the time, as long as it is the one that serves."""

        def tick() -> None:
            if self.part.server is server:
                self._tick_server()
                self._next_server_tick(server)

        self.clock.at(self.clock.now_ms + self.settings.tick_time_ms, self.later(tick))

    def _then(self, event: inputs.Input) -> Callable[[], None]:
        """Return a call that feeds an input, unless the server has crashed by then."""
        return self.later(lambda: self.step(event))

    def _soon_after(self, call: Callable[[], None]) -> None:
        self.world.clock.after(self._rng.randint(1, 5), self.later(call))

    # -- election port

    def _send_notification(self, effect: effects.SendNotification) -> None:
        target = self.world.nodes.get(effect.server_id)
        self._last_sent[effect.server_id] = effect.notification
        if target is None:
            return
        network = self.world.network
        channel = self._channels.get(target.id)
        if channel is None:
            channel = self._channels[target.id] = Channel(self.id, target.id)
        raw = encode_notification(effect.notification)

        def deliver() -> None:
            if network.connected(self.id, target.id):
                event = inputs.NotificationReceived(self.id, decode_notification(raw))
                target.later(target.step)(event)

        if network.connected(self.id, target.id):
            network.carry(channel, deliver)

    # -- quorum port

    def _connect(self, effect: effects.ConnectToLeader) -> None:
        leader = self.world.nodes.get(effect.server_id)
        clock, network = self.world.clock, self.world.network

        def attempt(left: int) -> None:
            if (
                leader is not None
                and leader.peer is not None
                and leader.peer.accepts_learners
                and network.connected(self.id, leader.id)
            ):
                self._connect_to(leader)
            elif left > 1:
                again = self.later(lambda: attempt(left - 1))
                clock.after(_CONNECT_RETRY_MS, again)
            else:
                self.step(inputs.ConnectFailed(effect.server_id))

        network.later(self.id, effect.server_id, self.later(lambda: attempt(_CONNECT_TRIES)))

    def _connect_to(self, leader: Node) -> None:
        """Make a connection to a leader that listens."""
        gone = (self.later(lambda: self._gone(link)), leader.later(lambda: leader._gone(link)))
        link = Link(self.world.network, (self.id, leader.id), gone)
        self._links[link.number] = leader._links[link.number] = link
        self._far_ends[link.number], leader._far_ends[link.number] = leader.id, self.id
        leader.later(leader.step)(inputs.LearnerConnected(link.number))
        self.step(inputs.LeaderConnected(link.number))

    def _gone(self, link: Link) -> None:
        if self._links.pop(link.number, None) is not None:
            self._snapshots.pop(link.number, None)
            self.step(inputs.Disconnected(link.number))

    def _send(self, effect: effects.Send) -> None:
        if effect.packet.type is PacketType.ACK:
            self.world.observer.acknowledges(self, effect.link, effect.packet.zxid)
        raw = encode_packet(effect.packet)
        number = effect.link
        self._carry(number, lambda target: target._received(number, decode_packet(Reader(raw))))

    def _received(self, link: int, packet: QuorumPacket) -> None:
        if link not in self._links:
            return
        peer = self.peer
        if packet.type is PacketType.PING and peer is not None:
            peer.touched |= self.part.take_touched(self.clock.now_ms)
        self.step(inputs.PacketReceived(link, packet))

    def _send_snapshot(self, effect: effects.SendSnapshot) -> None:
        tree = self.tree
        chunks = [*encode_snapshot_body(tree.sessions, tree.acls.table(), tree.walk())]
        packet = QuorumPacket(PacketType.SNAP, effect.zxid)
        number = effect.link

        def deliver(target: Node) -> None:
            target._received(number, packet)
            if number in target._links:
                target._snapshots[number] = chunks
                target.step(inputs.SnapshotReceived(number))

        self._carry(number, deliver)

    def _carry(self, number: int, deliver: Callable[[Node], None]) -> None:
        link = self._links.get(number)
        if link is not None:
            target = self.world.nodes[link.other(self.id)]
            enter = target.later(deliver)
            link.send(self.id, lambda: enter(target))

    def _close(self, effect: effects.Close) -> None:
        link = self._links.pop(effect.link, None)
        if link is not None:
            link.finish(self.id)

    # -- disk

    def _logged(self, zxid: int) -> None:
        self.step(inputs.LogPersisted(zxid))

    @property
    def _disk(self) -> Store:
        assert self.store is not None
        return self.store

    def _persist_accepted_epoch(self, effect: effects.PersistAcceptedEpoch) -> None:
        self._disk.set_accepted_epoch(effect.epoch, self._then(inputs.Persisted(effect)))

    def _persist_current_epoch(self, effect: effects.PersistCurrentEpoch) -> None:
        self._disk.set_current_epoch(effect.epoch, self._then(inputs.Persisted(effect)))

    def _append(self, effect: effects.Append) -> None:
        self._disk.append((effect.zxid, effect.entry))

    def _truncate(self, effect: effects.TruncateLog) -> None:
        self._disk.truncate(effect.zxid, self._then(inputs.Persisted(effect)))

    def _install(self, effect: effects.InstallSnapshot) -> None:
        chunks = self._snapshots.pop(effect.link)
        self._disk.install(chunks, effect.zxid, self._then(inputs.Persisted(effect)))

    def _take_snapshot(self, effect: effects.TakeSnapshot) -> None:
        self._disk.take_snapshot(effect.zxid, self._then(inputs.Persisted(effect)))

    def _reload(self, effect: effects.Reload) -> None:
        enter = self.later(lambda *found: self.step(inputs.Reloaded(*found)))
        self._disk.reload(enter)

    def _read_log(self, effect: effects.ReadLog) -> None:
        enter = self.later(lambda entries: self.step(inputs.LogRead(effect.link, entries)))
        self._disk.read_log(effect.zxid, enter)

    # -- tree and server

    def _replay(self, effect: effects.Replay) -> None:
        self.part.replay(effect)

    def _deliver(self, effect: effects.Deliver) -> None:
        self.world.observer.delivers(self, effect.zxid, effect.entry)
        self.part.deliver(effect, self.clock.now_ms)

    def _serve(self, effect: effects.Serve) -> None:
        assert self.peer is not None
        self.world.observer.serves(self, effect.role, effect.zxid)
        now_ms, active = self.clock.now_ms, self.peer.membership.active
        self._let_in(self.part.serve(effect, active, now_ms, WALL_MS + now_ms, self._rng))

    def _serve_read_only(self, effect: effects.ServeReadOnly) -> None:
        assert self.peer is not None
        now_ms, active = self.clock.now_ms, self.peer.membership.active
        self._let_in(self.part.serve_read_only(active, now_ms, WALL_MS + now_ms, self._rng))

    def _let_in(self, server: Server) -> None:
        self.doors.open(server)
        self._next_server_tick(server)

    def _stop_serving(self, effect: effects.StopServing) -> None:
        self.part.stop()
        self._disk.abort_snapshot()
        self.doors.shut()

    def _from_leader(self, effect: effects.FromLeader) -> None:
        self.part.from_leader(effect, self.clock.now_ms)

    def _from_learner(self, effect: effects.FromLearner) -> None:
        event: inputs.Input | None
        try:
            event = self.part.from_learner(effect, self.clock.now_ms)
        except WireError:
            self._close(effects.Close(effect.link, "bad data"))
            event = inputs.Disconnected(effect.link)
        if event is not None:
            self._soon.append(event)  # not from within the step whose effect this is
