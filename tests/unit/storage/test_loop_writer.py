"""LoopWriter and KernelSync: the log written by the loop, synced by the kernel."""

import inspect
import os
import select
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from time import perf_counter, sleep, thread_time

import pytest
from tests.unit.storage.world import FaultyDisk, entry, history, log_files, settings_in

from speckeeper.storage import kernel_ring
from speckeeper.storage import kernel_sync as module
from speckeeper.storage.direct_file import open_direct_file
from speckeeper.storage.disk import Disk
from speckeeper.storage.disk_pace import DiskPace
from speckeeper.storage.errors import DiskFailure, StorageError
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.kernel_ring import KernelRing
from speckeeper.storage.kernel_sync import KernelSync, open_kernel_sync
from speckeeper.storage.loop_writer import MOST_BYTES_WAITED_FOR, Answer, LoopWriter, Outcome, Work
from speckeeper.storage.placement import Placement
from speckeeper.storage.recovery import recover
from speckeeper.storage.seed import write_data_dir
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.sync_ways import Way
from speckeeper.storage.txnlog import LOOK_S, Synced, TxnLog

EIO, ENOSPC = 5, 28
PATIENCE_S = 30


class SyncOnDisk:
    """A BackgroundSync that is done when it is asked for its outcome, by a disk that may fail."""

    def __init__(self, disk: FileSystem) -> None:
        self.disk = disk
        self.handle: int | None = None
        self.done_s = 0.0

    def fileno(self) -> int:
        return -1

    def start(self, handle: int) -> None:
        assert self.handle is None, "one sync at a time"
        self.handle = handle

    def finish(self) -> bool:
        if perf_counter() < self.done_s:
            return False
        handle, self.handle = self.handle, None
        if handle is None:
            return False
        self.disk.sync(handle)
        return True

    def sync(self, handle: int, meanwhile: Callable[[], None]) -> None:
        meanwhile()
        self.disk.sync(handle)

    def close(self) -> None:
        assert self.handle is None


def aside(work: Work, done: Callable[[Outcome], None]) -> None:
    """Do at once what a thread would do."""
    try:
        outcome: Outcome = work()
    except StorageError as error:
        outcome = error
    done(outcome)


class Driver:
    """A LoopWriter on a fresh data directory, and what it has reported."""

    def __init__(
        self,
        settings: StorageSettings,
        disk: FileSystem,
        pace: DiskPace | None = None,
        placement: Placement | None = None,
        answer: Answer | None = None,
    ) -> None:
        write_data_dir(settings, [])
        self.acknowledged: list[int] = []
        self.order: list[str | int] = []
        self.failures: list[StorageError] = []
        self.synced: list[Synced] = []
        self.sync = SyncOnDisk(disk)
        log = TxnLog(
            settings,
            disk,
            0,
            self.synced.append,
            disk.open_direct if isinstance(disk, FaultyDisk) else open_direct_file,
        )
        self.writer = LoopWriter(
            log, self.sync, aside, self.heard, self.failures.append, pace, placement, answer
        )

    @property
    def groups(self) -> list[int]:
        return [synced.transactions for synced in self.synced]

    def heard(self, zxid: int) -> None:
        self.acknowledged.append(zxid)
        self.order.append(zxid)

    def finish(self) -> None:
        while self.sync.handle is not None:
            self.writer.ready()


def test_what_waits_while_a_group_is_synced_is_the_next_group(tmp_path: Path) -> None:
    driver = Driver(settings_in(tmp_path), Disk())
    transactions = history(100)

    driver.writer.submit([entry(transactions[0])])  # makes the file, aside
    for txn in transactions[1:]:
        driver.writer.submit([entry(txn)])
    assert driver.acknowledged == [1]
    driver.finish()
    driver.writer.close()

    assert driver.groups == [1, 1, 98]
    assert driver.acknowledged == [1, 2, 100]
    assert driver.writer.persisted_zxid == 100
    assert recover(settings_in(tmp_path)).last_zxid == 100


