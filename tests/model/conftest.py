"""Loads the settings of Hypothesis before any test is made; sees that the text stays as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import hypothesis_profile

from speccheck.commands.texts import changed, texts_of

__all__ = ["hypothesis_profile", "same_text"]

_SPEC = Path(__file__).parents[2] / "spec"


@pytest.fixture(scope="session", autouse=True)
def same_text() -> Iterator[None]:
    """Fail where a module changes while models run: the numbers are then those of two texts."""
    folders = [_SPEC, _SPEC / "models"]
    before = texts_of(folders)
    yield
    assert changed(before, texts_of(folders)) == [], "modules changed while these tests ran"
