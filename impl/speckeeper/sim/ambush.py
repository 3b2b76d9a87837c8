"""Faults at bad moments: what is done when the protocol has come to a certain step.

What takes a hundredth of a second, such as giving a promise, or being between TRUNC and NEWLEADER,
is seldom met by a fault that strikes at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Self

from speckeeper.sim.deeds import Deed, Met
from speckeeper.sim.fault import Fault, Frame, kind, shorter_times
from speckeeper.sim.moments import MomentName
from speckeeper.wire.election import ServerState

if TYPE_CHECKING:
    from speckeeper.sim.node import Node
    from speckeeper.sim.world import World

_OF_LEADERS: tuple[MomentName, ...] = (
    "DISCOVERY",
    "SYNCHRONIZATION",
    "BROADCAST",
    "done PersistAcceptedEpoch",
    "done PersistCurrentEpoch",
    "sends LEADERINFO",
    "sends NEWLEADER",
    "sends UPTODATE",
    "lacks a quorum",
    "lacks a quorum",
    "sends PROPOSAL",
    "sends COMMIT",
    "sends DIFF",
    "sends TRUNC",
    "sends SNAP",
)
_OF_LEARNERS: tuple[MomentName, ...] = (
    "DISCOVERY",
    "SYNCHRONIZATION",
    "BROADCAST",
    "done PersistAcceptedEpoch",
    "done PersistAcceptedEpoch",
    "done PersistCurrentEpoch",
    "done TruncateLog",
    "done InstallSnapshot",
    "done TakeSnapshot",
    "sends FOLLOWERINFO",
    "sends ACKEPOCH",
    "sends ACK",
    "sends ACK",
    "sends ACK of NEWLEADER",
    "logged",
)
_TIMES = (1, 2, 10, 30)


@kind("ambush", rates=(0, 0.3, 1))
@dataclass(frozen=True, kw_only=True)
class Ambush(Fault):
    """When a server that leads or learns comes to a moment, things are done to it or around it.

    ``times``: how often that happens before the ambush is over.
    """

    leads: bool
    moment: MomentName
    deeds: tuple[Deed, ...]
    times: int = 1

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw whom it waits for, at which moment, and what is done then."""
        leads = rng.random() < 0.5
        return cls(
            at_ms=at_ms,
            leads=leads,
            moment=rng.choice(_OF_LEADERS if leads else _OF_LEARNERS),
            deeds=Deed.draw_all(rng, frame),
            times=rng.choice(_TIMES),
        )

    def strike(self, world: World) -> bool:
        """Lie in wait."""
        left = self.times

        def meets(server_id: int, other: int | None) -> bool:
            nonlocal left
            if not world.troubled:
                return True
            if self._leads(world.nodes[server_id]):
                self._do(world, world.nodes[server_id], other, f"{world.seed} {left}")
                left -= 1
            return left == 0

        world.moments.wait(self.moment, meets)
        return True

    def _leads(self, node: Node) -> bool:
        """Whether this is one that leads, or learns, as wanted."""
        peer = node.peer
        if peer is None or peer.state is ServerState.LOOKING:
            return False
        return (peer.state is ServerState.LEADING) == self.leads

    def _do(self, world: World, node: Node, other: int | None, chance: str) -> None:
        partner = _partner(node) if other is None else world.nodes.get(other)
        met = Met(world, node, partner, f"{chance} fault {self.number}")

        def do(deed: Deed) -> None:
            if world.troubled:
                deed.do(met)

        for deed in self.deeds:
            world.clock.after(deed.delay_ms, partial(do, deed))

    def text(self) -> str:
        """Say whom it waits for, at which moment, and what is done then."""
        who = "leader" if self.leads else "learner"
        moment = self.moment if " " in self.moment else f"comes to {self.moment}"
        often = f", {self.times} times" if self.times > 1 else ""
        done = "; ".join(deed.text() for deed in self.deeds)
        return f"when the next {who} {moment}{often}: {done}"

    def smaller(self) -> Iterator[Self]:
        """Yield ambushes that do less, and less often."""
        deeds = self.deeds
        if len(deeds) > 1:
            for index in range(len(deeds)):
                yield replace(self, deeds=deeds[:index] + deeds[index + 1 :])
        for times in shorter_times(self.times):
            yield replace(self, times=times)
        for index, deed in enumerate(deeds):
            for smaller in deed.smaller():
                yield replace(self, deeds=(*deeds[:index], smaller, *deeds[index + 1 :]))


def _partner(node: Node) -> Node | None:
    """Return the leader that a server learns from; of a leader the learner with the lowest id."""
    peer, nodes = node.peer, node.world.nodes
    if peer is not None and peer.learner is not None:
        return nodes.get(peer.learner.leader)
    if peer is None or peer.leader is None:
        return None
    ids = sorted(each.server_id for each in peer.leader.handler.values())
    return next((nodes[server_id] for server_id in ids if server_id in nodes), None)
