"""Whether the disk is so fast that it is better to wait for a sync than to be told of its end.

A sync that is handed to the kernel and reported back costs two changes of threads, which on a
fast disk take as long as the sync itself. So the loop waits where the disk answers within the time
that a few requests take, and does not where it would keep readers waiting.

What is measured are the waits. A disk is slow once a number of syncs in a row all took long, for a
single one may owe its time to other processes; one that stalled is slow at once. A disk that was
slow is tried again after a pause, each time twice as long.
"""

from __future__ import annotations

# A disk of which one sync in PATIENCE is done within this time is fast.
FAST_S = 500e-6
PATIENCE = 16
# A sync that takes this long holds up readers noticeably.
STALL_S = 20e-3
SHORTEST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 10.0


class DiskPace:
    """Judges one disk by the syncs that were waited for. Times are seconds of one clock."""

    __slots__ = ("_pause_s", "_slow_in_a_row", "_until_s")

    def __init__(self) -> None:
        self._slow_in_a_row = 0
        self._pause_s = SHORTEST_PAUSE_S
        self._until_s = 0.0

    def may_wait(self, now_s: float) -> bool:
        """Whether the next sync may be waited for."""
        return now_s >= self._until_s

    def waited(self, elapsed_s: float, now_s: float) -> None:
        """Take note of a sync that was waited for, from the moment it is done."""
        if elapsed_s < FAST_S:
            self._slow_in_a_row = 0
            self._pause_s = SHORTEST_PAUSE_S
            return
        self._slow_in_a_row += 1
        if self._slow_in_a_row >= PATIENCE or elapsed_s >= STALL_S:
            # One slow sync of the next try is enough, but not for good after a mere moment.
            self._slow_in_a_row = PATIENCE - 1
            self._until_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
