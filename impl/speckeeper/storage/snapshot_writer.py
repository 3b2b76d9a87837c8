"""Writing a snapshot while the server runs: encoding in slices, everything slow on another thread.

The tree can only be read by the thread that changes it, so the event loop calls :meth:`step` now
and then for a fraction of a millisecond; the bytes go to a thread that compresses, writes and
syncs. The file has its name only when it is durable: ``snapshot.<zxid>.tmp``, fsync, rename, fsync
of the directory.

Source: ZooKeeper ``FileSnap.serialize``, ``SnapStream.getOutputStream``,
``AtomicFileOutputStream``.
"""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Protocol

from speckeeper.storage.errors import DataDirError, DiskFailure, StorageError
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import TEMPORARY_SUFFIX, NamedFile, snapshot_name
from speckeeper.storage.settings import StorageSettings
from speckeeper.tree.datatree import DataTree
from speckeeper.tree.digest import DIGEST_VERSION
from speckeeper.wire.snapshot import SnapshotDigest, SnapshotTrailer, encode_snapshot

#: Size of what the encoder makes in one go: about 0.1 ms of the event loop's time.
SLICE_BYTES = 16 << 10
#: What goes to the disk thread at a time, so that it seldom needs the interpreter lock.
BATCH_BYTES = 256 << 10
#: Encoding waits when this much has not been written yet.
BACKLOG_BYTES = 8 << 20
#: The file is synced this often, so that the last sync is short and the log's do not queue behind.
SYNC_BYTES = 8 << 20


def snapshot_of(
    tree: DataTree, settings: StorageSettings, chunk_size: int = SLICE_BYTES
) -> Iterator[bytes]:
    """Return the chunks of a snapshot of the tree; the tree may change while they are taken."""

    def trailer() -> SnapshotTrailer:
        zxid = tree.last_processed_zxid
        return SnapshotTrailer(
            SnapshotDigest(zxid, DIGEST_VERSION, tree.digest) if tree.digest_enabled else None,
            zxid if settings.serialize_last_processed_zxid else None,
        )

    return encode_snapshot(tree.sessions, tree.acls.table(), tree.walk(), trailer, chunk_size)


class Compressor(Protocol):
    """What zlib's compressing objects can do."""

    def compress(self, data: bytes, /) -> bytes:
        """Take data, and return what is ready of the stream."""

    def flush(self) -> bytes:
        """Return the rest of the stream."""


def _compressor(method: str) -> Compressor | None:
    if not method:
        return None
    if method == "gz":
        return zlib.compressobj(6, zlib.DEFLATED, 31)
    if method == "snappy":
        from speckeeper.storage.snappy import SnappyCompressor  # few ask for it

        return SnappyCompressor()
    raise DataDirError(
        "snapshot.compression.method",
        f"{method!r} is not supported",
        "use gz or snappy, or leave it empty",
    )


class SnapshotFile:
    """One snapshot file being written: ``add`` all chunks, then ``commit``, or ``discard``."""

    def __init__(self, files: FileSystem, directory: Path, zxid: int, compression: str) -> None:
        self._files = files
        self._target = directory / snapshot_name(zxid, compression)
        self._temporary = self._target.with_name(self._target.name + TEMPORARY_SUFFIX)
        self._zxid = zxid
        self._compression = compression
        self._compress = _compressor(compression)
        self._handle: int | None = None
        self._position = 0
        self._synced = 0

    def add(self, data: bytes) -> None:
        """Write a piece of the content. Raises DiskFailure."""
        if self._compress is not None:
            data = self._compress.compress(data)
        try:
            if self._handle is None:
                self._handle = self._files.create(self._temporary, exclusive=False)
            self._write(data)
        except OSError as error:
            raise DiskFailure.of(self._temporary, "write", error) from error

    def commit(self) -> NamedFile:
        """Make the file durable and give it its name. Raises DiskFailure."""
        try:
            if self._compress is not None:
                self._write(self._compress.flush())
            assert self._handle is not None
            self._files.sync(self._handle)
            handle, self._handle = self._handle, None
            self._files.close(handle)
            self._files.rename(self._temporary, self._target)
            self._files.sync_directory(self._target.parent)
        except OSError as error:
            raise DiskFailure.of(self._temporary, "sync", error) from error
        return NamedFile(self._zxid, self._target, self._compression)

    def discard(self) -> None:
        """Give up: close and remove what was written, as far as that is possible."""
        try:
            if self._handle is not None:
                handle, self._handle = self._handle, None
                self._files.close(handle)
            if self._files.exists(self._temporary):
                self._files.remove(self._temporary)
        except OSError:
            pass  # the next start removes it

    def _write(self, data: bytes) -> None:
        if not data:
            return
        assert self._handle is not None
        written = self._files.write(self._handle, data, self._position, sync=False)
        if written != len(data):
            raise OSError(f"{written} of {len(data)} bytes written, the disk may be full")
        self._position += written
        if self._position - self._synced >= SYNC_BYTES:
            self._files.sync(self._handle)
            self._synced = self._position


