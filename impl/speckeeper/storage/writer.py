"""The storage thread: it takes transactions from the server and makes them durable in groups.

Whatever has gathered while the last group was on its way to the disk is the next group: one write,
one sync, one call back. So a lone write waits for nobody, and under load the groups grow by
themselves.

Source of the duties: ZooKeeper ``SyncRequestProcessor``.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from speckeeper.storage.errors import StorageError
from speckeeper.storage.interface import Entry, TransactionLog
from speckeeper.storage.wakeup import Wakeup

MAX_GROUP_BYTES = 8 << 20
"""A group is cut here, so that one write does not hold back the acknowledgements of all."""

_ROLL: Final = 0
_CLOSE: Final = 1


class LogWriter:
    """Writes transactions to a log on a thread of its own.

    ``on_persisted(zxid)``: all up to this zxid are durable. ``on_failure(error)``: called once;
    after it nothing is written or acknowledged any more. Both are called on the storage thread.
    The other methods are for the thread that owns the server.
    """

    def __init__(
        self,
        log: TransactionLog,
        on_persisted: Callable[[int], None],
        on_failure: Callable[[StorageError], None],
    ) -> None:
        self._log = log
        self._on_persisted = on_persisted
        self._on_failure = on_failure
        self._queue: deque[list[Entry] | int] = deque()
        self._wakeup = Wakeup(blocking=True)
        self._thread = threading.Thread(target=self._run, name="storage", daemon=True)
        self._closed = False
        self.failure: StorageError | None = None
        self.persisted_zxid = -1

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, entries: list[Entry]) -> None:
        """Hand over transactions, zxids rising. The list belongs to the writer from here on.

        After a failure they are dropped: they will never be acknowledged.
        """
        if entries and self.failure is None and not self._closed:
            self._queue.append(entries)
            self._wakeup.signal()

    def roll(self) -> None:
        """Let what is submitted from now on go to a new file; asked for when a snapshot begins."""
        if not self._closed:
            self._queue.append(_ROLL)
            self._wakeup.signal()

    @property
    def idle(self) -> bool:
        """True when nothing is waiting to be taken up by the thread."""
        return not self._queue

    def close(self) -> None:
        """Write what was submitted, close the file and end the thread. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._thread.ident is None:
            self._wakeup.close()
            return
        self._queue.append(_CLOSE)
        self._wakeup.signal()
        self._thread.join()
        self._wakeup.close()

    def _run(self) -> None:
        try:
            self._serve()
        except StorageError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  (a thread that dies unheard would hang its clients)
            self._fail(unexpected(error))

    def _serve(self) -> None:
        log, queue, wakeup = self._log, self._queue, self._wakeup
        while True:
            if not queue:
                wakeup.wait()
            request: list[Entry] | int | None = None
            while queue:
                request = queue.popleft()
                if isinstance(request, int) or log.append(request) >= MAX_GROUP_BYTES:
                    break
            persisted = log.commit()
            if persisted > self.persisted_zxid:
                self.persisted_zxid = persisted
                self._on_persisted(persisted)
            if request == _ROLL:
                log.roll()
            elif request == _CLOSE:
                log.close()
                return

    def _fail(self, error: StorageError) -> None:
        self.failure = error
        self._queue.clear()
        self._on_failure(error)


def unexpected(error: Exception) -> StorageError:
    """Return the error for a failure of a writer that is not the disk's."""
    return StorageError(
        "transaction log",
        f"the writer failed: {error!r}",
        "the server stops and acknowledges nothing more; report this as a defect",
    )
