"""The specification of the data model drives servers through their clients.

One server without sockets and disk, which is quick; one with both, whose clients are kazoo's, and
which restarts from its disk in between.
"""

import shutil
from collections.abc import Mapping

import pytest
from tests.mbt.profiles import profile
from tests.mbt.znode.core import CoreSystem, WithoutSockets
from tests.mbt.znode.loopback import KazooLoopbackSystem, StandaloneKazoo
from tests.mbt.znode.machines import check_reached, machine, run
from tests.mbt.znode.served import Served
from tests.mbt.znode.tree_adapter import POLICY

from speccheck.evaluate.values import Value
from speccheck.mbt.machine import Disagreement

# Seconds of processor time, which take long where many others want it too.
pytestmark = pytest.mark.timeout(1200)

# Behind each step nothing is under way any more, so sync never has to wait.
OUT_OF_REACH = ('Wait(c, "sync"',)

REACHED = """
    create: Ok; create: NodeExists; create: NoNode; create: InvalidACL; create2: Ok
    createTTL: BadArguments; delete: Ok; delete: NoNode; setData: Ok; setData: NoNode
    multi: part NoNode; multi: part RuntimeInconsistency; exists: Ok; exists: NoNode; getData: Ok
    getData: NoNode; getChildren: Ok; getChildren2: Ok; getEphemerals: Ok; getAllChildrenNumber: Ok
    whoAmI: Ok; multiRead: part NoNode; sync: Ok; auth: Ok; addWatch: Ok; checkWatches: NoWatcher
    removeWatches: NoWatcher; setWatches: Ok; closeSession: Ok
"""
# What the quicker system meets as well.
MORE = """
    create: BadArguments; createContainer: Ok; delete: BadArguments; setData: BadVersion
    setACL: InvalidACL; multi: part Ok; getData: NoAuth; getACL: Ok; multiRead: part Ok
    removeWatches: Ok
"""


@pytest.mark.parametrize(
    ("adapter", "examples", "outcomes"),
    [(WithoutSockets, 120, REACHED + MORE), (StandaloneKazoo, 60, REACHED)],
    ids=["without sockets", "kazoo"],
)
def test_a_server_keeps_to_the_specification_and_all_of_it_is_reached(
    adapter: type[Served], examples: int, outcomes: str
) -> None:
    coverage = run(machine(adapter, "MBTOneServer"), profile(examples, 80))
    check_reached(coverage, outcomes, OUT_OF_REACH)


class KnowsNoTtl(CoreSystem):
    """A server that is not told of TTL nodes."""

    policy = POLICY._replace(extended_types_enabled=False)


class ServedWithoutTtl(WithoutSockets):
    system_type = KnowsNoTtl


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
    [(ServedWithoutTtl, "channel differs"), (ServedFromNothing, "tree differs")],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_mistake_is_told_as_a_story(mistaken: type[Served], told: str) -> None:
    with pytest.raises(Disagreement) as caught:
        run(machine(mistaken, "MBTOneServer"), profile(100, 60, shrink=False))
    text = str(caught.value)
    assert told in text
    assert "the specification:" in text or "the system has besides" in text
    assert text.lstrip().startswith("1. "), "it begins with the first operation"
