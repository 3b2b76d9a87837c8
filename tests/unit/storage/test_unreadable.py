"""Files that the system does not let the server read: one line with the cause, and no start."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.storage.world import entry, history, settings_in

from speckeeper.storage.directories import prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.epochs import CURRENT_EPOCH, EpochFiles
from speckeeper.storage.errors import BadSnapshot, DiskFailure, StorageError, Unreadable
from speckeeper.storage.history import truncate
from speckeeper.storage.purge import removable
from speckeeper.storage.recovery import recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.txnlog import TxnLog

GIVE = "give it to the user that runs the server"


class Withheld(Disk):
    """A disk that withholds a file or directory; ``begins``: only what follows the first bytes."""

    def __init__(self, path: Path, number: int, begins: bool = False) -> None:
        self.path = path
        self.number = number
        self.begins = begins

    def _check(self, path: Path) -> None:
        if path == self.path:
            raise OSError(self.number, os.strerror(self.number), str(path))

    def names(self, directory: Path) -> list[str]:
        self._check(directory)
        return super().names(directory)

    def read(self, path: Path) -> bytes:
        self._check(path)
        return super().read(path)

    def read_chunks(self, path: Path, size: int) -> Iterator[bytes]:
        self._check(path)
        return super().read_chunks(path, size)

    def read_ends(self, path: Path, size: int) -> tuple[bytes, bytes]:
        if not self.begins:
            self._check(path)
        return super().read_ends(path, size)

    @contextmanager
    def map_log(self, path: Path) -> Iterator[bytes]:
        self._check(path)
        with super().map_log(path) as content:
            yield content

    def remove(self, path: Path) -> None:
        self._check(path)
        super().remove(path)


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    """Snapshots 0, 7 and 14, and the logs 1, 8 and 15; the last ends at 20."""
    settings = settings_in(tmp_path)
    write_data_dir(settings, history(20), snapshot_every=7)
    return settings


def content(settings: StorageSettings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in settings.snapshot_directory.iterdir()}


@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, GIVE),
        (errno.EIO, "check the disk, and restore the file from a backup if it stays so"),
        (errno.EMFILE, "raise the limit of open files (ulimit -n)"),
        (errno.EUCLEAN, "check the disk and its file system"),
    ],
)
def test_a_log(settings: StorageSettings, number: int, remedy: str, begins: bool) -> None:
    file = settings.log_directory / "log.f"
    before = content(settings)

    with pytest.raises(Unreadable) as refused:
        recover(settings, Withheld(file, number, begins))

    assert str(refused.value) == f"{file}: cannot be read: {os.strerror(number)}; {remedy}"
    assert content(settings) == before


@pytest.mark.parametrize("begins", [False, True])
def test_a_snapshot_that_may_be_whole(settings: StorageSettings, begins: bool) -> None:
    file = settings.snapshot_directory / "snapshot.e"

    with pytest.raises(Unreadable) as refused:
        recover(settings, Withheld(file, errno.EACCES, begins))

    assert str(refused.value) == f"{file}: cannot be read: Permission denied; {GIVE}"


@pytest.mark.parametrize("begins", [False, True])
def test_a_snapshot_that_the_disk_has_lost(settings: StorageSettings, begins: bool) -> None:
    """An older one and its logs give the same; without one the cause is told."""
    file = settings.snapshot_directory / "snapshot.e"
    disk = Withheld(file, errno.EIO, begins)

    recovered = recover(settings, disk)

    assert (recovered.last_zxid, recovered.report.snapshot_zxid) == (20, 7)
    assert recovered.report.warnings == [
        f"{file}: cannot be read: Input/output error; trying an older snapshot"
    ]
    for older in ("snapshot.0", "snapshot.7"):
        (settings.snapshot_directory / older).unlink()
    with pytest.raises(BadSnapshot, match="cannot be read: Input/output error; check the disk"):
        recover(settings, disk)


def test_a_first_snapshot_that_the_disk_has_lost_is_not_replaced(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_data_dir(settings, [])

    with pytest.raises(BadSnapshot, match="Input/output error"):
        recover(settings, Withheld(tmp_path / "version-2" / "snapshot.0", errno.EIO))


def test_a_directory_of_data(settings: StorageSettings) -> None:
    with pytest.raises(Unreadable, match=f"version-2: cannot be read: Permission denied; {GIVE}"):
        recover(settings, Withheld(settings.log_directory, errno.EACCES))


def test_two_directories(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data", data_log_dir=tmp_path / "log")
    prepare_directories(settings, Disk())

    with pytest.raises(Unreadable, match=f"{settings.snapshot_directory}: cannot be read"):
        prepare_directories(settings, Withheld(settings.snapshot_directory, errno.EACCES))


def test_an_epoch(tmp_path: Path) -> None:
    file = tmp_path / CURRENT_EPOCH
    file.write_text("1")

    with pytest.raises(Unreadable, match=f"{file}: cannot be read: Permission denied; {GIVE}"):
        EpochFiles(tmp_path, Withheld(file, errno.EACCES)).load(1 << 32)


def test_a_log_to_be_cut(settings: StorageSettings) -> None:
    file = settings.log_directory / "log.f"

    with pytest.raises(Unreadable, match=f"{file}: cannot be read"):
        truncate(Withheld(file, errno.EACCES), settings.log_directory, 16)


@pytest.mark.parametrize("name", ["initialize", "version-2/snapshot.5.tmp"])
def test_a_leftover_that_stays(settings: StorageSettings, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.touch()

    with pytest.raises(DiskFailure, match=f"{file}: remove failed: Permission denied"):
        recover(settings, Withheld(file, errno.EACCES))


def test_nothing_is_purged_while_a_snapshot_is_withheld(settings: StorageSettings) -> None:
    newest = settings.snapshot_directory / "snapshot.e"

    with pytest.raises(Unreadable):
        removable(settings, Withheld(newest, errno.EACCES))
    # Lost for good, it does not count as one of those that are kept.
    assert removable(settings, Withheld(newest, errno.EIO)) == []
    assert removable(settings, Disk()) == []


@pytest.mark.parametrize("name", ["log.fff", "log.10", "snapshot.fff"])
def test_a_directory_with_the_name_of_a_file(settings: StorageSettings, name: str) -> None:
    place = settings.log_directory / name
    place.mkdir()

    with pytest.raises(StorageError) as refused:
        recover(settings)

    assert str(refused.value) == f"{place}: is a directory; move it away"


@pytest.mark.parametrize("name", ["log.fff", "snapshot.fff"])
def test_a_link_to_nothing(settings: StorageSettings, tmp_path: Path, name: str) -> None:
    place = settings.log_directory / name
    place.symlink_to(tmp_path / "nowhere")

    with pytest.raises(StorageError, match=f"{place}: is a link to nothing") as refused:
        recover(settings)

    assert "\n" not in str(refused.value)


def test_a_gap_between_files_is_still_a_gap(settings: StorageSettings) -> None:
    log = TxnLog(settings, Disk(), 0xFFE)
    log.append([entry(txn) for txn in history(1, start=0xFFF)])
    log.close()

    with pytest.raises(StorageError, match=r"log\.fff: the log starts at 0xfff, but"):
        recover(settings)
