"""What follows the last valid record of a log: nothing, a torn record, or damage.

The facts are gathered first (:class:`LogEnd`), the verdict is a table over them
(:func:`verdict`), so that who recovers a log can decide by other rules than the verdict's.
"""

import re
from enum import Enum
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple
from zlib import adler32

if TYPE_CHECKING:
    from speckeeper.wire.logfile import LogBuffer

#: long Adler-32 of the entry, int length of the entry
ENTRY_HEAD = Struct(">qi")
#: The byte after an entry.
END_MARK = 0x42

#: Smallest unit that a disk writes whole.
SECTOR_SIZE = 512

_SCAN_SIZE = 1 << 20
_ZEROS = bytes(_SCAN_SIZE)

# What every record looks like from its first byte: the checksum's high half is zero, the length
# is not negative, and the type at the end of the transaction's header is one that exists.
_RECORD = re.compile(
    rb"(?=\0{4}.{4}[\0-\x7f].{3}.{28}(?:\0\0\0[\x01-\x15]|\xff\xff\xff[\xf5\xf6\xff]))",
    re.DOTALL,
)


class EndKind(Enum):
    """The verdict on the end of a log."""

    CLEAN = "clean end"
    TORN = "torn record"
    CORRUPT = "corrupt record"


class EndReason(Enum):
    """Why there is no further valid record."""

    END_OF_FILE = "end of file"
    PADDING = "only zeros follow"
    CUT_HEAD = "the file ends inside checksum and length"
    NO_LENGTH = "length is zero, but bytes follow"
    NO_RECORD = "the checksum is not one"
    BAD_LENGTH = "length is not that of the record"
    PAST_END = "record runs past the end of the file"
    NO_END_MARK = "record does not end with 0x42"
    CHECKSUM = "checksum does not match"


class LogEnd(NamedTuple):
    """How a log ends, at ``offset``: the end of the last valid record.

    - ``length``: what the record there claims as its length, None if there is none to read.
    - ``unwritten``: part of the record is zeros as if it had never been written.
    - ``nonzero_after``: there are bytes other than zero behind the record that ends the log.
    - ``next_valid``: offset of a valid record further on, None if there is none.
    """

    kind: EndKind
    reason: EndReason
    offset: int
    length: int | None = None
    unwritten: bool = False
    nonzero_after: bool = False
    next_valid: int | None = None

    def __str__(self) -> str:
        """Say in one line what is wrong, with offsets."""
        text = f"{self.kind.value} at offset {self.offset}: {self.reason.value}"
        if self.next_valid is not None:
            text += f"; a valid record follows at offset {self.next_valid}"
        return text


def verdict(reason: EndReason, unwritten: bool, next_valid: int | None) -> EndKind:
    """Tell from the facts whether the log is clean, torn or corrupt there."""
    match reason:
        case EndReason.END_OF_FILE | EndReason.PADDING:
            return EndKind.CLEAN
        case _ if next_valid is not None:
            return EndKind.CORRUPT
        case EndReason.NO_RECORD | EndReason.BAD_LENGTH:
            return EndKind.CORRUPT
        case EndReason.CUT_HEAD | EndReason.PAST_END:
            return EndKind.TORN
        case EndReason.NO_LENGTH | EndReason.NO_END_MARK | EndReason.CHECKSUM:
            return EndKind.TORN if unwritten else EndKind.CORRUPT


def judge_end(buffer: "LogBuffer", offset: int) -> LogEnd:
    """Find out what stands at ``offset``, where no valid record does."""
    size = len(buffer)
    if offset >= size:
        return LogEnd(EndKind.CLEAN, EndReason.END_OF_FILE, offset)
    stop = _end_of_content(buffer, offset)
    if stop == offset:
        return LogEnd(EndKind.CLEAN, EndReason.PADDING, offset)

    start = offset + ENTRY_HEAD.size
    length = None
    search = offset + 1
    if start > size:
        reason, frame_end, unwritten = EndReason.CUT_HEAD, size, True
    else:
        checksum, length = ENTRY_HEAD.unpack_from(buffer, offset)
        frame_end = start + max(length, 0) + 1
        if not 0 <= checksum < 1 << 32:
            reason, frame_end, unwritten = EndReason.NO_RECORD, start, False
        elif length < 0 or _fits_another_length(buffer, start, stop, checksum, length):
            reason, frame_end, unwritten = EndReason.BAD_LENGTH, start, False
        elif length == 0:
            reason, frame_end = EndReason.NO_LENGTH, start
            sector_end = min(size, start + -start % SECTOR_SIZE)
            unwritten = stop <= start or _has_blank_sector(buffer, offset, sector_end)
        elif frame_end > size:
            reason, frame_end, unwritten = EndReason.PAST_END, size, True
        elif buffer[frame_end - 1] != END_MARK:
            reason = EndReason.NO_END_MARK
            unwritten = buffer[frame_end - 1] == 0 or _has_blank_sector(buffer, offset, frame_end)
        else:
            reason = EndReason.CHECKSUM
            unwritten = _has_blank_sector(buffer, offset, frame_end)
            # The frame is in order: a record inside it can only be somebody's data.
            search = frame_end
    next_valid = _find_record(buffer, search, stop)
    kind = verdict(reason, unwritten, next_valid)
    return LogEnd(kind, reason, offset, length, unwritten, stop > frame_end, next_valid)


def _end_of_content(buffer: "LogBuffer", start: int) -> int:
    """Return the offset after the last byte that is not zero, at least ``start``."""
    end = len(buffer)
    while end > start:
        block = max(start, end - _SCAN_SIZE)
        chunk = buffer[block:end]
        if chunk != _ZEROS[: end - block]:
            return block + len(chunk.rstrip(b"\0"))
        end = block
    return start


def _fits_another_length(
    buffer: "LogBuffer", start: int, stop: int, checksum: int, length: int
) -> bool:
    """Tell whether the entry at ``start`` is whole and only its length is wrong.

    That is so where the content of the file ends with an end mark and the checksum is that of all
    before.
    """
    mark = stop - 1
    if mark <= start or mark == start + length or buffer[mark] != END_MARK:
        return False
    return adler32(buffer[start:mark]) == checksum


def _has_blank_sector(buffer: "LogBuffer", start: int, end: int) -> bool:
    """Tell whether what ``buffer[start:end]`` covers of some sector is all zeros.

    The first four bytes do not count: the high half of an Adler-32 in a long is always zero.
    """
    position = start + 4
    while position < end:
        sector_end = min(end, position + SECTOR_SIZE - position % SECTOR_SIZE)
        if buffer[position:sector_end] == _ZEROS[: sector_end - position]:
            return True
        position = sector_end
    return False


def _find_record(buffer: "LogBuffer", start: int, stop: int) -> int | None:
    """Return the offset of the first valid record that begins in ``buffer[start:stop]``."""
    for match in _RECORD.finditer(buffer, start, stop):
        offset = match.start()
        checksum, length = ENTRY_HEAD.unpack_from(buffer, offset)
        body = offset + ENTRY_HEAD.size
        mark = body + length
        if mark < stop and buffer[mark] == END_MARK and adler32(buffer[body:mark]) == checksum:
            return offset
    return None
