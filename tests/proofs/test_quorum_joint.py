"""QuorumJoint.tla: joint quorums meet; those of two configurations alone need not."""

from pathlib import Path

from speccheck.prove.discharge import Status
from speccheck.prove.run import Task, prove

SPEC = Path(__file__).parents[2] / "spec"


def test_joint_quorums_meet() -> None:
    results = prove(Task(SPEC / "QuorumJoint.tla"))

    assert len(results) == 4
    assert {result.status for result in results} == {Status.PROVED}


def test_an_old_and_a_new_quorum_may_miss_each_other(tmp_path: Path) -> None:
    text = (SPEC / "QuorumJoint.tla").read_text()
    old = "JointMeetsOld == Meet(Old \\cap New, Old)"
    assert text.count(old) == 1
    path = tmp_path / "QuorumJoint.tla"
    path.write_text(text.replace(old, "JointMeetsOld == Meet(Old, New)"))
    path.with_suffix(".hints.toml").write_text("[sizes]\nSERVER = 2\nquorum = 2\n")

    (result,) = prove(Task(path, theorems=("JointMeetsOld",)))

    verdict, possible, *_ = result.verdicts
    assert possible.status is Status.PROVED
    assert verdict.status is Status.REFUTED
    assert any(line.startswith("  Old = {{s") for line in verdict.lines)
