"""What all clients together leave unread, and who has to go when it becomes too much.

Looked after are connections with more than :data:`NOTICED` bytes that their sockets have not taken.
From half of the limit on, none of them gets more requests answered; beyond it, those with the most
are cut off until it is kept. Watch events come without a request, so to wait would not be enough.
"""

from __future__ import annotations

from typing import Generic, TypeVar

#: Less than this of one connection does not count.
NOTICED = 64 << 10

C = TypeVar("C")


class Unread(Generic[C]):
    """Bytes by connection. ``most``: the limit for all of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[C, int] = {}
        self.total = 0

    def note(self, connection: C, size: int) -> None:
        """Take note of what a connection has unread now; 0: nothing that counts."""
        self.total += size - self._sizes.pop(connection, 0)
        if size:
            self._sizes[connection] = size

    @property
    def scarce(self) -> bool:
        """Whether who has anything unread should wait."""
        return self.total > self._most // 2

    def worst(self) -> C | None:
        """Return the connection to cut off, None while the limit is kept."""
        if self.total <= self._most or not self._sizes:
            return None
        return max(self._sizes, key=self._sizes.__getitem__)
