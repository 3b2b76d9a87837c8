"""The specification of the data model drives the tree in memory."""

from typing import Any

import pytest
from tests.mbt.profiles import profile
from tests.mbt.znode.machines import machine, run, run_until_reached
from tests.mbt.znode.tree_adapter import InMemory
from tests.model.znode import values as v

from speccheck.mbt.machine import Disagreement
from speckeeper.tree.view import TreeView

# Seconds of processor time, which take long where many others want it too.
pytestmark = pytest.mark.timeout(1200)

# What a client makes of its replies, which the tree does not send, and of its watches; all of it is
# reached by clients of servers (test_served.py).
OUT_OF_REACH = ("Receive, ", '"reconnected"')

REACHED = """
    create: Ok; create: SessionExpired; create: InvalidACL; create: NoNode; create: BadArguments
    create2: Ok; createTTL: BadArguments; delete: Ok; delete: NoNode; setData: NoNode
    setACL: NoNode; multi: Ok; multi: part RuntimeInconsistency; createSession: Ok; closeSession: Ok
    deleteContainer: Ok
"""


def test_the_tree_keeps_to_the_specification_and_all_of_it_is_reached() -> None:
    run_until_reached(machine(InMemory), profile(64, 60), REACHED, OUT_OF_REACH)


class Permissive(InMemory):
    """Lets everybody do everything."""

    policy = InMemory.policy._replace(skip_acl=True)


class Impatient(InMemory):
    """Judges requests as if all that is under way were applied."""

    def _ask(self, *asked: Any) -> None:
        self.view = TreeView(self.ahead)
        super()._ask(*asked)


class Hasty(InMemory):
    """Leaves the last part of a multi out."""

    def multi(self, c: int, ops: Any) -> None:
        super().multi(c, v.sequence(ops.values_[:-1]))


@pytest.mark.parametrize("mistaken", [Permissive, Impatient, Hasty])
def test_a_mistake_is_noticed(mistaken: type[InMemory]) -> None:
    with pytest.raises(Disagreement) as caught:
        run(machine(mistaken), profile(80, 60, shrink=False))
    assert "the specification:" in str(caught.value)
