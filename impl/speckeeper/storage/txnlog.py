"""The transaction log on files: append, commit, roll.

A file is named by its first transaction and created with it; it grows by ``preAllocSize`` of
zeros, which are cut off when the file is left behind. They are a hole at first, so a server that
writes little takes no 64 MiB; but now and then a write takes some more zeros with it, which go to
the disk before anything else comes to their place. A commit within them changes no metadata: on
ext4 it takes half of the time and of the processor of one that fills a part of a hole, or of what
``posix_fallocate`` leaves.

An OSError makes the log fail for good (:class:`DiskFailure`): what the disk holds after a failed
write or sync is unknown, and a later sync may claim success for pages the kernel has dropped.

Source: ZooKeeper ``FileTxnLog``, ``FilePadding``. The directory is synced too when a file is
created, which ZooKeeper leaves to the operating system.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter, thread_time
from typing import NamedTuple

from speckeeper.storage.direct_file import (
    BLOCK,
    MOST_BYTES,
    DirectFile,
    DirectFiles,
    open_direct_file,
)
from speckeeper.storage.errors import DiskFailure
from speckeeper.storage.interface import Entry, FileSystem
from speckeeper.storage.names import log_name
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.logfile import encode_log_header, frame_entries

# A commit that leaves less than this to the end of the file makes the next step of padding.
PADDING_RESERVE = 4096
# So many zeros are written behind a group that has come to the end of those there are.
BLANK_STEP = 256 << 10
_FRAME_SIZE = 13
# Who looks after a sync every LOOK_S and hears of its end a good deal later was held up itself.
LOOK_S = 0.05
_HELD_UP_S = 2 * LOOK_S
_BOUNDLESS = 1 << 62


class Synced(NamedTuple):
    """One commit: the time of write and sync, what it carried; ``slow``: over the threshold."""

    file: Path
    elapsed_ms: float
    transactions: int
    size: int
    slow: bool


class TxnLog:
    """The log files of one server, written by one thread.

    ``last_zxid``: where the log ends now; appended zxids must be greater. ``on_synced`` is told of
    every commit, on the committing thread.
    """

    def __init__(
        self,
        settings: StorageSettings,
        files: FileSystem,
        last_zxid: int,
        on_synced: Callable[[Synced], None] | None = None,
        direct_files: DirectFiles | None = open_direct_file,
    ) -> None:
        """``direct_files`` opens files for writes past the page cache; None: there are none."""
        self._direct_files = direct_files
        self._direct: DirectFile | None = None
        self._files = files
        self._directory = settings.log_directory
        self._step = max(settings.pre_alloc_size_kb, 0) * 1024
        self._limit = settings.txn_log_size_limit_kb * 1024
        self._sync = settings.force_sync
        self._slow_ms = settings.fsync_warning_threshold_ms
        self._on_synced = on_synced
        self._path = self._directory
        self._handle: int | None = None
        self._position = 0
        self._blank = 0  # up to here the file is written: what is behind the position with zeros
        self._size = 0
        self._room = 0  # a write that ends before this leaves the size of the file as it is
        self._group: list[bytes] = []
        self._group_start = 0
        self._group_bytes = 0
        self._last_zxid = last_zxid
        self._committed_zxid = -1
        self._operation = ""
        self._started = 0.0
        self._looked = 0.0  # at this moment the sync under way was not done
        self._looked_cpu = 0.0  # and the thread had used so much of a processor
        self.elapsed_s = 0.0
        """How long the last commit took; never too long, see :meth:`end_commit`."""
        self._synced: tuple[Path, int, int] | None = None
        self._failure: DiskFailure | None = None

    @property
    def file(self) -> Path | None:
        """The file being written, None before the first transaction and after a roll."""
        return None if self._handle is None else self._path

    @property
    def position(self) -> int:
        """How much of the file is used, in bytes."""
        return self._position

    def append(self, entries: Iterable[Entry]) -> int:
        """Add transactions to the group; return its size in bytes.

        Raises ValueError where a zxid does not rise, DiskFailure after a failure.
        """
        if self._failure is not None:
            raise self._failure
        group, last, size = self._group, self._last_zxid, self._group_bytes
        for zxid, entry in entries:
            if zxid <= last:
                raise ValueError(f"transaction {zxid:#x} after {last:#x}")
            if not group:
                self._group_start = zxid
            group.append(entry)
            size += len(entry) + _FRAME_SIZE
            last = zxid
        self._last_zxid = last
        self._group_bytes = size
        return size

    def commit(self) -> int:
        """Make the group durable and return the last zxid that is. Raises DiskFailure."""
        persisted = self._commit()
        self.report()
        return persisted

    def _commit(self) -> int:
        if self._failure is not None:
            raise self._failure
        group = self._group
        if not group:
            return self._committed_zxid
        self._started = perf_counter()
        try:
            self._write(frame_entries(group))
        except OSError as error:
            raise self.fail(error) from error
        return self._end_group()

    def commit_in_place(self, direct: bool = False) -> int | None:
        """Make the group durable by one write; return the last zxid that is.

        ``direct``: past the page cache, where that is possible. It is for who goes on so: a write
        by way of the cache has to read what is not in it any more.

        None, and nothing is written, where that takes more (as in :meth:`begin_commit`). Raises
        DiskFailure. Call :meth:`report` once the group is acknowledged.
        """
        return None if self._write_in_place(True, direct) is None else self._end_group()

    def begin_commit(self) -> int | None:
        """Write the group; return the handle that has to be synced before :meth:`end_commit`.

        None, and nothing is written, where a commit takes more than that (a new file, more
        padding, a log that is not to be synced): :meth:`commit` does it. Raises DiskFailure.
        """
        handle = self._write_in_place(False)
        self._operation = "sync"
        self.still_syncing()
        return handle

    def still_syncing(self) -> None:
        """Take note that the handle is not synced yet; to be called every :data:`LOOK_S`."""
        self._looked, self._looked_cpu = perf_counter(), thread_time()

    def end_commit(self, heard: bool = False) -> int:
        """The handle was synced: return the last zxid that is durable. May roll the log.

        ``heard``: the thread was told of it, and had other things to do meanwhile. When it was done
        is not known then. It was not when it was last looked at; of the time since then, what the
        thread has worked is not counted as the disk's, and none of it where the thread did not
        come to look again. So the disk is not blamed for a busy processor.

        Call :meth:`report` once the group is acknowledged.
        """
        return self._end_group(self._heard_of() if heard else None)

    def _heard_of(self) -> float:
        """Return up to when the sync under way took, as far as that is known."""
        since_s = perf_counter() - self._looked
        if since_s > _HELD_UP_S:
            return self._looked
        return self._looked + max(since_s - (thread_time() - self._looked_cpu), 0.0)

    def _write_in_place(self, sync: bool, direct: bool = False) -> int | None:
        """Write the group where it leaves the size of the file; return the handle, or None."""
        if self._failure is not None:
            raise self._failure
        end = self._position + self._group_bytes
        if end >= self._room or not self._sync or not self._group:
            return None
        self._started = perf_counter()
        self._operation = "write and sync" if sync else "write"
        try:
            data = frame_entries(self._group)
            if not direct or not self._put_directly(data):
                self._put(data, sync)
        except OSError as error:
            raise self.fail(error) from error
        self._position = end
        return self._handle

    def _end_group(self, done: float | None = None) -> int:
        """Account for a group that is durable since ``done``, or since now."""
        self.elapsed_s = (perf_counter() if done is None else done) - self._started
        self._committed_zxid = self._last_zxid
        self._synced = (self._path, len(self._group), self._group_bytes)
        self._group = []
        self._group_bytes = 0
        if 0 < self._limit < self._position:
            self.roll()
        return self._committed_zxid

    def report(self) -> None:
        """Tell ``on_synced`` of the last commit, unless that was done."""
        synced, self._synced = self._synced, None
        if synced is not None and self._on_synced is not None:
            path, transactions, size = synced
            elapsed_ms = self.elapsed_s * 1000
            slow = elapsed_ms > self._slow_ms
            self._on_synced(Synced(path, elapsed_ms, transactions, size, slow))

    def roll(self) -> None:
        """Commit, and let the next transaction start a new file. Raises DiskFailure."""
        self.commit()
        handle = self._handle
        if handle is None:
            return
        self._handle = None
        self._room = 0
        try:
            self._operation = "cut off the padding"
            self._files.resize(handle, self._position)
            self._operation = "close"
            self._close_direct()
            self._files.close(handle)
        except OSError as error:
            raise self.fail(error) from error

    def close(self) -> None:
        """Commit and close. After a failure: only give the file back."""
        if self._failure is None:
            self.roll()
        elif self._handle is not None:
            handle, self._handle = self._handle, None
            self._close_direct()
            self._files.close(handle)

    def _write(self, data: bytes) -> None:
        if self._handle is None:
            self._create(data)
            return
        end = self._position + len(data)
        if end < self._room:
            self._operation = "write and sync" if self._sync else "write"
            self._put(data, self._sync)
        else:
            self._grow(end)
            self._operation = "write"
            self._put(data, False)
            if self._sync:
                self._operation = "sync"
                self._files.sync(self._handle)
        self._position = end

    def _create(self, data: bytes) -> None:
        """Make the file of the group's first transaction, durably: data, size and name."""
        self._path = self._directory / log_name(self._group_start)
        self._operation = "create"
        # Recovery has removed an empty file of this name; one with transactions in it would mean
        # that zxids are used twice.
        self._handle = self._files.create(self._path, exclusive=True)
        self._position = self._blank = self._size = 0
        data = encode_log_header() + data
        self._grow(len(data))
        self._operation = "write"
        self._put(data, False)
        if self._sync:
            self._operation = "sync"
            self._files.sync(self._handle)
            self._operation = "sync the directory"
            self._files.sync_directory(self._directory)
        self._position = len(data)

    def _grow(self, end: int) -> None:
        step = self._step
        if not step:
            self._room = _BOUNDLESS
            return
        self._operation = "extend"
        self._size = (end + PADDING_RESERVE + step) // step * step
        assert self._handle is not None
        self._files.resize(self._handle, self._size)
        self._room = self._size - PADDING_RESERVE

    def _put(self, data: bytes, sync: bool) -> None:
        """Write at the position, and more zeros behind if there were not enough."""
        assert self._handle is not None
        end = self._position + len(data)
        if end > self._blank and self._step:
            self._blank = min(end + BLANK_STEP, self._size)
            data += bytes(self._blank - end)
        written = self._files.write(self._handle, data, self._position, sync)
        if written != len(data):
            raise OSError(f"{written} of {len(data)} bytes written, the disk may be full")

    def _put_directly(self, data: bytes) -> bool:
        """Write at the position, past the page cache; False where that is not possible.

        Only into blocks that are zeros on the disk behind the position.
        """
        end = self._position + len(data)
        if self._direct_files is None or len(data) > MOST_BYTES or end + BLOCK > self._blank:
            return False
        if self._direct is None:
            assert self._handle is not None
            self._direct = self._direct_files(self._path, self._handle)
        if self._direct is not None and self._direct.write(data, self._position):
            return True
        self._direct_files = None  # the file system or the disk does not have it
        return False

    def _close_direct(self) -> None:
        direct, self._direct = self._direct, None
        if direct is not None:
            direct.close()

    def fail(self, error: OSError) -> DiskFailure:
        """Give the log up because of ``error``: return what it raises from now on."""
        self._failure = DiskFailure.of(self._path, self._operation, error)
        return self._failure
