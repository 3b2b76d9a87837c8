"""What storage needs of the world below it, and what a server needs of storage.

:class:`FileSystem` is the floor: one method for each thing asked of a disk, so that a test can let
any of them fail and a simulator can lose what was not synced. `disk.py` has the real one.
:class:`TransactionLog` is what a writer of transactions sees; `txnlog.py` has the one on files.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

Entry = tuple[int, bytes]
"""A zxid and the serialized transaction (header, record, digest) that has it."""


class FileSystem(Protocol):
    """The operations on files that storage uses; each raises OSError as the system call does.

    A handle is whatever ``create``, ``open`` or ``lock`` returned, until ``close``.
    """

    def names(self, directory: Path) -> list[str]:
        """Return the names in a directory, in no particular order."""
        ...

    def exists(self, path: Path) -> bool:
        """Tell whether there is a file or directory of that name."""
        ...

    def size(self, path: Path) -> int:
        """Return the size of a file in bytes."""
        ...

    def make_directories(self, path: Path) -> None:
        """Create a directory and its missing parents; one that is there already is fine."""
        ...

    def writable(self, directory: Path) -> bool:
        """Tell whether files may be created in a directory."""
        ...

    def read(self, path: Path) -> bytes:
        """Return all bytes of a file."""
        ...

    def read_chunks(self, path: Path, size: int) -> Iterator[bytes]:
        """Yield the bytes of a file in pieces of ``size``, the last one shorter."""
        ...

    def read_ends(self, path: Path, size: int) -> tuple[bytes, bytes]:
        """Return the first ``size`` bytes of a file and the last, fewer where it is shorter."""
        ...

    def map_log(self, path: Path) -> AbstractContextManager[bytes]:
        """Give the bytes of a log without copying them, until the context is left.

        Zeros at the end, which say nothing in a log, may be left off. What is given supports
        ``len``, slices (which are bytes) and the buffer protocol, and no longer touches the disk.
        """
        ...

    def create(self, path: Path, exclusive: bool) -> int:
        """Open a new, empty file for writing; ``exclusive``: fail if the name is taken."""
        ...

    def open(self, path: Path) -> int:
        """Open a file that exists for writing, its content kept."""
        ...

    def write(self, handle: int, data: bytes, offset: int, sync: bool) -> int:
        """Write at an offset; return how many bytes were written.

        ``sync``: return only when they, and what is needed to find them again, are durable.
        """
        ...

    def resize(self, handle: int, size: int) -> None:
        """Cut a file, or let it grow by zeros that take no space."""
        ...

    def sync(self, handle: int) -> None:
        """Make what was written to a file durable (fsync)."""
        ...

    def close(self, handle: int) -> None:
        """Give a handle back; a lock that came with it is released."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, replacing a file that has it, in one step."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file."""
        ...

    def sync_directory(self, directory: Path) -> None:
        """Make the names in a directory durable."""
        ...

    def lock(self, path: Path) -> int:
        """Create a file if needed and lock it; BlockingIOError if somebody else has it locked."""
        ...


class TransactionLog(Protocol):
    """Where transactions become durable. Calls come from one thread."""

    def append(self, entries: Iterable[Entry]) -> int:
        """Add transactions to the current group, in order; return the bytes of the group so far.

        Nothing is durable yet.
        """
        ...

    def commit(self) -> int:
        """Make the group durable; return the zxid of its last transaction (-1: nothing yet).

        Raises DiskFailure, and from then on always.
        """
        ...

    def roll(self) -> None:
        """Let the next transaction start a new file."""
        ...

    def close(self) -> None:
        """Commit what is left and give the file back."""
        ...


__all__ = ["Entry", "FileSystem", "TransactionLog"]
