"""QuorumSum.tla: quorums meet, however many servers; a weaker "more than half" is refuted."""

import shutil
from pathlib import Path

import pytest

from speccheck.prove.discharge import Status
from speccheck.prove.run import Task, prove

SPEC = Path(__file__).parents[2] / "spec"


def test_quorums_meet_for_any_number_of_servers() -> None:
    results = prove(Task(SPEC / "QuorumSum.tla"))

    assert {result.name: result.status.value for result in results} == {
        "Induction": "proved",
        "WeightedMeet": "proved",
        "HierarchicalMeet": "proved",
        "FlexibleMeet": "proved",
    }


@pytest.mark.parametrize(
    ("old", "new", "theorem"),
    [
        (
            "    2 * a > total /\\ 2 * b > total =>",
            "    2 * a >= total /\\ 2 * b >= total =>",
            "WeightedMeet",
        ),
        (
            "    2 * groupsA > groups /\\ 2 * groupsB > groups",
            "    2 * groupsA >= groups /\\ 2 * groupsB >= groups",
            "HierarchicalMeet",
        ),
        ("a + b > total => x", "a + b >= total => x", "FlexibleMeet"),
        ("/\\ both' = both + (IF s \\in A /\\", "/\\ both' = both + (IF s \\in A \\/", "Induction"),
        ("IF 2 * b > total THEN 1", "IF 2 * b >= total THEN 1", "Induction"),
        ("    /\\ Given\n    /\\ Counted", "    /\\ Counted", "Induction"),
    ],
)
def test_half_is_not_enough(old: str, new: str, theorem: str, tmp_path: Path) -> None:
    text = (SPEC / "QuorumSum.tla").read_text()
    assert text.count(old) == 1
    (tmp_path / "QuorumSum.tla").write_text(text.replace(old, new))
    shutil.copy(SPEC / "QuorumSum.hints.toml", tmp_path)

    (result,) = prove(Task(tmp_path / "QuorumSum.tla", theorems=(theorem,)))

    assert result.status is Status.REFUTED
