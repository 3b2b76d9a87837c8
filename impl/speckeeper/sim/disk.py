"""A disk that takes time, stalls, fails, and loses in a crash what is not synced.

The log is written by one thread, snapshots by another, the epochs by a third: each does one thing
after the other, and nothing says which of them is faster. What a thread does to the files it does
when its time is over; a crash before that leaves it half-way, at any of its steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from random import Random
from typing import Any, NamedTuple

from speckeeper.sim.clock import Clock
from speckeeper.sim.files import PowerLost, SimFiles
from speckeeper.storage.errors import StorageError

_MOST_STEPS = 12


class Latency(NamedTuple):
    """How long an operation takes, in milliseconds; now and then the disk stalls."""

    shortest_ms: int = 0
    longest_ms: int = 8
    stall_ms: int = 1500
    stall_share: float = 0.001

    def draw_ms(self, rng: Random) -> int:
        """Draw how long an operation takes."""
        low, high = self.shortest_ms, self.longest_ms
        if rng.random() < self.stall_share:
            low, high = high, self.stall_ms
        return low + int(rng.random() * (high - low + 1))


class Thread(Enum):
    """Who uses the disk."""

    LOG = 0
    SNAPSHOT = 1
    EPOCH = 2
    READ = 3


class Work(NamedTuple):
    """Something to be done by a thread.

    ``begin`` is called when its turn comes, ``run`` when its time is over; what ``run`` returns is
    given to ``then``.
    """

    run: Callable[[], Any]
    then: Callable[[Any], None]
    begin: Callable[[], None] = lambda: None


class _Lane:
    """One thread's work, in order."""

    def __init__(self, disk: Disk, rng: Random) -> None:
        self._disk = disk
        self._rng = rng
        self.queue: deque[Work] = deque()
        self._boot = 0

    def add(self, work: Work) -> None:
        self.queue.append(work)
        if len(self.queue) == 1:
            self._begin()

    def crash(self) -> Work | None:
        """Forget everything; return what was under way."""
        self._boot += 1
        under_way = self.queue[0] if self.queue else None
        self.queue.clear()
        return under_way

    def _begin(self) -> None:
        disk, boot = self._disk, self._boot
        self.queue[0].begin()
        takes_ms = disk.latency.draw_ms(self._rng)
        if disk.slower_ms:
            takes_ms += self._rng.randint(0, disk.slower_ms)
        disk.clock.after(takes_ms, lambda: self._end(boot))

    def _end(self, boot: int) -> None:
        if boot != self._boot:
            return
        disk = self._disk
        if disk.clock.now_ms < disk.stalled_until_ms:
            disk.clock.at(disk.stalled_until_ms, lambda: self._end(boot))
            return
        work = self.queue[0]
        try:
            result = work.run()
        except StorageError as error:
            disk.failed(error)
            return
        self.queue.popleft()
        if self.queue:
            self._begin()
        work.then(result)


class Disk:
    """The disk of one server; it outlives the server's crashes. ``name`` seeds its latencies.

    ``failed(error)``: who is told that an operation has failed. ``end``, ``accepted_epoch`` and
    ``current_epoch``: what was durable when an operation ended last, for whoever judges;
    ``unsettled``: a history is being replaced by another, and a crash may leave either.
    """

    def __init__(self, clock: Clock, name: str, latency: Latency) -> None:
        self.clock = clock
        self.latency = latency
        self.files = SimFiles()
        self.end = self.accepted_epoch = self.current_epoch = 0
        self.unsettled = False
        self.stalled_until_ms = 0
        self.slower_ms = 0
        self.failed: Callable[[StorageError], None] = lambda error: None
        self._lanes = [_Lane(self, Random(f"{name} {each.name}")) for each in Thread]

    def do(self, thread: Thread, work: Work) -> None:
        """Have something done behind what the thread has to do already."""
        self._lanes[thread.value].add(work)

    def stall_for(self, time_ms: int) -> None:
        """Let nothing come to its end for a while."""
        self.stalled_until_ms = max(self.stalled_until_ms, self.clock.now_ms + time_ms)

    def heal(self) -> None:
        """Be a disk as good as any from now on."""
        self.files.broken = False
        self.stalled_until_ms = self.slower_ms = 0

    def holds(self, zxid: int, settled: bool = True) -> None:
        """Note that what the files hold ends at a zxid, at least if it is not settled."""
        self.end = zxid
        self.unsettled = not settled

    def crash(self, rng: Random) -> None:
        """Stop everything; what was under way ends at any of its steps."""
        self.stalled_until_ms = 0
        for lane in self._lanes:
            work = lane.crash()
            if work is None or rng.random() < 0.3:
                continue
            self.files.steps_left = rng.randint(0, _MOST_STEPS)
            with suppress(PowerLost, StorageError):
                work.run()
            self.files.steps_left = None
        self.files.crash(rng)
