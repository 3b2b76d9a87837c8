"""QuorumWeight.tla: what adds up makes quorums meet; a sum that does not, or half, is refuted."""

import shutil
from pathlib import Path

import pytest
from tests.model.catalogue import check, expected_models

from speccheck.prove.discharge import Status
from speccheck.prove.run import Task, prove

SPEC = Path(__file__).parents[2] / "spec"


def test_quorums_meet_for_any_sets() -> None:
    results = prove(Task(SPEC / "QuorumWeight.tla"))

    assert {result.name: result.status.value for result in results} == {
        "Induction": "proved",
        "WeightedMeet": "proved",
        "FlexibleMeet": "proved",
    }


@pytest.mark.parametrize(
    ("old", "new", "theorem"),
    [
        ("2 * Weight[inA] > Weight[all] /\\ 2 * Weight[inB] > Weight[all]",
         "2 * Weight[inA] >= Weight[all] /\\ 2 * Weight[inB] >= Weight[all]", "WeightedMeet"),
        ("[inB] > Weight[all] => Share\n\nTHEOREM F", "[inB] >= Weight[all] => Share\n\nTHEOREM F",
         "FlexibleMeet"),
    ],
)  # fmt: skip
def test_half_is_not_enough(old: str, new: str, theorem: str, tmp_path: Path) -> None:
    text = (SPEC / "QuorumWeight.tla").read_text()
    assert text.count(old) == 1
    (tmp_path / "QuorumWeight.tla").write_text(text.replace(old, new))
    shutil.copy(SPEC / "QuorumWeight.hints.toml", tmp_path)

    (result,) = prove(Task(tmp_path / "QuorumWeight.tla", theorems=(theorem,)))

    assert result.status is Status.REFUTED


def test_a_weight_that_does_not_add_up_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "spec"
    shutil.copytree(SPEC, folder)
    path = folder / "Quorums.tla"
    text = path.read_text()
    old = "weight[s] + Weight(weight, S \\ {s})"
    assert text.count(old) == 1
    path.write_text(text.replace(old, "weight[s]"))

    result = check(expected_models()["MCQuorumWeight"], folder)

    assert result.verdict != "success"
