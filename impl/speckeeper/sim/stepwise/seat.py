"""One server: a core, and what it asks of the outside, kept until it is told to happen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from speckeeper.sim.stepwise.links import Connection, Item
from speckeeper.sim.stepwise.store import MemoryStore
from speckeeper.wire.election import Notification, ServerState
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.zab import effects, inputs
from speckeeper.zab.effects import Durable, Effect
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer
from speckeeper.zab.settings import ZabSettings

_COUNTER = 0xFFFFFFFF


class CannotFollow(Exception):
    """The system is in no place to take a step; the text says why."""


class Told(NamedTuple):
    """A handler that a core has run."""

    server: int
    action: str
    arguments: tuple[Any, ...]


class Seat:
    """A server that may be down (``peer`` is None).

    ``heard`` is called after each handler, with the effects so far carried out: connections and
    disk are then as the handler has left them. Packets go through ``links``, votes to ``votes``.
    """

    def __init__(
        self,
        settings: ZabSettings,
        membership: Membership,
        links: dict[int, Connection],
        heard: Callable[[Told], None],
    ) -> None:
        self.id = settings.server_id
        self.settings = settings
        self.membership = membership
        self.store = MemoryStore()
        self.peer: Peer | None = None
        self.now_ms = 0
        self.connecting: int | None = None
        self.reading: list[effects.ReadLog] = []
        self.reload_due = False
        self.next_zxid = 0
        self.votes: deque[tuple[int, Notification]] = deque()
        self._links = links
        self._heard = heard

    # -- life

    def start(self) -> None:
        """Come up."""
        peer = Peer(
            self.settings, self.membership, self.store.recover(), self.now_ms, self._handled
        )
        self.peer = peer
        self.step(inputs.Start())

    def crash(self) -> None:
        """Go down."""
        self.peer = None
        self.store.crash()
        self.connecting = None
        self.reading.clear()
        self.votes.clear()
        self.reload_due = False

    @property
    def core(self) -> Peer:
        """The core of a server that is up."""
        assert self.peer is not None, f"server {self.id} is down"
        return self.peer

    # -- steps

    def step(self, *events: inputs.Input) -> None:
        """Feed the core, and carry out what it asks."""
        if self.peer is not None:
            self._perform(self.peer.step_all(events, self.now_ms))

    def tick(self, at_ms: int) -> None:
        """Let time come to a moment."""
        self.now_ms = max(self.now_ms, at_ms)
        self.step(inputs.Tick())

    def run_job(self, job: Durable) -> None:
        """Let the disk do what was asked, and report it."""
        done = self.store.run(job)
        if done:
            self.step(inputs.Persisted(job))
        else:
            assert isinstance(job, effects.TruncateLog), "nothing else is refused"
            self.step(inputs.TruncationRefused(job))
        self.reload()

    def reload(self) -> None:
        """Load the tree again if that was asked for."""
        if self.reload_due:
            self.reload_due = False
            found = self.store.recover()
            self.step(inputs.Reloaded(found.last_zxid, found.entries))

    def flush(self, count: int) -> None:
        """Sync the first of what is queued for the log."""
        self.step(inputs.LogPersisted(self.store.flush(count)))

    def read_log(self) -> None:
        """Answer the first request to read the log."""
        asked = self.reading.pop(0)
        self.step(inputs.LogRead(asked.link, self.store.read_log(asked.zxid)))

    def receive(self, link: Connection) -> None:
        """Read the next packet of a connection."""
        item = link.take(self.id)
        self.step(inputs.PacketReceived(link.number, item.packet))
        if item.snapshot is not None:
            self.store.arrived[link.number] = item.snapshot
            self.step(inputs.SnapshotReceived(link.number))

    def propose(self, entry: bytes) -> None:
        """Have the leader's server make a transaction."""
        zxid = self.next_zxid
        self.next_zxid += 1
        self.step(inputs.Propose(zxid, entry))

    def last_transaction(self, zxid: int) -> int:
        """Return a zxid, or where an epoch begins with it, the last transaction ahead of it."""
        if zxid & _COUNTER or not zxid:
            return zxid
        log = [*self.store.history, *self.store.queue]
        return max((z for z, _ in log if z <= zxid), default=0)

    # -- effects

    def _handled(self, action: str, arguments: tuple[Any, ...]) -> None:
        peer = self.core
        out, peer.out = peer.out, []
        self._perform(out)
        if action.startswith("FollowerProcess"):
            assert peer.learner is not None, "it is the learner's action"
            if peer.learner.link is not None:
                self._links[peer.learner.link].came_to()
        self._heard(Told(self.id, action, arguments))

    def _perform(self, out: list[Effect]) -> None:
        for effect in effects.one_by_one(out):
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        store = self.store
        match effect:
            case effects.Send(link, packet):
                self._send(self._links[link], packet)
            case effects.SendSnapshot(link, zxid):
                packet = QuorumPacket(PacketType.SNAP, zxid)
                ends = store.tree[-1][0] if store.tree else 0
                self._links[link].put(self.id, Item(packet, tuple(store.tree), ends))
            case effects.Close(link, _):
                self._links[link].cut()
            case effects.ConnectToLeader(server_id, _):
                self.connecting = server_id
            case effects.SendNotification(server_id, notification):
                self.votes.append((server_id, notification))
            case effects.Append(zxid, entry):
                store.queue.append((zxid, entry))
            case effects.Deliver(zxid, entry) | effects.Replay(zxid, entry):
                store.tree.append((zxid, entry))
            case effects.Serve(role, zxid):
                if role is ServerState.LEADING:
                    self.next_zxid = zxid + 1
            case effects.ReadLog():
                self.reading.append(effect)
            case effects.Reload():
                self.reload_due = True
            case (
                effects.PersistAcceptedEpoch()
                | effects.PersistCurrentEpoch()
                | effects.TruncateLog()
                | effects.InstallSnapshot()
                | effects.TakeSnapshot()
            ):
                store.jobs.append(effect)

    def _send(self, link: Connection, packet: QuorumPacket) -> None:
        ends = None
        if packet.type in (PacketType.ACKEPOCH, PacketType.DIFF, PacketType.TRUNC):
            ends = self.last_transaction(packet.zxid)
        if packet.type is PacketType.ACKEPOCH:
            link.last_zxid = ends or 0
        link.put(self.id, Item(packet, None, ends))
