"""Syncing a file without a thread: the kernel does it aside and reports through a descriptor.

A storage thread in Python costs more than the sync it waits for: after each system call it has to
get the interpreter lock back from a busy event loop. Linux can run an fdatasync by itself
(asynchronous I/O, since 4.18) and count up an eventfd when it is done, which the loop watches like
a socket. docs/performance.md has what that saves.

There are two interfaces for it: io_uring (``kernel_ring.py``), which some sandboxes forbid, and the
older one here. Where neither is there (another system, an older kernel), :func:`open_kernel_sync`
says so and a thread does the work.

Source: Linux manual pages io_setup(2), io_submit(2), io_getevents(2).
"""

import ctypes
import os
import platform
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from struct import Struct

from speckeeper.storage.kernel_ring import KernelRing

# Numbers of the system calls io_setup, io_destroy, io_getevents, io_submit; glibc has no functions.
_CALLS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}

_COMMAND_FDSYNC = 3
_FLAG_EVENTFD = 1
#: struct iocb: data, key, rw_flags, opcode, priority, file, buffer, size, offset, reserved, flags,
#: eventfd.
_REQUEST = Struct("<QIIHhIQQqQII")
#: struct io_event: data, request, result, second result.
_EVENT = Struct("<QQqq")
_PROBE_TIMEOUT_S = 5.0


class KernelSync:
    """One fdatasync at a time, done by the kernel: :meth:`start`, then wait for :meth:`fileno`."""

    can_stay_awake = False
    """The processor that asks does the work, so there is nothing to stay awake for."""

    def __init__(self) -> None:
        """Raise OSError where the system does not offer it."""
        numbers = _CALLS.get(platform.machine())
        if numbers is None or sys.platform != "linux" or sys.byteorder != "little":
            raise OSError(f"no asynchronous I/O known for {sys.platform} on {platform.machine()}")
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        self._call.restype = ctypes.c_long
        setup, self._destroy, getevents, submit = map(ctypes.c_long, numbers)
        self._context = ctypes.c_ulong(0)
        self._check(self._call(setup, ctypes.c_ulong(1), ctypes.byref(self._context)))
        self._eventfd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._request = ctypes.create_string_buffer(_REQUEST.size)
        self._requests = (ctypes.c_void_p * 1)(ctypes.addressof(self._request))
        self._event = ctypes.create_string_buffer(_EVENT.size)
        # Arguments that never change are made once; this is called for each group of writes.
        one = ctypes.c_long(1)
        self._submit = (submit, self._context, one, ctypes.byref(self._requests))
        self._collect = (
            getevents,
            self._context,
            one,
            one,
            ctypes.byref(self._event),
            ctypes.c_void_p(None),
        )

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the sync is done."""
        return self._eventfd

    def start(self, handle: int) -> None:
        """Begin to sync the data of a file. Raises OSError where it cannot be begun."""
        _REQUEST.pack_into(
            self._request,
            0,
            0,
            0,
            0,
            _COMMAND_FDSYNC,
            0,
            handle,
            0,
            0,
            0,
            0,
            _FLAG_EVENTFD,
            self._eventfd,
        )
        self._check(self._call(*self._submit))

    def finish(self) -> bool:
        """Take the outcome: False while it is under way. Raises OSError where the sync failed."""
        try:
            os.eventfd_read(self._eventfd)
        except BlockingIOError:
            return False
        self._check(self._call(*self._collect))
        result = _EVENT.unpack_from(self._event)[2]
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return True

    def sync(self, handle: int, meanwhile: Callable[[], None] | None = None) -> None:
        """Sync the data of a file, asleep, after calling ``meanwhile``."""
        if meanwhile is not None:
            meanwhile()
        os.fdatasync(handle)

    def close(self) -> None:
        """Give everything back; waits for a sync that is under way."""
        self._call(self._destroy, self._context)
        os.close(self._eventfd)

    @staticmethod
    def _check(result: int) -> None:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def open_kernel_sync(directory: Path) -> KernelRing | KernelSync | None:
    """Return the best that works, tried out on ``directory``; None where the system has none."""
    for kind in (KernelRing, KernelSync):
        sync = None
        with suppress(OSError):
            sync = kind()
            if _works(sync, directory):
                return sync
        if sync is not None:
            sync.close()
    return None


def _works(sync: KernelRing | KernelSync, directory: Path) -> bool:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync.start(handle)
        return bool(select.select([sync], [], [], _PROBE_TIMEOUT_S)[0]) and sync.finish()
    finally:
        os.close(handle)
