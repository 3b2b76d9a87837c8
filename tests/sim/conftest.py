"""The flag that writes the stories anew."""

import pytest
from tests import hypothesis_profile

__all__ = ["hypothesis_profile", "pytest_addoption"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write down what the stories of tests/sim/scenarios do now, instead of comparing",
    )
