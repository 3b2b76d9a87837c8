"""The specification of the data model drives the tree in memory."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from tests.mbt.profiles import profile
from tests.mbt.znode.tree_adapter import InMemory
from tests.model.znode import values as v

from speccheck.mbt.machine import Disagreement, SpecMachine, machine_from_spec

SPEC = Path(__file__).parents[3] / "spec"
MODULE = Path(__file__).with_name("MBTZNode.tla")

# What needs a watch or a read, which the tree does not answer, by the text of the branch.
OUT_OF_REACH = {"message.zxid", '"reconnected"'}

REACHED = """
    create: SessionExpired; delete: NoNode; delete: BadArguments
    setACL: InvalidACL; setACL: NoNode; setData: NoNode; setData: BadArguments; closeSession: Ok
    createTTL: BadArguments; multi: Ok; multi: part NoNode; multi: part RuntimeInconsistency
    createSession: Ok; deleteContainer: Ok
"""


def machine(adapter: type[Any]) -> type[SpecMachine]:
    return machine_from_spec(MODULE, adapter, library=[SPEC, SPEC / "models"])


def _text(missing: str) -> str:
    path, line, column = missing.rsplit(" at ", 1)[1].split(":")
    return Path(path).read_text().splitlines()[int(line) - 1][int(column) - 1 :]


def test_the_tree_keeps_to_the_specification_and_all_of_it_is_reached() -> None:
    driven = machine(InMemory)
    run_state_machine_as_test(driven, settings=profile(120, 60))
    coverage = driven.coverage
    missing = [
        one
        for one in coverage.missing()
        if " at " not in one or not any(_text(one).startswith(known) for known in OUT_OF_REACH)
    ]
    assert not missing, f"{missing}\n{coverage}"
    wanted = {note.strip() for line in REACHED.split("\n") for note in line.split(";")} - {""}
    unmet = wanted - {*coverage.notes}
    assert not unmet, f"{sorted(unmet)}\n{coverage}"


class Permissive(InMemory):
    """Lets everybody do everything."""

    policy = InMemory.policy._replace(skip_acl=True)


class Hasty(InMemory):
    """Leaves the last part of a multi out."""

    def multi(self, c: int, ops: Any) -> None:
        super().multi(c, v.sequence(ops.values_[:-1]))


@pytest.mark.parametrize("mistaken", [Permissive, Hasty])
def test_a_mistake_is_noticed(mistaken: type[InMemory]) -> None:
    with pytest.raises(Disagreement) as caught:
        run_state_machine_as_test(machine(mistaken), settings=profile(80, 70, shrink=False))
    assert "the specification:" in str(caught.value)
