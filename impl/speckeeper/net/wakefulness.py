"""Processors that do not go to sleep between the steps of a write, for a client that is alone.

With one client nothing overlaps: it sleeps while the server works, the server sleeps while the disk
writes and while it flushes, and each time a processor has nothing to do. To wake one takes as long
as all the work of a write, on a virtual machine above all, where sleep means to leave the machine.
Linux lets a process ask for a processor that is awake within so many microseconds: whoever holds
``/dev/cpu_dma_latency`` open with a 0 in it has idle processors look for work again and again
instead. It takes power, so it is held only while a client alone writes one request after the other
(:class:`Vigil`). The kernel takes it back when the process ends.

In an ensemble each member does so by itself, for its own machine: a set wakes seven threads or more
one after the other, and a member that has nothing to do leaves its processor to the others.

Root may open the device; for others its owner decides. Where it cannot be opened nothing happens.

Source: Linux Documentation/power/pm_qos_interface.rst, drivers/cpuidle/governors/haltpoll.c.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

DEVICE = Path("/dev/cpu_dma_latency")
_AT_ONCE = bytes(4)  # an int, microseconds
# So many writes of a client that is alone within a tick are worth processors that do not sleep.
LONE = 50


class Wakefulness:
    """Holds the wish and takes it back."""

    def __init__(self, device: Path = DEVICE) -> None:
        self._device = device
        self._handle: int | None = None
        self._possible = True

    @property
    def held(self) -> bool:
        """Whether processors are kept awake now."""
        return self._handle is not None

    def hold(self) -> None:
        """Keep processors awake, if that is possible."""
        if self._handle is not None or not self._possible:
            return
        try:
            handle = os.open(self._device, os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            self._possible = False
            return
        try:
            os.write(handle, _AT_ONCE)
        except OSError:
            self._possible = False
            os.close(handle)
            return
        self._handle = handle

    def release(self) -> None:
        """Let them sleep."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


class Vigil:
    """Holds it while a client that is alone writes one request after the other.

    Call :meth:`tick` about twenty times a second.
    """

    def __init__(
        self, lone_writes: Callable[[], int], wakefulness: Wakefulness | None = None
    ) -> None:
        """``lone_writes`` returns a number that rises with the writes of a client that is alone.

        It may begin anew from zero.
        """
        self._lone_writes = lone_writes
        self._wakefulness = wakefulness or Wakefulness()
        self._last = 0

    def tick(self, wanted: bool = True) -> None:
        """Hold it if the last tick had many such writes, and it is ``wanted``."""
        lone = self._lone_writes()
        if wanted and lone - self._last >= LONE:
            self._wakefulness.hold()
        else:
            self._wakefulness.release()
        self._last = lone

    def stop(self) -> None:
        """Let processors sleep."""
        self._wakefulness.release()
