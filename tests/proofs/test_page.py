"""docs/proofs.md: its numbers are those of the proofs."""

import re
from collections import Counter
from pathlib import Path

import pytest
from tests.proofs import test_second_solver as second

from speccheck.prove.discharge import Prover
from speccheck.prove.module import named_conjuncts
from speccheck.prove.obligations import Kind, framed
from speccheck.prove.run import Task, plan

SPEC = Path(__file__).parents[2] / "spec"
PAGE = " ".join((SPEC.parent / "docs" / "proofs.md").read_text().split())
MODULES = ("QuorumJoint", "QuorumSum", "QuorumWeight", "ZabCore", "Zxids")


def count(pattern: str) -> int:
    """Return the one number that the page gives where the pattern has its group."""
    (found,) = re.findall(pattern, PAGE)
    return int(found.replace(",", ""))


def test_it_counts_the_obligations_as_they_are() -> None:
    planned = {name: plan(Task(SPEC / f"{name}.tla")) for name in MODULES}
    listed = {name: one.obligations for name, one in planned.items()}
    core = listed.pop("ZabCore")

    assert count(r"All ([\d,]+) obligations of `ZabCore.tla`") == len(core)
    assert count(r"with the ([\d,]+) of the other modules") == sum(map(len, listed.values()))
    assert count(r"NotStartedYet: ([\d,]+) obligations, 666") == sum(
        one.theorem == "Induction" for one in core
    )
    possible = [one for one in core if one.kind is Kind.POSSIBLE]
    assert count(r"Of `ZabCore.tla` that are (\d+), beside") == sum(not o.action for o in possible)
    assert count(r"beside its (\d+) actions") == sum(bool(o.action) for o in possible) - 1
    assert count(r"finds states for all (\d+) questions about the core") == len(possible)
    defined = sum(one.kind is Kind.DEFINED for one in core)
    assert count(r"For `ZabCore.tla` (\d+) such obligations") == defined


@pytest.mark.xdist_group("proofs")
def test_it_counts_what_needs_no_solver() -> None:
    task = Task(SPEC / "ZabCore.tla")
    prover = Prover(task.module(), task.hints(), task.limits)
    asked: Counter[str] = Counter()
    unchanged = 0
    for one in plan(task).obligations:
        if one.kind is Kind.POSSIBLE:
            continue
        if one.kind is Kind.DEFINED:
            asked["defined"] += bool(prover.conditions.of(one).uses)
        elif one.kind in {Kind.STEP, Kind.CHANGE} and framed(
            prover.module,
            goal := prover.conditions.goal(one.theorem),
            one,
            prover.conditions.step(goal, one.action).changed,
        ):
            unchanged += 1
        else:
            asked["others"] += 1

    assert count(r"143 such obligations are listed; (\d+) of them need Z3") == asked["defined"]
    assert count(r"(\d+) by the frame rule, 424") == unchanged
    assert count(r"of the other obligations (\d+) hold by the frame rule") == unchanged
    assert count(r"\d+ of the (\d+) of `ZabCore.tla` that are asked") == asked.total()
    assert count(r"and (\d+) have nothing to ask") == 143 - asked["defined"]


def test_it_counts_the_conjuncts_of_the_invariant() -> None:
    module = Task(SPEC / "ZabCore.tla").module()
    invariant = module.resolved.operators["Invariant"].body
    assert invariant is not None
    names = {name.partition(".")[0] for name, _ in named_conjuncts(invariant, "Invariant")}

    assert count(r"the invariant, (\d+) named predicates and the types") == len(names - {"TypeOK"})


def test_it_lists_what_the_second_solver_leaves_undecided() -> None:
    assert count(r"The (\d+) that it leaves undecided") == len(second.UNDECIDED)
    asked = count(r"\d+ of the (\d+) of `ZabCore.tla` that are asked")
    confirmed = count(r"(\d+) of the \d+ of `ZabCore.tla` that are asked")
    assert asked - confirmed == len(second.UNDECIDED)
    (listed,) = re.findall(r"steps are (.*?) PrimaryHasAll\.", PAGE)
    told = {
        f"Induction-{action}-{conjunct}"
        for names, action in re.findall(r"((?:`\w+`(?:, | and )?)+) under (\w+)", listed)
        for conjunct in re.findall(r"`(\w+)`", names)
    }
    assert {*told, "PrimaryHasAll-PrimaryIntegrity"} == second.UNDECIDED
    small = sum(proofs for _, proofs in second.SMALL)
    assert count(r"It confirms all (\d+) proofs about quorums and zxids in") == small
