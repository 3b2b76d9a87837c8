"""The pytest plugin: with ``--conformance``, each test is recorded, and fails if it diverges.

Without the option nothing of the checker is loaded. What records is not known here: a system's own
plugin says so by the hook ``pytest_conformance_record`` (speccheck.testing.hooks).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKER = (
    "conformance(check=True, complete=False): what --conformance does for this test; check=False: "
    "it is not judged, complete=True: no client writes that is not recorded"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("conformance")
    group.addoption(
        "--conformance",
        action="store_true",
        help="Record the servers and clients of each test, and fail it where the specification "
        "does not allow what they did.",
    )
    group.addoption(
        "--conformance-strict",
        action="store_true",
        help="Fail a test too where what was recorded cannot be judged.",
    )
    group.addoption(
        "--conformance-dir",
        metavar="DIR",
        type=Path,
        help="Keep all recordings here; by default those that diverge are kept, in a temporary "
        "folder.",
    )
    parser.addini(
        "conformance_spec",
        "The folder with Zab.tla and ZNode.tla; by default spec/, or that of speccheck.",
        default=None,
    )


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hook that systems implement."""
    from speccheck.testing import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Take part in the run if that is asked for."""
    config.addinivalue_line("markers", _MARKER)
    if config.getoption("--conformance") and not config.getoption("--collect-only"):
        from speccheck.testing.session import Conformance

        config.pluginmanager.register(Conformance(config), "speccheck-conformance")


@pytest.hookimpl(tryfirst=True)
def pytest_report_header(config: pytest.Config) -> Iterator[str] | list[str]:
    """Say in the header that tests are judged."""
    return (
        ["conformance: tests are recorded and judged"] if config.getoption("--conformance") else []
    )