def write_snapshot(
    files: FileSystem, settings: StorageSettings, tree: DataTree, zxid: int
) -> NamedFile:
    """Write a snapshot in one go, for a server that serves nobody yet. Raises DiskFailure."""
    file = SnapshotFile(
        files, settings.snapshot_directory, zxid, settings.snapshot_compression_method
    )
    try:
        for chunk in snapshot_of(tree, settings):
            file.add(chunk)
        return file.commit()
    except BaseException:
        file.discard()
        raise


class SnapshotWriter:
    """Writes a snapshot of a tree that is changing.

    Create it at the moment whose zxid names the snapshot, call :meth:`step` until it returns True;
    then ``on_done(file)`` or ``on_failure(error)`` is called on the writing thread.
    """

    def __init__(
        self,
        file: SnapshotFile,
        chunks: Iterator[bytes],
        on_done: Callable[[NamedFile], None],
        on_failure: Callable[[StorageError], None],
        last_zxid: Callable[[], int] = lambda: 0,
        is_durable: Callable[[int], bool] = lambda zxid: True,
    ) -> None:
        """``last_zxid``: how far the tree has come, ``is_durable``: whether the log has come there.

        What the tree had when its last node was encoded must be in the log before the snapshot is.
        """
        self._file = file
        self._chunks = chunks
        self._last_zxid = last_zxid
        self._is_durable = is_durable
        self._upto: int | None = None
        self._on_done = on_done
        self._on_failure = on_failure
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._batch: list[bytes] = []
        self._batch_bytes = 0
        self._handed_over = 0
        self._written = 0
        self._failed = False
        self._aborted = False
        self._thread = Thread(target=self._run, name="snapshot", daemon=True)
        self._thread.start()

    def step(self, budget_s: float) -> bool:
        """Encode for about this long; True when the rest is up to the thread.

        Returns at once, having done nothing, while the disk is behind, also with the log: a
        snapshot that holds changes beyond the end of the log could not be recovered from.
        """
        if self._failed or self._aborted:
            return True
        deadline = perf_counter() + budget_s
        while self._handed_over - self._written < BACKLOG_BYTES:
            chunk = next(self._chunks, None)
            if chunk is None:
                if self._upto is None:
                    self._upto = self._last_zxid()
                if not self._is_durable(self._upto):
                    return False
                self._hand_over()
                self._queue.put(None)
                return True
            self._batch.append(chunk)
            self._batch_bytes += len(chunk)
            if self._batch_bytes >= BATCH_BYTES:
                self._hand_over()
            if perf_counter() >= deadline:
                break
        return False

    def abort(self) -> None:
        """Stop half-way, as when the server stops; what was written is removed."""
        self._aborted = True
        self._queue.put(None)
        self._thread.join()

    def join(self) -> None:
        """Wait for the thread; only after :meth:`step` has returned True."""
        self._thread.join()

    def _hand_over(self) -> None:
        self._handed_over += self._batch_bytes
        self._queue.put(b"".join(self._batch))
        self._batch.clear()
        self._batch_bytes = 0

    def _run(self) -> None:
        file = self._file
        try:
            while (data := self._queue.get()) is not None and not self._aborted:
                file.add(data)
                self._written += len(data)
            if self._aborted:
                file.discard()
                return
            done = file.commit()
        except Exception as error:  # noqa: BLE001  (unheard, the next snapshot would never begin)
            self._failed = True
            file.discard()
            if not isinstance(error, StorageError):
                error = StorageError("snapshot", f"{error!r}", "report this as a defect")
            self._on_failure(error)
        else:
            self._on_done(done)
