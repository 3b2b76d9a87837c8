"""Writing the log from the event loop: the loop writes, the kernel syncs, the loop hears of it.

The same duties and the same group commit as ``writer.py``, without its thread. A write goes to the
page cache and does not wait for the disk; the sync does, and is the kernel's (``kernel_sync.py``).
Where the disk is fast (``disk_pace.py``) the loop waits for a small group, by one call for write
and sync; or for a single transaction without sleeping, while a thread of the kernel's syncs
(``placement.py``, ``sync_ways.py``). What is rare and waits for the disk in other ways (a new
file, the next step of padding) is done aside, on a thread.

Source of the duties: ZooKeeper ``SyncRequestProcessor``.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final, Protocol

from speckeeper.storage.disk_pace import DiskPace
from speckeeper.storage.errors import StorageError
from speckeeper.storage.interface import Entry
from speckeeper.storage.placement import LoneGroups
from speckeeper.storage.sync_ways import Way
from speckeeper.storage.txnlog import TxnLog
from speckeeper.storage.writer import MAX_GROUP_BYTES, unexpected

Outcome = int | Exception
"""The zxid up to which all is durable, or what went wrong."""
Answer = Callable[[], Callable[[], None] | None]
"""Makes ready what a client that is alone is to be told; returns what tells it, if it can be."""
Work = Callable[[], int]
Aside = Callable[[Work, Callable[[Outcome], None]], None]
"""Runs work on a thread, then has the loop call the second argument with the outcome."""

MOST_BYTES_WAITED_FOR = 2 << 10
"""A larger group is left to the kernel, however fast the disk is.

That is some ten writes. To take in the next ones during the sync saves more than the two changes of
threads cost, once they are shared by so many."""

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

    def sync(self, handle: int, meanwhile: Callable[[], None]) -> None:
        """Sync the data of a file, awake where that is possible. Raises OSError.

        ``meanwhile`` is called while that is under way, or before.
        """
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
        pace: DiskPace | None = None,
        placement: LoneGroups | None = None,
        answer: Answer | None = None,
    ) -> None:
        """``pace`` says when the loop may wait for the disk, ``placement`` where and how, for a
        client that is alone. ``answer`` is called
        before a single transaction is waited for; what it returns is called as soon as that is
        durable, ahead of ``on_persisted``, and not at all if it fails.
        """
        self._log = log
        self._pace = pace
        self._placement = placement
        self._answer = answer
        self._sync = sync
        self._syncing = False
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
                if self._syncing:
                    self._log.still_syncing()
                return
            self._syncing = False
            outcome: Outcome = self._log.end_commit(heard=True)
        except OSError as error:
            self._syncing = False
            outcome = self._log.fail(error)
        except StorageError as error:  # the file was full, and could not be left behind
            outcome = error
        self._done(outcome)

    def look(self) -> None:
        """Look after the sync under way, if there is one; to be called every ``LOOK_S``."""
        if self._syncing:
            self.ready()

    def _done(self, outcome: Outcome) -> None:
        self._conclude(outcome)
        if not self._busy:
            self._next()

    def _conclude(self, outcome: Outcome) -> None:
        """Acknowledge a group. What is submitted by those who hear of it waits its turn."""
        if isinstance(outcome, Exception):
            self._fail(outcome)
            return
        if outcome > self.persisted_zxid:
            self.persisted_zxid = outcome
            self._on_persisted(outcome)
        self._log.report()  # figures, for which nobody waits
        self._busy = False

    def _next(self) -> None:
        """Take everything that waits, up to the next roll, as one group to the disk; and so on."""
        while self._queue and not self._busy:
            self._busy = True
            outcome: Outcome | None
            try:
                outcome = self._commit_group()
            except OSError as error:
                outcome = self._log.fail(error)
            except Exception as error:  # noqa: BLE001  (nothing may be acknowledged after any of them)
                outcome = error
            if outcome is not None:
                self._conclude(outcome)

    def _commit_group(self) -> int | None:
        """Commit one group; return the zxid up to which all is durable, None if that is to come."""
        log, queue = self._log, self._queue
        size = count = 0
        while queue:
            request = queue.popleft()
            if isinstance(request, int):
                self._aside(self._commit_and_roll, self._done)
                return None
            count += len(request)
            size = log.append(request)
            if size >= MAX_GROUP_BYTES:
                break
        pace = self._pace
        if pace is not None and size <= MOST_BYTES_WAITED_FOR:
            now_s = perf_counter()
            if pace.may_wait(now_s):
                persisted = self._commit_waiting(count)
                if persisted is not None:
                    pace.waited(log.elapsed_s, now_s + log.elapsed_s)
                    return persisted
        handle = log.begin_commit()
        if handle is not None:
            self._sync.start(handle)
            self._syncing = True
        else:
            self._aside(log.commit, self._done)
        return None

    def _commit_waiting(self, transactions: int) -> int | None:
        """Commit by a write and a sync and wait for it; None where that takes more."""
        log = self._log
        answer: Callable[[], None] | None = None

        def make_ready() -> None:
            nonlocal answer
            if transactions == 1 and self._answer is not None:
                answer = self._answer()

        placement = self._placement
        way = None if placement is None else placement.next_way(transactions)
        began_s = perf_counter()
        if way is not Way.AWAKE:
            make_ready()
            persisted = log.commit_in_place(way is Way.DIRECT)
        else:
            handle = log.begin_commit()
            if handle is None:
                return None
            self._sync.sync(handle, make_ready)
            persisted = log.end_commit()
        if answer is not None and persisted is not None:
            answer()
        if placement is not None and way is not None and persisted is not None:
            placement.waited(way, perf_counter() - began_s)
        return persisted

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
