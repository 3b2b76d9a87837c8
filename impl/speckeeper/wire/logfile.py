"""The transaction log file: its header, the frame around each entry, and how a log ends.

An entry is a serialized transaction. In the file it stands as long Adler-32, int length, the
entry, and the byte 0x42; after the last one the file is padded with zeros. No I/O: this works on
a buffer or mmap.

How a log ends decides whether a server may start, so :func:`iter_entries` says more than "no
further entry". A record that was being written when the machine stopped is *torn*: it was never
acknowledged, and may be dropped. A record that was whole once and is not any more is *corrupt*:
to drop it would be to lose data. Since a log is zeros before it is written, a torn record always
lacks something: it runs past the end of the file, stops in zeros, or has a disk sector in it that
is still all zeros. A damaged record is complete and wrong, or has valid records behind it.

Source: ZooKeeper ``FileTxnLog``, ``FilePadding``, ``Util.writeTxnBytes``.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from zlib import adler32

from speckeeper.wire.errors import WireError
from speckeeper.wire.log_end import END_MARK, ENTRY_HEAD, LogEnd, judge_end

if TYPE_CHECKING:
    from mmap import mmap

    LogBuffer: TypeAlias = bytes | mmap

LOG_MAGIC = 0x5A4B4C47  # "ZKLG"
LOG_VERSION = 2

#: int magic, int version, long dbid
LOG_HEADER = Struct(">iiq")

_END = bytes((END_MARK,))


class LogHeader(NamedTuple):
    """The first 16 bytes of a log; ZooKeeper writes version 2 and dbid 0 and checks neither."""

    version: int
    dbid: int


def encode_log_header(dbid: int = 0) -> bytes:
    """Return the 16 bytes that a log file starts with."""
    return LOG_HEADER.pack(LOG_MAGIC, LOG_VERSION, dbid)


def decode_log_header(buffer: "LogBuffer") -> LogHeader:
    """Read the header of a log file; raises WireError if it is too short or not a log."""
    if len(buffer) < LOG_HEADER.size:
        raise WireError(f"a log starts with {LOG_HEADER.size} bytes, {len(buffer)} are there")
    magic, version, dbid = LOG_HEADER.unpack_from(buffer, 0)
    if magic != LOG_MAGIC:
        raise WireError(f"magic {magic & 0xFFFFFFFF:#010x} at offset 0 is not a transaction log's")
    return LogHeader(version, dbid)


def frame_entry(entry: bytes) -> bytes:
    """Return ``entry`` (a serialized transaction, not empty) as it stands in the log."""
    return b"".join((ENTRY_HEAD.pack(adler32(entry), len(entry)), entry, _END))


def frame_entries(entries: Iterable[bytes]) -> bytes:
    """Return several entries as they stand in the log, one after the other."""
    parts: list[bytes] = []
    for entry in entries:
        parts += (ENTRY_HEAD.pack(adler32(entry), len(entry)), entry, _END)
    return b"".join(parts)


class LogEntries:
    """The entries of one log, and how it ends: iterate, then look at ``end``.

    Yields (offset of the record, entry). The iteration stops at the first record that is not
    valid, at padding or at the end of the buffer; it never raises.
    """

    __slots__ = ("_buffer", "_end", "_position")

    def __init__(self, buffer: "LogBuffer", position: int) -> None:
        self._buffer = buffer
        self._position = position
        self._end: LogEnd | None = None

    @property
    def end(self) -> LogEnd:
        """How the log ends; known once the iteration is over."""
        if self._end is None:
            raise RuntimeError("the end of a log is known when all its entries were read")
        return self._end

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        buffer = self._buffer
        position = self._position
        head_at, head_size = ENTRY_HEAD.unpack_from, ENTRY_HEAD.size
        last = len(buffer) - head_size - 2
        while position <= last:
            checksum, length = head_at(buffer, position)
            start = position + head_size
            mark = start + length
            if length <= 0 or mark > last + head_size + 1 or buffer[mark] != END_MARK:
                break
            entry = buffer[start:mark]
            if adler32(entry) != checksum:
                break
            yield position, entry
            position = mark + 1
        self._end = judge_end(buffer, position)


def iter_entries(buffer: "LogBuffer", position: int = LOG_HEADER.size) -> LogEntries:
    """Return the entries of a log from ``position`` on, which must be the offset of a record."""
    return LogEntries(buffer, position)
