"""How to write and sync a small group of the log: the way that is the quickest here and now.

The loop can write past the page cache (``direct_file.py``) or by way of it, and sleep until the
disk is done; or have a thread of the kernel's sync and look again and again whether it is done,
which saves it from being put to sleep and woken but costs a change of threads. Which is quicker
depends on the machine and changes with what else it does, so all are tried and the quickest is
taken. There is one choice for each processor that the loop may be on (``placement.py``).
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum
from math import inf


class Way(Enum):
    """A way of making a group durable."""

    CACHED = "by way of the page cache, asleep"
    DIRECT = "past the page cache, asleep"
    AWAKE = "by way of the page cache, awake while a thread of the kernel's syncs"


# At first each way is gone so many times.
LEARNING = 8
# Later so many syncs in a row go another way now and then, to see whether it is the quickest now.
# The first of them is the slow one: less than one in a hundred.
TRY, TRY_EVERY = 4, 256
# Which way is the quickest is looked at once in so many syncs.
CHOOSE_EVERY = 64
# So many of the last times of each way are compared, by what four of five keep to. A few syncs that
# were held up say nothing of a way, but if the half of them were to count only, to wait asleep
# among processes that take the processor for milliseconds could pass for quick.
WINDOW = 31
_MOST = 0.8


class SyncWays:
    """Compares the times of syncs by several ways.

    Only what went the same way as the one before counts: a write by way of the page cache after one
    past it has to read the page first.
    """

    __slots__ = ("_last", "_number", "_quickest", "_times", "_tries", "_ways")

    def __init__(self, ways: Sequence[Way]) -> None:
        """``ways`` are those that are possible, at least one."""
        self._ways = ways
        self._times = {way: deque[float](maxlen=WINDOW) for way in ways}
        self._number = 0
        self._tries = 0
        self._quickest = ways[0]
        self._last: Way | None = None

    def next(self) -> Way:
        """Return the way for the next sync. To be asked once for each."""
        ways = self._ways
        number = self._number
        self._number += 1
        if number < LEARNING * len(ways):
            return ways[number // LEARNING]
        if number % CHOOSE_EVERY == TRY or number == LEARNING * len(ways):
            self._quickest = min(ways, key=self._most_s)
        if number % TRY_EVERY >= TRY or len(ways) == 1:
            return self._quickest
        others = [way for way in ways if way is not self._quickest]
        self._tries += 1
        return others[(self._tries - 1) // TRY % len(others)]

    def waited(self, way: Way, elapsed_s: float) -> None:
        """Take note of how long a sync took."""
        if way is self._last:
            self._times[way].append(elapsed_s)
        self._last = way

    @property
    def typical_s(self) -> float:
        """What four of five syncs by the quickest way take at most; boundless before any."""
        return min(map(self._most_s, self._ways))

    def _most_s(self, way: Way) -> float:
        times = sorted(self._times[way])
        return times[int(len(times) * _MOST)] if times else inf
