"""What a member of an ensemble has on its disk, and who gives it the time for that.

Everything here runs on the loop and gives the disk's time to threads. Appending is group commit
as for a standalone server (``log_writing.py``); cutting the log, writing a snapshot of what came
and loading anew close the log first and open it again behind. What is done to the files is in
``storage/member_files.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from speckeeper.net.log_writing import LogWriting
from speckeeper.storage.disk_pace import DiskPace
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.member_files import MemberFiles
from speckeeper.storage.recovery import Report
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.txnlog import Synced, TxnLog
from speckeeper.tree.datatree import DataTree
from speckeeper.zab.effects import Entry
from speckeeper.zab.peer import Recovered


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
        self._persisted = persisted
        self._failed = failed
        self._synced = synced
        self._loop = asyncio.get_running_loop()
        self._content = MemberFiles(settings, files, window)
        self._writing: LogWriting | None = None
        self._pace = DiskPace()

    @property
    def tree(self) -> DataTree:
        """The tree."""
        return self._content.tree

    @property
    def report(self) -> Report:
        """Of the last time that the disk was read."""
        return self._content.report

    def load(self) -> Recovered:
        """Bring back what the disk holds, and open the log. Raises StorageError."""
        recovered = self._content.load()
        self._open(recovered.last_zxid)
        return recovered

    def append(self, entries: list[Entry]) -> None:
        """Log transactions, one sync for all of them."""
        assert self._writing is not None
        self._writing.submit(entries)

    async def set_accepted_epoch(self, epoch: int) -> None:
        """Replace acceptedEpoch, durably."""
        await self._aside(lambda: self._content.set_accepted_epoch(epoch))

    async def set_current_epoch(self, epoch: int) -> None:
        """Replace currentEpoch, durably."""
        await self._aside(lambda: self._content.set_current_epoch(epoch))

    async def truncate(self, zxid: int) -> bool:
        """Forget what is after ``zxid``, on the disk and in the tree.

        Returns False, and changes nothing, where the history up to there is not on the disk.
        """
        assert self._writing is not None
        self._writing.roll()  # what is read is not the file that is written from now on
        if not await self._loop.run_in_executor(None, self._content.leads_to, zxid):
            return False
        await self._close_log()
        await self._aside(lambda: self._content.truncate(zxid))
        self._open(zxid)
        return True

    async def take_snapshot(self, zxid: int) -> None:
        """Write the tree, which nobody changes meanwhile; the log goes on behind it."""
        await self._close_log()
        await self._aside(lambda: self._content.take_snapshot(zxid))
        self._open(zxid)

    async def reload(self) -> tuple[int, tuple[Entry, ...]]:
        """Go back to what the disk holds; return where it ends, and the end of the log."""
        await self._close_log()
        zxid, entries = await self._loop.run_in_executor(None, self._content.recover)
        self._open(zxid)
        return zxid, entries

    async def read_log(self, zxid: int) -> tuple[Entry, ...] | None:
        """Return the log from ``zxid`` on, None if it cannot be sent."""
        writing = self._writing
        if writing is None:
            return None
        writing.roll()  # what is read is not the file that is written from now on
        return await self._loop.run_in_executor(None, self._content.read_log, zxid)

    async def install(self, tree: Awaitable[DataTree]) -> None:
        """Let the tree be a snapshot that came from a leader."""
        self._content.tree = await tree

    @property
    def writing(self) -> LogWriting:
        """What writes the log now."""
        assert self._writing is not None
        return self._writing

    @property
    def lone_writes(self) -> int:
        """How many writes there were of a client that was alone, since the log was opened last."""
        return 0 if self._writing is None else self._writing.lone_writes

    async def close(self) -> None:
        """Write what was appended, and close the log."""
        await self._close_log()

    # -- inside

    def _open(self, last_zxid: int) -> None:
        transactions = TxnLog(self._settings, self._files, last_zxid, self._synced)
        writing = LogWriting(
            self._loop,
            transactions,
            self._settings,
            self._files,
            self._persisted,
            self._failed,
            self._pace,
            # Members that share a machine would keep each other from what all of them wait for; and
            # where they do not, the way to the others takes far longer than to be woken.
            try_ways=False,
        )
        writing.start()
        self._writing = writing

    async def _close_log(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing.close()

    async def _aside(self, work: Callable[[], None]) -> None:
        await self._loop.run_in_executor(None, work)
