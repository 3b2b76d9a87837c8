"""A writer that is going to be killed: appends to a data directory and prints what is durable.

    python crash_child.py DIRECTORY SEED

Recovers, then submits groups until it dies, taking snapshots, rolling and purging meanwhile; a
line `<zxid>` on standard output is an acknowledgement.
"""

import os
import random
import select
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from speckeeper.storage.affinity import thread_affinity
from speckeeper.storage.directories import DirectoryLock, prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.disk_pace import DiskPace
from speckeeper.storage.errors import StorageError
from speckeeper.storage.kernel_sync import open_kernel_sync
from speckeeper.storage.loop_writer import LoopWriter, Outcome, Work
from speckeeper.storage.placement import Placement
from speckeeper.storage.purge import purge
from speckeeper.storage.recovery import recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.snapshot_writer import SnapshotFile, SnapshotWriter, snapshot_of
from speckeeper.storage.sync_ways import Way
from speckeeper.storage.txnlog import TxnLog
from speckeeper.storage.writer import LogWriter
from speckeeper.tree.apply import apply
from speckeeper.wire.codes import OpCode
from speckeeper.wire.records import OPEN_ACL_UNSAFE
from speckeeper.wire.txns import CreateTxn, Txn, TxnDigest, TxnHeader, encode_txn


def give_up(error: StorageError) -> None:
    os._exit(9)


def aside(work: Work, done: Callable[[Outcome], None]) -> None:
    """What a loop would have a thread do is done at once."""
    done(work())


def main() -> None:
    rng = random.Random(sys.argv[2])
    settings = StorageSettings(
        Path(sys.argv[1]),
        pre_alloc_size_kb=64,
        snapshot_compression_method=rng.choice(["", "gz"]),
        txn_log_size_limit_kb=rng.choice([-1, 40]),
    )
    disk = Disk()
    prepare_directories(settings, disk)
    _lock = DirectoryLock(settings, disk)
    recovered = recover(settings)
    tree, zxid = recovered.tree, recovered.last_zxid
    assert recovered.report.digest_mismatches == 0, recovered.report
    os.write(1, f"{zxid}\n".encode())

    persisted = threading.Semaphore(0)

    def on_persisted(upto: int) -> None:
        os.write(1, f"{upto}\n".encode())
        persisted.release()

    log = TxnLog(settings, disk, zxid)
    sync = open_kernel_sync(settings.log_directory) if rng.random() < 0.5 else None
    writer: LogWriter | LoopWriter
    if sync is None:
        writer = LogWriter(log, on_persisted, give_up)
        writer.start()
    else:
        pace = DiskPace() if rng.random() < 0.7 else None
        placement = None
        if rng.random() < 0.7:
            ways = [Way.CACHED, Way.DIRECT, *([Way.AWAKE] if sync.can_stay_awake else [])]
            placement = Placement(thread_affinity(), ways)
        writer = LoopWriter(log, sync, aside, on_persisted, give_up, pace, placement)
    snapshot: SnapshotWriter | None = None
    while True:
        group = []
        for _ in range(rng.randrange(1, 30)):
            zxid += 1
            data = b"%d" % zxid * rng.randrange(60)
            record = CreateTxn(f"/n{zxid}", data, OPEN_ACL_UNSAFE, False, zxid)
            txn = Txn(TxnHeader(1, zxid, zxid, zxid, OpCode.CREATE), record)
            apply(tree, txn)
            group.append((zxid, encode_txn(txn._replace(digest=TxnDigest(2, tree.digest)))))
        writer.submit(group)
        if sync is not None:
            while not persisted.acquire(blocking=False):
                select.select([sync], [], [])
                writer.ready()  # type: ignore[union-attr]  # it is the loop's
        else:
            persisted.acquire()
        if snapshot is not None:
            if snapshot.step(0.0002):
                snapshot.join()
                snapshot = None
                purge(settings, disk)
        elif rng.random() < 0.1:
            writer.roll()
            file = SnapshotFile(
                disk, settings.snapshot_directory, zxid, settings.snapshot_compression_method
            )
            snapshot = SnapshotWriter(file, snapshot_of(tree, settings), lambda done: None, give_up)


if __name__ == "__main__":
    main()
