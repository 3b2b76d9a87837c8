"""One thing after the other: a server that stands still, or is slow, lets everything wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from speckeeper.sim.clock import Clock

Call = Callable[[], None]


class Pace:
    """Runs what comes at once, or when the server is free. ``step_ms``: how long each takes."""

    def __init__(self, clock: Clock, run: Callable[[Call], None]) -> None:
        self.step_ms = 0
        self._clock = clock
        self._run = run
        self._free_ms = 0
        self._waiting: deque[Call] = deque()
        self._boot = 0

    def do(self, call: Call) -> None:
        """Do something, in its turn."""
        if self._waiting or self._clock.now_ms < self._free_ms:
            self._waiting.append(call)
            if len(self._waiting) == 1:
                self._wake_up()
        else:
            self._do(call)

    def stop_for(self, time_ms: int) -> None:
        """Do nothing for a while."""
        self._free_ms = max(self._free_ms, self._clock.now_ms + time_ms)

    def clear(self) -> None:
        """Forget what waits, and be free."""
        self._boot += 1
        self._waiting.clear()
        self._free_ms = 0

    def _do(self, call: Call) -> None:
        self._run(call)
        if self.step_ms:
            self._free_ms = max(self._free_ms, self._clock.now_ms + self.step_ms)

    def _wake_up(self) -> None:
        boot = self._boot
        self._clock.at(self._free_ms, lambda: self._catch_up(boot))

    def _catch_up(self, boot: int) -> None:
        """Do what has waited, until the server is busy again."""
        while boot == self._boot and self._waiting:
            if self._clock.now_ms < self._free_ms:
                self._wake_up()
                return
            self._do(self._waiting.popleft())
