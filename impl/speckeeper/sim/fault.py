"""What every fault has: a time, a number, a way to be drawn, to strike, and to be told.

A kind of fault is a frozen dataclass below :class:`Fault` with ``@kind("name")`` on it; see
faults.py. Its fields are numbers, texts, and tuples of these, so that it can be written as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self, TypeAlias, TypeVar

from speckeeper.sim.options import Options

if TYPE_CHECKING:
    from speckeeper.sim.world import World

Role: TypeAlias = Literal["leader", "follower"]
"""The leader, serving or about to; the follower with the lowest id, serving or about to."""

Target: TypeAlias = int | Role
"""A server: its id, or the role that it has when the fault strikes."""

OUTAGES_MS = (300, 3000)
"""How long most outages of a run last at most: it is drawn whether they are short or long."""
_OTHER_OUTAGES = 0.2

_ROLES: tuple[Role, ...] = ("leader", "follower")


class Frame(NamedTuple):
    """What drawing has to know."""

    options: Options
    longest_outage_ms: int

    def draw_target(self, rng: Random) -> Target:
        """Draw a role as often as an id, so that a fault keeps its meaning in a shorter run."""
        if rng.random() < 0.5:
            return rng.choice(_ROLES)
        return rng.choice(self.options.servers)

    def draw_client(self, rng: Random) -> int:
        """Draw a client; a number that nobody has, if there are none."""
        numbers = self.options.client_numbers
        return rng.choice(numbers) if numbers else 0

    def draw_outage_ms(self, rng: Random) -> int:
        """Draw how long something lasts."""
        longest_ms = self.longest_outage_ms
        if rng.random() < _OTHER_OUTAGES:
            longest_ms = sum(OUTAGES_MS) - longest_ms
        return rng.randint(1, longest_ms)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong at a time of virtual time.

    ``number`` names it within its schedule. What its effect leaves to chance comes from a generator
    of its own (:meth:`rng`): without it, the others do what they did.
    """

    kind: ClassVar[str]
    rates: ClassVar[tuple[float, ...]]
    """How many a second; a seed draws one of them."""

    at_ms: int
    number: int = 0

    @classmethod
    def draw(cls, rng: Random, at_ms: int, frame: Frame) -> Self:
        """Draw one that strikes at a time."""
        raise NotImplementedError

    def strike(self, world: World) -> bool:
        """Do it; False: there is nobody to do it to."""
        raise NotImplementedError

    def text(self) -> str:
        """Say what it is, in a few words."""
        raise NotImplementedError

    def smaller(self) -> Iterator[Self]:
        """Yield faults that are like it, but do less; the smallest first."""
        yield from ()

    def rng(self, seed: int, server_id: int) -> Random:
        """Return a generator for what this fault does to a server."""
        return Random(f"{seed} fault {self.number} {server_id}")


KINDS: dict[str, type[Fault]] = {}
"""All kinds of faults by name."""

F = TypeVar("F", bound=Fault)


def kind(name: str, rates: tuple[float, ...]) -> Callable[[type[F]], type[F]]:
    """Enter a kind of fault into the registry."""

    def enter(cls: type[F]) -> type[F]:
        assert name not in KINDS, f"two kinds of faults are called {name}"
        cls.kind, cls.rates = name, rates
        KINDS[name] = cls
        return cls

    return enter


def shorter_times(time_ms: int) -> Iterator[int]:
    """Yield times that may do instead of one, from a millisecond to three quarters of it."""
    tried = {1, time_ms // 16, time_ms // 4, time_ms // 2, time_ms * 3 // 4}
    yield from sorted(shorter for shorter in tried if 0 < shorter < time_ms)


def names(targets: tuple[Target, ...]) -> str:
    """Say which servers, as in ``the leader, 2 and 3``."""
    told = [f"the {target}" if isinstance(target, str) else str(target) for target in targets]
    return " and ".join((", ".join(told[:-1]), told[-1])) if len(told) > 1 else told[0]


WAYS = {"both": "", "out": ", only what it sends", "in": ", only what it is sent"}
"""How the direction of a cut is told."""


def seconds(time_ms: int) -> str:
    """Say how long, as in ``1.250 s``."""
    return f"{time_ms / 1000:.3f} s"
