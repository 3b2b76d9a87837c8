"""A time limit for a call, in any thread: an exception is thrown into it, wherever it is.

CPython only, and only between two of its instructions: a call that hangs in C is not interrupted.
"""

from __future__ import annotations

import ctypes
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class TooLong(BaseException):
    """Thrown into what takes longer than it may; no Exception, so that nobody catches it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooLong within the block when it has taken so many seconds."""
    thread = threading.get_ident()
    lock = threading.Lock()
    over = False

    def interrupt() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(TooLong)
                )

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
            # One that was thrown at the last moment and has not arrived must not arrive later.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)


def place_of(error: BaseException) -> str:
    """Say where an error came up: file, line and function, without folders."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    last = frames[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
