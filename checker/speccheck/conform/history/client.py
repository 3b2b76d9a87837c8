"""One session in the order in which its client saw things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from speccheck.conform.history import values as v
from speccheck.conform.history.reading import Line, read
from speccheck.conform.history.watching import Watcher
from speccheck.evaluate.values import Fn, Value


class Client:
    """A file of a history. ``session`` is 0 until it has connected."""

    def __init__(self, path: Path, index: dict[Value, set[Watcher]], counts: Counter[str]) -> None:
        self.path = path
        self.lines: Iterator[Line] = read(path)
        self.session = 0
        self.clock = ""
        self.last_zxid = 0
        """The highest in the header of a reply."""
        self.is_read_only = False
        """The server that it is connected to has no leader."""
        self.is_closed = False
        """Its closeSession was answered."""
        self.has_unknown_identity = False
        """It proved something by a scheme of which only servers know what that means."""
        self.ended_well = False
        self.watcher = Watcher(0, index, counts)
        self._index = index
        self._counts = counts
        self._ids: list[tuple[int, Fn]] = [(0, v.NO_IDS)]

    def connected(self, session: int, address: str, *, is_read_only: bool) -> None:
        """The client has a connection, on which it has proven nothing but its address."""
        self.session, self.is_read_only = session, is_read_only
        ids = v.sequence([v.identity("ip", address)] if address else [])
        self._ids = [(0, ids)]
        self.watcher = Watcher(session, self._index, self._counts)
        self.watcher.ids = ids

    def proved(self, call: int, identity: Fn) -> None:
        """The client has proven one more identity with a request that it sent at ``call``."""
        ids = self._ids[-1][1]
        if identity not in ids.values_:
            self._ids.append((call, v.sequence([*ids.values_, identity])))
            self.watcher.ids = self._ids[-1][1]

    def ids(self, call: int) -> Fn:
        """Return what the client had proven when it sent a request."""
        ids = self._ids
        if len(ids) == 1:
            return ids[0][1]
        return next(known for since, known in reversed(ids) if since <= call)

    @property
    def name(self) -> str:
        """What the client is called in reports."""
        return f"session {self.session & (1 << 64) - 1:#x}" if self.session else str(self.path)
