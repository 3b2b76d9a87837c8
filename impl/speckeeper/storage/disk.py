"""The real file system: what `interface.FileSystem` asks for, in system calls.

Source: Linux manual pages pwritev2(2), ftruncate(2), fsync(2), flock(2).
"""

import errno
import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

# Write and make durable in one system call, so that the calling thread lets go of the interpreter
# lock once and not twice. Missing on kernels before 4.7 and outside Linux.
_WRITE_DURABLY: int = getattr(os, "RWF_DSYNC", 0)
_NO_SUCH_FLAG = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}

FILE_MODE = 0o644
_READ_SIZE = 1 << 20
MOST_AT_ONCE = 0x7FFFF000  # bytes that Linux writes in one call, however many it is given


class Disk:
    """Files of the operating system. Stateless; one is enough."""

    def names(self, directory: Path) -> list[str]:
        """Return the names in a directory."""
        return os.listdir(directory)

    def exists(self, path: Path) -> bool:
        """Tell whether the name is taken."""
        return os.path.exists(path)

    def size(self, path: Path) -> int:
        """Return the size in bytes."""
        return os.stat(path).st_size

    def make_directories(self, path: Path) -> None:
        """Create a directory and its parents."""
        os.makedirs(path, exist_ok=True)

    def writable(self, directory: Path) -> bool:
        """Tell whether this process may create files there."""
        return os.access(directory, os.W_OK | os.X_OK)

    def read(self, path: Path) -> bytes:
        """Return the whole content."""
        return path.read_bytes()

    def read_chunks(self, path: Path, size: int) -> Iterator[bytes]:
        """Read a file piece by piece."""
        with open(path, "rb", buffering=0) as file:
            while chunk := file.read(size):
                yield chunk

    def read_ends(self, path: Path, size: int) -> tuple[bytes, bytes]:
        """Read the first bytes of a file and the last."""
        with open(path, "rb", buffering=0) as file:
            handle, length = file.fileno(), os.fstat(file.fileno()).st_size
            return os.pread(handle, size, 0), os.pread(handle, size, max(length - size, 0))

    @contextmanager
    def map_log(self, path: Path) -> Iterator[bytes]:
        """Map a log into memory, read only, up to its last byte that is not zero.

        It is read once first: a page that cannot be had when a mapping is touched, because its
        sector is bad or the file system too full to fill a hole, ends the process with SIGBUS,
        where a read gives an OSError.
        """
        with open(path, "rb", buffering=0) as file:
            end = position = 0
            while chunk := file.read(_READ_SIZE):
                written = len(chunk.rstrip(b"\0"))
                if written:
                    end = position + written
                position += len(chunk)
            if not end:
                yield b""  # a mapping of no bytes is not possible
                return
            with mmap.mmap(file.fileno(), end, access=mmap.ACCESS_READ) as content:
                yield cast(bytes, content)

    def create(self, path: Path, exclusive: bool) -> int:
        """Open a new file for writing."""
        taken = os.O_EXCL if exclusive else os.O_TRUNC
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | taken, FILE_MODE)

    def open(self, path: Path) -> int:
        """Open an existing file for writing."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def write(self, handle: int, data: bytes, offset: int, sync: bool) -> int:
        """Write at an offset, durably if asked; return how much of it."""
        if len(data) <= MOST_AT_ONCE:
            return self._write(handle, data, offset, sync)
        written = 0
        with memoryview(data) as whole:
            while written < len(whole):
                piece = whole[written : written + MOST_AT_ONCE]
                done = self._write(handle, piece, offset + written, sync)
                written += done
                if done < len(piece):
                    break
        return written

    def _write(self, handle: int, data: bytes | memoryview, offset: int, sync: bool) -> int:
        if not sync:
            return os.pwrite(handle, data, offset)
        if _WRITE_DURABLY:
            try:
                return os.pwritev(handle, (data,), offset, _WRITE_DURABLY)
            except OSError as error:
                if error.errno not in _NO_SUCH_FLAG:
                    raise
        written = os.pwrite(handle, data, offset)
        os.fdatasync(handle)
        return written

    def resize(self, handle: int, size: int) -> None:
        """Cut or extend; an extension is a hole, which reads as zeros."""
        os.ftruncate(handle, size)

    def sync(self, handle: int) -> None:
        """Flush data and size to the disk."""
        os.fsync(handle)

    def close(self, handle: int) -> None:
        """Close the file."""
        os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Rename, replacing the target."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def sync_directory(self, directory: Path) -> None:
        """Flush a directory: a file created or renamed in it is still there after a crash."""
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def lock(self, path: Path) -> int:
        """Lock a file (flock); the lock ends with the handle, thus also with the process."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(handle)
            raise
        return handle
