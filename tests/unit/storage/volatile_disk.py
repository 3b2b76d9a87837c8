"""A disk in memory that forgets on a crash what was not synced, names of files included."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EEXIST, ENOENT
from pathlib import Path

from speckeeper.storage.direct_file import DirectFile

SECTOR = 512


class _File:
    def __init__(self) -> None:
        self.content = bytearray()
        self.durable = b""
        # (offset, bytes) in the order of writing, since the last sync.
        self.unsynced: list[tuple[int, bytes]] = []
        self.size_synced = 0


class VolatileDisk:
    """Implements FileSystem. ``crash(how)`` leaves what a power failure could leave."""

    def __init__(self) -> None:
        self._names: dict[Path, _File] = {}
        self._durable_names: dict[Path, _File] = {}
        self._handles: dict[int, _File] = {}
        self._next_handle = 3

    def crash(self, how: str, rng: random.Random) -> None:
        """Lose what was not synced.

        ``nothing``: no unsynced byte or name survives. ``all``: all do. ``prefix``: of the last
        write a part from its beginning does. ``sectors``: any of the sectors of the last write.
        """
        if how != "nothing":
            self._durable_names = dict(self._names)
        for file in self._durable_names.values():
            content = bytearray(file.durable)
            if how != "nothing":
                content.extend(bytes(max(0, len(file.content) - len(content))))
                del content[len(file.content) :]
                for index, (offset, data) in enumerate(file.unsynced):
                    last = index == len(file.unsynced) - 1
                    if how == "prefix" and last:
                        data = data[: rng.randrange(len(data) + 1)]
                    if how == "sectors" and last:
                        _write_some_sectors(content, offset, data, rng)
                    else:
                        content[offset : offset + len(data)] = data
            file.content = content
            file.durable = bytes(content)
            file.unsynced = []
        self._names = dict(self._durable_names)
        self._handles.clear()

    def names(self, directory: Path) -> list[str]:
        return [path.name for path in self._names if path.parent == directory]

    def exists(self, path: Path) -> bool:
        return path in self._names or any(path in name.parents for name in self._names)

    def size(self, path: Path) -> int:
        return len(self._find(path).content)

    def make_directories(self, path: Path) -> None:
        pass

    def writable(self, directory: Path) -> bool:
        return True

    def read(self, path: Path) -> bytes:
        return bytes(self._find(path).content)

    def read_chunks(self, path: Path, size: int) -> Iterator[bytes]:
        content = self.read(path)
        for start in range(0, len(content), size):
            yield content[start : start + size]

    def read_ends(self, path: Path, size: int) -> tuple[bytes, bytes]:
        content = self.read(path)
        return content[:size], content[-size:]

    @contextmanager
    def map_log(self, path: Path) -> Iterator[bytes]:
        yield self.read(path)

    def create(self, path: Path, exclusive: bool) -> int:
        if exclusive and path in self._names:
            raise FileExistsError(EEXIST, "File exists", str(path))
        self._names[path] = _File()
        return self.open(path)

    def open(self, path: Path) -> int:
        self._next_handle += 1
        self._handles[self._next_handle] = self._find(path)
        return self._next_handle

    def write(self, handle: int, data: bytes, offset: int, sync: bool) -> int:
        file = self._handles[handle]
        end = offset + len(data)
        file.content.extend(bytes(max(0, end - len(file.content))))
        file.content[offset:end] = data
        file.unsynced.append((offset, bytes(data)))
        if sync:
            self.sync(handle)
        return len(data)

    def open_direct(self, path: Path, handle: int) -> DirectFile:
        return _VolatileDirectFile(self, handle)

    def read_at(self, handle: int, size: int, offset: int) -> bytes:
        return bytes(self._handles[handle].content[offset : offset + size])

    def resize(self, handle: int, size: int) -> None:
        file = self._handles[handle]
        del file.content[size:]
        file.content.extend(bytes(max(0, size - len(file.content))))

    def sync(self, handle: int) -> None:
        file = self._handles[handle]
        file.durable = bytes(file.content)
        file.unsynced = []

    def close(self, handle: int) -> None:
        del self._handles[handle]

    def rename(self, source: Path, target: Path) -> None:
        self._names[target] = self._names.pop(source)

    def remove(self, path: Path) -> None:
        self._find(path)
        del self._names[path]

    def sync_directory(self, directory: Path) -> None:
        others = {
            path: file for path, file in self._durable_names.items() if path.parent != directory
        }
        mine = {path: file for path, file in self._names.items() if path.parent == directory}
        self._durable_names = others | mine

    def lock(self, path: Path) -> int:
        raise NotImplementedError("no test locks a directory in memory")

    def _find(self, path: Path) -> _File:
        file = self._names.get(path)
        if file is None:
            raise FileNotFoundError(ENOENT, "No such file or directory", str(path))
        return file


class _VolatileDirectFile(DirectFile):
    """Writes whole blocks to a VolatileDisk."""

    def __init__(self, disk: VolatileDisk, handle: int) -> None:
        super().__init__(handle, -1)
        self._disk = disk

    def _write_blocks(self, blocks: memoryview, start: int) -> int:
        return self._disk.write(self._reading, bytes(blocks), start, True)

    def _read_back(self, size: int, start: int) -> bytes:
        return self._disk.read_at(self._reading, size, start)

    def close(self) -> None:
        self._writing = os.open(os.devnull, os.O_WRONLY)
        super().close()


def _write_some_sectors(content: bytearray, offset: int, data: bytes, rng: random.Random) -> None:
    position = offset
    end = offset + len(data)
    while position < end:
        stop = min(end, position + SECTOR - position % SECTOR)
        if rng.random() < 0.5:
            content[position:stop] = data[position - offset : stop - offset]
        position = stop
