"""One server of the simulated world: a core, and a driver that carries out its effects.

The tree is the list of transactions that were applied to it: what agreement and durability are
about. The second driver of the same core is on sockets and files.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from speckeeper.sim.clock import Clock
from speckeeper.sim.disk import Content, Disk, Snapshot
from speckeeper.sim.network import Channel, Network
from speckeeper.sim.transcript import describe
from speckeeper.wire.election import (
    Notification,
    ServerState,
    decode_notification,
    encode_notification,
)
from speckeeper.wire.jute import Reader
from speckeeper.wire.quorum import PacketType, QuorumPacket, decode_packet, encode_packet
from speckeeper.zab import effects, inputs
from speckeeper.zab.actions import Trace
from speckeeper.zab.effects import Entry
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer, Recovered
from speckeeper.zab.settings import ZabSettings

_CONNECT_RETRY_MS = 100
_CONNECT_TRIES = 5


class Observer(Protocol):
    """Who looks at the servers from outside."""

    def serves(self, server_id: int, role: ServerState, zxid: int, tree: list[Entry]) -> None:
        """A server begins to serve; all of its tree counts as committed."""
        ...

    def delivers(self, server_id: int, entry: Entry, position: int, leads: bool) -> None:
        """A server applies a committed transaction, the ``position``-th of its tree."""
        ...


class QuorumLink:
    """A connection on the quorum port, seen from the world."""

    __slots__ = ("broken", "ends", "number", "to_leader", "to_learner")

    def __init__(self, number: int, learner: int, leader: int) -> None:
        self.number = number
        self.ends = (learner, leader)
        self.to_leader = Channel(learner, leader)
        self.to_learner = Channel(leader, learner)
        self.broken = False  # something was swallowed, or an end is closed

    def channel_from(self, server_id: int) -> Channel:
        """Return the direction in which a server sends."""
        return self.to_leader if server_id == self.ends[0] else self.to_learner


class Node:
    """A server with its disk; ``peer`` is None while it is crashed."""

    def __init__(
        self,
        settings: ZabSettings,
        membership: Membership,
        clock: Clock,
        network: Network,
        disk: Disk,
        observer: Observer,
    ) -> None:
        self.settings = settings
        self.id = settings.server_id
        self.disk = disk
        self.peer: Peer | None = None
        self.tree: list[Entry] = []
        self.serving: ServerState | None = None
        self.next_zxid = 0
        self.boot = 0
        self.nodes: dict[int, Node] = {}
        self.trace: Trace | None = None
        self.log: Callable[[str], None] | None = None
        self._membership = membership
        self._clock = clock
        self._network = network
        self._observer = observer
        self._links: dict[int, QuorumLink] = {}
        self._far_ends: dict[int, int] = {}  # of all links that there ever were
        self._channels: dict[int, Channel] = {}
        self._last_sent: dict[int, Notification] = {}
        self._tick_at_ms: int | None = None
        self._snapshots: dict[int, Snapshot] = {}  # received, by link
        self._stepping = False
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
            effects.StopServing: self._stop_serving,
            effects.FromLearner: lambda effect: None,
            effects.FromLeader: lambda effect: None,
            effects.Synced: lambda effect: None,
        }

    # -- life

    def start(self) -> None:
        """Come up with what the disk holds."""
        self.boot += 1
        content = self.disk.content()
        self.tree = [*content.entries]
        recovered = _recovered(content, self.settings)
        now_ms = self._clock.now_ms
        self.peer = Peer(self.settings, self._membership, recovered, now_ms, self.trace)
        self.step(inputs.Start())
        for other in self.nodes.values():
            other.greet(self.id)

    def ensure_running(self) -> None:
        """Start, unless it runs."""
        if self.peer is None:
            self.start()

    def crash(self, rng: Random) -> None:
        """Lose everything but the disk; whoever is connected learns of it."""
        self.boot += 1
        self.peer = None
        self.serving = None
        self.tree = []
        self._tick_at_ms = None
        self._snapshots.clear()
        self._last_sent.clear()
        self.disk.crash(rng)
        for link in [*self._links.values()]:
            self._break(link)
        self._links.clear()

    def reset_links(self, other: Node) -> bool:
        """Break the connections with a server; return whether there are any."""
        common = [link for link in self._links.values() if other.id in link.ends]
        for link in common:
            self._break(link)
        return bool(common)

    def greet(self, server_id: int) -> None:
        """A connection of the election port was made anew: say the last word again."""
        last = self._last_sent.get(server_id)
        if self.peer is not None and last is not None and server_id != self.id:
            self._send_notification(effects.SendNotification(server_id, last))

    def propose(self, value: bytes) -> int | None:
        """Write something if this server leads; return its zxid, or None."""
        if self.serving is not ServerState.LEADING:
            return None
        zxid = self.next_zxid
        self.next_zxid += 1
        self.step(inputs.Propose(zxid, value))
        return zxid

    def step(self, event: inputs.Input) -> None:
        """Feed the core, and do what it asks."""
        peer = self.peer
        if peer is None:
            return
        if self.log is not None and not isinstance(event, inputs.Tick):
            self._tell(event)
        boot = self.boot
        assert not self._stepping, "effects are carried out before the next input"
        self._stepping = True
        wanted = peer.step(event, self._clock.now_ms)
        self._stepping = False
        for effect in wanted:
            if self.log is not None:
                self._tell(effect)
            self._perform[type(effect)](effect)
        if self.boot == boot:
            self._arm()

    def _tell(self, event: Any) -> None:
        assert self.log is not None
        text = describe(event, lambda link: str(self._far_ends.get(link, "nobody")))
        self.log(f"{self._clock.now_ms} {self.id} {text}")

    def _arm(self) -> None:
        """See to it that the core is called when it wants to be."""
        assert self.peer is not None
        due_ms = self.peer.deadline_ms
        if due_ms is None or due_ms >= 1 << 61:
            return
        if self._tick_at_ms is None or due_ms < self._tick_at_ms:
            self._tick_at_ms = due_ms
            boot = self.boot
            self._clock.at(due_ms, lambda: self._tick(boot, due_ms))

    def _tick(self, boot: int, due_ms: int) -> None:
        if boot == self.boot and self._tick_at_ms == due_ms:
            self._tick_at_ms = None
            self.step(inputs.Tick())

    def _later(self, event: inputs.Input) -> Callable[[], None]:
        """Return a call that feeds an input, unless the server has crashed by then."""
        boot = self.boot

        def feed() -> None:
            if boot == self.boot:
                self.step(event)

        return feed

    # -- election port

    def _send_notification(self, effect: effects.SendNotification) -> None:
        target = self.nodes.get(effect.server_id)
        self._last_sent[effect.server_id] = effect.notification
        if target is None:
            return
        channel = self._channels.setdefault(effect.server_id, Channel(self.id, effect.server_id))
        raw = encode_notification(effect.notification)

        def deliver() -> None:
            if self._network.connected(self.id, target.id):
                target.step(inputs.NotificationReceived(self.id, decode_notification(raw)))

        if self._network.connected(self.id, target.id):
            self._network.carry(channel, deliver)

    # -- quorum port

    def _connect(self, effect: effects.ConnectToLeader) -> None:
        boot, leader = self.boot, self.nodes.get(effect.server_id)

        def attempt(left: int) -> None:
            if boot != self.boot:
                return
            if (
                leader is not None
                and leader.peer is not None
                and leader.peer.accepts_learners
                and self._network.connected(self.id, leader.id)
            ):
                leader.accept(self)
            elif left > 1:
                self._clock.after(_CONNECT_RETRY_MS, lambda: attempt(left - 1))
            else:
                self.step(inputs.ConnectFailed(effect.server_id))

        delay_ms = self._network.delay_ms(self.id, effect.server_id)
        self._clock.after(delay_ms, lambda: attempt(_CONNECT_TRIES))

    def accept(self, learner: Node) -> None:
        """Take in the connection of a learner."""
        link = QuorumLink(self._network.new_link(), learner.id, self.id)
        self._links[link.number] = learner._links[link.number] = link
        self._far_ends[link.number] = learner.id
        learner._far_ends[link.number] = self.id
        self.step(inputs.LearnerConnected(link.number))
        learner.step(inputs.LeaderConnected(link.number))

    def _send(self, effect: effects.Send) -> None:
        raw = encode_packet(effect.packet)

        def deliver(target: Node) -> None:
            packet = decode_packet(Reader(raw))
            target.step(inputs.PacketReceived(effect.link, packet))

        self._carry(effect.link, deliver)

    def _send_snapshot(self, effect: effects.SendSnapshot) -> None:
        snapshot = Snapshot(effect.zxid, tuple(self.tree))
        packet = QuorumPacket(PacketType.SNAP, effect.zxid)

        def deliver(target: Node) -> None:
            target._snapshots[effect.link] = snapshot
            target.step(inputs.PacketReceived(effect.link, packet))
            target.step(inputs.SnapshotReceived(effect.link))

        self._carry(effect.link, deliver)

    def _carry(self, number: int, deliver: Callable[[Node], None]) -> None:
        link = self._links.get(number)
        if link is None:
            return
        channel = link.channel_from(self.id)
        target = self.nodes[channel.target]

        def arrive() -> None:
            if link.broken or number not in target._links:
                return
            if self._network.open(channel.source, channel.target):
                deliver(target)
            else:
                link.broken = True

        if link.broken:
            # Either end hears that the other has not got all, if it hears anything.
            if self._network.connected(*link.ends):
                self._break(link)
        elif not self._network.carry(channel, arrive):
            link.broken = True

    def _close(self, effect: effects.Close) -> None:
        link = self._links.pop(effect.link, None)
        if link is not None:
            self._break(link)

    def _break(self, link: QuorumLink) -> None:
        """Tell both ends, as far as they can be reached."""
        link.broken = True
        for end in link.ends:
            other = link.ends[0] if end == link.ends[1] else link.ends[1]
            node = self.nodes[end]
            if link.number in node._links and self._network.open(other, end):
                del node._links[link.number]
                gone = node._later(inputs.Disconnected(link.number))
                self._clock.after(self._network.delay_ms(other, end), gone)

    # -- disk

    def _persist_accepted_epoch(self, effect: effects.PersistAcceptedEpoch) -> None:
        self.disk.set_accepted_epoch(effect.epoch, self._later(inputs.Persisted(effect)))

    def _persist_current_epoch(self, effect: effects.PersistCurrentEpoch) -> None:
        self.disk.set_current_epoch(effect.epoch, self._later(inputs.Persisted(effect)))

    def _append(self, effect: effects.Append) -> None:
        boot = self.boot

        def flushed(zxid: int) -> None:
            if boot == self.boot:
                self.step(inputs.LogPersisted(zxid))

        self.disk.append((effect.zxid, effect.entry), flushed)

    def _truncate(self, effect: effects.TruncateLog) -> None:
        feed = self._later(inputs.Persisted(effect))
        boot = self.boot

        def done() -> None:
            if boot == self.boot:
                self.tree = [*self.disk.content().entries]
                feed()

        self.disk.truncate(effect.zxid, done)

    def checkpoint(self) -> None:
        """Write a snapshot of what is applied and durable, and purge the log that it covers."""
        if self.peer is not None and self.serving is not None:
            self.disk.checkpoint(self.tree[-1][0] if self.tree else 0)

    def _install(self, effect: effects.InstallSnapshot) -> None:
        self.tree = [*self._snapshots.pop(effect.link).entries]
        self.disk.wait(self._later(inputs.Persisted(effect)))

    def _take_snapshot(self, effect: effects.TakeSnapshot) -> None:
        snapshot = Snapshot(effect.zxid, tuple(self.tree))
        self.disk.take_snapshot(snapshot, self._later(inputs.Persisted(effect)))

    def _reload(self, effect: effects.Reload) -> None:
        boot = self.boot

        def done() -> None:
            if boot == self.boot:
                content = self.disk.content()
                self.tree = [*content.entries]
                recovered = _recovered(content, self.settings)
                self.step(inputs.Reloaded(recovered.last_zxid, recovered.entries))

        self.disk.wait(done)

    def _read_log(self, effect: effects.ReadLog) -> None:
        boot = self.boot

        def done() -> None:
            if boot == self.boot:
                self.step(inputs.LogRead(effect.link, self.disk.read_log(effect.zxid)))

        self.disk.wait(done)

    # -- tree

    def _apply(self, entry: Entry) -> None:
        if not self.tree or entry[0] > self.tree[-1][0]:
            self.tree.append(entry)

    def _deliver(self, effect: effects.Deliver) -> None:
        entry = (effect.zxid, effect.entry)
        self._apply(entry)
        leads = self.serving is ServerState.LEADING
        self._observer.delivers(self.id, entry, len(self.tree) - 1, leads)

    def _replay(self, effect: effects.Replay) -> None:
        self._apply((effect.zxid, effect.entry))

    def _serve(self, effect: effects.Serve) -> None:
        self.serving = effect.role
        self.next_zxid = effect.zxid + 1
        self._observer.serves(self.id, effect.role, effect.zxid, self.tree)

    def _stop_serving(self, effect: effects.StopServing) -> None:
        self.serving = None


def _recovered(content: Content, settings: ZabSettings) -> Recovered:
    # The end of the log, as recovery reads it; what of it is committed it does not know.
    entries = content.log[-settings.commit_log_count :]
    return Recovered(content.accepted_epoch, content.current_epoch, content.zxid, entries)
