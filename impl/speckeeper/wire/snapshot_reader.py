"""Reading a snapshot from chunks: sessions, ACL lists, then the nodes one by one, then the trailer.

Layout: ``snapshot.py``. The nodes are read in a loop that unpacks a whole node from the current
chunk; what the loop cannot take (a node over the end of a chunk, null data, the end, bad bytes)
goes a slower way.

Source: ZooKeeper ``FileSnap.deserialize``, ``SnapStream.checkSealIntegrity``,
``DataTree.deserialize``, ``DataTree.deserializeZxidDigest``.
"""

from collections.abc import Iterable, Iterator
from struct import error as StructError
from zlib import adler32

from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import INT, LONG, Reader, decode_text
from speckeeper.wire.records import ACL, Id
from speckeeper.wire.snapshot import (
    NODE_TAIL,
    SEAL,
    SESSION,
    SNAPSHOT_HEADER,
    SNAPSHOT_MAGIC,
    NodeTuple,
    SnapshotDigest,
    SnapshotTrailer,
)

# More than all that can follow the nodes.
_TRAILER_LIMIT = 4096
_DIGEST_MASK = (1 << 64) - 1


class SnapshotReader:
    """Reads one snapshot: sessions and ACL lists at once, nodes when asked for, then the trailer.

    ``chunks`` are bytes of any sizes, for instance a file's in pieces of 1 MiB. With ``sealed``
    false they are a snapshot as a leader sends it: no header, no seals, no trailer; ``remainder``
    is what has been read beyond it. Building the reader and iterating :meth:`nodes` raise
    WireError, naming the offset, and no other error of their own. Memory goes to one chunk, and
    at most to what ``chunks`` really hold, whatever lengths the bytes claim.

    - ``sessions``: timeouts in ms by session id.
    - ``acls``: ACL lists by the ids that nodes use; -1 (not in the table) is world:anyone with
      all rights.
    - ``trailer``: digest and last zxid, as far as there; set when the nodes are over.
    """

    __slots__ = (
        "_base",
        "_buffer",
        "_checksum",
        "_chunks",
        "_position",
        "_sealed",
        "acls",
        "sessions",
        "trailer",
    )

    def __init__(self, chunks: Iterable[bytes], sealed: bool = True) -> None:
        self._chunks = iter(chunks)
        self._sealed = sealed
        self._buffer = b""
        self._position = 0  # of what comes next, in the buffer
        self._base = 0  # offset of the buffer in the snapshot
        self._checksum = 1  # of all ahead of the buffer; 1 is the Adler-32 of nothing
        self.trailer = SnapshotTrailer()
        if sealed:
            magic, _version, _dbid = SNAPSHOT_HEADER.unpack(self._take(SNAPSHOT_HEADER.size))
            if magic != SNAPSHOT_MAGIC:
                raise WireError(f"magic {magic & 0xFFFFFFFF:#010x} at offset 0 is not a snapshot's")
        self.sessions = self._read_sessions()
        self.acls = self._read_acls()

    @property
    def remainder(self) -> bytes:
        """Bytes that were in the last chunk behind what has been read."""
        return self._buffer[self._position :]

    def nodes(self) -> Iterator[NodeTuple]:
        """Yield the nodes in their order in the snapshot; then check the seals and set ``trailer``.

        A checksum can only be told at the end, so nodes are provisional until the iterator is
        exhausted.
        """
        int_at, tail_at, tail_size = INT.unpack_from, NODE_TAIL.unpack_from, NODE_TAIL.size
        buffer, position = self._buffer, self._position
        while True:
            try:
                path = position + 4
                path_end = path + int_at(buffer, position)[0]
                if path_end > path + 1:
                    data = path_end + 4
                    data_end = data + int_at(buffer, path_end)[0]
                    if data_end >= data:
                        # "+", because unpacking into a tuple goes by way of a list.
                        head = (buffer[path:path_end].decode(), buffer[data:data_end])
                        node = head + tail_at(buffer, data_end)
                        position = data_end + tail_size
                        yield node
                        continue
            except (StructError, UnicodeDecodeError):
                pass
            self._position = position
            unusual = self._read_node()
            buffer, position = self._buffer, self._position
            if unusual is None:
                break
            yield unusual
        if self._sealed:
            self._read_trailer()

    def _read_node(self) -> NodeTuple | None:
        """Read any node, over the end of the chunk if need be; None at the end of the nodes."""
        start = self._base + self._position
        raw = self._take_buffer()
        if raw is None:
            raise WireError(f"path of a node at offset {start} is null")
        if raw == b"/":
            return None
        data = self._take_buffer()
        tail = NODE_TAIL.unpack(self._take(NODE_TAIL.size))
        return (decode_text(raw), data, *tail)

    def _read_sessions(self) -> dict[int, int]:
        sessions = {}
        for _ in range(self._take_int()):
            session_id, timeout = SESSION.unpack(self._take(SESSION.size))
            sessions[session_id] = timeout
        return sessions

    def _read_acls(self) -> dict[int, tuple[ACL, ...]]:
        acls = {}
        for _ in range(self._take_int()):
            start = self._base + self._position
            acl_id: int = LONG.unpack(self._take(LONG.size))[0]
            count = self._take_int()
            if count == -1:
                raise WireError(f"ACL list {acl_id} at offset {start} is null")
            acls[acl_id] = tuple([self._read_acl() for _ in range(count)])
        return acls

    def _read_acl(self) -> ACL:
        perms = self._take_int()
        scheme = self._take_buffer() or b""
        return ACL(perms, Id(decode_text(scheme), decode_text(self._take_buffer() or b"")))

    def _read_trailer(self) -> None:
        """Check the seal of the body, and read the sealed parts behind it.

        Which parts there are is nowhere said: each is known by the seal that must follow it. What
        comes behind the last one is ignored, as in ZooKeeper.
        """
        self._fill(_TRAILER_LIMIT, at_least=0)
        if not self._take_sealed(0):
            raise WireError(f"seal at offset {self._base} does not match the snapshot")
        digest = self._take_digest()
        last_zxid = self._take_last_zxid()
        if last_zxid is None and self.remainder:
            where = self._base + self._position
            raise WireError(f"seal of the part at offset {where} does not match")
        self.trailer = SnapshotTrailer(digest, last_zxid)

    def _take_digest(self) -> SnapshotDigest | None:
        """Take digest and seal, if that is what follows."""
        reader = Reader(self._buffer, self._position)
        try:
            zxid = reader.long()
            version = reader.int()
            # A hexadecimal string in the first version.
            value = int(reader.ustring() or "0", 16) if version < 2 else reader.long()
        except (WireError, ValueError):
            return None
        if not self._take_sealed(reader.position - self._position):
            return None
        return SnapshotDigest(zxid, version, value & _DIGEST_MASK)

    def _take_last_zxid(self) -> int | None:
        """Take the last processed zxid and its seal, if that is what follows."""
        start = self._position
        if not self._take_sealed(LONG.size):
            return None
        last_zxid: int = LONG.unpack_from(self._buffer, start)[0]
        return last_zxid

    def _take_sealed(self, size: int) -> bool:
        """Step over the next ``size`` bytes and a seal; if the seal is not there or wrong, stay."""
        seal = self._position + size
        end = seal + SEAL.size
        if end > len(self._buffer):
            return False
        checksum = adler32(self._buffer[:seal], self._checksum)
        if SEAL.unpack_from(self._buffer, seal) != (checksum, 1, b"/"):
            return False
        self._position = end
        return True

    def _take_int(self) -> int:
        value: int = INT.unpack(self._take(INT.size))[0]
        return value

    def _take_buffer(self) -> bytes | None:
        length = self._take_int()
        if length == -1:
            return None
        if length < 0:
            where = self._base + self._position - INT.size
            raise WireError(f"unreasonable length {length} at offset {where}")
        return self._take(length)

    def _take(self, size: int) -> bytes:
        """Return the next ``size`` bytes, over the end of the chunk if need be."""
        if self._position + size > len(self._buffer):
            self._fill(size, at_least=size)
        start = self._position
        self._position = start + size
        return self._buffer[start : start + size]

    def _fill(self, size: int, at_least: int) -> None:
        """Make the buffer start at the current position and hold ``size`` bytes, or all there are.

        Raises WireError if there are fewer than ``at_least``.
        """
        position = self._position
        self._checksum = adler32(self._buffer[:position], self._checksum)
        self._base += position
        parts = [self._buffer[position:]]
        length = len(parts[0])
        while length < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            length += len(chunk)
        self._buffer = b"".join(parts)
        self._position = 0
        if length < at_least:
            raise WireError(
                f"snapshot ends at offset {self._base + length}, inside what starts at {self._base}"
            )
