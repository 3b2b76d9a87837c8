"""Mistakes seeded into copies of the specification: a model finds each, by the right property.

A model that lets these pass would say nothing by passing. The list is mistakes.toml.
"""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.model.catalogue import SPEC, check, expected_models

MODELS = expected_models()


@dataclass(frozen=True)
class Mistake:
    """Texts of a module and what to put in their place; the model and property that notice it."""

    name: str
    module: str
    model: str
    property: str
    changes: list[list[str]]


MISTAKES = [
    Mistake(**table)
    for table in tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text())["mistake"]
]


def changed_copy(mistake: Mistake, folder: Path) -> Path:
    """Return a copy of the specification's folder that has the mistake."""
    copy = folder / "spec"
    shutil.copytree(SPEC, copy)
    path = copy / f"{mistake.module}.tla"
    text = path.read_text()
    for old, new in mistake.changes:
        assert text.count(old) == 1, f"the text to replace stands {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    path.write_text(text)
    return copy


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_seeded_mistake_is_found(mistake: Mistake, tmp_path: Path) -> None:
    result = check(MODELS[mistake.model], changed_copy(mistake, tmp_path))

    assert result.verdict != "success"
    assert result.violated == mistake.property
