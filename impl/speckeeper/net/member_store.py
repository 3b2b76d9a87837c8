"""What a member of an ensemble has on its disk, and the slow things that it does with it.

Everything here runs on the loop and gives the disk's time to threads. Appending is group commit
as for a standalone server (``log_writing.py``); cutting the log, taking over a snapshot and
loading anew close the log first and open it again behind.

Source: ZooKeeper ``ZKDatabase`` (truncateLog, loadDataBase), ``FileTxnSnapLog``, ``QuorumPeer``.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from speckeeper.net.log_writing import LogWriting
from speckeeper.storage import history
from speckeeper.storage.epochs import ACCEPTED_EPOCH, CURRENT_EPOCH, EpochFiles
from speckeeper.storage.errors import MissingTransactions, StorageError
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import list_logs, list_snapshots
from speckeeper.storage.recovery import Report, recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.txnlog import Synced, TxnLog
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.snapshot_reader import SnapshotReader
from speckeeper.wire.txns import Txn, encode_txn
from speckeeper.zab.effects import Entry
from speckeeper.zab.peer import Recovered

log = logging.getLogger(__name__)

# A log that is longer than this share of the snapshot is not sent (ZKDatabase's default).
_SNAPSHOT_SIZE_FACTOR = 0.33


class MemberStore:
    """Tree, log, snapshots and epochs of one member. The directories exist and are locked.

    ``persisted(zxid)``: the log is durable so far; ``failed(error)``: nothing works any more;
    ``synced(what)``: what a sync of the log took.
    """

    def __init__(
        self,
        settings: StorageSettings,
        files: FileSystem,
        window: int,
        persisted: Callable[[int], None],
        failed: Callable[[Exception], None],
        synced: Callable[[Synced], None] = lambda synced: None,
    ) -> None:
        self._settings = settings
        self._files = files
        self._window = window
        self._persisted = persisted
        self._failed = failed
        self._synced = synced
        self._loop = asyncio.get_running_loop()
        self._epochs = EpochFiles(settings.snapshot_directory, files)
        self._writing: LogWriting | None = None
        self.report = Report()
        """Of the last time that the disk was read."""
        self.tree = DataTree(digest_enabled=settings.digest_enabled)

    def load(self) -> Recovered:
        """Bring back what the disk holds, and open the log. Raises StorageError."""
        zxid, entries = self._recover()
        epochs = self._epochs.load(max(zxid, 0))
        self._open(zxid)
        return Recovered(epochs.accepted, epochs.current, zxid, entries)

    def append(self, entries: list[Entry]) -> None:
        """Log transactions, one sync for all of them."""
        assert self._writing is not None
        self._writing.submit(entries)

    async def set_accepted_epoch(self, epoch: int) -> None:
        """Replace acceptedEpoch, durably."""
        await self._aside(lambda: self._epochs.write(ACCEPTED_EPOCH, epoch))

    async def set_current_epoch(self, epoch: int) -> None:
        """Replace currentEpoch, durably."""
        await self._aside(lambda: self._epochs.write(CURRENT_EPOCH, epoch))

    async def truncate(self, zxid: int) -> None:
        """Forget what is after ``zxid``, on the disk and in the tree."""
        await self._close_log()
        await self._aside(lambda: self._truncate(zxid))
        self._open(zxid)

    async def take_snapshot(self, zxid: int) -> None:
        """Write the tree, which nobody changes meanwhile; the log goes on behind it."""
        await self._close_log()
        await self._aside(lambda: self._take_snapshot(zxid))
        self._open(zxid)

    async def reload(self) -> tuple[int, tuple[Entry, ...]]:
        """Go back to what the disk holds; return where it ends, and the end of the log."""
        await self._close_log()
        zxid, entries = await self._loop.run_in_executor(None, self._recover)
        self._open(zxid)
        return zxid, entries

    async def read_log(self, zxid: int) -> tuple[Entry, ...] | None:
        """Return the log from ``zxid`` on, None if it does not reach back or is too long to send.

        Too long is more than a third of what a snapshot takes (``snapshotSizeFactor``).
        """
        writing = self._writing
        if writing is None:
            return None
        writing.roll()  # what is read is not the file that is written from now on
        return await self._loop.run_in_executor(None, self._read_log, zxid)

    async def install(self, chunks: list[bytes], zxid: int) -> None:
        """Let the tree be a snapshot that came from a leader."""
        await self._aside(lambda: self._install(chunks, zxid))

    @property
    def writing(self) -> LogWriting:
        """What writes the log now."""
        assert self._writing is not None
        return self._writing

    async def close(self) -> None:
        """Write what was appended, and close the log."""
        await self._close_log()

    # -- on a thread

    def _recover(self) -> tuple[int, tuple[Entry, ...]]:
        tail: deque[Txn] = deque(maxlen=self._window)
        recovered = recover(self._settings, self._files, tail.append)
        self.tree = recovered.tree
        self.report = recovered.report
        entries = tuple((txn.header.zxid, encode_txn(txn)) for txn in tail)
        return recovered.last_zxid, entries

    def _truncate(self, zxid: int) -> None:
        self._cut(zxid)
        self._recover()
        self.tree.last_processed_zxid = zxid

    def _cut(self, zxid: int) -> None:
        """Remove what is after ``zxid``: the snapshots first, for the log is what they came of."""
        settings, files = self._settings, self._files
        for snapshot in reversed(list_snapshots(files, settings.snapshot_directory)):
            if snapshot.zxid > zxid:
                files.remove(snapshot.path)
        files.sync_directory(settings.snapshot_directory)
        logs = list_logs(files, settings.log_directory)
        try:
            history.truncate(files, settings.log_directory, zxid)
        except MissingTransactions:
            # Every log begins after it.
            for each in reversed(logs):
                files.remove(each.path)
            files.sync_directory(settings.log_directory)

    def _take_snapshot(self, zxid: int) -> None:
        """Write the tree. The log so far may hold what was never part of its history, so it goes.

        What is left in the log is then one history, and can be sent to a learner.
        """
        settings, files = self._settings, self._files
        write_snapshot(files, settings, self.tree, zxid)
        for old in reversed(list_logs(files, settings.log_directory)):
            files.remove(old.path)
        files.sync_directory(settings.log_directory)
        for snapshot in list_snapshots(files, settings.snapshot_directory):
            if snapshot.zxid > zxid:
                files.remove(snapshot.path)

    def _read_log(self, zxid: int) -> tuple[Entry, ...] | None:
        settings, files = self._settings, self._files
        snapshots = list_snapshots(files, settings.snapshot_directory)
        room = files.size(snapshots[-1].path) * _SNAPSHOT_SIZE_FACTOR if snapshots else 0.0
        found: list[Entry] = []
        try:
            for txn in history.read_from(files, settings.log_directory, zxid):
                entry = encode_txn(txn)
                room -= len(entry)
                if room < 0:
                    return None
                found.append((txn.header.zxid, entry))
        except StorageError as error:
            log.info("a learner is sent a snapshot, for the log cannot be read: %s", error)
            return None
        return tuple(found)

    def _install(self, chunks: list[bytes], zxid: int) -> None:
        tree = DataTree(digest_enabled=self._settings.digest_enabled)
        reader = SnapshotReader(chunks, sealed=False)
        tree.load(reader.nodes(), reader.acls, reader.sessions, zxid)
        self.tree = tree

    # -- inside

    def _open(self, last_zxid: int) -> None:
        transactions = TxnLog(self._settings, self._files, last_zxid, self._synced)
        writing = LogWriting(
            self._loop,
            transactions,
            self._settings,
            self._files,
            lambda: self._persisted(writing.persisted_zxid),
            self._failed,
        )
        writing.start()
        self._writing = writing

    async def _close_log(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing.close()

    async def _aside(self, work: Callable[[], None]) -> None:
        await self._loop.run_in_executor(None, work)
