"""Syncing a file by io_uring: a thread of the kernel's own does it, on whichever processor is free.

The same as ``kernel_sync.py``, and better where it is allowed: the older interface makes the
processor that asks do the work of the sync as well, and that is the event loop's.

The ring is as small as can be, one request and its outcome. Of its two queues this process writes
the tail of one and the head of the other; every other word is the kernel's. No barriers are needed,
because a system call lies between any write here and the kernel's look, and the other way round.
Only :meth:`KernelRing.sync` looks without one, and is there only where a processor shows what it
has written in the order in which it was written.

Source: Linux manual pages io_uring(7), io_uring_setup(2), io_uring_enter(2), io_uring_register(2).
"""

import ctypes
import errno
import mmap
import os
import platform
import sys
from collections.abc import Callable
from struct import Struct
from time import perf_counter

# The same numbers on every machine.
_SETUP, _ENTER, _REGISTER = 425, 426, 427
_REGISTER_EVENTFD = 4
_FEATURE_SINGLE_MMAP = 1
_ENTER_UNTIL_DONE = 1  # IORING_ENTER_GETEVENTS
_TELL_NOBODY = 1  # IORING_CQ_EVENTFD_DISABLED
_OFFSET_RINGS, _OFFSET_REQUESTS = 0, 0x10000000

_OP_FSYNC = 3
_ASIDE = 1 << 4  # IOSQE_ASYNC: by a thread at once, do not try it here first
_DATA_ONLY = 1  # IORING_FSYNC_DATASYNC

_PARAMETERS_SIZE = 120
#: Start of struct io_uring_params: entries of both queues, flags, (two numbers), features.
_PARAMETERS = Struct("<6I")
#: Its struct io_sqring_offsets (head, tail, mask, entries, flags, dropped, array) and
#: struct io_cqring_offsets (head, tail, mask, entries, overflow, cqes, flags).
_REQUEST_QUEUE, _REQUEST_QUEUE_AT = Struct("<7I"), 40
_OUTCOME_QUEUE, _OUTCOME_QUEUE_AT = Struct("<7I"), 80
#: struct io_uring_sqe: opcode, flags, priority, file, offset, address, size, the operation's flags,
#: data, and what is not used here.
_REQUEST = Struct("<BBHiQQIIQ24x")
#: struct io_uring_cqe: data, result, flags.
_OUTCOME = Struct("<QiI")
_WORD = Struct("<I")
_WORD_MASK = 0xFFFFFFFF
# Processors that show each other's writes in order.
_IN_ORDER = ("x86_64", "AMD64")
# Who waits awake for longer than this goes to sleep: the kernel's thread may be waiting for this
# very processor.
AWAKE_S = 250e-6


def _nothing() -> None:
    """Do nothing meanwhile."""


