"""Directories, the lock, the epoch files and the names of files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.storage.world import EPOCH_2, FaultyDisk

from speckeeper.storage.directories import LOCK_NAME, DirectoryLock, prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.epochs import ACCEPTED_EPOCH, CURRENT_EPOCH, EpochFiles, Epochs
from speckeeper.storage.errors import DataDirError, DiskFailure, StorageError
from speckeeper.storage.names import NamedFile, list_logs, list_snapshots, log_name, snapshot_name
from speckeeper.storage.settings import StorageSettings


def test_missing_directories_are_made(tmp_path: Path) -> None:
    settings = StorageSettings(tmp_path / "a" / "data", tmp_path / "b" / "log")

    prepare_directories(settings, Disk())
    prepare_directories(settings, Disk())

    assert (tmp_path / "a" / "data" / "version-2").is_dir()
    assert (tmp_path / "b" / "log" / "version-2").is_dir()


def test_missing_directories_are_refused_without_autocreate(tmp_path: Path) -> None:
    settings = StorageSettings(tmp_path / "data", datadir_autocreate=False)

    with pytest.raises(DataDirError, match=r"datadir\.autocreate is false; create it"):
        prepare_directories(settings, Disk())

    assert not (tmp_path / "data").exists()


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataDirError, match="cannot be created: Not a directory"):
        prepare_directories(StorageSettings(tmp_path / "file"), Disk())


def test_a_directory_that_is_not_writable_is_refused(tmp_path: Path) -> None:
    class ReadOnlyDisk(Disk):
        def writable(self, directory: Path) -> bool:
            return "log" not in str(directory)

    with pytest.raises(DataDirError, match=r"log/version-2: .* not writable.*dataLogDir"):
        prepare_directories(StorageSettings(tmp_path / "data", tmp_path / "log"), ReadOnlyDisk())


@pytest.mark.parametrize(
    ("directory", "name", "what"),
    [("log", "snapshot.5", "snapshot"), ("data", "log.5", "transaction log")],
)
def test_files_in_the_wrong_directory_are_refused(
    tmp_path: Path, directory: str, name: str, what: str
) -> None:
    """ZOOKEEPER-2967."""
    settings = StorageSettings(tmp_path / "data", tmp_path / "log")
    prepare_directories(settings, Disk())
    (tmp_path / directory / "version-2" / name).touch()

    with pytest.raises(DataDirError, match=rf"holds a {what} file \({name}\)"):
        prepare_directories(settings, Disk())

    prepare_directories(StorageSettings(tmp_path / directory), Disk())


def test_a_directory_serves_one_server_at_a_time(tmp_path: Path) -> None:
    one = StorageSettings(tmp_path / "one", tmp_path / "logs")
    two = StorageSettings(tmp_path / "two", tmp_path / "logs")
    for settings in (one, two):
        prepare_directories(settings, Disk())

    lock = DirectoryLock(one, Disk())
    for settings in (one, two):
        with pytest.raises(DataDirError, match="another server is using the directory"):
            DirectoryLock(settings, Disk())
    # What was refused holds nothing back.
    DirectoryLock(StorageSettings(tmp_path / "two"), Disk()).release()
    lock.release()

    DirectoryLock(two, Disk()).release()


def test_the_lock_ends_with_the_process(tmp_path: Path) -> None:
    settings = StorageSettings(tmp_path)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from speckeeper.storage.directories import DirectoryLock\n"
        "from speckeeper.storage.disk import Disk\n"
        "from speckeeper.storage.settings import StorageSettings\n"
        f"lock = DirectoryLock(StorageSettings(Path({str(tmp_path)!r})), Disk())\n"
        "print('locked', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"
    with pytest.raises(DataDirError):
        DirectoryLock(settings, Disk())

    process.kill()
    process.communicate()

    DirectoryLock(settings, Disk()).release()
    assert (tmp_path / LOCK_NAME).exists()


def test_a_lock_that_cannot_be_had_is_an_error_with_the_file(tmp_path: Path) -> None:
    os.mkdir(tmp_path / LOCK_NAME)

    with pytest.raises(DataDirError, match=rf"{LOCK_NAME}: the directory cannot be locked"):
        DirectoryLock(StorageSettings(tmp_path), Disk())


def test_epochs_are_what_was_written(tmp_path: Path) -> None:
    epochs = EpochFiles(tmp_path, Disk())
    assert epochs.read(CURRENT_EPOCH) is None

    epochs.write(CURRENT_EPOCH, 7)
    epochs.write(ACCEPTED_EPOCH, 8)
    epochs.write(ACCEPTED_EPOCH, 9)

    assert epochs.load(last_zxid=(7 << 32) + 5) == Epochs(accepted=9, current=7)
    assert (tmp_path / "acceptedEpoch").read_bytes() == b"9"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acceptedEpoch", "currentEpoch"]


@pytest.mark.parametrize("text", ["2147483648", "-1"])
def test_what_no_zxid_can_hold_is_no_epoch(tmp_path: Path, text: str) -> None:
    (tmp_path / "acceptedEpoch").write_text(text)

    with pytest.raises(StorageError, match=f"{text} is no epoch, the last is 2147483647; restore"):
        EpochFiles(tmp_path, Disk()).read(ACCEPTED_EPOCH)


@pytest.mark.parametrize(
    ("accepted", "current", "unfinished", "expected"),
    [
        (None, None, None, Epochs(2, 2)),
        (3, None, None, Epochs(3, 2)),
        (None, 2, None, Epochs(2, 2)),
        (3, 3, None, Epochs(3, 3)),
        # Stopped between the history of an epoch and the file that claims it, written or half so.
        (2, 1, None, Epochs(2, 1)),
        (2, 1, 2, Epochs(2, 1)),
        (2, 1, "", Epochs(2, 1)),
        (1, 1, None, "currentEpoch: epoch 0x1 is older than the last transaction, 0x200000005"),
        (None, 1, 2, "currentEpoch: epoch 0x1 is older than the last transaction, 0x200000005"),
        (1, 2, None, "acceptedEpoch: epoch 0x1 is less than the current epoch, 0x2"),
    ],
)
def test_epochs_have_to_belong_to_the_log(
    tmp_path: Path,
    accepted: int | None,
    current: int | None,
    unfinished: int | str | None,
    expected: Epochs | str,
) -> None:
    """ZooKeeper QuorumPeer.loadDataBase, which refuses a log ahead of currentEpoch."""
    epochs = EpochFiles(tmp_path, Disk())
    for name, value in (
        ("acceptedEpoch", accepted),
        ("currentEpoch", current),
        ("currentEpoch.tmp", unfinished),
    ):
        if value is not None:
            (tmp_path / name).write_text(f"{value}\n")

    if isinstance(expected, str):
        with pytest.raises(StorageError, match=expected):
            epochs.load(EPOCH_2 + 5)
    else:
        assert epochs.load(EPOCH_2 + 5) == expected
        assert EpochFiles(tmp_path, Disk()).load(EPOCH_2 + 5) == expected


def test_an_epoch_file_without_a_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / CURRENT_EPOCH).write_bytes(b"\xffseven")

    with pytest.raises(StorageError, match="currentEpoch: holds no decimal number"):
        EpochFiles(tmp_path, Disk()).read(CURRENT_EPOCH)


@pytest.mark.parametrize("how", [5, 28, FaultyDisk.SHORT])
def test_an_epoch_that_cannot_be_written_is_not_half_written(tmp_path: Path, how: int) -> None:
    EpochFiles(tmp_path, Disk()).write(CURRENT_EPOCH, 11)
    for fail_at in range(5):
        with pytest.raises(DiskFailure, match="currentEpoch"):
            EpochFiles(tmp_path, FaultyDisk(fail_at, how)).write(CURRENT_EPOCH, 12)
        assert EpochFiles(tmp_path, Disk()).read(CURRENT_EPOCH) in (11, 12)
    EpochFiles(tmp_path, FaultyDisk(5, how)).write(CURRENT_EPOCH, 12)


def test_names() -> None:
    assert log_name(0x10000000A) == "log.10000000a"
    assert snapshot_name(0) == "snapshot.0"
    assert snapshot_name(0xABC, "gz") == "snapshot.abc.gz"


def test_only_files_with_proper_names_are_data(tmp_path: Path) -> None:
    good_logs = ["log.9", "log.A", "log.10000000b"]
    good_snapshots = ["snapshot.0", "snapshot.5.gz", "snapshot.f.snappy"]
    bad = ["log", "log.", "log.x", "log.5.gz", "log.8000000000000000", "xlog.5", "snapshot.5.tmp"]
    for name in good_logs + good_snapshots + bad:
        (tmp_path / name).touch()

    assert [log.path.name for log in list_logs(Disk(), tmp_path)] == good_logs
    assert list_snapshots(Disk(), tmp_path) == [
        NamedFile(0, tmp_path / "snapshot.0", ""),
        NamedFile(5, tmp_path / "snapshot.5.gz", "gz"),
        NamedFile(15, tmp_path / "snapshot.f.snappy", "snappy"),
    ]
