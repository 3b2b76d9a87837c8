"""The last transactions that every server with this history has: what late learners are sent.

Source: ZooKeeper ``ZKDatabase`` (committedLog, addCommittedProposal).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from speckeeper.zab.effects import Entry


class CommittedLog:
    """At most ``limit`` transactions, in the order of zxids."""

    __slots__ = ("entries",)

    def __init__(self, limit: int, entries: Iterable[Entry] = ()) -> None:
        self.entries: deque[Entry] = deque(entries, maxlen=limit)

    @property
    def max_zxid(self) -> int | None:
        """The last transaction, None if there is none."""
        return self.entries[-1][0] if self.entries else None

    def add(self, zxid: int, entry: bytes) -> None:
        """Add a transaction; the oldest leaves if there is no room."""
        self.entries.append((zxid, entry))

    def truncate(self, zxid: int) -> None:
        """Forget what is after ``zxid``."""
        entries = self.entries
        while entries and entries[-1][0] > zxid:
            entries.pop()

    def replace(self, entries: Iterable[Entry]) -> None:
        """Forget everything and begin with these."""
        self.entries.clear()
        self.entries.extend(entries)
