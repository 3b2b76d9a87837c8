"""Writing the end of a log past the page cache: whole blocks, durable when the call returns.

What is written comes to the place of zeros that are on the disk already (``txnlog.py``), so nothing
but the data has to get there; on the way through the page cache the kernel has to find, lock, mark
and write back pages, which takes as long again as handing a block to the disk.

A block is written again with every transaction that comes into it. So does the page cache, which
writes whole pages: either way the disk gets the same bytes for the older part of the block as it
has already, and a power failure that tears a block between sectors leaves in each sector what was
there or what was to be there. Older transactions are the same in both.

Readers by way of the page cache see what was written: the kernel drops the pages of the range.

Source: Linux manual pages open(2) (O_DIRECT), pwritev2(2) (RWF_DSYNC).
"""

import errno
import mmap
import os
from collections.abc import Callable
from pathlib import Path

# A multiple of the blocks of nearly all disks; for others the kernel refuses (EINVAL).
BLOCK = 4096
# The largest write: a group that begins anywhere in a block.
_ROOM = 3 * BLOCK
MOST_BYTES = _ROOM - BLOCK

_FLAGS = os.O_WRONLY | os.O_CLOEXEC | getattr(os, "O_DIRECT", 0)
_DURABLY: int = getattr(os, "RWF_DSYNC", 0)
_REFUSED = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}


class DirectFile:
    """Writes a file through a descriptor of its own, and reads it through that of its owner."""

    def __init__(self, reading: int, writing: int) -> None:
        """``reading``: the owner's descriptor; ``writing``: one with O_DIRECT, closed here."""
        self._reading = reading
        self._writing = writing
        self._room = mmap.mmap(-1, _ROOM)  # on a page of its own, as the kernel asks for
        self._view = memoryview(self._room)
        self._end = -1  # of what was written last; the room has the block of that, and zeros

    def write(self, data: bytes, offset: int) -> bool:
        """Write at an offset, durably; False, with nothing written, where the system refuses.

        From the end of ``data`` to the end of its block the file has zeros. Raises OSError.
        """
        start = offset - offset % BLOCK
        if offset != self._end:
            self._read(start, offset - start)
        room, begin, end = self._room, offset - start, offset - start + len(data)
        room[begin:end] = data
        size = -(-end // BLOCK) * BLOCK
        self._end = -1
        try:
            written = self._write_blocks(self._view[:size], start)
        except OSError as error:
            if error.errno in _REFUSED:
                return False
            raise
        if written != size:
            raise OSError(f"{written} of {size} bytes written, the disk may be full")
        last = end - end % BLOCK
        if last:
            rest = room[last:size]
            room[:size] = rest + bytes(size - len(rest))
        self._end = offset + len(data)
        return True

    def _read(self, start: int, size: int) -> None:
        """Have the beginning of a block in the room, and zeros behind."""
        found = self._read_back(size, start)
        if len(found) != size:
            raise OSError(f"{len(found)} of {size} bytes read back from {start}")
        self._room[:] = found + bytes(_ROOM - size)

    def _write_blocks(self, blocks: memoryview, start: int) -> int:
        return os.pwritev(self._writing, (blocks,), start, _DURABLY)

    def _read_back(self, size: int, start: int) -> bytes:
        return os.pread(self._reading, size, start)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._writing)


DirectFiles = Callable[[Path, int], DirectFile | None]
"""Opens the file of a path, and of a handle that reads it, for direct writes; None: it cannot."""


def open_direct_file(path: Path, handle: int) -> DirectFile | None:
    """Open a file for direct writes; None where the system has none."""
    if not _DURABLY or not hasattr(os, "O_DIRECT"):
        return None
    try:
        return DirectFile(handle, os.open(path, _FLAGS))
    except OSError:
        return None
