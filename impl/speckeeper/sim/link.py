"""A connection: two directions, each in order, and an end that may be long in coming to be known.

What is sent into a cut is swallowed, and with it the connection is lost; either end hears of that
only when it can be reached, when somebody sends again or gives up.
"""

from __future__ import annotations

from collections.abc import Callable

from speckeeper.sim.network import Channel, Network


class Link:
    """One connection between two ends, which are named by their ids in the network."""

    def __init__(
        self, network: Network, ends: tuple[int, int], gone: tuple[Callable[[], None], ...]
    ) -> None:
        """``gone``: called for each end when it hears that the connection is lost."""
        self.number = network.new_link()
        self._network = network
        one, other = self._ends = ends
        self._channels = {one: Channel(one, other), other: Channel(other, one)}
        self._gone = dict(zip(ends, gone, strict=True))
        self._broken = False  # something was swallowed, or an end is closed

    def other(self, end: int) -> int:
        """Return the other end."""
        one, other = self._ends
        return other if end == one else one

    def is_open(self, end: int) -> bool:
        """Whether an end takes the connection for open."""
        return end in self._gone

    def send(self, source: int, deliver: Callable[[], None]) -> None:
        """Let something arrive at the other end, behind what was sent before, unless it is lost."""
        if source not in self._gone:
            return
        if self._broken:
            # Either end hears that the other has not got all, if it hears anything.
            if self._network.connected(*self._ends):
                self.cut()
            return
        channel = self._channels[source]
        target = channel.target

        def arrive() -> None:
            if self._broken or target not in self._gone:
                return
            if self._network.open(source, target):
                deliver()
            else:
                self._broken = True

        if not self._network.carry(channel, arrive):
            self._broken = True

    def arrive(self, source: int) -> None:
        """Let the oldest that an end has sent arrive, on a network that waits to be told."""
        self._channels[source].under_way.popleft()()

    def finish(self, source: int) -> None:
        """Close an end after what it has sent has arrived; it hears no more."""
        target = self.other(source)
        self.send(source, lambda: self._tell(target))
        self._gone.pop(source, None)

    def close(self, source: int) -> None:
        """Close an end at once; what is on its way is lost."""
        self._gone.pop(source, None)
        self.cut()

    def hang_up(self, end: int) -> None:
        """Let one end lose the connection; what it has sent is still on its way to the other."""
        self._tell(end)

    def delay(self, source: int, until_ms: int) -> None:
        """Let nothing of what an end sends from now on arrive before a time."""
        self._channels[source].arrived_ms = until_ms

    def hold(self, source: int, until_ms: int) -> None:
        """Let nothing of what an end has sent or sends arrive before a time."""
        self._channels[source].hold(until_ms)

    def cut(self) -> None:
        """Lose the connection, and tell the ends, as far as they can be reached."""
        self._broken = True
        for end in self._ends:
            if self._network.open(self.other(end), end):
                self._tell(end)

    def _tell(self, end: int) -> None:
        gone = self._gone.pop(end, None)
        if gone is not None:
            self._network.later(self.other(end), end, gone)
