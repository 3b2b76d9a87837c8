"""How costly requests share the one thread there is: a few milliseconds of them in each turn.

What a request costs is estimated before it is begun, in microseconds. As long as a turn has room,
costly requests are begun; the connections of the others wait in line, each with one request at its
head, and everybody else is served meanwhile. A multi, a multiRead or setWatches that is large
takes many turns, a step in each.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from speckeeper.server.connection import Connection
from speckeeper.wire.codes import OpCode
from speckeeper.wire.steps import Steps

#: Costly requests of one turn, in µs; the first of a turn may cost more.
ROOM_US: Final = 4000
#: A request of these operations with a longer frame is carried out in steps.
LARGE: Final = 4096
#: Of the operations that cost more with every part in them: µs for each byte of their frame.
_BY_SIZE = {
    int(OpCode.MULTI): 0.1,
    int(OpCode.MULTI_READ): 0.1,
    int(OpCode.SET_WATCHES): 0.1,
    int(OpCode.SET_WATCHES2): 0.1,
}
#: Of them, the reads whose frame is long because they have many parts.
OF_PARTS = frozenset(_BY_SIZE) - {int(OpCode.MULTI)}
COSTLY = frozenset((*_BY_SIZE, int(OpCode.GET_ALL_CHILDREN_NUMBER), int(OpCode.GET_EPHEMERALS)))
#: A name of a child, a path of an ephemeral node, a node that is walked by, in µs.
NAME_US, PATH_US, NODE_US = 0.25, 0.5, 0.1
# What nobody has to ask for, in µs: a multi of a kilobyte, as most are.
_NOTHING_MUCH = 110


class Costly(Exception):
    """The request takes long, and is to be done in steps; nothing has happened."""

    def __init__(self, cost_us: float) -> None:
        super().__init__(f"takes {cost_us:.0f} us")
        self.cost_us = cost_us


class Turns:
    """Who may do something costly in this turn."""

    __slots__ = ("_first", "at_once", "reads", "spent_us", "waiting")

    def __init__(self) -> None:
        self.spent_us = 0.0
        self.waiting: deque[Connection] = deque()
        """Connections whose next request has to wait for its turn, longest first."""
        self.reads: deque[tuple[Connection, Steps[None]]] = deque()
        """Large reads, the one that is under way first, and who asked for each; held until it is
        done. There is one, unless a request was begun that nobody took for costly."""
        self.at_once = False
        """Whether what is asked for now is to be done whole, however long it takes."""
        self._first: Connection | None = None

    @property
    def pending(self) -> bool:
        """Whether another turn is wanted."""
        return bool(self.reads) or bool(self.waiting) or self.spent_us > 0

    def may_begin(self, connection: Connection, cost_us: float) -> bool:
        """Whether a connection may have a request carried out now, which then counts.

        False: to be asked again when it is let go on.
        """
        if cost_us < _NOTHING_MUCH:
            return True
        if connection is self._first:
            self._first = None
        elif self.waiting or (self.spent_us and self.spent_us + cost_us > ROOM_US):
            return False
        self.spent_us += cost_us
        return True

    def let(self, connection: Connection | None) -> None:
        """Let the next costly request of a connection begin, whatever it costs."""
        self._first = connection

    def exhaust(self) -> None:
        """Let nothing more begin in this turn."""
        self.spent_us += ROOM_US

    @property
    def exhausted(self) -> bool:
        """Whether costly requests have had their share of this turn."""
        return self.spent_us >= ROOM_US


def cost_us(op: int, size: int, nodes: int, ephemerals: int) -> float:
    """Estimate a request of a :data:`COSTLY` operation with a frame of ``size`` bytes.

    ``nodes``, ``ephemerals``: how many the tree, and the session in it, have.
    """
    per_byte = _BY_SIZE.get(op)
    if per_byte is not None:
        return size * per_byte
    return nodes * NODE_US if op == OpCode.GET_ALL_CHILDREN_NUMBER else ephemerals * PATH_US
