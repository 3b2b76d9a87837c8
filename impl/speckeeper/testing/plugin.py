"""The pytest plugin: servers as fixtures, and what `--conformance` records of them.

Nothing of a server is loaded before a fixture is asked for or something is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from speckeeper.testing.servers import Ensemble


@pytest.fixture
def speckeeper_server(tmp_path: Path) -> Iterator[Ensemble]:
    """A standalone server: ``.hosts`` to connect to, ``.client()`` for a started kazoo client."""
    from speckeeper.testing.servers import Ensemble

    with Ensemble(tmp_path / "speckeeper", 1) as one:
        yield one


@pytest.fixture
def speckeeper_ensemble(tmp_path: Path) -> Iterator[Ensemble]:
    """An ensemble of three that serves: ``.members`` by id, ``.leader``, ``.hosts``, ``.client()``.

    For other sizes and scopes write a fixture of your own with speckeeper.testing.Ensemble.
    """
    from speckeeper.testing.servers import Ensemble

    with Ensemble(tmp_path / "speckeeper", 3) as ensemble:
        yield ensemble


@pytest.hookimpl(optionalhook=True)
def pytest_conformance_record(folder: Path) -> AbstractContextManager[None]:
    """Record servers and clients that are started from now on (speccheck.testing.hooks)."""
    from speckeeper.testing.recording import recording

    return recording(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_conformance_finish(folder: Path) -> None:
    """Write the last lines of histories."""
    from speckeeper.testing.recording import finish

    finish(folder)
