"""Faults of one machine: it stops for a while, is slow for a while, or its disk fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Self

from speckeeper.sim.fault import Fault, Frame, Target, kind, names, seconds, shorter_times

if TYPE_CHECKING:
    from speckeeper.sim.world import World

_LONGEST_STEP_MS = 30


@kind("stop", rates=(0, 0, 0.1, 0.4))
@dataclass(frozen=True, kw_only=True)
class Stop(Fault):
    """A server does nothing for a while, then takes all that has come: SIGSTOP, a long pause."""

    server: Target
    outage_ms: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw who and how long."""
        outage_ms = frame.draw_outage_ms(rng)
        return cls(at_ms=at_ms, server=frame.draw_target(rng), outage_ms=outage_ms)

    def strike(self, world: World) -> bool:
        """Stop it, if it runs."""
        return any(node.stop_for(self.outage_ms) for node in world.named((self.server,)))

    def text(self) -> str:
        """Say who and how long."""
        return f"stop {names((self.server,))} for {seconds(self.outage_ms)}"

    def smaller(self) -> Iterator[Self]:
        """Yield shorter ones."""
        for outage_ms in shorter_times(self.outage_ms):
            yield replace(self, outage_ms=outage_ms)


@kind("slow", rates=(0, 0, 0.05))
@dataclass(frozen=True, kw_only=True)
class Slow(Fault):
    """A server takes its time for each thing that it does, for a while."""

    server: Target
    step_ms: int
    outage_ms: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw who, how slow and how long."""
        return cls(
            at_ms=at_ms,
            server=frame.draw_target(rng),
            step_ms=rng.randint(1, _LONGEST_STEP_MS),
            outage_ms=frame.draw_outage_ms(rng),
        )

    def strike(self, world: World) -> bool:
        """Let it be slow, and quick again after the outage."""
        for node in world.named((self.server,)):
            world.clock.after(self.outage_ms, node.hurry)
            return node.slow_down(self.step_ms)
        return False

    def text(self) -> str:
        """Say who, how slow and how long."""
        slow = f"{names((self.server,))} takes {self.step_ms} ms for each step"
        return f"{slow} for {seconds(self.outage_ms)}"

    def smaller(self) -> Iterator[Self]:
        """Yield shorter ones."""
        for outage_ms in shorter_times(self.outage_ms):
            yield replace(self, outage_ms=outage_ms)


@kind("disk", rates=(0, 0, 0.1))
@dataclass(frozen=True, kw_only=True)
class DiskFault(Fault):
    """A disk answers writes and syncs with an error; the server stops, and starts again later."""

    server: Target
    outage_ms: int

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw whose and how long."""
        outage_ms = frame.draw_outage_ms(rng)
        return cls(at_ms=at_ms, server=frame.draw_target(rng), outage_ms=outage_ms)

    def strike(self, world: World) -> bool:
        """Break it, and let it work again after the outage."""
        for node in world.named((self.server,)):
            node.disk.files.broken = True
            world.clock.after(self.outage_ms, node.mend_disk)
            return node.peer is not None
        return False

    def text(self) -> str:
        """Say whose and how long."""
        return f"the disk of {names((self.server,))} fails for {seconds(self.outage_ms)}"

    def smaller(self) -> Iterator[Self]:
        """Yield shorter ones."""
        for outage_ms in shorter_times(self.outage_ms):
            yield replace(self, outage_ms=outage_ms)
