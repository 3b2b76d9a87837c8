"""On which processor the loop waits for the disk, for a client that is alone.

A disk with one queue interrupts one processor. If the thread that waits is on another one, that has
to be interrupted in its turn, which on a virtual machine takes 10 to 20 µs; and a sync is two times
waiting, for the write and for the flush. Nothing tells the scheduler that this thread and that
interrupt belong together. So the processors are tried, and the loop stays where a sync takes least
time. It is moved, not bound: the system may move it on, and then it is moved back after a while.

That is for a client that is alone, or as good as alone: where transactions come several at a time,
the clients themselves can use the processor that a waiting loop leaves.

Source: Linux manual page sched_setaffinity(2).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Final, Protocol

from speckeeper.storage.sync_ways import SyncWays, Way

# Alone is who has caused so many groups of one transaction in a row.
ALONE = 16
# A processor is tried for so many syncs, the first of which still pay for the move.
TRIAL = 64
# So many syncs lie between two trials: less than one in a hundred is part of one.
BETWEEN_TRIALS = 128 * TRIAL
# One sync in so many looks whether the system has moved the loop on.
LOOK_EVERY = 32
# Another processor must be quicker by this: two that are alike are not changed for each other.
GAIN_S = 8e-6
# So many are tried at most. A machine with more has disks that interrupt whoever asked.
MOST_PROCESSORS = 8

_WHEREVER: Final = -1


class Affinity(Protocol):
    """What :class:`~speckeeper.storage.affinity.ThreadAffinity` does."""

    def processors(self) -> Sequence[int]:
        """Return the processors that the thread may run on."""
        ...

    def current(self) -> int:
        """Return the one that it runs on."""
        ...

    def move(self, processor: int) -> bool:
        """Have it run on another one; False where that is not possible."""
        ...


class LoneGroups:
    """Counts what somebody who is alone has written, and leaves the rest to the system."""

    def __init__(self) -> None:
        self._alone = 0
        self.lone_groups = 0
        """How many groups there were of somebody who was alone."""

    def next_way(self, transactions: int) -> Way | None:
        """Return the way to sync a group of so many transactions; None if it does not matter."""
        self._is_alone(transactions)
        return None

    def waited(self, way: Way, elapsed_s: float) -> None:
        """Take note of how long a group took that way."""

    def _is_alone(self, transactions: int) -> bool:
        """Count a group; tell whether it is of somebody who is alone."""
        if transactions > 1:
            self._alone = 0
        elif self._alone < ALONE:
            self._alone += 1
        else:
            self.lone_groups += 1
            return True
        return False


class Placement(LoneGroups):
    """Chooses the processor to wait on, and the way of a sync, by the times of syncs."""

    def __init__(self, affinity: Affinity | None, ways: Sequence[Way]) -> None:
        """``affinity``: None leaves the processor to the system; ``ways``: those that work."""
        super().__init__()
        processors = list(affinity.processors())[:MOST_PROCESSORS] if affinity else []
        if len(processors) < 2:
            affinity, processors = None, [_WHEREVER]
        self._affinity = affinity
        self._possible = ways
        self._ways = {each: SyncWays(ways) for each in processors}
        self._here = self._best = processors[0]
        self._left = TRIAL
        self._settled = False
        self._untried = processors[:0:-1]
        self._turns = cycle(processors)

    def next_way(self, transactions: int) -> Way | None:
        """Return the way to sync a group of so many transactions; None if it does not matter.

        To be asked once for each group, on the loop's thread, which it may move.
        """
        if not self._is_alone(transactions):
            return None
        if self._affinity is not None:
            self._place(self._affinity)
        return self._ways[self._here].next()

    def waited(self, way: Way, elapsed_s: float) -> None:
        """Take note of how long a group took."""
        self._ways[self._here].waited(way, elapsed_s)

    def _place(self, affinity: Affinity) -> None:
        """Go on to the next processor when it is time, and back to where the loop should be."""
        if not self._left:
            self._choose()
        elif self._left % LOOK_EVERY:
            self._left -= 1
            return
        self._left -= 1
        if affinity.current() != self._here and not affinity.move(self._here):
            self._affinity = None

    def _choose(self) -> None:
        """Choose a processor that is to be tried, else the best of those that were."""
        ways = self._ways
        if ways[self._here].typical_s < ways[self._best].typical_s - GAIN_S:
            self._best = self._here
        if self._settled:
            self._untried.append(next(each for each in self._turns if each != self._best))
        self._settled = not self._untried
        if self._untried:
            self._here, self._left = self._untried.pop(), TRIAL
            ways[self._here] = SyncWays(self._possible)  # what it was like may not be so now
        else:
            self._here, self._left = self._best, BETWEEN_TRIALS
