"""Moving the calling thread from one processor to another, and telling which it is on.

A thread is moved by being bound to a processor for a moment: it stays there until the scheduler has
a reason to put it elsewhere.

Source: Linux manual pages sched_setaffinity(2), sched_getcpu(3).
"""

import ctypes
import os


def thread_affinity() -> "ThreadAffinity | None":
    """Return the affinity of the calling thread; None where the system has no such thing."""
    try:
        return ThreadAffinity()
    except OSError:
        return None


class ThreadAffinity:
    """The processors of the calling thread; raises OSError where the system does not offer it."""

    def __init__(self) -> None:
        current = getattr(ctypes.CDLL(None), "sched_getcpu", None)
        if current is None or not hasattr(os, "sched_setaffinity") or current() < 0:
            raise OSError("no way to tell the processor")
        self._current = current

    def processors(self) -> list[int]:
        """Return the processors that the thread may run on, the present one first."""
        here = self.current()
        return sorted(os.sched_getaffinity(0), key=lambda each: (each != here, each))

    def current(self) -> int:
        """Return the processor that the thread runs on."""
        return int(self._current())

    def move(self, processor: int) -> bool:
        """Have the thread run on another one; False where that is not possible."""
        try:
            allowed = os.sched_getaffinity(0)
            if processor not in allowed:
                return False
            os.sched_setaffinity(0, {processor})
            os.sched_setaffinity(0, allowed)
        except OSError:
            return False
        return True
