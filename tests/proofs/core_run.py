"""A run of the simulator as steps of spec/ZabCore.tla.

Told, as spec/ZabRefinesCore.tla tells them, from what a step of a server has changed: on its disk,
in its phase, in what it has counted. Nothing is decided here: whether the core allows the steps,
and whether its state is what was seen, is up to the text of the specification.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from speckeeper.sim.node import Node
from speckeeper.sim.world import World
from speckeeper.zab.actions import Trace
from speckeeper.zab.leader import Leader
from speckeeper.zab.peer import Peer

Step = tuple[str, tuple[Any, ...]]


@dataclass
class Server:
    """What was last seen of a server, and the log that the core knows it to follow."""

    accepted: int = 0
    current: int = 0
    end: int = 0
    length: int = 0
    log_epoch: int = 0
    last_committed: int = 0
    delivered: int = 0
    leads: bool = False
    started: bool = False
    acks: dict[int, list[int]] = field(default_factory=dict)
    counted: frozenset[int] = frozenset()
    follows: int = 0


class CoreRun:
    """Writes down a world's run; use as ``World(schedule, run.trace)``."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.world: World | None = None
        self.epochs: dict[int, list[int]] = {0: []}
        """The log of each epoch, as zxids."""
        self._servers: dict[int, Server] = {}

    def trace(self, peer: Peer) -> Trace:
        """Return where the steps of a life of a server are told."""
        server_id = peer.settings.server_id
        self._servers.setdefault(server_id, Server())
        return lambda action, args: self._step(server_id, action, args)

    def _do(self, action: str, *arguments: Any) -> None:
        self.steps.append((action, arguments))

    def _step(self, i: int, action: str, args: tuple[Any, ...]) -> None:
        assert self.world is not None
        node, seen = self.world.nodes[i], self._servers[i]
        before = len(self.steps)
        self._disk(i, node, seen)
        if action == "Restart" and node.boot > 1:
            self._do("Crash", i)
            seen.leads = seen.started = False
            seen.last_committed = seen.delivered = 0
        assert node.peer is not None
        peer = node.peer
        if action == "ZabTurnToFollowing" and peer.learner is not None:
            seen.follows = peer.learner.leader
        leader = peer.leader
        if leader is not None and action != "LeaderShutdown":
            self._leader(i, leader, seen, action, args)
        elif seen.leads:
            self._do("Quit", i)
            seen.leads = seen.started = False
        self._delivered(i, node, seen)
        if len(self.steps) > before:
            last = (seen.end >> 32, seen.end & 0xFFFFFFFF)
            self._do("Sees", i, seen.accepted, seen.current, seen.length, last, seen.delivered)

    def _disk(self, i: int, node: Node, seen: Server) -> None:
        disk = node.disk
        epoch = disk.accepted_epoch
        if not disk.unsettled:
            self._log(i, disk.end, epoch, disk.current_epoch, seen)
        if epoch != seen.accepted:
            if seen.leads:
                self._do("ChooseEpoch", i, epoch, seen.counted)
            else:
                self._do("Promise", i, epoch, seen.follows)
            seen.accepted = epoch
        if disk.current_epoch != seen.current:
            self._do("FinishSync", i, disk.current_epoch)
            seen.current = disk.current_epoch

    def _log(self, i: int, end: int, epoch: int, current: int, seen: Server) -> None:
        """Tell how a log that ends at another zxid has come about."""
        before = self.epochs[seen.log_epoch][: seen.length]
        follows = epoch if seen.log_epoch < epoch and seen.current < epoch else seen.log_epoch
        length = self._place(follows, end)
        grown = length - seen.length
        if end == seen.end:
            if current != seen.current and seen.log_epoch < epoch:
                self._do("SyncLog", i, epoch, seen.length)
                seen.log_epoch = epoch
            return
        if follows != seen.log_epoch:
            whole = self.epochs.get(follows, [])[: seen.length] == before
            self._do("SyncLog", i, epoch, seen.length if whole else length)
            self._append(i, epoch, grown if whole else 0)
        elif grown >= 0:
            self._append(i, epoch, grown)
        else:
            self._do("Resync", i, epoch, length)
        seen.end, seen.length, seen.log_epoch = end, length, follows

    def _append(self, i: int, epoch: int, count: int) -> None:
        for _ in range(count):
            self._do("Append", i, epoch)

    def _leader(
        self, i: int, leader: Leader, seen: Server, action: str, args: tuple[Any, ...]
    ) -> None:
        epoch = leader.new_epoch
        if action == "ZabTurnToLeading":
            self._do("Elect", i)
            self._do("FollowerInfo", i, i, seen.accepted)
            seen.leads = True
        elif action == "LeaderProcessFOLLOWERINFO" and not leader._epoch_chosen:
            self._do("FollowerInfo", args[0].server_id, i, args[1])
        seen.counted = frozenset(leader.cepoch_recv)
        if not seen.started and seen.leads and leader._quorum(leader.acke_recv):
            self._do("StartEpoch", i, epoch, frozenset(leader.acke_recv), i)
            seen.started = True
            self.epochs[epoch] = self.epochs[seen.log_epoch][: seen.length]
        if action == "LeaderStartServing":
            self._do("Establish", i, epoch, frozenset(leader.ackld_recv))
        elif action == "LeaderProcessRequest":
            self._do("Propose", i, epoch, args[1])
            self.epochs[epoch].append(args[0])
        left = {z: sorted(p.ack_set) for z, p in leader.outstanding_proposals.items()}
        gone = [zxid for zxid in seen.acks if zxid not in left]
        if gone and action in ("LeaderLogFlushed", "LeaderProcessACK"):
            acks = {*seen.acks[gone[-1]]}
            if 2 * len(acks) <= len(self._servers):
                acks.add(i if action == "LeaderLogFlushed" else args[0].server_id)
            self._do("Commit", i, epoch, self._place(epoch, gone[-1]), frozenset(acks))
        seen.acks = left

    def _delivered(self, i: int, node: Node, seen: Server) -> None:
        assert node.peer is not None
        zxid = node.peer.last_committed
        if zxid != seen.last_committed:
            seen.last_committed = zxid
            seen.delivered = self._place(seen.current, zxid)
            self._do("Deliver", i, seen.current, seen.delivered)

    def _place(self, epoch: int, zxid: int) -> int:
        """Return the place of the last transaction in an epoch's log that is not above a zxid."""
        return bisect_right(self.epochs.get(epoch, []), zxid)
