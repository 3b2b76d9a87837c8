"""The flag that writes the stories anew."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite",
        action="store_true",
        help="write down what the stories of tests/sim/scenarios do now, instead of comparing",
    )
