"""What the tests of storage share: settings, transactions, and a disk that fails on command."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from speckeeper.storage.direct_file import BLOCK, DirectFile
from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import StorageError
from speckeeper.storage.interface import Entry
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import (
    CreateSessionTxn,
    CreateTxn,
    DeleteTxn,
    SetDataTxn,
    Txn,
    TxnHeader,
    encode_txn,
)

SESSION = 0x1000_0000_0001
EPOCH_2 = 2 << 32


def settings_in(directory: Path, **changes: object) -> StorageSettings:
    """Settings for a data directory with steps of 64 KiB, so that tests see many of them."""
    values: dict[str, object] = {"pre_alloc_size_kb": 64, **changes}
    return StorageSettings(directory, **values)  # type: ignore[arg-type]  # test convenience


def header(zxid: int, kind: int) -> TxnHeader:
    return TxnHeader(SESSION, zxid & 0x7FFFFFFF, zxid, 1_700_000_000_000 + zxid, kind)


def create(zxid: int, path: str, data: bytes = b"", ephemeral: bool = False) -> Txn:
    record = CreateTxn(path, data, OPEN_ACL_UNSAFE, ephemeral, -1)
    return Txn(header(zxid, OpCode.CREATE), record)


def set_data(zxid: int, path: str, data: bytes, version: int) -> Txn:
    return Txn(header(zxid, OpCode.SET_DATA), SetDataTxn(path, data, version))


def delete(zxid: int, path: str) -> Txn:
    return Txn(header(zxid, OpCode.DELETE), DeleteTxn(path))


def create_session(zxid: int) -> Txn:
    return Txn(header(zxid, OpCode.CREATE_SESSION), CreateSessionTxn(30_000))


def history(count: int, start: int = 1) -> list[Txn]:
    """A history of ``count`` transactions from zxid ``start`` on: creates, sets and deletes."""
    return [_step(zxid) for zxid in range(start, start + count)]


def _step(zxid: int) -> Txn:
    match zxid % 8:
        case 3:
            return set_data(zxid, f"/n{zxid - 2}", b"set" * (zxid % 50), 1)
        case 6:
            return delete(zxid, f"/n{zxid - 2}")
        case _:
            return create(zxid, f"/n{zxid}", b"%d" % zxid * (zxid % 40))


def entry(txn: Txn) -> Entry:
    return txn.header.zxid, encode_txn(txn)


class FaultyDisk(Disk):
    """A disk on which one call goes wrong, and, as after a broken cable, every later one too.

    ``fail_at`` counts the calls that change something, from 0. ``how`` is an errno, or SHORT for a
    write that takes half of the bytes (other calls then fail with ENOSPC).
    """

    SHORT = -1

    def __init__(self, fail_at: int | None = None, how: int = 0) -> None:
        self.calls: list[str] = []
        self.fail_at = fail_at
        self.how = how
        self.failed = False

    def passes(self, name: str) -> bool:
        """Count a call; return False for a write that is to be short, raise if it is to fail."""
        self.calls.append(name)
        if self.failed or self.fail_at == len(self.calls) - 1:
            first = not self.failed
            self.failed = True
            if self.how == self.SHORT and name.startswith("write") and first:
                return False
            number = 28 if self.how == self.SHORT else self.how
            raise OSError(number, os.strerror(number))
        return True

    def create(self, path: Path, exclusive: bool) -> int:
        self.passes("create")
        return super().create(path, exclusive)

    def open(self, path: Path) -> int:
        self.passes("open")
        return super().open(path)

    def write(self, handle: int, data: bytes, offset: int, sync: bool) -> int:
        if self.passes("write"):
            return super().write(handle, data, offset, sync)
        return super().write(handle, data[: len(data) // 2], offset, False)

    def open_direct(self, path: Path, handle: int) -> DirectFile:
        return FaultyDirectFile(self, handle, os.open(path, os.O_WRONLY | os.O_DIRECT))

    def resize(self, handle: int, size: int) -> None:
        self.passes("resize")
        super().resize(handle, size)

    def sync(self, handle: int) -> None:
        self.passes("sync")
        super().sync(handle)

    def rename(self, source: Path, target: Path) -> None:
        self.passes("rename")
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        self.passes("remove")
        super().remove(path)

    def sync_directory(self, directory: Path) -> None:
        self.passes("sync_directory")
        super().sync_directory(directory)


class FaultyDirectFile(DirectFile):
    """Direct writes to a FaultyDisk: among its calls, and subject to its fault."""

    def __init__(self, disk: FaultyDisk, reading: int, writing: int) -> None:
        super().__init__(reading, writing)
        self.disk = disk

    def _write_blocks(self, blocks: memoryview, start: int) -> int:
        if self.disk.passes("write direct"):
            return super()._write_blocks(blocks, start)
        return super()._write_blocks(blocks[: len(blocks) // 2 // BLOCK * BLOCK], start)


def refusal(action: Callable[[], object]) -> StorageError | None:
    """Run something; return the StorageError it raises, None if it does not."""
    try:
        action()
    except StorageError as error:
        return error
    return None


def log_files(settings: StorageSettings) -> Iterator[Path]:
    """Yield the log files, oldest first."""
    yield from sorted(
        settings.log_directory.glob("log.*"), key=lambda path: int(path.suffix[1:], 16)
    )
