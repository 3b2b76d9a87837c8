"""Mistakes put into copies of the data model: the models of spec/models find each by name."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.model.znode.operators import SPEC

from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.explore.search import Search

_FILE = Path(__file__).with_name("znode") / "mistakes.toml"
MISTAKES = tomllib.loads(_FILE.read_text())["mistake"]
EXPECTED = tomllib.loads((SPEC / "models" / "expected.toml").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["name"])
def test_a_model_finds_the_mistake(mistake: dict[str, Any], tmp_path: Path) -> None:
    for module in SPEC.glob("ZNode*.tla"):
        shutil.copy(module, tmp_path)
    path = tmp_path / f"{mistake['module']}.tla"
    text = path.read_text()
    for find, put in mistake["changes"]:
        assert text.count(find) == 1, f"stands there once: {find}"
        text = text.replace(find, put)
    path.write_text(text)

    name = mistake["model"]
    module = EXPECTED[name].get("module", name)
    models = SPEC / "models"
    config = read_config(models / f"{name}.cfg")
    result = Search(load_model(models / f"{module}.tla", config, [tmp_path])).run()

    assert result.verdict in {"invariant", "property"}
    assert result.violated == mistake["property"]
