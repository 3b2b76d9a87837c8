"""Runs tests of the data model in this process on a mutant, and says which one fails first."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from tests.model.znode import operators, stories

# What the tests read is loaded here, once for all mutants that are judged in forked processes.
assert stories.STORIES

# The same examples each time, and the first that fails will do.
settings.register_profile(
    "mutants", derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)

# No limit by the wall clock, no explanation of a failure: that it fails is all that is asked.
_OPTIONS = ["-x", "-q", "--assert=plain", "--tb=no", "--timeout=0"]
_OPTIONS += ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:faulthandler"]


def _draws(item: pytest.Item) -> bool:
    drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return bool(drawn) or "random" in item.name


class _FirstFailure:
    def __init__(self, *, drawn: bool) -> None:
        self._drawn = drawn
        self.name = ""
        self.is_memory = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put what draws its examples behind what has them, which is quicker; or leave it out."""
        items.sort(key=_draws)
        if not self._drawn:
            items[:] = [item for item in items if not _draws(item)]

    def pytest_exception_interact(self, node: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        if not self.name:
            assert call.excinfo is not None, "it is about an exception"
            self.name = node.nodeid
            self.is_memory = call.excinfo.errisinstance(MemoryError)


def first_failure(overlay: Path, tests: tuple[str, ...], *, drawn: bool = True) -> str | None:
    """Return the name of the first test that fails with the modules of ``overlay``, or None.

    Tests that draw their examples are left out unless ``drawn``.

    Changes this process: call it in one that was made for it. Raises MemoryError; RuntimeError
    where the tests could not be run.
    """
    operators.FOLDERS.insert(0, overlay)
    operators.operators.cache_clear()
    settings.load_profile("mutants")
    # Tests that were loaded before have the settings of another profile.
    for name in [name for name in sys.modules if name.startswith("tests.model.test_znode")]:
        del sys.modules[name]
    failure = _FirstFailure(drawn=drawn)
    with tempfile.TemporaryFile() as said:
        for stream in (1, 2):
            os.dup2(said.fileno(), stream)
        sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        code = pytest.main([*_OPTIONS, *tests], plugins=[failure])
        sys.stdout.flush()
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    if failure.is_memory:
        raise MemoryError
    if code == pytest.ExitCode.OK:
        return None
    if code != pytest.ExitCode.TESTS_FAILED or not failure.name:
        raise RuntimeError(f"the tests did not run: {text[-4000:]}")
    return failure.name
