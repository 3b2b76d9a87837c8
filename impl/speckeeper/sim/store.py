"""What a simulated server has on its disk: the real files, and who gives them virtual time.

The counterpart of ``net/member_store.py``: the same steps on the same files, in the same order, by
threads of the simulated disk.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from speckeeper.sim.disk import Disk, Thread, Work
from speckeeper.storage.config_files import ConfigFiles
from speckeeper.storage.epochs import write_atomically
from speckeeper.storage.member_files import MemberFiles
from speckeeper.storage.purge import purge
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import SnapshotFile, snapshot_of
from speckeeper.storage.txnlog import TxnLog
from speckeeper.tree.datatree import DataTree
from speckeeper.zab.effects import Entry
from speckeeper.zab.membership import Membership
from speckeeper.zab.peer import Recovered

STORAGE = StorageSettings(Path("/"), pre_alloc_size_kb=8)
"""How simulated servers store."""
# Small, so that a snapshot takes several steps, between which the tree changes.
_SLICE_BYTES = 512

_ZOO_CFG = Path("/zoo.cfg")

Then = Callable[[], None]


def lay_down(disk: Disk, accepted_epoch: int, current_epoch: int, log: list[Entry]) -> None:
    """Leave on an empty disk what a server left there before the run, durably."""
    content = MemberFiles(STORAGE, disk.files, window=0)
    content.load()
    if log:
        written = TxnLog(STORAGE, disk.files, 0)
        written.append(log)
        disk.holds(written.commit())
        written.close()
    content.set_accepted_epoch(accepted_epoch)
    content.set_current_epoch(current_epoch)
    disk.accepted_epoch, disk.current_epoch = accepted_epoch, current_epoch


class Store:
    """Tree, log, snapshots and epochs of one server, for one life of it.

    ``persisted(zxid)``: the log is durable so far. Raises StorageError if the disk is of no use.
    """

    def __init__(self, disk: Disk, window: int, persisted: Callable[[int], None]) -> None:
        self._disk = disk
        self._persisted = persisted
        self._content = MemberFiles(STORAGE, disk.files, window)
        self._waiting: list[Entry] = []
        self._group: list[Entry] = []
        self._commit_queued = False
        self._snapshot: object = None
        self.recovered: Recovered = self._content.load()
        self._log = TxnLog(STORAGE, disk.files, self.recovered.last_zxid)

    @property
    def tree(self) -> DataTree:
        """The tree."""
        return self._content.tree

    # -- the log

    def append(self, entry: Entry) -> None:
        """Add to the log, by one sync for all that waits."""
        self._waiting.append(entry)
        if not self._commit_queued:
            self._commit_queued = True
            self._do(Thread.LOG, self._commit, self._persisted, self._take_group)

    @property
    def waiting(self) -> list[Entry]:
        """What waits for the next sync."""
        return [*self._waiting]

    def keep_back(self, count: int) -> list[Entry]:
        """Let the next sync be of so many only; return the others, to be added again behind it."""
        later = self._waiting[count:]
        del self._waiting[count:]
        return later

    def _take_group(self) -> None:
        self._commit_queued = False
        self._group, self._waiting = self._waiting, []

    def _commit(self) -> int:
        self._log.append(self._group)
        zxid = self._log.commit()
        self._disk.holds(zxid)
        return zxid

    def truncate(self, zxid: int, then: Then, refused: Then) -> None:
        """Forget what is after a zxid, on disk and in the tree; ``refused`` if it is not there."""

        def run() -> bool:
            self._log.roll()
            if not self._content.leads_to(zxid):
                return False
            self._disk.holds(zxid, settled=False)
            self._log.close()
            self._content.truncate(zxid)
            self._log = self._opened(zxid)
            return True

        self._do(Thread.LOG, run, lambda done: then() if done else refused())

    def take_snapshot(self, zxid: int, then: Then) -> None:
        """Write the tree, which nobody changes meanwhile; the log goes on behind it."""

        def run() -> None:
            self._log.close()
            self._content.take_snapshot(zxid)
            self._log = self._opened(zxid)

        disk = self._disk
        self._do(Thread.LOG, run, lambda _: then(), lambda: disk.holds(disk.end, settled=False))

    def reload(self, then: Callable[[int, tuple[Entry, ...]], None]) -> None:
        """Go back to what the disk holds."""

        def run() -> tuple[int, tuple[Entry, ...]]:
            self._log.close()
            zxid, entries = self._content.recover()
            self._log = self._opened(zxid)
            return zxid, entries

        self._do(Thread.LOG, run, lambda found: then(*found))

    def read_log(self, zxid: int, then: Callable[[tuple[Entry, ...] | None], None]) -> None:
        """Read the log from a zxid on, for a learner."""
        self._roll()
        self._do(Thread.READ, lambda: self._content.read_log(zxid), then)

    def _roll(self) -> None:
        self._do(Thread.LOG, lambda: self._log.roll(), lambda _: None)

    def _opened(self, zxid: int) -> TxnLog:
        self._disk.holds(zxid)
        return TxnLog(STORAGE, self._disk.files, zxid)

    # -- the configuration

    def config_files(self, server_id: int) -> ConfigFiles:
        """Return what reads and writes the files of the configuration."""
        return ConfigFiles(_ZOO_CFG, self._disk.files, server_id)

    def membership(self, server_id: int, first: Membership) -> Membership:
        """Return what the files say, that of the first start where they say nothing.

        Raises StorageError.
        """
        files = self.config_files(server_id)
        if not self._disk.files.exists(_ZOO_CFG):
            write_atomically(self._disk.files, _ZOO_CFG, b"")
        return Membership(files.active() or first.active, files.last_seen())

    # -- epochs and snapshots

    def set_accepted_epoch(self, epoch: int, then: Then) -> None:
        """Replace acceptedEpoch."""

        def run() -> None:
            self._content.set_accepted_epoch(epoch)
            self._disk.accepted_epoch = epoch

        self._do(Thread.EPOCH, run, lambda _: then())

    def set_current_epoch(self, epoch: int, then: Then) -> None:
        """Replace currentEpoch."""

        def run() -> None:
            self._content.set_current_epoch(epoch)
            self._disk.current_epoch = epoch

        self._do(Thread.EPOCH, run, lambda _: then())

    def install(self, chunks: list[bytes], zxid: int, then: Then) -> None:
        """Let the tree be a snapshot that came from a leader."""
        self._do(Thread.READ, lambda: self._content.install(chunks, zxid), lambda _: then())

    def begin_snapshot(
        self, soon: Callable[[Then], None], is_durable: Callable[[int], bool]
    ) -> bool:
        """Begin a snapshot of a tree that is changing; ``soon`` calls for the next piece of it.

        ``is_durable``: whether the log holds a transaction. False if one is under way.
        """
        if self._snapshot is not None:
            return False
        self._roll()
        tree = self.tree
        zxid = tree.last_processed_zxid
        pieces = iter(snapshot_of(tree, STORAGE, _SLICE_BYTES))
        taken: list[bytes] = []
        current = self._snapshot = object()

        reached = 0

        def step() -> None:
            nonlocal reached
            if self._snapshot is not current:
                return  # given up
            piece = next(pieces, None)
            if piece is None:
                reached = reached or tree.last_processed_zxid
            if piece is None and not is_durable(reached):
                soon(step)
            elif piece is None:
                self._do(Thread.SNAPSHOT, lambda: self._write(zxid, taken), self._written)
            else:
                taken.append(piece)
                soon(step)

        soon(step)
        return True

    def abort_snapshot(self) -> None:
        """Give up a snapshot half-way."""
        self._snapshot = None

    def _write(self, zxid: int, pieces: list[bytes]) -> None:
        files = self._disk.files
        file = SnapshotFile(files, STORAGE.snapshot_directory, zxid, "")
        for piece in pieces:
            file.add(piece)
        file.commit()
        purge(STORAGE, files)

    def _written(self, _: None) -> None:
        self._snapshot = None

    # -- inside

    def _do(
        self,
        thread: Thread,
        run: Callable[[], Any],
        then: Callable[[Any], None],
        begin: Then = lambda: None,
    ) -> None:
        self._disk.do(thread, Work(run, then, begin))