def test_nothing_is_acknowledged_before_the_sync_is_done(tmp_path: Path) -> None:
    driver = Driver(settings_in(tmp_path), Disk())
    first, second = history(2)
    driver.writer.submit([entry(first)])
    driver.writer.submit([entry(second)])

    assert (driver.acknowledged, driver.writer.idle) == ([1], False)
    driver.writer.ready()
    assert (driver.acknowledged, driver.writer.idle) == ([1, 2], True)
    driver.writer.ready()  # nobody asked
    assert driver.acknowledged == [1, 2]


def begun(tmp_path: Path) -> Driver:
    """A driver with a sync under way."""
    driver = Driver(settings_in(tmp_path), Disk())
    for txn in history(2):
        driver.writer.submit([entry(txn)])  # the first makes the file
    assert driver.sync.handle is not None
    return driver


@pytest.mark.parametrize("turn_s", [LOOK_S, 4 * LOOK_S])
def test_the_disk_is_not_blamed_for_a_busy_loop(tmp_path: Path, turn_s: float) -> None:
    driver = begun(tmp_path)
    until = thread_time() + turn_s
    while thread_time() < until:
        pass
    driver.writer.ready()
    assert driver.acknowledged == [1, 2]
    # Beyond two looks nothing counts; below, what other processes had of the processor does.
    assert driver.synced[-1].elapsed_ms < LOOK_S * 900


def test_the_disk_is_not_blamed_for_a_loop_that_did_not_get_the_processor(tmp_path: Path) -> None:
    driver = begun(tmp_path)
    sleep(4 * LOOK_S)
    driver.writer.ready()
    assert driver.synced[-1].elapsed_ms < LOOK_S * 1000


def test_a_slow_disk_is_seen_by_a_loop_that_is_free_or_busy(tmp_path: Path) -> None:
    driver = begun(tmp_path)
    driver.sync.done_s = perf_counter() + 6 * LOOK_S
    while not driver.writer.idle:
        sleep(LOOK_S / 2)
        until = perf_counter() + LOOK_S / 2
        while perf_counter() < until:
            pass
        driver.writer.look()
    assert driver.synced[-1].elapsed_ms > 5 * LOOK_S * 1000
    driver.writer.look()  # nothing is under way
    assert driver.acknowledged == [1, 2]


