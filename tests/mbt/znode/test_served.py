"""The specification of the data model drives servers through their clients.

One server without sockets and disk, which is quick; one with both, whose clients are kazoo's, and
which restarts from its disk in between.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.mbt.profiles import profile
from tests.mbt.znode.core import CoreSystem, OrdinaryCore, WithoutSockets
from tests.mbt.znode.loopback import KazooLoopbackSystem, StandaloneKazoo
from tests.mbt.znode.machines import SPEC, machine, run, run_until_reached
from tests.mbt.znode.served import Served
from tests.mbt.znode.tree_adapter import POLICY

from speccheck.evaluate.values import Value
from speccheck.mbt.machine import Disagreement

# Seconds of processor time, which take long where many others want it too.
pytestmark = [
    pytest.mark.timeout(1200),
    # kazoo's threads draw from `random` while Hypothesis draws.
    pytest.mark.filterwarnings("ignore:Do not use the `random` module"),
]

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
    removeWatches: Ok; multi: part NoChildrenForEphemerals; createTTL: Ok; delete: NotEmpty
    delete: BadVersion; setACL: Ok; setACL: BadVersion; setData: NoAuth
"""
# What there is to be said of the short way of frequent writes. Branches are for the first system.
ANY_BRANCH = ("",)
ORDINARY = """
    create: Ok; create: NodeExists; create: NoNode; setData: Ok; setData: NoNode; delete: Ok
    multi: part Ok; ordinary write
"""


@pytest.mark.parametrize(
    ("adapter", "config", "examples", "outcomes", "out_of_reach"),
    [
        (WithoutSockets, "MBTOneServer", 60, REACHED + MORE, OUT_OF_REACH),
        (OrdinaryCore, "MBTOrdinary", 40, ORDINARY, ANY_BRANCH),
        (StandaloneKazoo, "MBTOneServer", 60, REACHED, OUT_OF_REACH),
    ],
    ids=["without sockets", "without quotas", "kazoo"],
)
def test_a_server_keeps_to_the_specification_and_all_of_it_is_reached(
    adapter: type[Served],
    config: str,
    examples: int,
    outcomes: str,
    out_of_reach: tuple[str, ...],
) -> None:
    run_until_reached(machine(adapter, config), profile(examples, 80), outcomes, out_of_reach)


def test_what_is_rare_keeps_to_the_specification() -> None:
    run(machine(WithoutSockets, "MBTRare"), profile(10, 60, shrink=False))


def test_a_branch_that_is_never_reached_fails(tmp_path: Path) -> None:
    text = (SPEC / "ZNode.tla").read_text()
    tick = "  /\\ now' = now + 1\n"
    assert text.count(tick) == 1
    changed = tick.replace("now + 1", "IF now < 0 THEN 0 ELSE now + 1")
    (tmp_path / "ZNode.tla").write_text(text.replace(tick, changed))
    driven = machine(WithoutSockets, "MBTOneServer", [tmp_path])
    with pytest.raises(AssertionError, match="never reached") as caught:
        run_until_reached(driven, profile(4, 40), "tick: Broken", OUT_OF_REACH, rounds=2)
    missing = str(caught.value).splitlines()[0]
    assert "Tick, branch at" in missing, "a branch is named with its place"
    assert "tick: Broken" in missing, "so is an outcome"
    assert driven.coverage.examples > 4, "it went on looking"


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
