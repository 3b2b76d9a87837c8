"""When the core and the server of a member are told what time it is.

The core is told when it says that something is due, the server some twenty times a second. A
process that stood still lets nobody expire before it has heard what came meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from speckeeper.net.long_transactions import LongTransactions
from speckeeper.server.server import Server

NS_PER_MS = 1_000_000
_NEVER = 1 << 61
# How often a leader's server is told the time: sessions expire at most this much late.
_SERVER_TICK_S = 0.05
# A tick that comes this late tells that the process stood still.
LATE_MS = 500


def now_ms() -> int:
    """Milliseconds of a clock that never goes back."""
    return time.monotonic_ns() // NS_PER_MS


def wall_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // NS_PER_MS


class CoreClock:
    """A timer that rings when the core has something due; it may be early, which does no harm.

    ``is_armed``: whether it will ring.
    """

    def __init__(self, due: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = due
        self._timer: asyncio.TimerHandle | None = None
        self._due_ms = _NEVER
        self.is_armed = False

    def arm(self, due_ms: int | None) -> None:
        """See that it rings then at the latest; None: nothing is due."""
        if due_ms is None or due_ms >= self._due_ms:
            return
        self.stop()
        self._due_ms = due_ms
        self.is_armed = True
        self._timer = self._loop.call_later(max(due_ms - now_ms(), 0) / 1000, self._ring)

    def stop(self) -> None:
        """Ring no more until it is armed again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due_ms = _NEVER
        self.is_armed = False

    def _ring(self) -> None:
        self._timer = None
        self._due_ms = _NEVER
        self.is_armed = False
        self._due()


class ServerClock:
    """Tells the server of a member the time. ``told``: called after each time that it was told."""

    def __init__(
        self, server: Callable[[], Server | None], tick_time_ms: int, told: Callable[[], None]
    ) -> None:
        """``server`` gives that of now, None while nobody is served."""
        self._loop = asyncio.get_running_loop()
        self._server = server
        self._tick_time_ms = tick_time_ms
        self._told = told
        self._ticked_ms = now_ms()
        self._expire_from_ms = 0
        self._long_transactions = LongTransactions()
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Tell it soon, and from then on."""
        self.stop()
        self._next = self._loop.call_later(_SERVER_TICK_S, self._tick)

    def stop(self) -> None:
        """End it."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _tick(self) -> None:
        self.start()
        server, time_ms = self._server(), now_ms()
        if time_ms - self._ticked_ms > LATE_MS:
            # The process was stopped for a while. What clients and learners had to say of sessions
            # meanwhile has not been heard yet: learners are asked in half a tick.
            self._expire_from_ms = time_ms + self._tick_time_ms
        self._ticked_ms = time_ms
        if server is not None:
            server.set_wall_clock(time_ms, wall_ms())
            if time_ms >= self._expire_from_ms:
                server.tick(time_ms)
            self._long_transactions.report(server)
            self._told()
