"""The line in front of the pipeline: a large multi, prepared in steps, and what comes behind.

Writes are prepared one after the other, each on top of those before it, so while a large multi is
on its way nothing else can be. Once it is done, everything small that has gathered is taken, and
then the next large one; what a session has behind its own large multi stays behind it. So nobody
waits for more than one multi of others. Reads of those who wait for nothing do not come here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from speckeeper.server.connection import Connection
from speckeeper.server.turns import LARGE
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import Id
from speckeeper.wire.steps import Steps

_MULTI = int(OpCode.MULTI)


class Submitted(NamedTuple):
    """A write as it was asked for; see ``Pipeline.write``."""

    connection: Connection | None
    session_id: int
    xid: int
    op: int
    buffer: bytes
    start: int
    end: int
    auth_ids: tuple[Id, ...]
    now_ms: int
    large: int
    local: bool


class Refusal(NamedTuple):
    """What ``Pipeline.write_refused`` was asked for."""

    session_id: int
    xid: int
    op: int
    auth_ids: tuple[Id, ...]
    now_ms: int
    code: int


class WaitingRead(NamedTuple):
    """What ``Pipeline.read_later`` was asked for."""

    connection: Connection
    session_id: int
    xid: int
    op: int
    body: bytes
    auth_ids: tuple[Id, ...]
    now_ms: int


Item: TypeAlias = Submitted | Refusal | WaitingRead


class Line:
    """What waits to be prepared. ``begin`` makes the steps of a large one, ``take`` does others."""

    __slots__ = ("_begin", "_items", "_steps", "_take", "asker", "busy")

    def __init__(
        self, begin: Callable[[Submitted], Steps[None]], take: Callable[[Item], None]
    ) -> None:
        self._begin = begin
        self._take = take
        self._items: deque[Item] = deque()
        self._steps: Steps[None] | None = None
        self.busy = False
        """Whether a large write is being prepared, so that everything else has to join."""
        self.asker: Connection | None = None
        """Who asked for it, if that is a client of this server."""

    def __len__(self) -> int:
        return len(self._items) + (self._steps is not None)

    def join(self, item: Item) -> None:
        """Put something at the end."""
        self._items.append(item)
        if not self.busy:
            self._go_on()

    def step(self) -> None:
        """Do one step of the large write there is; after the last one, take what waits.

        After an exception the write is given up, and the next step takes what waits.
        """
        if self._steps is None:
            return
        try:
            next(self._steps)
        except StopIteration:
            self._steps = None
            self._go_on()

    def finish(self) -> None:
        """Prepare all there is."""
        while self.busy:
            self.step()

    def _go_on(self) -> None:
        """Take what is small and has nothing large of its session ahead; begin what is large."""
        self.busy = False
        items, self._items = self._items, deque()
        behind: set[int] = set()
        for item in items:
            if item.session_id in behind:
                self._items.append(item)
            elif _is_large(item):
                behind.add(item.session_id)
                self._items.append(item)
            else:
                self._take(item)
        if self._items:
            first = self._items.popleft()
            assert isinstance(first, Submitted)
            self._steps = self._begin(first)
            self.asker = first.connection
            self.busy = True


def _is_large(item: Item) -> bool:
    return isinstance(item, Submitted) and item.op == _MULTI and item.end - item.start > LARGE
