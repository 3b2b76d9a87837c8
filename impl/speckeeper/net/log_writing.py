"""How the log gets written, and how the loop hears of it.

Where the kernel syncs aside (``storage/kernel_sync.py``) the loop writes the log by itself;
elsewhere, and on file systems that tests put in, a thread does. Either way ``persisted`` and
``failed`` are called on the loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from speckeeper.net.processors import processors
from speckeeper.storage.affinity import thread_affinity
from speckeeper.storage.disk import Disk
from speckeeper.storage.disk_pace import DiskPace
from speckeeper.storage.errors import StorageError
from speckeeper.storage.interface import Entry, FileSystem
from speckeeper.storage.kernel_ring import KernelRing
from speckeeper.storage.kernel_sync import KernelSync, open_kernel_sync
from speckeeper.storage.loop_writer import Answer, LoopWriter, Outcome, Work
from speckeeper.storage.placement import LoneGroups, Placement
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.sync_ways import Way
from speckeeper.storage.txnlog import LOOK_S, TxnLog
from speckeeper.storage.writer import LogWriter

log = logging.getLogger(__name__)

# A writer that is to be closed is looked at this often until it has nothing under way.
_CLOSING_STEP_S = 0.001


class LogWriting:
    """Writes the log of one server; made and used on the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transactions: TxnLog,
        settings: StorageSettings,
        files: FileSystem,
        persisted: Callable[[int], None],
        failed: Callable[[Exception], None],
        pace: DiskPace | None = None,
        try_ways: bool = True,
        answer: Answer | None = None,
    ) -> None:
        """``persisted(zxid)``: :attr:`persisted_zxid` has risen; ``failed(error)``: the end.

        ``pace`` says when the loop may wait for the disk; then ``persisted`` is called before
        :attr:`submit` returns. None: never. ``try_ways``: whether it finds out how that is
        quickest, for a client that is alone. ``answer``: see :class:`LoopWriter`.
        """
        self._loop = loop
        self._persisted = persisted
        self._failed = failed
        self._news_pending = False
        self._placement: LoneGroups | None = None
        self._next_look: asyncio.TimerHandle | None = None
        sync = None
        if settings.force_sync and type(files) is Disk:
            sync = open_kernel_sync(settings.log_directory)
        self._writer: LogWriter | LoopWriter
        if sync is not None:
            placement = None
            if pace is not None:
                placement = _placement(sync) if try_ways else LoneGroups()
                self._placement = placement
            self._writer = LoopWriter(
                transactions, sync, self._aside, persisted, failed, pace, placement, answer
            )
        else:
            self._writer = LogWriter(transactions, self._told_on_thread, self._failed_on_thread)
        self.submit: Callable[[list[Entry]], None] = self._writer.submit
        """Hands over transactions, zxids rising; the list belongs to the writer from here on."""
        self.roll = self._writer.roll
        """Lets what is submitted from now on go to a new file."""

    @property
    def persisted_zxid(self) -> int:
        """All up to here is durable; -1 before the first transaction."""
        return self._writer.persisted_zxid

    @property
    def lone_writes(self) -> int:
        """How many writes there were of a client that was alone."""
        return 0 if self._placement is None else self._placement.lone_groups

    def start(self) -> None:
        """Begin to write."""
        if isinstance(self._writer, LoopWriter):
            self._loop.add_reader(self._writer.fileno(), self._writer.ready)
            self._look_after(self._writer)
        else:
            self._writer.start()

    async def close(self) -> None:
        """Finish what was submitted, unless writing has failed, and close the file."""
        writer = self._writer
        if isinstance(writer, LoopWriter):
            while not writer.idle:
                await asyncio.sleep(_CLOSING_STEP_S)
            if self._next_look is not None:
                self._next_look.cancel()
            self._loop.remove_reader(writer.fileno())
            writer.close()
        else:
            await self._loop.run_in_executor(None, writer.close)

    # -- on the loop

    def _look_after(self, writer: LoopWriter) -> None:
        self._next_look = self._loop.call_later(LOOK_S, self._look_after, writer)
        writer.look()

    def _news(self) -> None:
        self._news_pending = False
        self._persisted(self.persisted_zxid)

    def _aside(self, work: Work, done: Callable[[Outcome], None]) -> None:
        def run() -> None:
            try:
                outcome: Outcome = work()
            except Exception as error:  # noqa: BLE001  (whatever it is ends the server, with its text)
                outcome = error
            self._call(done, outcome)

        self._loop.run_in_executor(None, run)

    # -- on a thread

    def _told_on_thread(self, zxid: int) -> None:
        if not self._news_pending:
            self._news_pending = True
            self._call(self._news)

    def _failed_on_thread(self, error: StorageError) -> None:
        self._call(self._failed, error)

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            log.debug("the loop was closed before storage was done")


def _placement(sync: KernelRing | KernelSync) -> Placement:
    """Return the ways of waiting that there are here."""
    ways = [Way.CACHED, Way.DIRECT]
    affinity = None
    if processors() > 1:
        affinity = thread_affinity()
        if sync.can_stay_awake:
            ways.append(Way.AWAKE)
    return Placement(affinity, ways)
