"""A disk in memory: nothing becomes durable but when somebody says so."""

from __future__ import annotations

from collections import deque

from speckeeper.zab.effects import (
    Durable,
    Entry,
    InstallSnapshot,
    Link,
    PersistAcceptedEpoch,
    PersistCurrentEpoch,
    TakeSnapshot,
    TruncateLog,
)
from speckeeper.zab.peer import Recovered


class MemoryStore:
    """Epochs, log and tree of one server; ``crash`` leaves what is durable.

    ``history`` are the durable transactions, ``end`` is the zxid that snapshot and log end with,
    ``queue`` what is logged and not synced, ``jobs`` what else the core has asked for. ``tree`` is
    the state, which is known by the transactions that led to it.
    """

    def __init__(self) -> None:
        self.accepted_epoch = 0
        self.current_epoch = 0
        self.history: list[Entry] = []
        self.end = 0
        self.queue: deque[Entry] = deque()
        self.jobs: list[Durable] = []
        self.tree: list[Entry] = []
        self.arrived: dict[Link, tuple[Entry, ...]] = {}

    def crash(self) -> None:
        """Lose what is not durable."""
        self.queue.clear()
        self.jobs.clear()
        self.arrived.clear()

    def recover(self) -> Recovered:
        """Come up with what is durable."""
        self.tree = [*self.history]
        return Recovered(self.accepted_epoch, self.current_epoch, self.end, tuple(self.history))

    def flush(self, count: int) -> int:
        """Make the first of the queue durable; return the last zxid that is."""
        for _ in range(count):
            entry = self.queue.popleft()
            self.history.append(entry)
            self.end = entry[0]
        return self.end

    def run(self, job: Durable) -> bool:
        """Do one of the jobs; False if it is refused."""
        self.jobs.remove(job)
        match job:
            case PersistAcceptedEpoch(epoch):
                self.accepted_epoch = epoch
            case PersistCurrentEpoch(epoch):
                self.current_epoch = epoch
            case TruncateLog(zxid):
                kept = [entry for entry in self.history if entry[0] <= zxid]
                if (kept[-1][0] if kept else 0) != zxid:
                    return False
                self.history, self.tree, self.end = kept, [*kept], zxid
            case InstallSnapshot(link, _):
                self.tree = [*self.arrived.pop(link)]
            case TakeSnapshot(zxid):
                self.history, self.end = [*self.tree], zxid
        return True

    def read_log(self, zxid: int) -> tuple[Entry, ...] | None:
        """Return the log from the last transaction at or before a zxid on, None if it has none."""
        log = [*self.history, *self.queue]
        before = [number for number, entry in enumerate(log) if entry[0] <= zxid]
        return tuple(log[before[-1] :]) if before else None
