"""What reaches the operating system: no file is acknowledged or renamed before its real sync.

The calls of `os` are recorded and carried out. Tests on a `FileSystem` of their own would not
notice if `Disk` itself no longer synced.
"""

import errno
import os
import select
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.unit.storage.world import entry, history, settings_in

from speckeeper.storage import disk as disk_module
from speckeeper.storage import kernel_sync
from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.epochs import write_atomically
from speckeeper.storage.history import truncate
from speckeeper.storage.kernel_sync import KernelSync
from speckeeper.storage.loop_writer import LoopWriter
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.txnlog import TxnLog
from speckeeper.storage.writer import LogWriter
from speckeeper.tree.datatree import DataTree

Calls = list[tuple[str, str]]
PATIENCE_S = 30
RWF_DSYNC = 2  # linux/fs.h

needs_dsync = pytest.mark.skipif(not hasattr(os, "RWF_DSYNC"), reason="no RWF_DSYNC here")


def name_of(handle: int) -> str:
    """Return the last part of the name of an open file."""
    return os.path.basename(os.readlink(f"/proc/self/fd/{handle}"))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """System calls that write, sync or rename, each with the name of its file, in order."""
    recorded: Calls = []

    def record(call: str, real: Callable[..., object]) -> None:
        def recorder(handle: int, *arguments: object) -> object:
            recorded.append((call, name_of(handle)))
            return real(handle, *arguments)

        monkeypatch.setattr(os, call, recorder)

    for call in ("fsync", "fdatasync", "pwrite"):
        record(call, getattr(os, call))
    pwritev, replace = os.pwritev, os.replace

    def write_vector(handle: int, data: Sequence[bytes], offset: int, flags: int = 0) -> int:
        recorded.append((f"pwritev flags={flags}", name_of(handle)))
        return pwritev(handle, data, offset, flags)

    def rename(source: Path, target: Path) -> None:
        recorded.append(("replace", target.name))
        replace(source, target)

    monkeypatch.setattr(os, "pwritev", write_vector)
    monkeypatch.setattr(os, "replace", rename)
    return recorded


def test_the_syncs_of_disk(tmp_path: Path, calls: Calls) -> None:
    disk = Disk()
    handle = disk.create(tmp_path / "file", exclusive=True)
    disk.write(handle, b"abc", 0, sync=False)
    assert calls == [("pwrite", "file")]
    disk.sync(handle)
    disk.sync_directory(tmp_path)
    disk.close(handle)
    assert calls[1:] == [("fsync", "file"), ("fsync", tmp_path.name)]


@needs_dsync
def test_a_durable_write_is_one_call(tmp_path: Path, calls: Calls) -> None:
    handle = Disk().create(tmp_path / "file", exclusive=True)
    Disk().write(handle, b"abc", 0, sync=True)
    Disk().close(handle)
    assert (f"pwritev flags={RWF_DSYNC}", "file") in calls
    # A file system that does not know the flag is given the two calls instead.
    assert calls[1:] in ([], [("pwrite", "file"), ("fdatasync", "file")])


