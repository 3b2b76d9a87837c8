"""LogWriter: groups, order, and silence after a failure."""

import threading
from collections.abc import Iterable
from pathlib import Path
from queue import SimpleQueue

import pytest
from tests.unit.storage.world import FaultyDisk, entry, history, log_files, settings_in

from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import DiskFailure, StorageError
from speckeeper.storage.interface import Entry
from speckeeper.storage.recovery import recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.txnlog import TxnLog
from speckeeper.storage.wakeup import Wakeup
from speckeeper.storage.writer import LogWriter

EIO, ENOSPC = 5, 28
PATIENCE_S = 30


class ScriptedLog:
    """A TransactionLog in memory whose commits wait until the test lets them go."""

    def __init__(self, gated: bool = False) -> None:
        self.groups: list[list[int]] = [[]]
        self.events: list[str] = []
        self.gate: SimpleQueue[None] = SimpleQueue()
        self.entered: SimpleQueue[None] = SimpleQueue()
        self.gated = gated
        self.error: Exception | None = None

    def append(self, entries: Iterable[Entry]) -> int:
        self.groups[-1] += [zxid for zxid, _ in entries]
        return len(self.groups[-1])

    def commit(self) -> int:
        if self.groups[-1]:
            if self.gated:
                self.entered.put(None)
                self.gate.get(timeout=PATIENCE_S)
            if self.error is not None:
                raise self.error
            self.groups.append([])
        return self.groups[-2][-1] if len(self.groups) > 1 else -1

    def roll(self) -> None:
        self.events.append(f"roll after {self.commit()}")

    def close(self) -> None:
        self.events.append("close")


def test_what_waits_while_a_group_is_written_is_the_next_group() -> None:
    log, acknowledged = ScriptedLog(gated=True), []
    writer = LogWriter(log, acknowledged.append, lambda error: None)
    writer.start()

    writer.submit([(1, b"")])
    log.entered.get(timeout=PATIENCE_S)
    for zxid in range(2, 100):
        writer.submit([(zxid, b"")])
    log.gate.put(None)
    log.gate.put(None)
    writer.close()

    assert log.groups == [[1], list(range(2, 100)), []]
    assert acknowledged == [1, 99]
    assert writer.persisted_zxid == 99
    assert log.events == ["close"]


def test_roll_stands_between_what_was_submitted_before_and_after() -> None:
    log = ScriptedLog()
    writer = LogWriter(log, lambda zxid: None, lambda error: None)
    writer.submit([(1, b""), (2, b"")])
    writer.roll()
    writer.submit([(3, b"")])
    writer.start()
    writer.close()
    writer.close()

    assert log.groups == [[1, 2], [3], []]
    assert log.events == ["roll after 2", "close"]


@pytest.mark.parametrize("error", [DiskFailure(Path("log.1"), "sync", "EIO"), KeyError("defect")])
def test_after_a_failure_nothing_is_acknowledged_any_more(error: Exception) -> None:
    log = ScriptedLog(gated=True)
    acknowledged: list[int] = []
    failures: SimpleQueue[StorageError] = SimpleQueue()
    writer = LogWriter(log, acknowledged.append, failures.put)
    writer.start()

    writer.submit([(1, b"")])
    log.entered.get(timeout=PATIENCE_S)
    log.error = error
    writer.submit([(2, b"")])
    log.gate.put(None)
    failure = failures.get(timeout=PATIENCE_S)
    writer.submit([(3, b"")])
    writer.roll()
    writer.close()

    assert acknowledged == []
    assert failures.empty()
    assert writer.failure is failure
    assert isinstance(failure, DiskFailure) or "defect" in str(failure)
    assert log.groups == [[1]]


def test_a_writer_that_was_never_started_can_be_closed() -> None:
    log = ScriptedLog()
    writer = LogWriter(log, lambda zxid: None, lambda error: None)
    writer.close()
    assert log.events == []


def test_many_transactions_arrive_in_order_on_a_real_disk(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_data_dir(settings, [])
    acknowledged: list[int] = []
    log = TxnLog(settings, Disk(), last_zxid=0)
    writer = LogWriter(log, acknowledged.append, lambda error: None)
    writer.start()

    transactions = history(3000)
    for start in range(0, 3000, 7):
        writer.submit([entry(txn) for txn in transactions[start : start + 7]])
        if start % 700 == 0:
            writer.roll()
    writer.close()

    assert acknowledged == sorted(acknowledged)
    assert acknowledged[-1] == 3000
    assert len(list(log_files(settings))) > 3
    assert recover(settings).last_zxid == 3000


def _run_into_fault(settings: StorageSettings, fail_at: int, how: int) -> tuple[FaultyDisk, int]:
    """Write groups until a call fails; return the disk and the last acknowledged zxid."""
    disk = FaultyDisk(fail_at, how)
    acknowledged = [0]
    failures: list[StorageError] = []
    writer = LogWriter(TxnLog(settings, disk, last_zxid=0), acknowledged.append, failures.append)
    writer.start()
    transactions = history(60)
    for start in range(0, 60, 6):
        writer.submit([entry(txn) for txn in transactions[start : start + 6]])
        if start in (18, 36):
            writer.roll()
    writer.close()

    if disk.failed:
        # Said once, naming file and operation; and the disk was left alone from then on.
        assert len(failures) == 1
        assert "log." in str(failures[0])
        assert "failed" in str(failures[0])
        assert len(disk.calls) == fail_at + 1
    else:
        assert failures == []
    return disk, acknowledged[-1]


@pytest.mark.parametrize("how", [EIO, ENOSPC, FaultyDisk.SHORT])
def test_a_disk_that_fails_at_any_call_loses_nothing_acknowledged(tmp_path: Path, how: int) -> None:
    """Failing fsync, full disk, short write: at every index of the calls that change something."""
    fail_at = 0
    while True:
        settings = settings_in(tmp_path / str(fail_at), pre_alloc_size_kb=8)
        write_data_dir(settings, [])
        disk, acknowledged = _run_into_fault(settings, fail_at, how)
        recovered = recover(settings)
        assert recovered.last_zxid >= acknowledged
        if not disk.failed:
            assert acknowledged == 60
            break
        fail_at += 1
    assert fail_at > 15


@pytest.mark.parametrize("blocking", [True, False])
def test_signals_that_nobody_has_seen_count_as_one(blocking: bool) -> None:
    wakeup = Wakeup(blocking)
    for _ in range(5):
        wakeup.signal()
    wakeup.wait()
    if blocking:
        thread = threading.Thread(target=wakeup.wait)
        thread.start()
        wakeup.signal()
        thread.join(timeout=PATIENCE_S)
        assert not thread.is_alive()
    else:
        wakeup.clear()
        with pytest.raises(BlockingIOError):
            wakeup.wait()
    wakeup.close()
