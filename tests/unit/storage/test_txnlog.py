"""TxnLog: what stands in the files, and in which order the disk is asked."""

from pathlib import Path

import pytest
from tests.unit.storage.world import FaultyDisk, entry, history, log_files, settings_in

from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import DiskFailure
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.txnlog import Synced, TxnLog
from speckeeper.wire.logfile import encode_log_header, frame_entry, iter_entries

EIO = 5


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    settings = settings_in(tmp_path)
    settings.log_directory.mkdir()
    return settings


def zxids(path: Path) -> list[int]:
    return [int.from_bytes(raw[12:20], "big") for _, raw in iter_entries(path.read_bytes())]


def test_a_file_is_named_by_its_first_transaction_and_padded_with_zeros(
    settings: StorageSettings,
) -> None:
    log = TxnLog(settings, Disk(), last_zxid=9)
    entries = [entry(txn) for txn in history(3, start=10)]

    log.append(entries)
    assert log.commit() == 12

    path = settings.log_directory / "log.a"
    assert list(log_files(settings)) == [path] == [log.file]
    written = encode_log_header() + b"".join(frame_entry(raw) for _, raw in entries)
    assert path.read_bytes() == written.ljust(64 * 1024, b"\0")
    log.close()


def test_roll_cuts_the_padding_and_the_next_transaction_starts_a_file(
    settings: StorageSettings,
) -> None:
    log = TxnLog(settings, Disk(), last_zxid=0)
    first, second = history(2)

    log.append([entry(first)])
    log.roll()
    log.roll()
    assert log.file is None
    log.append([entry(second)])
    log.close()

    old, new = log_files(settings)
    assert old.read_bytes() == encode_log_header() + frame_entry(entry(first)[1])
    assert (new.name, zxids(new)) == ("log.2", [2])


def test_padding_grows_in_steps_ahead_of_the_data(settings: StorageSettings) -> None:
    log = TxnLog(settings, Disk(), last_zxid=0)
    step = 64 * 1024

    for zxid in range(1, 40):
        log.append([(zxid, bytes(8000))])
        log.commit()
        assert log.file is not None
        size = log.file.stat().st_size
        assert size % step == 0
        assert 4096 <= size - log.position <= step + 4096

    log.append([(40, bytes(5 * step))])
    log.commit()
    assert log.file.stat().st_size - log.position >= 4096
    log.close()


def test_without_preallocation_the_file_ends_with_the_last_record(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, pre_alloc_size_kb=0)
    settings.log_directory.mkdir()
    log = TxnLog(settings, Disk(), last_zxid=0)

    for txn in history(5):
        log.append([entry(txn)])
        log.commit()
        assert log.file is not None
        assert log.file.stat().st_size == log.position
    log.close()


def test_a_file_over_the_size_limit_is_followed_by_another(tmp_path: Path) -> None:
    """txnLogSizeLimitInKb; what counts is what was written, not the padding."""
    settings = settings_in(tmp_path, txn_log_size_limit_kb=2)
    settings.log_directory.mkdir()
    log = TxnLog(settings, Disk(), last_zxid=0)

    for zxid in range(1, 8):
        log.append([(zxid, bytes(12) + zxid.to_bytes(8, "big") + bytes(1000))])
        log.commit()
    log.close()

    assert [zxids(path) for path in log_files(settings)] == [[1, 2], [3, 4], [5, 6], [7]]


def test_a_group_is_one_write_and_one_sync(settings: StorageSettings) -> None:
    disk = FaultyDisk()
    told: list[Synced] = []
    log = TxnLog(settings, disk, last_zxid=0, on_synced=told.append)

    log.append([entry(txn) for txn in history(2)])
    log.commit()
    assert disk.calls == ["create", "resize", "write", "sync", "sync_directory"]
    disk.calls.clear()
    log.append([entry(txn) for txn in history(50, start=3)])
    log.append([entry(txn) for txn in history(50, start=53)])
    assert log.commit() == 102
    assert log.commit() == 102

    assert disk.calls == ["write"]
    assert [synced.transactions for synced in told] == [2, 100]
    assert not told[1].slow
    log.close()


def test_force_sync_no_never_syncs(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, force_sync=False)
    settings.log_directory.mkdir()
    disk = FaultyDisk()
    log = TxnLog(settings, disk, last_zxid=0)

    for zxid in range(1, 200):
        log.append([(zxid, bytes(1000))])
        log.commit()
    log.close()

    assert "sync" not in disk.calls
    assert "sync_directory" not in disk.calls


def test_slow_syncs_are_told(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, fsync_warning_threshold_ms=-1)
    settings.log_directory.mkdir()
    told: list[Synced] = []
    log = TxnLog(settings, Disk(), last_zxid=0, on_synced=told.append)

    log.append([entry(txn) for txn in history(1)])
    log.close()

    assert [synced.slow for synced in told] == [True]
    assert told[0].file.name == "log.1"


@pytest.mark.parametrize("zxid", [0, 4, 5])
def test_zxids_must_rise(settings: StorageSettings, zxid: int) -> None:
    log = TxnLog(settings, Disk(), last_zxid=5)

    with pytest.raises(ValueError, match="after 0x5"):
        log.append([(zxid, b"entry")])


def test_a_file_with_transactions_is_never_overwritten(settings: StorageSettings) -> None:
    taken = settings.log_directory / "log.1"
    taken.write_bytes(b"precious")
    log = TxnLog(settings, Disk(), last_zxid=0)
    log.append([entry(txn) for txn in history(1)])

    with pytest.raises(DiskFailure, match=r"log\.1: create failed: File exists"):
        log.commit()

    assert taken.read_bytes() == b"precious"


def test_after_a_failure_everything_fails_and_nothing_is_tried_again(
    settings: StorageSettings,
) -> None:
    disk = FaultyDisk(fail_at=5, how=EIO)
    log = TxnLog(settings, disk, last_zxid=0)
    log.append([entry(txn) for txn in history(1)])
    log.commit()

    log.append([entry(txn) for txn in history(1, start=2)])
    with pytest.raises(DiskFailure) as caught:
        log.commit()
    calls = len(disk.calls)
    for action in (log.commit, log.roll, lambda: log.append([])):
        with pytest.raises(DiskFailure):
            action()
    log.close()

    assert len(disk.calls) == calls
    text = str(caught.value)
    assert "log.1" in text
    assert "write and sync failed: Input/output error" in text
