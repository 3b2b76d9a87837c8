"""Virtual time: what is to happen when. Nothing happens between two events, and time is free."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Clock:
    """A queue of events in the order of time, and of scheduling where times are equal."""

    def __init__(self) -> None:
        self.now_ms = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, delay_ms: int, call: Callable[[], None]) -> None:
        """Call something in ``delay_ms`` milliseconds of virtual time."""
        self.at(self.now_ms + delay_ms, call)

    def at(self, when_ms: int, call: Callable[[], None]) -> None:
        """Call something at a time; one that is past means now, after what is due already."""
        self._count += 1
        heapq.heappush(self._queue, (max(when_ms, self.now_ms), self._count, call))

    def run_until(self, end_ms: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass up to ``end_ms``, or until ``done``; return whether it was ``done``."""
        queue = self._queue
        while queue and queue[0][0] <= end_ms:
            self.now_ms, _, call = heapq.heappop(queue)
            call()
            if done():
                return True
        self.now_ms = max(self.now_ms, end_ms)
        return False


class LocalClock:
    """The clock of one server, which goes too fast or too slow, and shows another time.

    ``rate``: its milliseconds in a thousand of ours. It never goes back.
    """

    def __init__(self, clock: Clock, rate: int = 1000, offset_ms: int = 0) -> None:
        self._clock = clock
        self.rate = rate
        self._offset_ms = offset_ms

    @property
    def now_ms(self) -> int:
        """What it shows."""
        return self._offset_ms + self._clock.now_ms * self.rate // 1000

    def at(self, when_ms: int, call: Callable[[], None]) -> None:
        """Call something when it shows a time, or later."""
        self._clock.at(-((self._offset_ms - when_ms) * 1000 // self.rate), call)
