"""The specification of the data model drives servers through their clients.

One server without sockets and disk, which is quick; one with both, whose clients are kazoo's, and
which restarts from its disk in between.
"""

import shutil
from collections.abc import Mapping
from typing import Any

import pytest
from tests.mbt.profiles import profile
from tests.mbt.znode.core import CoreSystem, WithoutSockets
from tests.mbt.znode.loopback import KazooLoopbackSystem, StandaloneKazoo
from tests.mbt.znode.machines import check_reached, machine, run
from tests.mbt.znode.served import Served

from speccheck.evaluate.values import Value
from speccheck.mbt.machine import Disagreement
from speckeeper.tree.watches import WatchTable

# Seconds of processor time, which take long where many others want it too.
pytestmark = pytest.mark.timeout(1200)

# Behind each step nothing is under way any more, so sync never has to wait.
OUT_OF_REACH = ('Wait(c, "sync"',)

REACHED = """
    create: Ok; create: NodeExists; create: NoNode; create: BadArguments; create: InvalidACL
    create2: Ok; createContainer: Ok; createTTL: BadArguments; delete: Ok; delete: NoNode
    delete: BadArguments; setData: Ok; setData: BadVersion; setData: NoNode; setACL: InvalidACL
    multi: part Ok; multi: part NoNode; multi: part RuntimeInconsistency; exists: Ok; exists: NoNode
    getData: Ok; getData: NoNode; getData: NoAuth; getChildren: Ok; getChildren2: NoNode; getACL: Ok
    getEphemerals: Ok; getAllChildrenNumber: Ok; whoAmI: Ok; multiRead: part Ok
    multiRead: part NoNode; sync: Ok; auth: Ok; addWatch: Ok; checkWatches: NoWatcher
    removeWatches: Ok; removeWatches: NoWatcher; setWatches: Ok; closeSession: Ok
"""


@pytest.mark.parametrize(
    ("adapter", "examples"),
    [(WithoutSockets, 70), (StandaloneKazoo, 40)],
    ids=lambda one: str(one),
)
def test_a_server_keeps_to_the_specification_and_all_of_it_is_reached(
    adapter: type[Served], examples: int
) -> None:
    coverage = run(machine(adapter, "MBTOneServer"), profile(examples, 80))
    check_reached(coverage, REACHED, OUT_OF_REACH)


class Stubborn(WatchTable[Any]):
    """Watches that fire twice."""

    __slots__ = ()

    def trigger(self, path: str) -> list[Any]:
        told = super().trigger(path)
        for watcher in told:
            self.add(path, watcher)
        return told


class FiresTwice(CoreSystem):
    """A server with such watches."""

    def __init__(self, state: Mapping[str, Value]) -> None:
        super().__init__(state)
        self.server.watches.data.__class__ = Stubborn
        self.server.watches.child.__class__ = Stubborn


class ServedTwice(WithoutSockets):
    system_type = FiresTwice


class NothingOnDisk(KazooLoopbackSystem):
    """A server whose disk has said that it wrote, and has not."""

    def __init__(self, state: Mapping[str, Value]) -> None:
        super().__init__(state)
        self._copy = self._folder.with_suffix(".copy")
        shutil.copytree(self._folder, self._copy)

    def _start(self) -> None:
        if hasattr(self, "_copy"):
            shutil.rmtree(self._folder)
            shutil.copytree(self._copy, self._folder)
        super()._start()

    def close(self) -> None:
        super().close()
        shutil.rmtree(self._copy)


class ServedFromNothing(StandaloneKazoo):
    system_type = NothingOnDisk


@pytest.mark.parametrize(
    ("mistaken", "told"),
    [(ServedTwice, "channel differs"), (ServedFromNothing, "tree differs")],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_mistake_is_told_as_a_story(mistaken: type[Served], told: str) -> None:
    with pytest.raises(Disagreement) as caught:
        run(machine(mistaken, "MBTOneServer"), profile(150, 60, shrink=False))
    text = str(caught.value)
    assert told in text
    assert "the specification:" in text or "the system has besides" in text
    assert text.lstrip().startswith("1. "), "it begins with the first operation"
