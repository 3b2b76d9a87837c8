"""Whether to wait for the next sync awake: it pays as long as another processor is free for it.

The kernel syncs on a thread of its own. With every other processor busy that thread comes to the
one that waits, and gets it only when the wait gives up (``kernel_ring.py``). After such a miss the
next syncs are done by the waiting thread itself, after another one twice as many.
"""

SHORTEST_REST = 64
LONGEST_REST = 4096


class StayingAwake:
    """Judges by the syncs that were waited for awake; a rest is counted in syncs."""

    __slots__ = ("_next_rest", "_rest")

    def __init__(self) -> None:
        self._rest = 0
        self._next_rest = SHORTEST_REST

    def pays(self) -> bool:
        """Whether to wait awake for the next sync; to be asked once for each."""
        if self._rest:
            self._rest -= 1
            return False
        return True

    def waited(self, in_time: bool) -> None:
        """Take note of a sync that was waited for awake: was it done before the wait gave up?"""
        if in_time:
            self._next_rest = SHORTEST_REST
        else:
            self._rest = self._next_rest
            self._next_rest = min(2 * self._next_rest, LONGEST_REST)
