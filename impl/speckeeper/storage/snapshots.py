"""Snapshot files: which there are, whether one looks complete, and loading one into a tree.

Source: ZooKeeper ``FileSnap``, ``SnapStream``.
"""

import errno
import gc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from speckeeper.storage.errors import BadSnapshot, Unreadable, read_remedy
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.names import NamedFile, list_snapshots
from speckeeper.tree.datatree import DataTree, InvalidTree
from speckeeper.wire.errors import WireError
from speckeeper.wire.snapshot import SnapshotTrailer
from speckeeper.wire.snapshot_reader import SnapshotReader
from speckeeper.wire.txns import TxnDigest

CHUNK_SIZE = 1 << 20
_MIN_SIZE = 10
_TAIL = b"\x00\x00\x00\x01/"  # the last string of any snapshot is "/"
#: So many bytes tell how a snapshot is compressed.
HEAD_SIZE = 8
_MAGIC = {"gz": b"\x1f\x8b", "snappy": b"\x82SNAPPY\x00"}
_GZIP_WINDOW = 31  # zlib's number for a gzip header and trailer


def compression_of(head: bytes) -> str:
    """Return the compression of a snapshot by its first :data:`HEAD_SIZE` bytes, "" for none."""
    return next((name for name, magic in _MAGIC.items() if head.startswith(magic)), "")


def looks_complete(files: FileSystem, snapshot: NamedFile) -> bool:
    """Tell by a few bytes whether a snapshot may be whole, as ZooKeeper does before it reads one.

    (``SnapStream.isValidSnapshot``.) Raises Unreadable, or BadSnapshot where the disk has lost it.
    """
    try:
        head, tail = files.read_ends(snapshot.path, _MIN_SIZE)
    except OSError as error:
        raise _unread(snapshot.path, error) from error
    if snapshot.compression:
        return head.startswith(_MAGIC[snapshot.compression])
    return len(tail) >= _MIN_SIZE and tail.endswith(_TAIL)


def complete_snapshots(files: FileSystem, directory: Path) -> list[NamedFile]:
    """Return the snapshots that look complete, newest first. Raises Unreadable."""
    complete = []
    for snapshot in reversed(list_snapshots(files, directory)):
        with suppress(BadSnapshot):
            if looks_complete(files, snapshot):
                complete.append(snapshot)
    return complete


def snapshot_chunks(files: FileSystem, snapshot: NamedFile) -> Iterator[bytes]:
    """Return the decompressed content of a snapshot in chunks.

    Raises BadSnapshot; taking the chunks raises BadSnapshot and OSError.
    """
    plain = files.read_chunks(snapshot.path, CHUNK_SIZE)
    if snapshot.compression == "snappy":
        return _from_snappy(plain, snapshot.path)
    return _decompress(plain, snapshot.path) if snapshot.compression else plain


def _from_snappy(chunks: Iterator[bytes], path: Path) -> Iterator[bytes]:
    from speckeeper.storage import snappy  # few have such snapshots

    try:
        yield from snappy.decompress(chunks)
    except snappy.SnappyError as error:
        raise BadSnapshot(path, f"not whole as snappy: {error}") from error


def _decompress(chunks: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Undo gzip; a file may be several streams, one after the other."""
    stream = zlib.decompressobj(_GZIP_WINDOW)
    for chunk in chunks:
        while chunk:
            try:
                if stream.eof:
                    stream = zlib.decompressobj(_GZIP_WINDOW)
                data = stream.decompress(chunk, CHUNK_SIZE)
            except zlib.error as error:
                raise BadSnapshot(path, f"not gzip: {error}") from error
            chunk = stream.unused_data if stream.eof else stream.unconsumed_tail
            if data:
                yield data
    if not stream.eof:
        raise BadSnapshot(path, "the gzip stream is cut off")


def load_snapshot(files: FileSystem, snapshot: NamedFile, tree: DataTree) -> SnapshotTrailer:
    """Fill a tree from a snapshot; return what the snapshot says of its own end.

    Raises BadSnapshot or Unreadable, and then the tree is of no use. The garbage collector is off
    meanwhile: hundreds of thousands of new objects would make it walk all of them again and again.
    """
    try:
        with collector_off():
            reader = SnapshotReader(snapshot_chunks(files, snapshot))
            tree.load(reader.nodes(), reader.acls, reader.sessions, snapshot.zxid)
            trailer = reader.trailer
    except (WireError, InvalidTree) as error:
        raise BadSnapshot(snapshot.path, str(error)) from error
    except OSError as error:
        raise _unread(snapshot.path, error) from error
    if trailer.digest is not None and tree.digest_enabled:
        claimed = TxnDigest(trailer.digest.version, trailer.digest.digest)
        tree.digests.await_snapshot_digest(trailer.digest.zxid, claimed, snapshot.zxid)
        if trailer.digest.zxid == snapshot.zxid:  # nothing changed while it was written
            tree.digests.applied(snapshot.zxid, tree.digest, None)
    return trailer


def _unread(file: Path, error: OSError) -> BadSnapshot | Unreadable:
    """Tell a file that the disk has lost, for which an older one may stand in, from others."""
    if error.errno == errno.EIO:
        return BadSnapshot(file, f"cannot be read: {error.strerror or error}", read_remedy(error))
    return Unreadable(file, error)


@contextmanager
def collector_off() -> Iterator[None]:
    """Switch the cyclic garbage collector off for a while."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
