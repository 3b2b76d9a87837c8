"""The kinds of faults. Each is one class: what it is drawn as, what it does, how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Literal, Self

from speckeeper.sim.fault import WAYS, Fault, Frame, Target, kind, names, seconds, shorter_times

if TYPE_CHECKING:
    from speckeeper.sim.world import World


_ONE_SIDED = 0.4


@kind("crash", rates=(0, 0.1, 0.5))
@dataclass(frozen=True, kw_only=True)
class Crash(Fault):
    """One server crashes, or several at the same moment: a rack or a building without power."""

    servers: tuple[Target, ...]
    outage_ms: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw who crashes and for how long."""
        outage_ms = frame.draw_outage_ms(rng)
        ids = frame.options.servers
        if rng.random() < 0.6:
            return cls(at_ms=at_ms, servers=(frame.draw_target(rng),), outage_ms=outage_ms)
        together = tuple(sorted(rng.sample(ids, rng.randint(2, len(ids)))))
        return cls(at_ms=at_ms, servers=together, outage_ms=outage_ms)

    def strike(self, world: World) -> bool:
        """Crash those of them that run; each starts again after the outage."""
        running = [node for node in world.named(self.servers) if node.peer is not None]
        for node in running:
            world.crash(node, self.rng(world.seed, node.id))
            world.clock.after(self.outage_ms, node.ensure_running)
        return bool(running)

    def text(self) -> str:
        """Say who and how long."""
        return f"crash {names(self.servers)} for {seconds(self.outage_ms)}"

    def smaller(self) -> Iterator[Self]:
        """Yield a crash of fewer servers, then shorter ones."""
        if len(self.servers) > 1:
            for left_out in self.servers:
                others = tuple(server for server in self.servers if server != left_out)
                yield replace(self, servers=others)
        for outage_ms in shorter_times(self.outage_ms):
            yield replace(self, outage_ms=outage_ms)


@kind("cut", rates=(0, 0.1, 0.5))
@dataclass(frozen=True, kw_only=True)
class Cut(Fault):
    """A server is cut off from others, in one direction or both; connections stay half open."""

    server: Target
    others: tuple[Target, ...]  # empty: all others
    direction: Literal["both", "out", "in"]
    outage_ms: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw one server cut off from all, or two from each other."""
        server = other = frame.draw_target(rng)
        if rng.random() < 0.5:
            while other == server:
                other = frame.draw_target(rng)
        return cls(
            at_ms=at_ms,
            server=server,
            others=() if other == server else (other,),
            direction=rng.choice(("both", "out", "in")),
            outage_ms=frame.draw_outage_ms(rng),
        )

    def strike(self, world: World) -> bool:
        """Cut, and mend the same after the outage."""
        cut = [
            pair
            for node in world.named((self.server,))
            for other in world.named(self.others or tuple(world.nodes))
            if other is not node
            for pair, wanted in (((node.id, other.id), "out"), ((other.id, node.id), "in"))
            if self.direction in ("both", wanted)
        ]
        return world.cut_for(cut, self.outage_ms)

    def text(self) -> str:
        """Say who, from whom, which way and how long."""
        others = names(self.others) if self.others else "all others"
        cut = f"cut {names((self.server,))} off from {others}"
        return f"{cut} for {seconds(self.outage_ms)}{WAYS[self.direction]}"

    def smaller(self) -> Iterator[Self]:
        """Yield shorter ones, then one that cuts both ways, which is easier to think of."""
        for outage_ms in shorter_times(self.outage_ms):
            yield replace(self, outage_ms=outage_ms)
        if self.direction != "both":
            yield replace(self, direction="both")


@kind("reset", rates=(0, 0.2))
@dataclass(frozen=True, kw_only=True)
class Reset(Fault):
    """The connections between two servers break; both hear of it, and what is under way is lost.

    Or only one hears of it, and what it has sent still arrives: as when it closes its end itself.
    """

    server: Target
    other: Target
    one_sided: bool = False

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw between whom."""
        server = other = frame.draw_target(rng)
        while other == server:
            other = frame.draw_target(rng)
        one_sided = rng.random() < _ONE_SIDED
        return cls(at_ms=at_ms, server=server, other=other, one_sided=one_sided)

    def strike(self, world: World) -> bool:
        """Break what there is between the two."""
        pair = world.named((self.server, self.other))
        return len(pair) == 2 and pair[0].ports.reset_links(pair[1], self.one_sided)

    def text(self) -> str:
        """Say between whom."""
        if self.one_sided:
            return f"{names((self.server,))} loses its connections with {names((self.other,))}"
        return f"break the connections between {names((self.server, self.other))}"

    def smaller(self) -> Iterator[Self]:
        """Yield one that both hear of."""
        if self.one_sided:
            yield replace(self, one_sided=False)


@kind("checkpoint", rates=(0, 0.3, 2))
@dataclass(frozen=True, kw_only=True)
class Checkpoint(Fault):
    """A server takes a snapshot and purges its log. No fault, but what later ones may meet."""

    server: Target

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw who."""
        return cls(at_ms=at_ms, server=frame.draw_target(rng))

    def strike(self, world: World) -> bool:
        """Take it where the server serves."""
        serving = [node for node in world.named((self.server,)) if node.serving is not None]
        for node in serving:
            node.checkpoint()
        return bool(serving)

    def text(self) -> str:
        """Say who."""
        return f"snapshot and purge at {names((self.server,))}"