@pytest.mark.parametrize("known", [False, True])
def test_a_durable_write_where_the_flag_is_not_known(
    tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(os, "pwritev", refuse)
    monkeypatch.setattr(disk_module, "_WRITE_DURABLY", RWF_DSYNC if known else 0)
    handle = Disk().create(tmp_path / "file", exclusive=True)
    assert Disk().write(handle, b"abc", 0, sync=True) == 3
    Disk().close(handle)
    assert calls == [("pwrite", "file"), ("fdatasync", "file")]


def test_the_writer_acknowledges_after_the_sync(tmp_path: Path, calls: Calls) -> None:
    settings = settings_in(tmp_path)
    prepare_directories(settings, Disk())
    for number, txn in enumerate(history(3), start=1):
        del calls[:]
        log = TxnLog(settings, Disk(), number - 1)
        writer = LogWriter(
            log,
            lambda zxid: calls.append(("acknowledge", str(zxid))),
            lambda error: calls.append(("fail", str(error))),
        )
        writer.start()
        writer.submit([entry(txn)])
        writer.close()
        name = f"log.{number}"
        assert calls == [
            ("pwrite", name),
            ("fsync", name),
            ("fsync", "version-2"),
            ("acknowledge", str(number)),
        ]


def test_each_later_group_is_synced(
    tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "_WRITE_DURABLY", 0)
    settings = settings_in(tmp_path)
    prepare_directories(settings, Disk())
    log = TxnLog(settings, Disk(), 0)
    for txn in history(5):
        del calls[:]
        log.append([entry(txn)])
        log.commit()
        assert {call for call, _ in calls} & {"fsync", "fdatasync"}, txn.header.zxid
        assert calls[0] == ("pwrite", "log.1")
    # A step of padding changes the size: then all of the file is synced.
    del calls[:]
    (big,) = history(1, start=6)
    log.append([(6, entry(big)[1].ljust(100_000, b"x"))])
    log.commit()
    assert calls == [("pwrite", "log.1"), ("fsync", "log.1")]
    log.close()


def test_a_snapshot_has_its_name_after_its_sync(tmp_path: Path, calls: Calls) -> None:
    settings = settings_in(tmp_path)
    prepare_directories(settings, Disk())
    write_snapshot(Disk(), settings, DataTree(), 5)
    assert calls[-3:] == [
        ("fsync", "snapshot.5.tmp"),
        ("replace", "snapshot.5"),
        ("fsync", "version-2"),
    ]


def test_a_number_is_replaced_after_its_sync(tmp_path: Path, calls: Calls) -> None:
    write_atomically(Disk(), tmp_path / "currentEpoch", b"7")
    assert calls[1:] == [
        ("fsync", "currentEpoch.tmp"),
        ("replace", "currentEpoch"),
        ("fsync", tmp_path.name),
    ]


def test_a_log_that_was_cut_is_synced(tmp_path: Path, calls: Calls) -> None:
    settings = settings_in(tmp_path)
    write_data_dir(settings, history(9))
    del calls[:]
    truncate(Disk(), settings.log_directory, 5)
    assert calls == [("fsync", "log.1"), ("fsync", "version-2")]


@pytest.fixture
def kernel() -> KernelSync:
    try:
        return KernelSync()
    except OSError as error:
        pytest.skip(f"the kernel does not sync by itself here: {error}")


def outcome(sync: KernelSync) -> bool:
    assert select.select([sync], [], [], PATIENCE_S)[0]
    return sync.finish()


def test_the_kernel_is_asked_to_sync_this_very_file(tmp_path: Path, kernel: KernelSync) -> None:
    asked: list[tuple[int, int]] = []
    real = kernel._call

    def submit(*arguments: object) -> int:
        fields = kernel_sync._REQUEST.unpack_from(kernel._request)
        asked.append((fields[3], fields[5]))
        return int(real(*arguments))

    handle = Disk().create(tmp_path / "file", exclusive=True)
    kernel._call = submit  # type: ignore[assignment]  # records, and calls the real one
    kernel.start(handle)
    kernel._call = real
    assert asked == [(3, handle)]  # IOCB_CMD_FDSYNC, linux/aio_abi.h
    assert outcome(kernel)
    Disk().close(handle)
    kernel.close()


def test_the_kernel_refuses_what_cannot_be_synced(kernel: KernelSync) -> None:
    """So it does look at the file."""
    reader, writer = os.pipe()
    with pytest.raises(OSError, match="Invalid argument"):
        kernel.start(reader)
    os.close(reader)
    os.close(writer)
    kernel.close()


def test_the_loop_acknowledges_after_the_kernels_sync(tmp_path: Path, kernel: KernelSync) -> None:
    settings = settings_in(tmp_path)
    prepare_directories(settings, Disk())
    acknowledged: list[int] = []
    started: list[str] = []
    real = kernel.start

    def start(handle: int) -> None:
        started.append(name_of(handle))
        real(handle)

    kernel.start = start  # type: ignore[method-assign]  # records, and calls the real one
    writer = LoopWriter(
        TxnLog(settings, Disk(), 0),
        kernel,
        lambda work, done: done(work()),
        acknowledged.append,
        lambda error: pytest.fail(str(error)),
    )
    for txn in history(3):
        writer.submit([entry(txn)])
        if txn.header.zxid > 1:  # the first makes the file
            assert acknowledged[-1] == txn.header.zxid - 1
            assert select.select([writer], [], [], PATIENCE_S)[0]
            writer.ready()
        assert acknowledged[-1] == txn.header.zxid
    assert started == ["log.1", "log.1"]
    writer.close()
