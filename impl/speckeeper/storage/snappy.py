"""Snappy as snapshots have it: the block stream of snappy-java, not the framing format.

A header (eight bytes of magic, a version and the lowest compatible version, both big-endian), then
blocks, each a big-endian length and so many bytes of raw snappy. Source: snappy-java
``SnappyOutputStream``, ``SnappyInputStream``, ``SnappyCodec``; ZooKeeper ``SnapStream``.
"""

import struct
from collections.abc import Iterator

from cramjam import DecompressionError, snappy

MAGIC = b"\x82SNAPPY\x00"
#: snappy-java's blocks; what is in a block is found again only within it.
BLOCK_SIZE = 32 << 10
# A block longer than this is damage, not content: nothing writes blocks of this size.
_MOST_BYTES = 64 << 20
_VERSION = 1
_WORD = struct.Struct(">i")
_HEADER = MAGIC + struct.pack(">ii", _VERSION, 1)
# What a stream begins with again where two files were appended to each other.
_MAGIC_WORD = _WORD.unpack(MAGIC[:4])[0]


class SnappyError(Exception):
    """Bytes that are no such stream; ``str()`` says where they cease to be."""


class SnappyCompressor:
    """Compresses one stream; the same calls as zlib's object."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._begun = False

    def compress(self, data: bytes) -> bytes:
        """Return what is ready of the stream, maybe nothing."""
        self._waiting += data
        whole = len(self._waiting) // BLOCK_SIZE * BLOCK_SIZE
        return self._take(whole) if whole else b""

    def flush(self) -> bytes:
        """Return the rest of the stream."""
        return self._take(len(self._waiting))

    def _take(self, size: int) -> bytes:
        parts = [] if self._begun else [_HEADER]
        self._begun = True
        for start in range(0, size, BLOCK_SIZE):
            block = bytes(self._waiting[start : min(start + BLOCK_SIZE, size)])
            raw = bytes(snappy.compress_raw(block))
            parts += (_WORD.pack(len(raw)), raw)
        del self._waiting[:size]
        return b"".join(parts)


def decompress(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Return the content of a stream, block by block; taking it raises SnappyError."""
    stream = _Stream(chunks)
    _read_header(stream, stream.take(len(MAGIC)))
    while head := stream.take(_WORD.size, end_allowed=True):
        (size,) = _WORD.unpack(head)
        if size == _MAGIC_WORD:
            _read_header(stream, head + stream.take(len(MAGIC) - _WORD.size))
            continue
        place = stream.position
        if not 0 < size <= _MOST_BYTES:
            raise SnappyError(f"a block of {size} bytes at offset {place}")
        raw = stream.take(size)
        try:
            if snappy.decompress_raw_len(raw) > _MOST_BYTES:
                raise SnappyError(f"a block that claims too much at offset {place}")
            yield bytes(snappy.decompress_raw(raw))
        except DecompressionError as error:
            raise SnappyError(f"not snappy at offset {place}: {error}") from error


def _read_header(stream: "_Stream", magic: bytes) -> None:
    if magic != MAGIC:
        raise SnappyError("not a stream of snappy-java: other bytes begin it")
    _, lowest = struct.unpack(">ii", stream.take(8))
    if lowest > _VERSION:
        raise SnappyError(f"it needs version {lowest} of the format, {_VERSION} is known")


class _Stream:
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._waiting = bytearray()
        self.position = 0

    def take(self, size: int, *, end_allowed: bool = False) -> bytes:
        """Return the next ``size`` bytes, none at the end if that may be here."""
        while len(self._waiting) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                if end_allowed and not self._waiting:
                    return b""
                raise SnappyError(f"cut off after {self.position + len(self._waiting)} bytes")
            self._waiting += chunk
        taken = bytes(self._waiting[:size])
        del self._waiting[:size]
        self.position += size
        return taken
