"""DirectFile: the end of a log written past the page cache, a block at a time."""

import errno
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.storage.world import FaultyDisk, entry, history, log_files, refusal, settings_in

from speckeeper.storage.direct_file import BLOCK, MOST_BYTES, DirectFile, open_direct_file
from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import DiskFailure
from speckeeper.storage.recovery import recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.txnlog import TxnLog

SIZE = 64 * BLOCK


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[int]:
    """A file of zeros, open for reading and writing."""
    path = tmp_path / "file"
    path.write_bytes(bytes(SIZE))
    handle = os.open(path, os.O_RDWR)
    yield handle
    os.close(handle)


class Watched(DirectFile):
    """Notes what it writes, and what the file had in that place before."""

    def __init__(self, reading: int, writing: int) -> None:
        super().__init__(reading, writing)
        self.blocks: list[tuple[int, bytes, bytes]] = []

    def _write_blocks(self, blocks: memoryview, start: int) -> int:
        self.blocks.append((start, bytes(blocks), os.pread(self._reading, len(blocks), start)))
        return super()._write_blocks(blocks, start)


def _watched(tmp_path: Path, handle: int) -> Watched:
    if open_direct_file(tmp_path / "file", handle) is None:
        pytest.skip("no direct writes here")
    return Watched(handle, os.open(tmp_path / "file", os.O_WRONLY | os.O_DIRECT))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_written_is_there_and_everything_else_as_it_was(
    tmp_path: Path, handle: int, seed: int
) -> None:
    """Also where others have written by way of the page cache meanwhile."""
    direct, rng = _watched(tmp_path, handle), random.Random(seed)
    expected, position = bytearray(SIZE), 0
    while True:
        size = rng.choice((1, rng.randrange(1, 300), BLOCK - position % BLOCK, MOST_BYTES))
        if position + size + BLOCK > SIZE:
            break
        data = rng.randbytes(size)
        expected[position : position + size] = data
        if rng.random() < 0.2:
            os.pwrite(handle, data, position)
        else:
            assert direct.write(data, position)
        position += size
        assert os.pread(handle, SIZE, 0) == expected
    direct.close()
    assert (tmp_path / "file").read_bytes() == expected

    for start, blocks, before in direct.blocks:
        assert start % BLOCK == len(blocks) % BLOCK == 0
        # A power failure that tears the write leaves what was there in any case.
        written = len(before.rstrip(b"\0"))
        assert blocks[:written] == before[:written]


def test_a_log_written_directly_is_the_same_byte_by_byte(tmp_path: Path) -> None:
    transactions = [entry(txn) for txn in history(600)]
    contents = []
    for direct in (False, True):
        settings = settings_in(tmp_path / str(direct), txn_log_size_limit_kb=20)
        write_data_dir(settings, [])
        log = TxnLog(settings, Disk(), 0)
        in_place = 0
        for transaction in transactions:
            log.append([transaction])
            if log.commit_in_place(direct) is None:
                log.commit()
            else:
                in_place += 1
        log.close()
        assert in_place > 500
        assert recover(settings).last_zxid == 600
        contents.append([(file.name, file.read_bytes()) for file in log_files(settings)])
    assert contents[0] == contents[1]
    assert len(contents[0]) > 1


@pytest.mark.parametrize("at", ["open", "write"])
def test_where_the_system_refuses_the_page_cache_is_used(
    tmp_path: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tmpfs refuses to open, a disk of larger blocks to write; it is not asked again."""
    asked: list[str] = []
    real_open, real_write = os.open, os.pwritev

    def opened(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_DIRECT:
            asked.append("open")
            if at == "open":
                raise OSError(errno.EINVAL, "Invalid argument")
        return real_open(path, flags & ~os.O_DIRECT, mode)

    def written(handle: int, parts: tuple[bytes], offset: int, flags: int = 0) -> int:
        if isinstance(parts[0], memoryview):
            asked.append("write")
            raise OSError(errno.EINVAL, "Invalid argument")
        return real_write(handle, parts, offset, flags)

    settings = settings_in(tmp_path)
    write_data_dir(settings, [])
    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "pwritev", written)
    log = TxnLog(settings, Disk(), 0)
    for txn in history(20):
        log.append([entry(txn)])
        assert (log.commit_in_place(direct=True) or log.commit()) == txn.header.zxid
    log.close()
    assert asked == (["open"] if at == "open" else ["open", "write"])
    assert recover(settings).last_zxid == 20


@pytest.mark.parametrize("how", [errno.EIO, errno.ENOSPC, FaultyDisk.SHORT])
def test_a_direct_write_that_fails_is_the_end_of_the_log(tmp_path: Path, how: int) -> None:
    settings = settings_in(tmp_path)
    write_data_dir(settings, [])
    disk = FaultyDisk()
    log = TxnLog(settings, disk, 0, direct_files=disk.open_direct)
    first, second, third, fourth = (entry(txn) for txn in history(4))
    log.append([first])
    assert log.commit() == 1
    log.append([second])
    assert log.commit_in_place(direct=True) == 2
    assert disk.calls[-1] == "write direct"
    disk.fail_at, disk.how = len(disk.calls), how
    log.append([third])
    failure = refusal(lambda: log.commit_in_place(direct=True))
    assert isinstance(failure, DiskFailure)
    assert refusal(lambda: log.append([fourth])) is failure
    log.close()
    assert recover(settings).last_zxid >= 2
