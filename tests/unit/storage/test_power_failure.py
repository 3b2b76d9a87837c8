"""Power failures at random moments, on a disk in memory that forgets what was not synced."""

import os
import random
from pathlib import Path

import pytest
from tests.unit.storage.volatile_disk import VolatileDisk
from tests.unit.storage.world import entry, history

from speckeeper.storage.errors import CorruptLog
from speckeeper.storage.purge import purge
from speckeeper.storage.recovery import recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import write_snapshot
from speckeeper.storage.txnlog import TxnLog
from speckeeper.tree.apply import apply

ROUNDS = int(os.environ.get("SPECKEEPER_CRASH_ROUNDS", "15"))


class Cut(Exception):
    """The power goes."""


class FailingSupply(VolatileDisk):
    """Counts down the calls that change something, and lets the power fail at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.left = -1

    def write(self, handle: int, data: bytes, offset: int, sync: bool) -> int:
        written = super().write(handle, data, offset, False)  # in the cache when the power goes
        self._count()
        if sync:
            super().sync(handle)
        return written

    def sync(self, handle: int) -> None:
        self._count()
        super().sync(handle)

    def resize(self, handle: int, size: int) -> None:
        self._count()
        super().resize(handle, size)

    def rename(self, source: Path, target: Path) -> None:
        self._count()
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        self._count()
        super().remove(path)

    def sync_directory(self, directory: Path) -> None:
        self._count()
        super().sync_directory(directory)

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cut


def live(disk: FailingSupply, settings: StorageSettings, rng: random.Random) -> list[int]:
    """Log groups, roll, take snapshots and purge until the power fails; return the acknowledged."""
    acknowledged = [0]
    disk.left = rng.randrange(1, 120)
    try:
        recovered = recover(settings, disk)
        acknowledged.append(recovered.last_zxid)
        tree, zxid = recovered.tree, recovered.last_zxid
        log = TxnLog(settings, disk, zxid, direct_files=disk.open_direct)
        while True:
            group = history(rng.choice((1, 1, rng.randrange(1, 12))), start=zxid + 1)
            log.append([entry(txn) for txn in group])
            if len(group) > 1 or log.commit_in_place(direct=rng.random() < 0.7) is None:
                log.commit()
            for txn in group:
                apply(tree, txn)
            zxid = group[-1].header.zxid
            acknowledged.append(zxid)
            if rng.random() < 0.15:
                log.roll()
                write_snapshot(disk, settings, tree, zxid)
                purge(settings, disk)
    except Cut:
        disk.left = -1
    return acknowledged


@pytest.mark.parametrize("how", ["nothing", "all", "prefix", "sectors"])
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_was_acknowledged_survives_power_failures(how: str, seed: int) -> None:
    """A server's life of six power failures: nothing acknowledged is lost, and only torn sectors
    of a group that was never acknowledged may ask for an operator.
    """
    rng = random.Random(f"{how} {seed}")
    disk = FailingSupply()
    settings = StorageSettings(Path("/data"), pre_alloc_size_kb=rng.choice([0, 8, 64]))

    acknowledged = 0
    for _ in range(6):
        acknowledged = max(acknowledged, *live(disk, settings, rng))
        disk.crash(how, rng)
        try:
            recovered = recover(settings, disk)
        except CorruptLog:
            assert how == "sectors"
            return
        assert recovered.last_zxid >= acknowledged
        assert recovered.report.digest_mismatches == 0
        steps = range(1, recovered.last_zxid + 1)
        expected = {f"/n{step}" for step in steps if step % 8 not in (3, 6)}
        deleted = {f"/n{step - 2}" for step in steps if step % 8 == 6}
        mine = {path for path in recovered.tree.nodes if path.startswith("/n")}
        assert mine == expected - deleted
        acknowledged = recovered.last_zxid
