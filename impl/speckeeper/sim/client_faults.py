"""Faults between clients and servers: a client is cut off from some, or its connection breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Literal, Self

from speckeeper.sim.fault import WAYS, Fault, Frame, Target, kind, names, seconds, shorter_times

if TYPE_CHECKING:
    from speckeeper.sim.world import World


@kind("client-cut", rates=(0, 0.2))
@dataclass(frozen=True, kw_only=True)
class ClientCut(Fault):
    """A client is cut off from servers, one way or both; its connection stays half open."""

    client: int
    servers: tuple[Target, ...]  # empty: all
    direction: Literal["both", "out", "in"]
    outage_ms: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw who, from whom, which way and how long."""
        return cls(
            at_ms=at_ms,
            client=frame.draw_client(rng),
            servers=() if rng.random() < 0.5 else (frame.draw_target(rng),),
            direction=rng.choice(("both", "out", "in")),
            outage_ms=frame.draw_outage_ms(rng),
        )

    def strike(self, world: World) -> bool:
        """Cut, and mend the same after the outage."""
        if self.client not in world.options.client_numbers:
            return False
        cut = [
            pair
            for node in world.named(self.servers or tuple(world.nodes))
            for pair, wanted in (
                ((self.client, node.id), "out"),
                ((node.id, self.client), "in"),
            )
            if self.direction in ("both", wanted)
        ]
        return world.cut_for(cut, self.outage_ms)

    def text(self) -> str:
        """Say who, from whom, which way and how long."""
        servers = names(self.servers) if self.servers else "all servers"
        cut = f"cut client {self.client} off from {servers}"
        return f"{cut} for {seconds(self.outage_ms)}{WAYS[self.direction]}"

    def smaller(self) -> Iterator[Self]:
        """Yield shorter ones, then one that cuts both ways."""
        for outage_ms in shorter_times(self.outage_ms):
            yield replace(self, outage_ms=outage_ms)
        if self.direction != "both":
            yield replace(self, direction="both")


@kind("client-reset", rates=(0, 0.3))
@dataclass(frozen=True, kw_only=True)
class ClientReset(Fault):
    """The connection of a client breaks; what is under way is lost."""

    client: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw whose."""
        return cls(at_ms=at_ms, client=frame.draw_client(rng))

    def strike(self, world: World) -> bool:
        """Break it, if there is one."""
        return any(each.disconnect() for each in world.clients if each.id == self.client)

    def text(self) -> str:
        """Say whose."""
        return f"break the connection of client {self.client}"