def test_roll_stands_between_what_was_submitted_before_and_after(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    driver = Driver(settings, Disk())
    transactions = history(5)
    driver.writer.submit([entry(transactions[0])])
    driver.writer.submit([entry(transactions[1])])
    driver.writer.submit([entry(transactions[2])])
    driver.writer.roll()
    driver.writer.submit([entry(transactions[3])])
    driver.finish()
    driver.writer.submit([entry(transactions[4])])
    driver.finish()
    driver.writer.close()
    driver.writer.close()
    driver.writer.submit([entry(transactions[4])])

    assert sorted(file.name for file in log_files(settings)) == ["log.1", "log.4"]
    assert driver.acknowledged == [1, 2, 3, 4, 5]


def test_a_log_that_is_not_to_be_synced_is_not(tmp_path: Path) -> None:
    driver = Driver(settings_in(tmp_path, force_sync=False), Disk())
    for txn in history(3):
        driver.writer.submit([entry(txn)])
    assert driver.acknowledged == [1, 2, 3]


class Pace(DiskPace):
    """A disk that may be waited for, or not."""

    def __init__(self, fast: bool = True) -> None:
        super().__init__()
        self.fast = fast

    def may_wait(self, now_s: float) -> bool:
        return self.fast


def test_a_fast_disk_is_waited_for(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, pre_alloc_size_kb=4096)
    disk, pace = FaultyDisk(), Pace()
    driver = Driver(settings, disk, pace)
    first, second, third, fourth = history(4)
    driver.writer.submit([entry(first)])
    before = len(disk.calls)

    driver.writer.submit([entry(second)])
    assert disk.calls[before:] == ["write"]  # and no sync of its own
    assert (driver.acknowledged, driver.writer.idle) == ([1, 2], True)

    driver.writer.submit([entry(third), (4, bytes(MOST_BYTES_WAITED_FOR))])
    assert (driver.acknowledged, driver.writer.idle) == ([1, 2], False)
    driver.finish()
    pace.fast = False
    driver.writer.submit([(5, entry(fourth)[1])])
    assert driver.acknowledged == [1, 2, 4]
    driver.finish()
    assert driver.acknowledged == [1, 2, 4, 5]


class Ways(Placement):
    """Goes some ways in turns."""

    def __init__(self, *ways: Way) -> None:
        super().__init__(None, ways)
        self.turns = cycle(ways)
        self.told: list[Way] = []

    def next_way(self, transactions: int) -> Way | None:
        return next(self.turns) if transactions == 1 else None

    def waited(self, way: Way, elapsed_s: float) -> None:
        assert 0 < elapsed_s < PATIENCE_S
        self.told.append(way)


def test_a_single_transaction_is_waited_for_in_the_way_that_is_quickest(tmp_path: Path) -> None:
    disk, ways = FaultyDisk(), Ways(Way.CACHED, Way.AWAKE, Way.DIRECT)
    driver = Driver(settings_in(tmp_path, pre_alloc_size_kb=4096), disk, Pace(), ways)
    transactions = history(6)
    driver.writer.submit([entry(transactions[0])])  # makes the file
    assert driver.acknowledged == [1]
    ways.told = []
    before = len(disk.calls)

    for txn in transactions[1:4]:
        driver.writer.submit([entry(txn)])
    driver.writer.submit([entry(txn) for txn in transactions[4:]])
    assert disk.calls[before:] == ["write", "sync", "write direct", "write", "write"]
    assert ways.told == [Way.AWAKE, Way.DIRECT, Way.CACHED]
    assert (driver.acknowledged, driver.writer.idle) == ([1, 2, 3, 4, 6], True)


class Answers:
    """Makes answers ready, and notes what happens to them."""

    def __init__(self) -> None:
        self.said: list[str | int] = []

    def ready(self) -> Callable[[], None]:
        self.said.append("ready")
        return lambda: self.said.append("sent")


@pytest.mark.parametrize("placement", [None, Ways(Way.AWAKE), Ways(Way.DIRECT)])
def test_who_is_alone_is_answered_as_soon_as_it_is_durable(
    tmp_path: Path, placement: Placement | None
) -> None:
    disk, pace, answers = FaultyDisk(), Pace(), Answers()
    settings = settings_in(tmp_path, pre_alloc_size_kb=4096)
    driver = Driver(settings, disk, pace, placement, answers.ready)
    transactions = [entry(txn) for txn in history(8)]
    driver.writer.submit(transactions[:1])  # makes the file
    driver.finish()
    answers.said = driver.order = []

    driver.writer.submit(transactions[1:2])
    driver.writer.submit(transactions[2:3])
    assert driver.order == ["ready", "sent", 2, "ready", "sent", 3]
    driver.writer.submit(transactions[3:5])
    assert driver.order[6:] == [5]
    pace.fast = False
    driver.writer.submit(transactions[5:6])
    driver.finish()
    assert driver.order[7:] == [6]

    pace.fast = True
    disk.fail_at, disk.how = len(disk.calls), EIO
    driver.writer.submit(transactions[6:7])
    driver.writer.submit(transactions[7:8])
    assert driver.order[8:] in ([], ["ready"])
    assert len(driver.failures) == 1


def test_what_is_submitted_by_who_hears_of_a_group_is_the_next_group(tmp_path: Path) -> None:
    """A thousand groups, each caused by the one before: the stack does not grow with them."""
    driver = Driver(settings_in(tmp_path), Disk(), Pace())
    transactions = history(2000)
    depths = []

    def heard(zxid: int) -> None:
        driver.acknowledged.append(zxid)
        depths.append(len(inspect.stack(0)))
        if zxid < len(transactions):
            driver.writer.submit([entry(transactions[zxid])])

    driver.heard = heard  # type: ignore[method-assign]
    driver.writer._on_persisted = heard
    driver.writer.submit([entry(transactions[0])])
    driver.writer.close()

    assert driver.acknowledged == list(range(1, 2001))
    assert max(depths) - min(depths) < 100
    assert recover(settings_in(tmp_path)).last_zxid == 2000


WAYS_OF = {
    "awake": (Way.AWAKE, Way.CACHED),
    "direct": (Way.DIRECT,),
    "in all ways": (Way.DIRECT, Way.CACHED, Way.DIRECT, Way.AWAKE, Way.CACHED),
}


def _run_into_fault(
    settings: StorageSettings, fail_at: int, how: int, waits: str
) -> tuple[FaultyDisk, int]:
    """Write groups until a call fails; return the disk and the last acknowledged zxid."""
    disk = FaultyDisk(fail_at, how)
    pace = None if waits == "told" else Pace()
    ways = WAYS_OF.get(waits)
    driver = Driver(settings, disk, pace, Ways(*ways) if ways else None)
    rest = history(60)
    for number, size in enumerate([1, 1, 1, 3] * 10 if ways else [6] * 10):
        group, rest = rest[:size], rest[size:]
        driver.writer.submit([entry(txn) for txn in group])
        driver.finish()
        if number in (3, 6):
            driver.writer.roll()
    assert driver.writer.idle
    driver.writer.close()
    if disk.failed:
        # Said once, naming file and operation; and the disk was left alone from then on.
        assert [driver.writer.failure] == driver.failures
        assert "log." in str(driver.failures[0])
        assert len(disk.calls) == fail_at + 1
    return disk, max(driver.acknowledged, default=0)


@pytest.mark.parametrize("waits", ["told", "asleep", *WAYS_OF])
@pytest.mark.parametrize("how", [EIO, ENOSPC, FaultyDisk.SHORT])
def test_a_disk_that_fails_at_any_call_loses_nothing_acknowledged(
    tmp_path: Path, how: int, waits: str
) -> None:
    """Failing fsync, full disk, short write: at every index of the calls that change something."""
    fail_at = 0
    while True:
        settings = settings_in(tmp_path / str(fail_at), pre_alloc_size_kb=8)
        disk, acknowledged = _run_into_fault(settings, fail_at, how, waits)
        assert recover(settings).last_zxid >= acknowledged
        if not disk.failed:
            assert acknowledged == 60
            break
        fail_at += 1
    assert fail_at > 15


@pytest.fixture(params=[KernelRing, KernelSync], ids=["io_uring", "aio"])
def kernel_sync(request: pytest.FixtureRequest) -> KernelRing | KernelSync:
    try:
        return request.param()
    except OSError as error:
        pytest.skip(f"not here: {error}")


def test_the_kernel_syncs_a_file_and_says_when_it_is_done(
    kernel_sync: KernelRing | KernelSync, tmp_path: Path
) -> None:
    with open(tmp_path / "file", "wb") as file:
        for _ in range(20):
            file.write(b"data")
            file.flush()
            kernel_sync.start(file.fileno())
            assert select.select([kernel_sync], [], [], PATIENCE_S)[0]
            assert kernel_sync.finish()
            assert not kernel_sync.finish()
    kernel_sync.close()


def test_what_the_kernel_cannot_sync_is_an_error(kernel_sync: KernelRing | KernelSync) -> None:
    reader, writer = os.pipe()
    with pytest.raises(OSError, match="Invalid argument"):
        _sync(kernel_sync, writer)
    os.close(reader)
    os.close(writer)
    with pytest.raises(OSError, match="Bad file descriptor"):
        _sync(kernel_sync, writer)
    kernel_sync.close()


def test_a_sync_waited_for_and_one_told_of_do_not_disturb_each_other(
    kernel_sync: KernelRing | KernelSync, tmp_path: Path
) -> None:
    with open(tmp_path / "file", "wb") as file:
        for _ in range(10):
            file.write(b"data")
            file.flush()
            kernel_sync.sync(file.fileno())
            assert not select.select([kernel_sync], [], [], 0)[0]  # nobody is told of it
            assert not kernel_sync.finish()
            _sync(kernel_sync, file.fileno())
    kernel_sync.close()


@pytest.mark.parametrize("awake_s", [0.0, PATIENCE_S], ids=["asleep", "awake"])
def test_a_sync_waited_for_says_what_went_wrong(
    kernel_sync: KernelRing | KernelSync,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    awake_s: float,
) -> None:
    monkeypatch.setattr(kernel_ring, "AWAKE_S", awake_s)
    reader, writer = os.pipe()
    with pytest.raises(OSError, match="Invalid argument"):
        kernel_sync.sync(writer)
    os.close(reader)
    os.close(writer)
    with pytest.raises(OSError, match="Bad file descriptor"):
        kernel_sync.sync(writer)
    with open(tmp_path / "file", "wb") as file:
        file.write(b"data")
        file.flush()
        kernel_sync.sync(file.fileno())
    kernel_sync.close()


def _sync(kernel_sync: KernelRing | KernelSync, handle: int) -> None:
    kernel_sync.start(handle)
    assert select.select([kernel_sync], [], [], PATIENCE_S)[0]
    assert kernel_sync.finish()


def test_the_best_that_works_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> KernelRing:
        raise OSError(1, "Operation not permitted")

    def idle(self: KernelSync, handle: int) -> None:
        raise OSError(22, "Invalid argument")

    first = open_kernel_sync(tmp_path)
    monkeypatch.setattr(module, "KernelRing", refused)
    second = open_kernel_sync(tmp_path)
    monkeypatch.setattr(KernelSync, "start", idle)
    assert open_kernel_sync(tmp_path) is None
    assert isinstance(first, KernelRing | KernelSync | None)
    assert isinstance(second, KernelSync | None)


def test_many_transactions_by_way_of_the_kernel(
    kernel_sync: KernelRing | KernelSync, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    write_data_dir(settings, [])
    acknowledged: list[int] = []
    failures: list[StorageError] = []
    log = TxnLog(settings, Disk(), last_zxid=0)
    writer = LoopWriter(log, kernel_sync, aside, acknowledged.append, failures.append)
    transactions = history(3000)
    for start in range(0, 3000, 7):
        writer.submit([entry(txn) for txn in transactions[start : start + 7]])
        if start % 700 == 0:
            writer.roll()
    while not writer.idle:
        assert select.select([writer], [], [], PATIENCE_S)[0]
        writer.ready()
    writer.close()

    assert failures == []
    assert acknowledged == sorted(acknowledged)
    assert acknowledged[-1] == 3000
    assert recover(settings).last_zxid == 3000


def test_a_defect_is_reported_as_one(tmp_path: Path) -> None:
    driver = Driver(settings_in(tmp_path), Disk())
    driver.writer._done(KeyError("defect"))
    assert "defect" in str(driver.failures[0])
    assert not isinstance(driver.failures[0], DiskFailure)


def test_a_full_file_that_cannot_be_left_behind_is_a_failure(tmp_path: Path) -> None:
    """txnLogSizeLimitInKb: the roll happens when a sync is done, and may fail then."""
    settings = settings_in(tmp_path, txn_log_size_limit_kb=1)
    disk = FaultyDisk()
    driver = Driver(settings, disk)
    first, second = history(2)
    driver.writer.submit([entry(first)])
    disk.fail_at, disk.how = len(disk.calls) + 2, EIO  # behind write and sync

    driver.writer.submit([entry(second), (3, bytes(2000))])
    driver.finish()
    driver.writer.submit([(4, b"")])

    assert disk.calls[-1] == "resize"
    assert driver.writer.idle
    assert [type(error) for error in driver.failures] == [DiskFailure]
    assert driver.acknowledged == [1]


def test_a_defect_is_a_failure_too(tmp_path: Path) -> None:
    driver = Driver(settings_in(tmp_path), Disk())

    driver.writer.submit([(5, b"x"), (5, b"x")])
    driver.writer.submit([(6, b"x")])

    assert driver.writer.idle
    assert ["after 0x5" in str(error) for error in driver.failures] == [True]
    assert driver.acknowledged == []