class KernelRing:
    """One fdatasync at a time, done by the kernel: :meth:`start`, then wait for :meth:`fileno`;
    or :meth:`sync`, where :attr:`can_stay_awake`.
    """

    def __init__(self) -> None:
        """Raise OSError where the system does not offer it."""
        if sys.platform != "linux" or sys.byteorder != "little":
            raise OSError(errno.ENOSYS, f"no io_uring on {sys.platform}")
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        self._call.restype = ctypes.c_long
        parameters = ctypes.create_string_buffer(_PARAMETERS_SIZE)
        ring = self._ask(_SETUP, 1, ctypes.addressof(parameters))
        try:
            self._map(ring, parameters.raw)
            self._eventfd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            number = ctypes.c_int(self._eventfd)
            self._ask(_REGISTER, ring, _REGISTER_EVENTFD, ctypes.addressof(number), 1)
        except BaseException:
            os.close(ring)
            raise
        self._ring = ring
        self._requests_made = self._words[self._request_tail]
        # Made once, because this is called for each group of writes: one request, wait for none;
        # and no request, wait for one outcome.
        self._enter = tuple(map(ctypes.c_long, (_ENTER, ring, 1, 0, 0, 0, 0)))
        self._wait = tuple(map(ctypes.c_long, (_ENTER, ring, 0, 1, _ENTER_UNTIL_DONE, 0, 0)))

    def _map(self, ring: int, parameters: bytes) -> None:
        entries, outcomes, _, _, _, features = _PARAMETERS.unpack_from(parameters)
        if not features & _FEATURE_SINGLE_MMAP:
            raise OSError(errno.ENOSYS, "io_uring of Linux before 5.4")
        _, tail, _, _, _, _, array = _REQUEST_QUEUE.unpack_from(parameters, _REQUEST_QUEUE_AT)
        head, made, mask, _, _, first, flags = _OUTCOME_QUEUE.unpack_from(
            parameters, _OUTCOME_QUEUE_AT
        )
        size = max(array + entries * _WORD.size, first + outcomes * _OUTCOME.size)
        self._rings = mmap.mmap(ring, size, offset=_OFFSET_RINGS)
        self._requests = mmap.mmap(ring, entries * 64, offset=_OFFSET_REQUESTS)
        _WORD.pack_into(self._rings, array, 0)  # the queue's one place holds request 0, for ever
        self._words = memoryview(self._rings).cast("I")
        self._request_tail = tail // _WORD.size
        self._outcome_head = head // _WORD.size
        self._outcome_tail = made // _WORD.size
        self._outcome_flags = flags // _WORD.size
        self._outcome_mask = self._words[mask // _WORD.size]
        self._outcomes = first
        self.can_stay_awake = flags != 0 and platform.machine() in _IN_ORDER
        """Whether :meth:`sync` can be used; the flags are there since Linux 5.8."""

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the sync is done."""
        return self._eventfd

    def start(self, handle: int) -> None:
        """Begin to sync the data of a file. Raises OSError where it cannot be begun."""
        if self.can_stay_awake:
            self._words[self._outcome_flags] = 0
        self._begin(handle)

    def finish(self) -> bool:
        """Take the outcome: False while it is under way. Raises OSError where the sync failed."""
        try:
            os.eventfd_read(self._eventfd)
        except BlockingIOError:
            return False
        self._take_outcome()
        return True

    def sync(self, handle: int, meanwhile: Callable[[], None] = _nothing) -> None:
        """Sync the data of a file and wait for it, for :data:`AWAKE_S` without sleeping.

        ``meanwhile`` is called while the kernel is at work. Raises OSError where the sync failed.
        To sleep until the disk answers costs more than to look again and again, if somebody waits
        for what comes next: the processor has to be woken, and what it had at hand (caches,
        branches) may be gone.
        """
        words, made = self._words, self._outcome_tail
        taken = words[self._outcome_head]
        words[self._outcome_flags] = _TELL_NOBODY
        self._begin(handle)
        meanwhile()
        deadline = perf_counter() + AWAKE_S
        while words[made] == taken:
            if perf_counter() > deadline:
                self._sleep_until_done(taken)
        self._take_outcome()

    def close(self) -> None:
        """Give everything back."""
        self._words.release()
        self._requests.close()
        self._rings.close()
        os.close(self._ring)
        os.close(self._eventfd)

    def _begin(self, handle: int) -> None:
        _REQUEST.pack_into(
            self._requests, 0, _OP_FSYNC, _ASIDE, 0, handle, 0, 0, 0, _DATA_ONLY, handle
        )
        self._requests_made = self._requests_made + 1 & _WORD_MASK
        self._words[self._request_tail] = self._requests_made
        self._check(self._call(*self._enter))

    def _sleep_until_done(self, taken: int) -> None:
        while self._words[self._outcome_tail] == taken:
            try:
                self._check(self._call(*self._wait))
            except InterruptedError:
                continue  # by a signal

    def _take_outcome(self) -> None:
        words = self._words
        taken = words[self._outcome_head]
        place = self._outcomes + (taken & self._outcome_mask) * _OUTCOME.size
        _, result, _ = _OUTCOME.unpack_from(self._rings, place)
        words[self._outcome_head] = taken + 1 & _WORD_MASK
        if result < 0:
            raise OSError(-result, os.strerror(-result))

    def _ask(self, *arguments: int) -> int:
        return self._check(self._call(*map(ctypes.c_long, arguments)))

    @staticmethod
    def _check(result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
