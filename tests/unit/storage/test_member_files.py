"""What a member's disk can go back to."""

import errno
from pathlib import Path

import pytest
from tests.unit.storage.world import create, settings_in

from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import BadSnapshot, DiskFailure
from speckeeper.storage.member_files import MemberFiles
from speckeeper.storage.txnlog import TxnLog
from speckeeper.wire.txns import encode_txn

EPOCH = 1 << 32


class Unwilling(Disk):
    """A disk that removes nothing."""

    def remove(self, path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")


def member(directory: Path, disk: Disk | None = None) -> MemberFiles:
    """Return a member whose log has five transactions of the first epoch."""
    (directory / "version-2").mkdir()
    settings, disk = settings_in(directory), disk or Disk()
    files = MemberFiles(settings, disk, window=10)
    files.load()
    log = TxnLog(settings, disk, EPOCH)
    log.append([(EPOCH + n, encode_txn(create(EPOCH + n, f"/{n}"))) for n in range(1, 6)])
    log.commit()
    log.close()
    return files


def test_a_log_leads_to_each_of_its_transactions(tmp_path: Path) -> None:
    files = member(tmp_path)
    assert [files.leads_to(EPOCH + n) for n in (1, 3, 5)] == [True] * 3
    assert files.leads_to(0)
    assert not files.leads_to(EPOCH + 6)
    assert files.leads_to(2 * EPOCH)  # where an epoch starts, no transaction is missing
    assert not files.leads_to(2 * EPOCH + 1)


def test_nothing_leads_to_what_is_older_than_a_snapshot_of_a_leader(tmp_path: Path) -> None:
    files = member(tmp_path)
    files.recover()
    files.take_snapshot(2 * EPOCH + 7)  # what a SNAP brought: the log so far goes
    assert files.leads_to(2 * EPOCH + 7)
    assert not files.leads_to(2 * EPOCH + 6)
    assert not files.leads_to(EPOCH + 3)


@pytest.mark.parametrize("zxid", [EPOCH + 3, 0])
def test_truncation_ends_where_it_should(tmp_path: Path, zxid: int) -> None:
    files = member(tmp_path)
    assert files.leads_to(zxid)
    files.truncate(zxid)
    assert sum(path[1:].isdigit() for path in files.tree.nodes) == zxid % EPOCH
    assert files.tree.last_processed_zxid == zxid


def test_what_cannot_be_removed_is_a_failure_of_the_disk(tmp_path: Path) -> None:
    files = member(tmp_path, Unwilling())
    files.recover()
    with pytest.raises(DiskFailure, match="remove failed: Input/output error"):
        files.take_snapshot(2 * EPOCH)
    with pytest.raises(DiskFailure, match="remove failed"):
        files.truncate(EPOCH)


def interrupted(tmp_path: Path) -> MemberFiles:
    """Return a member that crashed between a leader's snapshot and the removal of its own log.

    It went on in epoch 4: of what the snapshot brought, up to the third transaction of epoch 3,
    nothing is in the log.
    """
    files = member(tmp_path, disk := Unwilling())
    files.recover()
    with pytest.raises(DiskFailure):
        files.take_snapshot(3 * EPOCH + 3)
    log = TxnLog(settings_in(tmp_path), disk, 4 * EPOCH)
    log.append([(4 * EPOCH + 1, encode_txn(create(4 * EPOCH + 1, "/next")))])
    log.commit()
    log.close()
    return MemberFiles(settings_in(tmp_path), Disk(), window=10)


def test_no_learner_is_sent_a_log_that_goes_on_behind_a_snapshot_of_a_leader(
    tmp_path: Path,
) -> None:
    files = interrupted(tmp_path)
    files.recover()
    assert files.read_log(EPOCH + 2) is None
    assert files.read_log(4 * EPOCH + 1) is not None


def test_a_log_across_a_snapshot_of_ones_own_is_sent(tmp_path: Path) -> None:
    files = member(tmp_path)
    (tmp_path / "version-2" / "snapshot.100000003").write_bytes(b"x" * 1000)
    entries = files.read_log(EPOCH + 2)
    assert entries is not None
    assert [zxid for zxid, _ in entries] == [EPOCH + n for n in (2, 3, 4, 5)]


def test_no_start_goes_past_a_snapshot_of_a_leader_that_cannot_be_read(tmp_path: Path) -> None:
    files = interrupted(tmp_path)
    (tmp_path / "version-2" / "snapshot.300000003").write_bytes(b"torn")
    with pytest.raises(BadSnapshot, match="the log does not hold 0x300000003, with which it ends"):
        files.recover()


def test_a_start_goes_past_a_snapshot_of_ones_own_that_cannot_be_read(tmp_path: Path) -> None:
    files = member(tmp_path)
    (tmp_path / "version-2" / "snapshot.100000003").write_bytes(b"torn")
    assert files.recover()[0] == EPOCH + 5
