"""One thread tells another that there is something to do, through a file descriptor.

Between a uvloop thread and a storage thread a hand-off by eventfd costs about a third of one by
``queue.SimpleQueue`` or ``threading.Condition``: waiting is one system call that gives up the
interpreter lock, and a signal does not have to take a second lock. Signals that nobody has seen
yet count as one.
"""

import os
from contextlib import suppress

_HAS_EVENTFD = hasattr(os, "eventfd")


class Wakeup:
    """A signal between threads.

    ``blocking`` True: for a thread that sleeps in ``wait``. False: for an event loop, which watches
    ``fileno`` and calls ``clear`` when it is readable.
    """

    __slots__ = ("_reader", "_writer")

    def __init__(self, blocking: bool) -> None:
        if _HAS_EVENTFD:
            self._reader = os.eventfd(0, os.EFD_CLOEXEC | (0 if blocking else os.EFD_NONBLOCK))
            self._writer = self._reader
        else:
            self._reader, self._writer = os.pipe()
            os.set_blocking(self._reader, blocking)
            os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._reader

    def signal(self) -> None:
        """Wake the other side, now or when it next looks."""
        if _HAS_EVENTFD:
            os.eventfd_write(self._writer, 1)
        else:
            with suppress(BlockingIOError):  # a full pipe is signal enough
                os.write(self._writer, b"\0")

    def wait(self) -> None:
        """Sleep until there is a signal, and take all there are."""
        if _HAS_EVENTFD:
            os.eventfd_read(self._reader)
        else:
            os.read(self._reader, 1 << 16)

    def clear(self) -> None:
        """Take all signals there are; do not sleep for one."""
        with suppress(BlockingIOError):
            self.wait()

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in {self._reader, self._writer}:
            os.close(descriptor)
