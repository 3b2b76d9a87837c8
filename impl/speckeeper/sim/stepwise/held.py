"""A network and a disk of the simulated world that do nothing until they are told to.

What a server sends stays on its way, and what it asks of its disk stays undone, in the order in
which it came. Links, files and everything that uses them are those of any other run.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

from speckeeper.sim.clock import Clock
from speckeeper.sim.disk import Disk, Latency, Thread, Work
from speckeeper.sim.network import Channel, Delays, Network
from speckeeper.sim.store import STORAGE
from speckeeper.storage.errors import StorageError
from speckeeper.storage.member_files import MemberFiles
from speckeeper.tree.datatree import DataTree
from speckeeper.zab.effects import Entry, ReadLog, Reload

_NODE = "/start-"


def path_of(zxid: int) -> str:
    """Return the node that a transaction creates, as the disks of a run begin with them."""
    return f"{_NODE}{zxid:x}"


def written(tree: DataTree) -> list[Entry]:
    """Return the transactions that a tree is made of: by zxid, with what each has written."""
    nodes = ((czxid, data) for path, data, _, czxid, *_ in tree.walk() if path.startswith(_NODE))
    return sorted((czxid, bytes(data or b"")) for czxid, data in nodes)


class HeldNetwork(Network):
    """Carries nothing by itself. ``next_link``: the number of the connection that is made next."""

    def __init__(self) -> None:
        super().__init__(Clock(), 0, Delays())
        self.next_link = 0
        self.attempt: Callable[[], None] | None = None
        """What was asked for last to be done when the network gets to it."""

    def new_link(self) -> int:
        """Return the number that was chosen."""
        return self.next_link

    def later(self, source: int, target: int, call: Callable[[], None]) -> None:
        """Keep the last; who is to hear of a lost connection is told by whoever leads the run."""
        del source, target
        self.attempt = call

    def carry(self, channel: Channel, deliver: Callable[[], None]) -> bool:
        """Let it be on its way."""
        channel.under_way.append(deliver)
        return True


class _Asked(NamedTuple):
    """Work for a thread of the disk, and the effect that it is part of."""

    effect: object
    thread: Thread
    work: Work


class HeldDisk(Disk):
    """Does nothing by itself. ``effect``: what the server is carrying out just now."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, "held", Latency())
        self.effect: object = None
        self._asked: list[_Asked] = []
        self._seen: list[Entry] | None = None

    def do(self, thread: Thread, work: Work) -> None:
        """Keep it."""
        self._asked.append(_Asked(self.effect, thread, work))

    def crash(self, rng: Random) -> None:
        """Forget what was asked: nothing of it had begun, and all else is durable."""
        self._asked.clear()
        self._seen = None
        self.files.crash(rng)

    def asked(self, kind: type[Any]) -> list[Any]:
        """Return the effects of a kind that wait to be carried out."""
        return [each.effect for each in self._asked if isinstance(each.effect, kind)]

    def finish(self, effect: object, begun: Callable[[], None] = lambda: None) -> None:
        """Do what was asked for an effect; ``begun`` is called between its beginning and its end.

        The log is rolled for a reader when its thread gets to it, before whatever comes next.
        """
        one = next(
            each
            for each in self._asked
            if each.effect is effect and (each.thread, type(effect)) != (Thread.LOG, ReadLog)
        )
        for each in [*self._asked]:
            if each.thread is one.thread is Thread.LOG and isinstance(each.effect, ReadLog):
                self._run(each)
        self._run(one, begun)

    def reload(self) -> None:
        """Read the files again if that was asked for, and all that was ahead of it is done."""
        log = [each.effect for each in self._asked if each.thread is Thread.LOG]
        due = [effect for effect in log if not isinstance(effect, ReadLog)][:1]
        if due and isinstance(due[0], Reload):
            self.finish(due[0])

    def _run(self, one: _Asked, begun: Callable[[], None] = lambda: None) -> None:
        self._asked = [each for each in self._asked if each is not one]
        self._seen = None
        one.work.begin()
        begun()
        try:
            result = one.work.run()
        except StorageError as error:
            self.failed(error)
            return
        one.work.then(result)

    def history(self) -> list[Entry]:
        """Return the transactions that a server would find if it started now."""
        if self._seen is None:
            content = MemberFiles(STORAGE, deepcopy(self.files), window=0)
            content.recover()
            self._seen = written(content.tree)
        return [*self._seen]
