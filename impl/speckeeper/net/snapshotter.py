"""Snapshots while serving: a slice of encoding per turn of the loop, the rest on a thread.

See ZooKeeper SyncRequestProcessor (when one is due, one at a time, the log rolls as it begins) and
ZooKeeperServer.takeSnapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter

from speckeeper.net.log_writing import LogWriting
from speckeeper.server.server import Server
from speckeeper.server.stats import Distribution
from speckeeper.storage.errors import DiskFailure, StorageError
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import NamedFile
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import SnapshotFile, SnapshotWriter, snapshot_of

log = logging.getLogger(__name__)

_NO_LOG = "an observer that keeps no log (syncEnabled=false) takes no snapshots while it serves"

# Clients wait while a slice is encoded.
SLICE_S = 0.0005
# Between two slices the loop does everything else. While clients keep it busy a snapshot gets a
# quarter of its time; ZooKeeper's has a thread, here it is taken from the clients.
BUSY_REST_S = 0.0015
IDLE_REST_S = 0.0001
# A snapshot that found no descriptor for its file is tried again after this long.
RETRY_S = 30.0


class Snapshotter:
    """Takes the snapshots of one server, one at a time."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        server: Server,
        writer: LogWriting,
        settings: StorageSettings,
        files: FileSystem,
        on_failure: Callable[[StorageError], None],
        is_durable: Callable[[int], bool] = lambda zxid: True,
        *,
        keeps_log: bool = True,
    ) -> None:
        """``on_failure`` is called on the loop when a snapshot could not be written.

        ``is_durable``: whether our own log holds a transaction that was applied. A member of an
        ensemble applies what a quorum has logged, which it need not be part of. ``keeps_log``:
        whether there is a log; a snapshot of a tree that goes on is of no use without it.
        """
        self._loop = loop
        self._server = server
        self._writer = writer
        self._settings = settings
        self._files = files
        self._on_failure = on_failure
        self._is_durable = is_durable
        self._keeps_log = keeps_log
        self._current: SnapshotWriter | None = None
        self._waiting: list[asyncio.Future[NamedFile]] = []
        self._started = 0.0
        self._received = 0
        self._retry: asyncio.TimerHandle | None = None
        self.last: NamedFile | None = None
        """The newest snapshot that this process has written."""
        self.last_wall_ms = 0
        self.durations_ms = Distribution()

    @property
    def running(self) -> bool:
        """Whether a snapshot is being taken."""
        return self._current is not None

    def begin(self) -> bool:
        """Begin a snapshot and roll the log; False if one is under way ("too busy to snap")."""
        if self._current is not None:
            return False
        self._forget_retry()
        tree = self._server.tree
        settings = self._settings
        self._started = perf_counter()
        self._writer.roll()
        self._server.snapshot_started()
        file = SnapshotFile(
            self._files,
            settings.snapshot_directory,
            tree.last_processed_zxid,
            settings.snapshot_compression_method,
        )
        call = self._loop.call_soon_threadsafe
        self._current = SnapshotWriter(
            file,
            snapshot_of(tree, settings),
            lambda done: _quietly(call, self._done, done),
            lambda error: _quietly(call, self._failed, error),
            lambda: tree.last_processed_zxid,
            self._is_durable,
        )
        self._loop.call_soon(self._step)
        return True

    async def take(self) -> NamedFile:
        """Take a snapshot now, or wait for the one under way. Raises StorageError."""
        if not self._keeps_log:
            place = self._settings.snapshot_directory
            raise StorageError(place, _NO_LOG, "take the snapshot at another member")
        self.begin()
        future: asyncio.Future[NamedFile] = self._loop.create_future()
        self._waiting.append(future)
        return await future

    def abort(self) -> None:
        """Give up a snapshot half-way, as when the server stops."""
        self._forget_retry()
        current, self._current = self._current, None
        if current is not None:
            current.abort()

    def _step(self) -> None:
        current = self._current
        if current is not None and not current.step(SLICE_S):
            received = self._server.stats.packets_received
            busy = received != self._received
            self._received = received
            self._loop.call_later(BUSY_REST_S if busy else IDLE_REST_S, self._step)

    def _done(self, file: NamedFile) -> None:
        self._current = None
        self.last = file
        elapsed_ms = int((perf_counter() - self._started) * 1000)
        self.durations_ms.add(elapsed_ms)
        log.info("snapshot %s taken in %d ms", file.path.name, elapsed_ms)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(file)

    def _failed(self, error: StorageError) -> None:
        self._current = None
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_exception(error)
        if isinstance(error, DiskFailure) and error.out_of_descriptors:
            # The log holds every transaction, and writes on: nothing is lost by a snapshot less.
            log.warning("%s; the snapshot is tried again in %.0f s", error, RETRY_S)
            self._forget_retry()
            self._retry = self._loop.call_later(RETRY_S, self.begin)
            return
        self._on_failure(error)

    def _forget_retry(self) -> None:
        retry, self._retry = self._retry, None
        if retry is not None:
            retry.cancel()


def _quietly(call: Callable[..., object], *arguments: object) -> None:
    """Call the loop from a thread; it may be gone by now."""
    try:
        call(*arguments)
    except RuntimeError:
        log.debug("the loop was closed before a snapshot was done")
