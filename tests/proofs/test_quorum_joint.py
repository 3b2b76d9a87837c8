"""QuorumJoint.tla: joint quorums meet; those of two configurations alone need not."""

import shutil
from pathlib import Path

import pytest
from tests.model.catalogue import check, expected_models

from speccheck.prove.discharge import Status
from speccheck.prove.run import Task, prove

SPEC = Path(__file__).parents[2] / "spec"


def test_joint_quorums_meet() -> None:
    results = prove(Task(SPEC / "QuorumJoint.tla"))

    assert len(results) == 4
    assert {result.status for result in results} == {Status.PROVED}


def test_an_old_and_a_new_quorum_may_miss_each_other(tmp_path: Path) -> None:
    text = (SPEC / "QuorumJoint.tla").read_text()
    old = "JointMeetsOld == Meet(Joint(Old, New), Old)"
    assert text.count(old) == 1
    path = tmp_path / "QuorumJoint.tla"
    path.write_text(text.replace(old, "JointMeetsOld == Meet(Old, New)"))
    path.with_suffix(".hints.toml").write_text("[sizes]\nSERVER = 2\nquorum = 2\n")

    (result,) = prove(Task(path, theorems=("JointMeetsOld",)))

    verdict, possible, *_ = result.verdicts
    assert possible.status is Status.PROVED
    assert verdict.status is Status.REFUTED
    assert any(line.startswith("  Old = {{s") for line in verdict.lines)


@pytest.mark.parametrize("theorem", ["JointMeetsOld", "JointMeetsNew", "JointMeetsNextJoint"])
def test_a_quorum_of_one_configuration_is_not_enough(theorem: str, tmp_path: Path) -> None:
    text = (SPEC / "QuorumJoint.tla").read_text()
    both = "Contains(P, S) /\\ Contains(P, T)"
    assert text.count(both) == 1
    path = tmp_path / "QuorumJoint.tla"
    path.write_text(text.replace(both, "Contains(P, S) \\/ Contains(P, T)"))
    path.with_suffix(".hints.toml").write_text("[sizes]\nSERVER = 2\nquorum = 3\n")

    (result,) = prove(Task(path, theorems=(theorem,)))

    assert result.status is Status.REFUTED


@pytest.mark.parametrize(
    "mistake",
    [
        "P \\in S \\cap T",  # a joint quorum is a quorum of neither, in general
        "Contains(P, S)",
        "Contains(P, S) \\/ Contains(P, T)",
    ],
)
def test_a_model_holds_the_definition_to_that_of_servers(mistake: str, tmp_path: Path) -> None:
    text = (SPEC / "QuorumJoint.tla").read_text()
    both = "Contains(P, S) /\\ Contains(P, T)"
    assert text.count(both) == 1
    folder = tmp_path / "spec"
    shutil.copytree(SPEC, folder)
    (folder / "QuorumJoint.tla").write_text(text.replace(both, mistake))

    result = check(expected_models()["MCQuorumJoint"], folder)

    assert (result.verdict, result.violated) == ("invariant", "SameJointQuorums")
