"""A network that delays, loses whole connections, and can be cut in one or both directions.

Within a connection order is kept and nothing is lost without the connection being lost, as with
TCP. A cut swallows what is sent; the ends of a connection do not hear of it until somebody gives
up, or sends again when the cut is healed and is told that the connection is gone.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from speckeeper.sim.clock import Clock


class Delays(NamedTuple):
    """How long messages travel, in milliseconds; now and then one is slow."""

    shortest_ms: int = 0
    longest_ms: int = 10
    slow_ms: int = 400
    slow_share: float = 0.002


class Channel:
    """One direction of one connection, or of the datagram-like election port."""

    __slots__ = ("arrived_ms", "held_ms", "source", "target", "under_way")

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target
        self.arrived_ms = 0
        self.held_ms = 0
        self.under_way: deque[Callable[[], None]] = deque()

    def hold(self, until_ms: int) -> None:
        """Let nothing arrive before a time, of what is on its way and of what will be."""
        self.held_ms = max(self.held_ms, until_ms)
        self.arrived_ms = max(self.arrived_ms, until_ms)


class Network:
    """Carries calls between servers and clients, which are named by numbers."""

    def __init__(self, clock: Clock, seed: int, delays: Delays) -> None:
        self._clock = clock
        self._seed = seed
        self.delays = delays
        self.far = self.far_ms = 0
        """A server or client that is far from all others, and by how much."""
        self._rngs: dict[tuple[int, int], Random] = {}
        self._cuts: Counter[tuple[int, int]] = Counter()
        self._links = 0

    def new_link(self) -> int:
        """Return a number for a connection that no other has had."""
        self._links += 1
        return self._links

    def cut(self, source: int, target: int) -> None:
        """Swallow what is sent from one server to another."""
        self._cuts[source, target] += 1

    def mend(self, source: int, target: int) -> None:
        """Undo one cut; messages pass again when there is no other."""
        if self._cuts[source, target] > 1:
            self._cuts[source, target] -= 1
        else:
            self._cuts.pop((source, target), None)

    def heal(self) -> None:
        """Mend all cuts, and let nobody be far away any more."""
        self._cuts.clear()
        self.far_ms = 0

    def open(self, source: int, target: int) -> bool:
        """Whether messages from one server reach another."""
        return (source, target) not in self._cuts

    def connected(self, one: int, other: int) -> bool:
        """Whether messages go both ways."""
        cuts = self._cuts
        return not cuts or ((one, other) not in cuts and (other, one) not in cuts)

    def delay_ms(self, source: int, target: int) -> int:
        """Draw how long a message travels."""
        delays, rng = self.delays, self._rngs.get((source, target))
        if rng is None:
            rng = self._rngs[source, target] = Random(f"{self._seed} link {source}->{target}")
        low, high = delays.shortest_ms, delays.longest_ms
        if rng.random() < delays.slow_share:
            low, high = high, delays.slow_ms
        if self.far_ms and self.far in (source, target):
            low, high = low + self.far_ms, high + self.far_ms
        return low + int(rng.random() * (high - low + 1))

    def later(self, source: int, target: int, call: Callable[[], None]) -> None:
        """Call something after the time that a message takes."""
        self._clock.after(self.delay_ms(source, target), call)

    def carry(self, channel: Channel, deliver: Callable[[], None]) -> bool:
        """Deliver after a delay, behind what the channel carries already; False: swallowed.

        A cut that comes while something is on its way swallows it too: ``deliver`` is not called.
        """
        source, target = channel.source, channel.target
        if (source, target) in self._cuts:
            return False
        arrives_ms = max(self._clock.now_ms + self.delay_ms(source, target), channel.arrived_ms)
        channel.arrived_ms = arrives_ms
        channel.under_way.append(deliver)
        self._clock.at(arrives_ms, lambda: self._arrives(channel))
        return True

    def _arrives(self, channel: Channel) -> None:
        """Deliver the oldest that is on its way, unless the channel is held."""
        if self._clock.now_ms < channel.held_ms:
            self._clock.at(channel.held_ms, lambda: self._arrives(channel))
        else:
            channel.under_way.popleft()()
