"""What an ambush does, and to whom: to the server that it waited for, or to those around it.

Each deed is drawn and told by itself; several together make what one alone seldom does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from speckeeper.sim.fault import Frame, seconds, shorter_times

if TYPE_CHECKING:
    from speckeeper.sim.node import Node
    from speckeeper.sim.world import World

What: TypeAlias = Literal["crash", "cut", "stop", "stall", "lag", "part"]
Whom: TypeAlias = Literal["itself", "partner", "others"]
"""``partner``: the leader of a learner; of a leader the learner it deals with."""

_WHATS: tuple[What, ...] = ("crash", "crash", "cut", "stop", "stall", "lag", "part", "part")
_WHOMS: tuple[Whom, ...] = ("itself", "partner", "others")
_LONGEST_DELAYS_MS = (0, 0, 10, 100)
_SHORT_OUTAGE_MS = 500


class Met(NamedTuple):
    """Whom an ambush has met. ``seed`` is that of a crash."""

    world: World
    itself: Node
    partner: Node | None
    seed: str

    def whom(self, whom: Whom) -> list[Node]:
        """Return those to whom something is done."""
        if whom == "itself":
            return [self.itself]
        if whom == "partner":
            return [] if self.partner is None else [self.partner]
        return [node for node in self.world.nodes.values() if node not in self[1:3]]

    def counterparts(self, node: Node) -> list[Node]:
        """Return whom a deed that is about connections separates a server from."""
        both = [self.itself] if self.partner is None else [self.itself, self.partner]
        return [other for other in both if other is not node]


class Deed(NamedTuple):
    """One thing that is done, a while after the moment, and how long it lasts."""

    what: What
    whom: Whom
    delay_ms: int
    outage_ms: int

    @classmethod
    def draw_all(cls, rng: Random, frame: Frame) -> tuple[Deed, ...]:
        """Draw one or several, each to somebody else."""
        return tuple(cls.draw(rng, frame, whom) for whom in rng.sample(_WHOMS, rng.randint(1, 3)))

    @classmethod
    def draw(cls, rng: Random, frame: Frame, whom: Whom) -> Deed:
        """Draw one; many are quick and short, as what they are to meet is short."""
        what = rng.choice(_WHATS)
        outage_ms = frame.draw_outage_ms(rng)
        if what in ("stall", "lag", "part"):
            outage_ms = rng.randint(1, _SHORT_OUTAGE_MS)
        delay_ms = rng.randint(0, rng.choice(_LONGEST_DELAYS_MS))
        return cls(what, whom, delay_ms, outage_ms)

    def do(self, met: Met) -> None:
        """Do it, if there is anybody to whom it can be done."""
        for node in met.whom(self.whom):
            _DO[self.what](met, node, self.outage_ms)

    def text(self) -> str:
        """Say what is done, when and for how long."""
        whom = {"itself": "it", "partner": "its partner", "others": "all others"}[self.whom]
        after = f" {self.delay_ms} ms later" if self.delay_ms else ""
        return f"{_TOLD[self.what].format(whom=whom, outage=seconds(self.outage_ms))}{after}"

    def smaller(self) -> Iterator[Deed]:
        """Yield quicker and shorter ones."""
        if self.delay_ms:
            yield self._replace(delay_ms=0)
        for outage_ms in shorter_times(self.outage_ms):
            yield self._replace(outage_ms=outage_ms)


def _crash(met: Met, node: Node, outage_ms: int) -> None:
    if node.peer is not None:
        met.world.crash(node, Random(f"{met.seed} {node.id}"))
        met.world.clock.after(outage_ms, node.ensure_running)


def _cut(met: Met, node: Node, outage_ms: int) -> None:
    """Cut it off from everybody."""
    others = [other for other in met.world.nodes if other != node.id]
    pairs = [(node.id, other) for other in others] + [(other, node.id) for other in others]
    met.world.cut_for(pairs, outage_ms)


def _stop(met: Met, node: Node, outage_ms: int) -> None:
    node.stop_for(outage_ms)


def _stall(met: Met, node: Node, outage_ms: int) -> None:
    node.disk.stall_for(outage_ms)


def _lag(met: Met, node: Node, outage_ms: int) -> None:
    """Let what it has sent, and sends now, be long on its way."""
    for other in met.counterparts(node):
        node.ports.hold(other, outage_ms)


def _part(met: Met, node: Node, outage_ms: int) -> None:
    """Let it lose its connections, while what it has sent still arrives, late."""
    for other in met.counterparts(node):
        node.ports.hold(other, outage_ms)
        node.ports.reset_links(other, one_sided=True)


_DO: dict[What, Callable[[Met, Node, int], None]] = {
    "crash": _crash,
    "cut": _cut,
    "stop": _stop,
    "stall": _stall,
    "lag": _lag,
    "part": _part,
}
_TOLD: dict[What, str] = {
    "crash": "crash {whom} for {outage}",
    "cut": "cut {whom} off for {outage}",
    "stop": "stop {whom} for {outage}",
    "stall": "the disk of {whom} stalls for {outage}",
    "lag": "what {whom} sends is {outage} late",
    "part": "{whom} loses the connection, and what was sent comes {outage} late",
}
