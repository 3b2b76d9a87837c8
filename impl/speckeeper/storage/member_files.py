"""What a member of an ensemble does to its files, one step at a time and without a thread.

Whoever calls gives the time: on an event loop a thread (``net/member_store.py``), in the simulator
a disk of virtual time. The log must be closed while it is cut, replaced or recovered from.

Source: ZooKeeper ``ZKDatabase`` (truncateLog, loadDataBase), ``FileTxnSnapLog``, ``QuorumPeer``.
"""

import logging
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from speckeeper.storage import history
from speckeeper.storage.epochs import ACCEPTED_EPOCH, CURRENT_EPOCH, EpochFiles
from speckeeper.storage.errors import DiskFailure, MissingTransactions, StorageError
from speckeeper.storage.interface import Entry, FileSystem
from speckeeper.storage.names import list_logs, list_snapshots
from speckeeper.storage.recovery import Report, recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.tree.datatree import DataTree
from speckeeper.wire.snapshot_reader import SnapshotReader
from speckeeper.wire.txns import Txn, encode_txn
from speckeeper.zab.peer import Recovered

log = logging.getLogger(__name__)

_COUNTER = 0xFFFFFFFF


class MemberFiles:
    """Tree, log, snapshots and epochs of one member. The directories exist and are locked.

    ``window``: how many transactions of the log's end recovery gives back.
    """

    def __init__(self, settings: StorageSettings, files: FileSystem, window: int) -> None:
        self._settings = settings
        self._files = files
        self._window = window
        self._epochs = EpochFiles(settings.snapshot_directory, files)
        self.report = Report()
        """Of the last time that the disk was read."""
        self.tree = DataTree(digest_enabled=settings.digest_enabled)

    def load(self) -> Recovered:
        """Bring back what the disk holds. Raises StorageError."""
        zxid, entries = self.recover()
        epochs = self._epochs.load(max(zxid, 0))
        return Recovered(epochs.accepted, epochs.current, zxid, entries)

    def recover(self) -> tuple[int, tuple[Entry, ...]]:
        """Let the tree be what the disk holds; return where it ends, and the end of the log.

        Raises StorageError.
        """
        tail: deque[Txn] = deque(maxlen=self._window)
        recovered = recover(self._settings, self._files, tail.append)
        self.tree = recovered.tree
        self.report = recovered.report
        entries = tuple((txn.header.zxid, encode_txn(txn)) for txn in tail)
        return recovered.last_zxid, entries

    def set_accepted_epoch(self, epoch: int) -> None:
        """Replace acceptedEpoch, durably. Raises DiskFailure."""
        self._epochs.write(ACCEPTED_EPOCH, epoch)

    def set_current_epoch(self, epoch: int) -> None:
        """Replace currentEpoch, durably. Raises DiskFailure."""
        self._epochs.write(CURRENT_EPOCH, epoch)

    def truncate(self, zxid: int) -> None:
        """Forget what is after ``zxid``, on the disk and in the tree. Raises StorageError.

        What the disk holds has to lead there, see :meth:`leads_to`.
        """
        self._cut(zxid)
        self.recover()
        self.tree.last_processed_zxid = zxid

    def leads_to(self, zxid: int) -> bool:
        """Tell whether a snapshot and the log behind it make the history up to a zxid.

        They may not, behind a snapshot that a leader sent: what led to it is not in the log. Where
        an epoch starts, nothing is missing as long as the log goes on behind the snapshot. What is
        read is not the file that is being written. Raises StorageError.
        """
        settings, files = self._settings, self._files
        if zxid == 0:
            return True
        snapshots = list_snapshots(files, settings.snapshot_directory)
        base = max((one.zxid for one in snapshots if one.zxid <= zxid), default=0)
        if base == zxid:
            return True
        last = base
        try:
            for txn in history.read_from(files, settings.log_directory, base + 1):
                if txn.header.zxid > zxid:
                    break
                last = txn.header.zxid
        except MissingTransactions:
            return False
        return last == zxid or not zxid & _COUNTER

    def _cut(self, zxid: int) -> None:
        """Remove what is after ``zxid``: the snapshots first, for the log is what they came of."""
        settings, files = self._settings, self._files
        snapshots = list_snapshots(files, settings.snapshot_directory)
        younger = [one.path for one in reversed(snapshots) if one.zxid > zxid]
        self._remove(younger, settings.snapshot_directory)
        logs = list_logs(files, settings.log_directory)
        try:
            history.truncate(files, settings.log_directory, zxid)
        except MissingTransactions:
            # Every log begins after it.
            self._remove([one.path for one in reversed(logs)], settings.log_directory)

    def _remove(self, paths: list[Path], directory: Path) -> None:
        """Remove files durably, in this order. Raises DiskFailure."""
        path = directory
        try:
            for path in paths:
                self._files.remove(path)
            path = directory
            self._files.sync_directory(directory)
        except OSError as error:
            raise DiskFailure.of(path, "remove", error) from error

    def take_snapshot(self, zxid: int) -> None:
        """Write the tree. The log so far may hold what was never part of its history, so it goes.

        What is left in the log is then one history, and can be sent to a learner. Raises
        DiskFailure.
        """
        settings, files = self._settings, self._files
        write_snapshot(files, settings, self.tree, zxid)
        logs = list_logs(files, settings.log_directory)
        self._remove([one.path for one in reversed(logs)], settings.log_directory)
        snapshots = list_snapshots(files, settings.snapshot_directory)
        younger = [one.path for one in snapshots if one.zxid > zxid]
        self._remove(younger, settings.snapshot_directory)

    def read_log(self, zxid: int) -> tuple[Entry, ...] | None:
        """Return the log from ``zxid`` on, None if it does not reach back or is too long to send.

        Too long is more than ``snapshot_size_factor`` of what a snapshot takes. A snapshot whose
        last transaction is not in the log came from a leader, and so did what led to it: a log that
        goes on behind it, because a crash kept :meth:`take_snapshot` from removing what was older,
        is not one history. What is read is not the file that is being written.
        """
        settings, files = self._settings, self._files
        snapshots = list_snapshots(files, settings.snapshot_directory)
        room = files.size(snapshots[-1].path) * settings.snapshot_size_factor if snapshots else 0.0
        found: list[Entry] = []
        ends = deque(one.zxid for one in snapshots)
        last = zxid - 1
        try:
            for txn in history.read_from(files, settings.log_directory, zxid):
                current = txn.header.zxid
                while ends and ends[0] < current:
                    if ends.popleft() > last:
                        return None
                last = current
                entry = encode_txn(txn)
                room -= len(entry)
                if room < 0:
                    return None
                found.append((txn.header.zxid, entry))
        except StorageError as error:
            log.info("a learner is sent a snapshot, for the log cannot be read: %s", error)
            return None
        return tuple(found)

    def install(self, chunks: Iterable[bytes], zxid: int) -> None:
        """Let the tree be a snapshot that came from a leader; the disk has the old state still."""
        self.tree = load_sent(chunks, zxid, self._settings.digest_enabled)


def load_sent(chunks: Iterable[bytes], zxid: int, digest_enabled: bool) -> DataTree:
    """Return the tree of a snapshot as a leader sends it, whose last transaction is ``zxid``.

    Raises WireError, InvalidTree.
    """
    tree = DataTree(digest_enabled=digest_enabled)
    reader = SnapshotReader(chunks, sealed=False)
    tree.load(reader.nodes(), reader.acls, reader.sessions, zxid)
    return tree
