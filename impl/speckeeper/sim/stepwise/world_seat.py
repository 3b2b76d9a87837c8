"""One server of the simulated world, which does what it is told: a seat with a whole server on it.

Core, server, tree, files and links are those of ``sim/node.py``. What the core has sent is noted
beside the links, so that it can be seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from speckeeper.sim.clock import Clock
from speckeeper.sim.link import Link
from speckeeper.sim.node import Node
from speckeeper.sim.stepwise.held import HeldDisk, HeldNetwork, path_of, written
from speckeeper.sim.stepwise.links import Connection, Item
from speckeeper.sim.stepwise.seat import CannotFollow, Seat, Told
from speckeeper.wire.codes import OpCode
from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.requests import CreateRequest, encode_request
from speckeeper.zab import effects, inputs
from speckeeper.zab.actions import Trace
from speckeeper.zab.effects import Durable
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Peer


class WorldSeat(Seat):
    """A server; ``store`` is what can be seen of its disk and tree, and is not used by it."""

    def __init__(
        self,
        node: Node,
        disk: HeldDisk,
        clock: Clock,
        membership: Membership,
        links: dict[int, Connection],
        heard: Callable[[Told], None],
    ) -> None:
        """``clock``: the server's own, which goes on only when it is told to."""
        super().__init__(node.settings, membership, links, heard)
        self.node = node
        self.disk = disk
        self._clock = clock
        self._connects: Callable[[], None] | None = None
        node.recorder = self._recorder
        for kind, perform in node.perform.items():
            node.perform[kind] = partial(self._performs, perform)

    # -- life

    def start(self) -> None:
        """Come up."""
        self.node.start()
        if self.node.failure is not None:
            raise CannotFollow(f"server {self.id} does not start: {self.node.failure}")
        self.look()

    def crash(self) -> None:
        """Go down, as the power fails."""
        self.node.crash(Random(0))
        self.connecting = self._connects = None
        self.look()

    def _recorder(self, peer: Peer) -> Trace:
        self.peer = peer
        return self._told

    # -- steps

    def step(self, *events: inputs.Input) -> None:
        """Feed the core."""

        def feed() -> None:
            for event in events:
                self.node.step(event)

        self.do(feed)

    def do(self, call: Callable[[], object]) -> None:
        """Have the server do something, and then what follows from it."""

        def enter() -> None:
            call()
            self.node.carry_on()

        self.node.later(enter)()
        self.look()

    def tick(self, at_ms: int) -> None:
        """Let the server's clock come to a moment."""
        self._clock.run_until(max(at_ms, self._clock.now_ms))
        self.look()

    def run_job(self, job: Durable) -> None:
        """Let the disk do what was asked."""
        self.disk.finish(job)
        self.reload()

    def reload(self) -> None:
        """Load the tree again if that was asked for."""
        self.disk.reload()
        self.look()

    def flush(self, count: int) -> None:
        """Sync the first of what waits for the log; the others come with a later sync."""
        store = self.node.store
        assert store is not None, f"server {self.id} is down"
        later = store.keep_back(count)

        def again() -> None:
            for entry in later:
                self.disk.effect = effects.Append(*entry)
                store.append(entry)
            self.disk.effect = None

        self.disk.finish(self.disk.asked(effects.Append)[0], again)
        self.look()

    def read_log(self) -> None:
        """Let the disk answer a request to read the log, if there is one."""
        for asked in self.disk.asked(effects.ReadLog)[-1:]:
            self.disk.finish(asked)
        self.look()

    def connect(self, network: HeldNetwork) -> None:
        """Try to connect to the leader."""
        self.connecting, connects = None, self._connects
        assert connects is not None, f"server {self.id} connects to nobody"
        self.do(connects)
        if network.attempt is not None:
            network.attempt()
        self.look()

    def hear_of_the_end(self, link: Link) -> None:
        """Learn that a connection is lost."""
        link.cut()
        self.do(lambda: self.node.ports.gone(link))

    def take_from(self, link: Connection, wire: Link) -> None:
        """Read the next packet of a connection, and PINGs ahead of it."""
        sender = wire.other(self.id)
        while True:
            item = link.take(self.id)
            wire.arrive(sender)
            if item.packet.type is not PacketType.PING:
                break
        self.look()

    def propose(self, entry: bytes) -> None:
        """Have the leader's server create a node that holds the entry."""
        server = self.node.part.server
        if server is None:
            raise CannotFollow(f"server {self.id} does not serve")
        zxid = server.pipeline.zxid + 1
        request = CreateRequest(path_of(zxid), entry, OPEN_ACL_UNSAFE, 0)
        op = int(OpCode.CREATE)
        body = encode_request(op, request)
        now_ms = self.node.clock.now_ms
        self.do(
            lambda: server.pipeline.write(
                None, 0, 0, op, body, 0, len(body), (), now_ms, local=True
            )
        )

    # -- what is seen

    def look(self) -> None:
        """See what disk and tree hold now."""
        node, disk, store = self.node, self.disk, self.store
        self.peer = node.peer
        store.accepted_epoch, store.current_epoch = disk.accepted_epoch, disk.current_epoch
        store.history = disk.history()
        store.queue = deque(() if node.store is None else node.store.waiting)
        store.tree = [] if node.store is None else written(node.tree)
        jobs = (
            effects.PersistAcceptedEpoch,
            effects.PersistCurrentEpoch,
            effects.TruncateLog,
            effects.InstallSnapshot,
            effects.TakeSnapshot,
        )
        store.jobs = [effect for kind in jobs for effect in disk.asked(kind)]

    def _told(self, action: str, arguments: tuple[Any, ...]) -> None:
        learner = self.core.learner
        link = None if learner is None else learner.link
        if action.startswith("FollowerProcess") and link is not None:
            self._links[link].came_to()
        self._heard(Told(self.id, action, arguments))

    def _performs(self, perform: Callable[[Any], None], effect: Any) -> None:
        """Carry out an effect, and note what can be seen of it."""
        match effect:
            case effects.ConnectToLeader(server_id, _):
                self.connecting = server_id
                self._connects = partial(perform, effect)
                return
            case effects.Send(link, packet):
                self.look()
                self._send(self._links[link], packet)
            case effects.SendSnapshot(link, zxid):
                self.look()
                tree = self.store.tree
                packet = QuorumPacket(PacketType.SNAP, zxid)
                item = Item(packet, tuple(tree), tree[-1][0] if tree else 0)
                self._links[link].put(self.id, item)
            case effects.Close(link, _):
                self._links[link].cut()
        self.disk.effect = effect
        perform(effect)
        self.disk.effect = None
