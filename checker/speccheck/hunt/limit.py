"""A time limit for a call, in any thread: an exception is thrown into it, wherever it is.

CPython only, and only between two of its instructions: a call that hangs in C is not interrupted.
"""

from __future__ import annotations

import ctypes
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 10
_SHORTEST_PAUSE_S = 0.05


class TooLong(BaseException):
    """Thrown into what takes longer than it may; no Exception, so that nobody catches it."""


class Limit:
    """``seconds`` of the processor; on a busy machine, ``PATIENCE`` times as long by the clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began_s, self._began_at = time.process_time(), time.monotonic()

    @property
    def left_s(self) -> float:
        """Seconds of the processor that are left."""
        return self._seconds - (time.process_time() - self._began_s)

    @property
    def is_over(self) -> bool:
        """Whether either time is over."""
        return self.left_s <= 0 or time.monotonic() - self._began_at >= PATIENCE * self._seconds

    def text(self) -> str:
        """Say which time was too long."""
        if self.left_s <= 0:
            return f"took more than {self._seconds:g} s of the processor"
        waited_s = time.monotonic() - self._began_at
        used_s = time.process_time() - self._began_s
        return f"had the processor for {used_s:.1f} s in {waited_s:.0f} s: this machine is too busy"


@contextmanager
def limited(seconds: float) -> Iterator[Limit]:
    """Raise TooLong within the block when it has taken so many seconds of the processor.

    On a busy machine that may be long; ``PATIENCE`` times as long by the clock is too long in any
    case. Gives the limit, which tells which of the two it was.
    """
    thread = threading.get_ident()
    lock = threading.Lock()
    over = threading.Event()
    limit = Limit(seconds)

    def watch() -> None:
        while not over.wait(max(limit.left_s, _SHORTEST_PAUSE_S)):
            with lock:
                if over.is_set():
                    return
                if limit.is_over:
                    _throw(thread, TooLong)
                    return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield limit
    finally:
        with lock:
            over.set()
            # One that was thrown at the last moment and has not arrived must not arrive later.
            _throw(thread, None)


def _throw(thread: int, error: type[BaseException] | None) -> None:
    """Throw an error into a thread; None: take back what has not arrived."""
    what = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)


def place_of(error: BaseException) -> str:
    """Say where an error came up: file, line and function, without folders."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    last = frames[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
