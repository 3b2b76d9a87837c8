"""Writing the log from the event loop: the loop writes, the kernel syncs, the loop hears of it.

The same duties and the same group commit as ``writer.py``, without its thread. A write goes to the
page cache and does not wait for the disk; the sync does, and is the kernel's (``kernel_sync.py``).
What is rare and waits for the disk in other ways (a new file, the next step of padding) is done
aside, on a thread.

Source of the duties: ZooKeeper ``SyncRequestProcessor``.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from speckeeper.storage.errors import StorageError
from speckeeper.storage.interface import Entry
from speckeeper.storage.txnlog import TxnLog
from speckeeper.storage.writer import MAX_GROUP_BYTES, unexpected

Outcome = int | Exception
"""The zxid up to which all is durable, or what went wrong."""
Work = Callable[[], int]
Aside = Callable[[Work, Callable[[Outcome], None]], None]
"""Runs work on a thread, then has the loop call the second argument with the outcome."""

_ROLL: Final = 0


class BackgroundSync(Protocol):
    """What :class:`~speckeeper.storage.kernel_sync.KernelSync` does."""

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the sync is done."""
        ...

    def start(self, handle: int) -> None:
        """Begin to sync the data of a file."""
        ...

    def finish(self) -> bool:
        """Take the outcome; False while the sync is under way, OSError where it failed."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class LoopWriter:
    """Writes transactions to a log; everything is called on the loop's thread.

    ``on_persisted(zxid)``: all up to this zxid are durable. ``on_failure(error)``: called once;
    after it nothing is written or acknowledged any more. The owner watches :meth:`fileno` and
    calls :meth:`ready` when it is readable.
    """

    def __init__(
        self,
        log: TxnLog,
        sync: BackgroundSync,
        aside: Aside,
        on_persisted: Callable[[int], None],
        on_failure: Callable[[StorageError], None],
    ) -> None:
        self._log = log
        self._sync = sync
        self._aside = aside
        self._on_persisted = on_persisted
        self._on_failure = on_failure
        self._queue: deque[list[Entry] | int] = deque()
        self._busy = False
        self.closed = False
        self.failure: StorageError | None = None
        self.persisted_zxid = -1

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        return self._sync.fileno()

    def submit(self, entries: list[Entry]) -> None:
        """Hand over transactions, zxids rising. The list belongs to the writer from here on.

        After a failure they are dropped: they will never be acknowledged.
        """
        if entries and self.failure is None and not self.closed:
            self._queue.append(entries)
            if not self._busy:
                self._next()

    def roll(self) -> None:
        """Let what is submitted from now on go to a new file; asked for when a snapshot begins."""
        if self.failure is None and not self.closed:
            self._queue.append(_ROLL)
            if not self._busy:
                self._next()

    @property
    def idle(self) -> bool:
        """True when nothing is waiting or on its way."""
        return not self._busy and not self._queue

    def close(self) -> None:
        """Close the file. Only when :attr:`idle`, or after a failure. Idempotent."""
        if not self.closed:
            self.closed = True
            self._sync.close()
            try:
                self._log.close()
            except StorageError as error:
                self._fail(error)

    def ready(self) -> None:
        """Take the outcome of a sync; acknowledge, and go on with what has gathered meanwhile."""
        try:
            if not self._sync.finish():
                return
            outcome: Outcome = self._log.end_commit()
        except OSError as error:
            outcome = self._log.fail(error)
        except StorageError as error:  # the file was full, and could not be left behind
            outcome = error
        self._done(outcome)

    def _done(self, outcome: Outcome) -> None:
        self._busy = False
        if isinstance(outcome, Exception):
            self._fail(outcome)
            return
        if outcome > self.persisted_zxid:
            self.persisted_zxid = outcome
            self._on_persisted(outcome)
        if self._queue and not self._busy:
            self._next()

    def _next(self) -> None:
        """Take everything that waits, up to the next roll, as one group to the disk."""
        log, queue = self._log, self._queue
        rolls = False
        try:
            while queue:
                request = queue.popleft()
                if isinstance(request, int):
                    rolls = True
                    break
                if log.append(request) >= MAX_GROUP_BYTES:
                    break
            handle = None if rolls else log.begin_commit()
            self._busy = True
            if handle is not None:
                self._sync.start(handle)
            else:
                self._aside(self._commit_and_roll if rolls else log.commit, self._done)
        except OSError as error:
            self._fail(log.fail(error))
        except Exception as error:  # noqa: BLE001  (nothing may be acknowledged after any of them)
            self._fail(error)

    def _commit_and_roll(self) -> int:
        persisted = self._log.commit()
        self._log.roll()
        return persisted

    def _fail(self, error: Exception) -> None:
        self._busy = False
        self._queue.clear()
        if not isinstance(error, StorageError):
            error = unexpected(error)
        self.failure = error
        self._on_failure(error)
