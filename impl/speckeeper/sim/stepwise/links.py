"""Connections between learners and leaders: first in, first out, until they break."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from speckeeper.wire.quorum import PacketType, QuorumPacket
from speckeeper.zab.effects import Entry, Link


class Item(NamedTuple):
    """A packet on its way. ``snapshot``: what follows SNAP. ``ends``: the last transaction meant.

    Where a packet names the end of a history, ``ends`` is the zxid of its last transaction, which
    is another one if an epoch has begun without any.
    """

    packet: QuorumPacket
    snapshot: tuple[Entry, ...] | None = None
    ends: int | None = None


@dataclass
class Connection:
    """One connection. ``taken``: what the learner has been given and has not come to yet."""

    number: Link
    learner: int
    leader: int
    to_leader: deque[Item] = field(default_factory=deque)
    to_learner: deque[Item] = field(default_factory=deque)
    taken: deque[Item] = field(default_factory=deque)
    broken: bool = False
    last_zxid: int = 0
    """What the learner said in ACKEPOCH, by its last transaction."""
    left_over: int = 0
    """What it said on an earlier connection that the leader had not come to use."""

    def put(self, sender: int, item: Item) -> None:
        """Send; into a broken connection nothing is sent."""
        if not self.broken:
            (self.to_learner if sender == self.leader else self.to_leader).append(item)

    def take(self, receiver: int) -> Item:
        """Return what is next for one of the ends. Raises IndexError if nothing is."""
        if receiver == self.leader:
            return self.to_leader.popleft()
        item = self.to_learner.popleft()
        self.taken.append(item)
        return item

    def came_to(self) -> None:
        """Note that the learner has come to the first of what it was given."""
        while self.taken and self.taken[0].packet.type is PacketType.PING:
            self.taken.popleft()
        if self.taken:
            self.taken.popleft()

    def cut(self) -> None:
        """Break: what is under way is lost, and neither end knows."""
        self.broken = True
        self.to_leader.clear()
        self.to_learner.clear()
        self.taken.clear()

    def under_way(self, receiver: int) -> list[Item]:
        """Return what one end has still to read; of PING the protocol says nothing."""
        queue = self.to_leader if receiver == self.leader else [*self.taken, *self.to_learner]
        return [item for item in queue if item.packet.type is not PacketType.PING]
