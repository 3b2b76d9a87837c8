"""A disk that takes time, and loses in a crash what is not synced.

The log is written by one thread, snapshots by another, the epochs by a third: each does one thing
after the other, and nothing says which of them is faster.

What it holds is what the files of a real server would give back: two epochs, a snapshot, and the
log behind it. A crash may keep any beginning of the appends that were not synced yet, and may or
may not keep the one change of a file that was under way.

A file is replaced in one step (write, sync, rename), so it has no state in between. A torn record
at the end of the log is dropped by recovery, so it is an append that was lost.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from speckeeper.sim.clock import Clock
from speckeeper.zab.effects import Entry


class Latency(NamedTuple):
    """How long an operation takes, in milliseconds; now and then the disk stalls."""

    shortest_ms: int = 0
    longest_ms: int = 8
    stall_ms: int = 1500
    stall_share: float = 0.001

    def draw_ms(self, rng: Random) -> int:
        """Draw how long an operation takes."""
        if rng.random() < self.stall_share:
            return rng.randint(self.longest_ms, self.stall_ms)
        return rng.randint(self.shortest_ms, self.longest_ms)


class Snapshot(NamedTuple):
    """A tree, as the transactions that made it, and the zxid that it counts as."""

    zxid: int
    entries: tuple[Entry, ...]


class Content(NamedTuple):
    """What recovery finds."""

    accepted_epoch: int
    current_epoch: int
    zxid: int
    entries: tuple[Entry, ...]  # snapshot and log
    log: tuple[Entry, ...]


class _Operation(NamedTuple):
    change: Callable[[], None]
    then: Callable[[], None]


class _Lane:
    """One thread's work, in order."""

    def __init__(self, disk: Disk, rng: Random) -> None:
        self._disk = disk
        self._rng = rng
        self.queue: deque[_Operation] = deque()
        self._boot = 0

    def enqueue(self, operation: _Operation) -> None:
        """Do something behind what is to be done already."""
        self.queue.append(operation)
        if len(self.queue) == 1:
            self._work()

    def crash(self) -> _Operation | None:
        """Forget everything; return what was under way."""
        self._boot += 1
        under_way = self.queue[0] if self.queue else None
        self.queue.clear()
        return under_way

    def _work(self) -> None:
        disk, boot = self._disk, self._boot
        if self.queue[0].change == disk.sync:
            disk.begin_sync()
        disk.clock.after(disk.latency.draw_ms(self._rng), lambda: self._done(boot))

    def _done(self, boot: int) -> None:
        if boot != self._boot:
            return
        operation = self.queue.popleft()
        operation.change()
        if self.queue:
            self._work()
        operation.then()


class Disk:
    """The disk of one server; it outlives the server's crashes. ``name`` seeds its latencies."""

    def __init__(self, clock: Clock, name: str, latency: Latency) -> None:
        self.clock = clock
        self.latency = latency
        self.accepted_epoch = 0
        self.current_epoch = 0
        self.snapshot = Snapshot(0, ())
        self.log: list[Entry] = []
        self._unsynced: list[Entry] = []
        self._syncing = 0  # how many appends the sync under way covers
        self._log_writer, self._snapshot_writer, self._epoch_writer = (
            _Lane(self, Random(f"{name} {lane}")) for lane in ("log", "snapshots", "epochs")
        )

    # -- a server that runs

    def append(self, entry: Entry, then: Callable[[int], None]) -> None:
        """Add to the log. ``then`` is told the last zxid that was synced, by one sync for many."""
        self._unsynced.append(entry)
        # A sync that is under way does not cover it, one that waits behind something does.
        queue = self._log_writer.queue
        if len(queue) < 2 or queue[-1].change != self.sync:
            self._log_writer.enqueue(_Operation(self.sync, lambda: then(self.end)))

    def set_accepted_epoch(self, epoch: int, then: Callable[[], None]) -> None:
        """Replace the file acceptedEpoch."""

        def change() -> None:
            self.accepted_epoch = epoch

        self._epoch_writer.enqueue(_Operation(change, then))

    def set_current_epoch(self, epoch: int, then: Callable[[], None]) -> None:
        """Replace the file currentEpoch."""

        def change() -> None:
            self.current_epoch = epoch

        self._epoch_writer.enqueue(_Operation(change, then))

    def truncate(self, zxid: int, then: Callable[[], None]) -> None:
        """Cut the log after a zxid, and a snapshot that is later, to what is not."""

        def change() -> None:
            self.log = [entry for entry in self.log if entry[0] <= zxid]
            if self.snapshot.zxid > zxid:
                kept = tuple(entry for entry in self.snapshot.entries if entry[0] <= zxid)
                self.snapshot = Snapshot(zxid, kept)

        self._log_writer.enqueue(_Operation(change, then))

    def take_snapshot(self, snapshot: Snapshot, then: Callable[[], None]) -> None:
        """Write a snapshot; the log behind it begins anew."""

        def change() -> None:
            self.snapshot = snapshot
            self.log = []

        self._snapshot_writer.enqueue(_Operation(change, then))

    def checkpoint(self, zxid: int) -> None:
        """Put what is durable up to a zxid into a snapshot, and purge the log that it covers."""

        def change() -> None:
            covered = [entry for entry in self.log if entry[0] <= zxid]
            if covered:
                self.snapshot = Snapshot(covered[-1][0], (*self.snapshot.entries, *covered))
                self.log = self.log[len(covered) :]

        self._snapshot_writer.enqueue(_Operation(change, lambda: None))

    def wait(self, then: Callable[[], None]) -> None:
        """Take time for reading, behind what is to be done already."""
        self._snapshot_writer.enqueue(_Operation(lambda: None, then))

    def read_log(self, zxid: int) -> tuple[Entry, ...] | None:
        """Return the log from the last transaction up to a zxid on; None: it begins later."""
        before = [index for index, entry in enumerate(self.log) if entry[0] <= zxid]
        return tuple(self.log[before[-1] :]) if before else None

    @property
    def end(self) -> int:
        """Where the durable state ends."""
        return self.log[-1][0] if self.log else self.snapshot.zxid

    def content(self) -> Content:
        """Return what a server that starts now finds."""
        entries = (*self.snapshot.entries, *self.log)
        log = tuple(self.log)
        return Content(self.accepted_epoch, self.current_epoch, self.end, entries, log)

    def holds(self, zxid: int) -> bool:
        """Whether a transaction would survive a crash now."""
        return _has(self.log, zxid) or _has(self.snapshot.entries, zxid)

    # -- a server that crashes

    def crash(self, rng: Random) -> None:
        """Lose what is not synced, or a part of it, and whatever was asked for after that."""
        for lane in (self._log_writer, self._snapshot_writer, self._epoch_writer):
            operation = lane.crash()
            if operation is None or rng.random() < 0.5:
                continue
            if operation.change == self.sync:
                kept = rng.randint(0, len(self._unsynced))
                self.log += self._unsynced[:kept]
            else:
                operation.change()
        self._unsynced = []

    # -- for the threads

    def begin_sync(self) -> None:
        """What is appended from now on takes the next sync."""
        self._syncing = len(self._unsynced)

    def sync(self) -> None:
        """Make the appends durable that were there when the sync began."""
        self.log += self._unsynced[: self._syncing]
        del self._unsynced[: self._syncing]


def _has(entries: Sequence[Entry], zxid: int) -> bool:
    """Whether a transaction is among these, which are in the order of zxids."""
    index = bisect_left(entries, (zxid, b""))
    return index < len(entries) and entries[index][0] == zxid
