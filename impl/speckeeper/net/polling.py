"""Polling instead of sleeping while somebody is sure to come back at once.

A client that sends its next request as soon as it has the answer finds the loop asleep each time,
and waking it takes as long as everything else together (on a virtual machine 30 µs and more). So
while requests follow each other closely the loop asks for events instead of waiting for them. It
goes back to sleep at the first gap and tries again a tick later, so requests that come now and then
cost a hundredth of a processor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic_ns

from speckeeper.net.processors import processors
from speckeeper.net.wakefulness import Vigil

# The gap that ends polling. A round trip to a client on the same machine or network takes less, and
# so does a sync of the log.
PATIENCE_NS = 500_000
# Steps of progress within a tick that make polling worth a try.
LIVELY = 100


class Polling:
    """Keeps one loop awake; call :meth:`tick` about twenty times a second."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        progress: Callable[[], int],
        vigil: Vigil | None = None,
    ) -> None:
        """``progress`` returns a number that rises with everything that clients wait for.

        ``vigil``: what keeps all processors awake for a client that is alone, while the loop is.
        """
        self._vigil = vigil
        self._loop = loop
        self._progress = progress
        # With one processor the client could not run meanwhile.
        self._possible = processors() > 1
        self._active = False
        self._last_tick = 0
        self._seen = 0
        self._deadline_ns = 0

    @property
    def active(self) -> bool:
        """Whether the loop is being kept awake."""
        return self._active

    def tick(self) -> None:
        """Begin to poll if the last tick was lively."""
        progress = self._progress()
        lively = progress - self._last_tick >= LIVELY
        self._last_tick = progress
        if lively and self._possible and not self._active:
            self._active = True
            self._poll()
        if self._vigil is not None:
            self._vigil.tick(self._active)

    def stop(self) -> None:
        """End it."""
        self._active = self._possible = False
        if self._vigil is not None:
            self._vigil.stop()

    def _poll(self) -> None:
        """Have the loop come by here again without sleeping, unless nothing happens any more."""
        if not self._active:
            return
        progress = self._progress()
        now_ns = monotonic_ns()
        if progress != self._seen:
            self._seen = progress
            self._deadline_ns = now_ns + PATIENCE_NS
        elif now_ns > self._deadline_ns:
            self._active = False
            return
        self._loop.call_soon(self._poll)
