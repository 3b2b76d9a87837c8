"""Files in memory that a crash treats as a power failure may: the floor below the simulated disk.

What was written and not synced may be lost, kept, or torn; of the names that were made, changed or
removed since the directory was synced any beginning may be kept, as with a journal. A number of
steps after which the power fails lets a crash come in the midst of an operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EEXIST, EIO, ENOENT, EWOULDBLOCK
from pathlib import Path
from random import Random
from typing import NamedTuple


class PowerLost(BaseException):
    """The power has failed; no code of a server goes on from here."""


class _Change(NamedTuple):
    """A change of a file that is not durable: what stood from ``offset`` on, and what does now."""

    offset: int
    before: bytes
    after: bytes
    size_before: int
    size_after: int


class _File:
    __slots__ = ("content", "unsynced")

    def __init__(self) -> None:
        self.content = bytearray()
        self.unsynced: list[_Change] = []

    def change(self, offset: int, after: bytes, size_after: int) -> None:
        """Write at an offset, then let the file have a size."""
        content = self.content
        size_before = len(content)
        first = min(offset, size_after)
        before = bytes(content[first:])
        if offset + len(after) < size_before == size_after:
            before = bytes(content[offset : offset + len(after)])
        self.unsynced.append(_Change(offset, before, bytes(after), size_before, size_after))
        self._apply(offset, after, size_after)

    def _apply(self, offset: int, data: bytes, size: int) -> None:
        content = self.content
        end = offset + len(data)
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        content[offset:end] = data
        if len(content) > size:
            del content[size:]
        elif len(content) < size:
            content.extend(bytes(size - len(content)))

    def crash(self, rng: Random) -> None:
        """Keep some beginning of what was not synced, of the last of it maybe a part."""
        changes, self.unsynced = self.unsynced, []
        if not changes:
            return
        for change in reversed(changes):
            first = min(change.offset, change.size_after)
            self._apply(first, change.before, change.size_before)
        kept = rng.randint(0, len(changes))
        for change in changes[:kept]:
            self._apply(change.offset, change.after, change.size_after)
        if kept < len(changes) and rng.random() < 0.5:
            self._tear(changes[kept], rng)

    def _tear(self, change: _Change, rng: Random) -> None:
        """Let the beginning of a write arrive.

        Sectors in another order are not tried: recovery leaves these to an operator on purpose.
        """
        offset, data = change.offset, change.after
        size = max(len(self.content), min(change.size_after, offset + len(data)))
        self._apply(offset, data[: rng.randint(0, len(data))], size)


class SimFiles:
    """Implements :class:`speckeeper.storage.interface.FileSystem`.

    ``broken``: writes and syncs fail with EIO. ``steps_left``: the power fails after so many
    changes, None: it does not.
    """

    def __init__(self) -> None:
        self.broken = False
        self.steps_left: int | None = None
        self._names: dict[Path, _File] = {}
        self._durable_names: dict[Path, _File] = {}
        self._renames: list[tuple[Path | None, Path | None, _File]] = []  # from, to
        self._handles: dict[int, _File] = {}
        self._next_handle = 3

    # -- faults

    def crash(self, rng: Random) -> None:
        """Lose what was not synced, or a part of it."""
        names = self._durable_names
        for source, target, file in self._renames[: rng.randint(0, len(self._renames))]:
            if source is not None:
                names.pop(source, None)
            if target is not None:
                names[target] = file
        for file in names.values():
            file.crash(rng)
        self._renames = []
        self._names = dict(names)
        self._handles.clear()
        self.steps_left = None

    def _step(self) -> None:
        if self.steps_left is not None:
            if self.steps_left <= 0:
                raise PowerLost
            self.steps_left -= 1
        if self.broken:
            raise OSError(EIO, "Input/output error")

    # -- reading

    def names(self, directory: Path) -> list[str]:
        """Return the names in a directory."""
        return [path.name for path in self._names if path.parent == directory]

    def exists(self, path: Path) -> bool:
        """Tell whether the name is taken."""
        return path in self._names

    def size(self, path: Path) -> int:
        """Return the size in bytes."""
        return len(self._find(path).content)

    def make_directories(self, path: Path) -> None:
        """Do nothing: a directory is there when a file in it is."""

    def writable(self, directory: Path) -> bool:
        """Tell that files may be created."""
        return True

    def read(self, path: Path) -> bytes:
        """Return the whole content."""
        return bytes(self._find(path).content)

    def read_chunks(self, path: Path, size: int) -> Iterator[bytes]:
        """Read a file piece by piece."""
        content = self.read(path)
        for start in range(0, len(content), size):
            yield content[start : start + size]

    def read_ends(self, path: Path, size: int) -> tuple[bytes, bytes]:
        """Read the first bytes of a file and the last."""
        content = self._find(path).content
        return bytes(content[:size]), bytes(content[-size:])

    @contextmanager
    def map_log(self, path: Path) -> Iterator[bytes]:
        """Give the bytes of a log up to the last that is not zero."""
        yield bytes(self._find(path).content.rstrip(b"\0"))

    # -- changing

    def create(self, path: Path, exclusive: bool) -> int:
        """Open a new file for writing."""
        if exclusive and path in self._names:
            raise FileExistsError(EEXIST, "File exists", str(path))
        self._step()
        file = self._names.get(path)
        if file is None:
            file = self._names[path] = _File()
            self._renames.append((None, path, file))
        else:
            file.change(0, b"", 0)
        return self.open(path)

    def open(self, path: Path) -> int:
        """Open an existing file for writing."""
        self._next_handle += 1
        self._handles[self._next_handle] = self._find(path)
        return self._next_handle

    def write(self, handle: int, data: bytes, offset: int, sync: bool) -> int:
        """Write at an offset, durably if asked."""
        self._step()
        file = self._handles[handle]
        file.change(offset, data, max(len(file.content), offset + len(data)))
        if sync:
            self.sync(handle)
        return len(data)

    def resize(self, handle: int, size: int) -> None:
        """Cut or extend."""
        self._step()
        file = self._handles[handle]
        if size != len(file.content):
            file.change(size, b"", size)

    def sync(self, handle: int) -> None:
        """Make the content of a file durable."""
        self._step()
        self._handles[handle].unsynced.clear()

    def close(self, handle: int) -> None:
        """Give a handle back."""
        self._handles.pop(handle, None)

    def rename(self, source: Path, target: Path) -> None:
        """Rename, replacing the target."""
        self._step()
        file = self._names[target] = self._names.pop(source)
        self._renames.append((source, target, file))

    def remove(self, path: Path) -> None:
        """Remove a file."""
        self._step()
        file = self._find(path)
        del self._names[path]
        self._renames.append((path, None, file))

    def sync_directory(self, directory: Path) -> None:
        """Make all names durable: a server has one directory."""
        self._step()
        self._durable_names = dict(self._names)
        self._renames.clear()

    def lock(self, path: Path) -> int:
        """Refuse: nobody shares what is in memory."""
        raise BlockingIOError(EWOULDBLOCK, "files in memory are not locked", str(path))

    def _find(self, path: Path) -> _File:
        file = self._names.get(path)
        if file is None:
            raise FileNotFoundError(ENOENT, "No such file or directory", str(path))
        return file
