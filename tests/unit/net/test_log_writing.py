"""LogWriting: what it says of a disk, on a loop like the server's own."""

import asyncio
import os
from pathlib import Path

from tests.unit.net.harness import run
from tests.unit.storage.world import entry, history

from speckeeper.net import log_writing
from speckeeper.net.log_writing import LogWriting
from speckeeper.storage.disk import Disk
from speckeeper.storage.disk_pace import DiskPace
from speckeeper.storage.placement import ALONE
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.txnlog import LOOK_S, Synced, TxnLog

STALL_S = 6 * LOOK_S


class StallingSync:
    """A BackgroundSync by a disk that takes its time."""

    can_stay_awake = False

    def __init__(self, stall_s: float) -> None:
        self.stall_s = stall_s
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK)

    def fileno(self) -> int:
        return self.eventfd

    def start(self, handle: int) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self.stall_s, os.eventfd_write, self.eventfd, 1)

    def finish(self) -> bool:
        try:
            return bool(os.eventfd_read(self.eventfd))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self.eventfd)


def test_a_disk_that_stalls_is_seen_while_the_loop_has_nothing_to_do(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(log_writing, "open_kernel_sync", lambda directory: StallingSync(STALL_S))
    synced: list[Synced] = []

    async def scenario() -> None:
        settings, disk = StorageSettings(tmp_path), Disk()
        settings.log_directory.mkdir()
        log = TxnLog(settings, disk, 0, synced.append)
        writing = LogWriting(
            asyncio.get_running_loop(),
            log,
            settings,
            disk,
            lambda zxid: None,
            lambda error: synced.clear(),
        )
        writing.start()
        for txn in history(2):
            writing.submit([entry(txn)])
            while writing.persisted_zxid < txn.header.zxid:
                await asyncio.sleep(0.01)
        await writing.close()

    run(scenario())
    assert [each.transactions for each in synced] == [1, 1]
    assert synced[1].elapsed_ms > (STALL_S - LOOK_S) * 1000


class Patient(DiskPace):
    """Waits for any disk."""

    def may_wait(self, now_s: float) -> bool:
        return True


def test_writes_of_a_client_that_is_alone_are_counted_where_there_is_one_way_to_sync(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(log_writing, "open_kernel_sync", lambda directory: StallingSync(0.0))
    counted: list[int] = []

    async def scenario() -> None:
        settings, disk = StorageSettings(tmp_path), Disk()
        settings.log_directory.mkdir()
        log = TxnLog(settings, disk, 0)
        writing = LogWriting(
            asyncio.get_running_loop(),
            *(log, settings, disk, lambda zxid: None, lambda error: None),
            Patient(),
            try_ways=False,
        )
        writing.start()
        entries = [entry(txn) for txn in history(2 * ALONE + 5)]
        alone, together, then = (
            entries[: ALONE + 3],
            entries[ALONE + 3 : ALONE + 5],
            entries[-ALONE:],
        )
        for group in (*([each] for each in alone), together, *([each] for each in then)):
            writing.submit(group)
            while writing.persisted_zxid < group[-1][0]:
                await asyncio.sleep(0)
            counted.append(writing.lone_writes)
        await writing.close()

    run(scenario())
    assert counted == [0] * ALONE + [1, 2, 3] + [3] * (1 + ALONE)
