"""A crash at a bad moment: a while after a server has entered a phase of the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Literal, Self

from speckeeper.sim.fault import Fault, Frame, kind, seconds, shorter_times
from speckeeper.wire.election import ServerState

if TYPE_CHECKING:
    from speckeeper.sim.node import Node
    from speckeeper.sim.world import World

_LONGEST_DELAY_MS = 100


@kind("ambush", rates=(0, 0, 0.3, 1))
@dataclass(frozen=True, kw_only=True)
class Ambush(Fault):
    """The next server that leads or learns, and comes to a phase, crashes soon after.

    Phases that take a hundredth of a second are seldom met by a crash at any time.
    """

    leads: bool
    phase: Literal["DISCOVERY", "SYNCHRONIZATION", "BROADCAST"]
    delay_ms: int
    outage_ms: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw whose crash, when and for how long."""
        return cls(
            at_ms=at_ms,
            leads=rng.random() < 0.7,
            phase=rng.choice(("DISCOVERY", "DISCOVERY", "SYNCHRONIZATION", "BROADCAST")),
            delay_ms=rng.randint(0, _LONGEST_DELAY_MS),
            outage_ms=frame.draw_outage_ms(rng),
        )

    def strike(self, world: World) -> bool:
        """Lie in wait."""
        world.ambushes.append(lambda node: self._meets(world, node))
        return True

    def _meets(self, world: World, node: Node) -> bool:
        """Whether this is the server and the moment; then it crashes after the delay."""
        peer = node.peer
        if peer is None or peer.zab_state.name != self.phase:
            return False
        if (peer.state is ServerState.LEADING) != self.leads or not world.troubled:
            return False

        def crash() -> None:
            if node.peer is not None and world.troubled:
                world.crash(node, self.rng(world.seed, node.id))
                world.clock.after(self.outage_ms, node.ensure_running)

        world.clock.after(self.delay_ms, crash)
        return True

    def text(self) -> str:
        """Say whose crash, when and for how long."""
        who = "leader" if self.leads else "learner"
        return (
            f"crash the next {who} {self.delay_ms} ms after it comes to {self.phase}, "
            f"for {seconds(self.outage_ms)}"
        )

    def smaller(self) -> Iterator[Self]:
        """Yield shorter ones."""
        for outage_ms in shorter_times(self.outage_ms):
            yield replace(self, outage_ms=outage_ms)
