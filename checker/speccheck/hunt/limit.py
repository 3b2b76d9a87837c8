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


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLong within the block when it has taken so many seconds of the processor.

    On a busy machine that may be long; ``PATIENCE`` times as long by the clock is too long in any
    case.
    """
    thread = threading.get_ident()
    lock = threading.Lock()
    over = threading.Event()
    began_s, until_s = time.process_time(), time.monotonic() + PATIENCE * seconds

    def watch() -> None:
        left_s = seconds
        while not over.wait(max(left_s, _SHORTEST_PAUSE_S)):
            left_s = seconds - (time.process_time() - began_s)
            with lock:
                if over.is_set():
                    return
                if left_s <= 0 or time.monotonic() >= until_s:
                    _throw(thread, TooLong)
                    return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
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
