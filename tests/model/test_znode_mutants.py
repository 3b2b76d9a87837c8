"""Mistakes seeded into copies of the data model's specification: the comparison notices each.

A comparison that did not notice these would show nothing when it passes.
"""

import shutil
import tomllib
from pathlib import Path

import pytest
from tests.model.test_znode_prepare_apply import POLICIES, Twins, compare_numbers
from tests.model.znode.operators import SPEC, Operators
from tests.model.znode.stories import STORIES

from speccheck.evaluate.errors import EvaluationError
from speckeeper.tree.policy import Policy

MUTANTS = tomllib.loads(Path(__file__).with_name("znode").joinpath("mutants.toml").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS["mutant"], ids=lambda mutant: mutant["what"])
def test_a_seeded_mistake_is_noticed(mutant: dict[str, str], tmp_path: Path) -> None:
    for module in SPEC.glob("ZNode*.tla"):
        shutil.copy(module, tmp_path)
    path = tmp_path / f"{mutant['module']}.tla"
    text = path.read_text()
    assert text.count(mutant["text"]) == 1, "the text to replace stands there once"
    path.write_text(text.replace(mutant["text"], mutant["instead"]))

    with pytest.raises((AssertionError, EvaluationError)):
        _compare_under_policies(tmp_path, ("quotas", "open"))


def _compare_under_policies(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        _compare(Operators(Policy()._replace(**POLICIES[name]), folder), POLICIES[name])


def _compare(spec: Operators, policy: dict[str, bool]) -> None:
    compare_numbers(spec)
    for story in STORIES.values():
        twins = Twins(spec, policy)
        for step in story:
            twins.go(step)
