"""The hooks by which a system's own pytest plugin lets itself be recorded."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path


def pytest_conformance_record(folder: Path) -> AbstractContextManager[None] | None:
    """Return what makes all that is started while it is entered record itself below a folder.

    Traces of one ensemble go to ``folder/traces/NAME``, histories of the clients of one ensemble to
    ``folder/histories/NAME``. What was started goes on recording when the context is left. Contexts
    are entered within one another; the innermost one holds.
    """


def pytest_conformance_finish(folder: Path) -> None:
    """Put into the files below a folder what is not there yet, and record nothing more there."""
