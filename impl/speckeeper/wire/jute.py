"""Jute, ZooKeeper's record encoding: big-endian integers, length-prefixed buffers and vectors.

A record is its fields in order, without header or tag. :class:`Reader` takes fields off a buffer,
the ``encode_*`` functions return bytes. Where speed matters other modules unpack the same layout
by hand and fall back to the reader for whatever is unusual, so the reader's rules are the rules.

Source: ZooKeeper ``BinaryInputArchive`` and ``BinaryOutputArchive``.
"""

from collections.abc import Callable, Collection
from struct import Struct
from typing import Any, TypeVar

from speckeeper.wire.errors import WireError

T = TypeVar("T")

INT = Struct(">i")
LONG = Struct(">q")

NULL = INT.pack(-1)
EMPTY = INT.pack(0)
TRUE = b"\x01"
FALSE = b"\x00"


def decode_text(raw: bytes) -> str:
    """Turn the bytes of a ustring into text; never fails and never yields a surrogate code point.

    Plain UTF-8 first. Java's writer encodes a character beyond U+FFFF as two surrogates of three
    bytes each (CESU-8), and those are joined again. Anything else that is not UTF-8 becomes
    U+FFFD, as in Java, whose decoder does not refuse it either; path validation later refuses
    that character.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _decode_odd_text(raw)


def _decode_odd_text(raw: bytes) -> str:
    """Decode what is not UTF-8."""
    if 0xED in raw:  # as every surrogate starts
        try:
            halves = raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            pass
        else:
            return halves.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    return raw.decode("utf-8", "replace")


class Reader:
    """Takes jute fields off ``buffer[position:end]``, in order.

    ``buffer`` is bytes, or anything whose slices are bytes (mmap). Every length is checked
    against what remains before anything is allocated; every method raises :class:`WireError` and
    nothing else.
    """

    __slots__ = ("_buffer", "end", "position")

    def __init__(self, buffer: bytes, position: int = 0, end: int | None = None) -> None:
        size = len(buffer)
        self._buffer = buffer
        self.position = position
        self.end = size if end is None or end > size else end

    def _take(self, size: int, what: str) -> int:
        """Step over the next ``size`` bytes and return where they start."""
        start = self.position
        if size > self.end - start:
            left = max(self.end - start, 0)
            raise WireError(f"{what} of {size} bytes expected at offset {start}, {left} bytes left")
        self.position = start + size
        return start

    def boolean(self) -> bool:
        """Return one byte as truth: any value but 0 is true, as in Java's ``readBoolean``."""
        return self._buffer[self._take(1, "boolean")] != 0

    def byte(self) -> int:
        """Return one signed byte."""
        value = self._buffer[self._take(1, "byte")]
        return value - 256 if value > 127 else value

    def long(self) -> int:
        """Return a signed 64-bit integer."""
        value: int = LONG.unpack_from(self._buffer, self._take(8, "long"))[0]
        return value

    def fixed(self, layout: Struct) -> tuple[Any, ...]:
        """Return the fields of a fixed layout."""
        return layout.unpack_from(self._buffer, self._take(layout.size, "record"))

    def buffer(self) -> bytes | None:
        """Return a length-prefixed run of bytes; None for length -1."""
        start = self.position
        data = start + 4
        if data > self.end:
            self._take(4, "int")  # raises
        length: int = INT.unpack_from(self._buffer, start)[0]
        data_end = data + length
        if data_end > self.end:
            self.position = data
            self._take(length, "buffer")  # raises
        if length >= 0:
            self.position = data_end
            return self._buffer[data:data_end]
        if length == -1:
            self.position = data
            return None
        raise WireError(f"unreasonable length {length} at offset {start}")

    def ustring(self) -> str | None:
        """Return a length-prefixed string; None for length -1."""
        raw = self.buffer()
        if raw is None:
            return None
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return _decode_odd_text(raw)

    def text(self, what: str) -> str:
        """Return a string that may not be null; ``what`` names the field in the error."""
        start = self.position
        value = self.ustring()
        if value is None:
            raise WireError(f"{what} at offset {start} is null")
        return value

    def vector(self, item: Callable[["Reader"], T]) -> list[T] | None:
        """Return as many ``item(reader)`` as the count says; None for count -1.

        Another negative count is an empty vector, as in Java. A hostile count costs nothing: the
        list grows only by items that were really there, so ``item`` must consume at least one
        byte.
        """
        count = self.int()
        if count == -1:
            return None
        return [item(self) for _ in range(count)]

    def texts(self, what: str) -> list[str] | None:
        """Return a vector of strings that may not be null; None for count -1.

        A loop of its own, because there may be very many of them (setWatches, closeSession).
        """
        count = self.int()
        if count == -1:
            return None
        items: list[str] = []
        append, int_at = items.append, INT.unpack_from
        buffer, position, end = self._buffer, self.position, self.end
        for _ in range(count):
            start = position + 4
            if start <= end:
                stop = start + int_at(buffer, position)[0]
                if start <= stop <= end:
                    raw = buffer[start:stop]
                    try:
                        append(raw.decode())
                    except UnicodeDecodeError:
                        append(_decode_odd_text(raw))
                    position = stop
                    continue
            self.position = position
            append(self.text(what))
            position = self.position
        self.position = position
        return items

    def skip(self, expected: bytes) -> bool:
        """Step over ``expected`` if exactly these bytes come next; tell whether they did."""
        end = self.position + len(expected)
        if end > self.end or self._buffer[self.position : end] != expected:
            return False
        self.position = end
        return True

    def within(self, end: int) -> "Reader":
        """Return a reader over what follows up to ``end``, an offset in the same buffer."""
        return Reader(self._buffer, self.position, min(end, self.end))

    def at_end(self) -> bool:
        """Tell whether all of the range has been read."""
        return self.position >= self.end

    # Last, because in the class body the name hides the type.
    def int(self) -> int:
        """Return a signed 32-bit integer."""
        value: int = INT.unpack_from(self._buffer, self._take(4, "int"))[0]
        return value


def encode_buffer(data: bytes | None) -> bytes:
    """Return ``data`` behind its length; None is length -1."""
    return NULL if data is None else INT.pack(len(data)) + data


def encode_ustring(text: str | None) -> bytes:
    """Return ``text`` as UTF-8 behind its length in bytes; None is length -1.

    Plain UTF-8, which every reader understands; Java's own writer differs beyond U+FFFF (see
    :func:`decode_text`).
    """
    if text is None:
        return NULL
    raw = text.encode()
    return INT.pack(len(raw)) + raw


def encode_vector(items: Collection[T] | None, encode_item: Callable[[T], bytes]) -> bytes:
    """Return the count and the encoded items; None is count -1."""
    if items is None:
        return NULL
    return INT.pack(len(items)) + b"".join(map(encode_item, items))
