"""The models of spec/models with what each is expected to give, and one way to run them."""

import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.explore.simulate import Simulation

SPEC = Path(__file__).parents[2] / "spec"

# As the command line does: an operator may recurse over a long sequence.
_DEEPEST_RECURSION = 20_000

_SEED = 7


@dataclass(frozen=True)
class Expected:
    """One table of spec/models/expected.toml, under the name of its configuration."""

    name: str
    verdict: str
    seconds: float
    profile: str
    module: str = ""
    property: str = ""
    distinct: int | None = None
    depth: int | None = None
    behaviours: int | None = None

    def module_path(self, spec: Path = SPEC) -> Path:
        """Return the model's module in a specification's folder."""
        return spec / "models" / f"{self.module or self.name}.tla"

    def config_path(self, spec: Path = SPEC) -> Path:
        """Return the model's configuration in a specification's folder."""
        return spec / "models" / f"{self.name}.cfg"


def expected_models() -> dict[str, Expected]:
    """Return every model by its name."""
    tables: dict[str, Any] = tomllib.loads((SPEC / "models" / "expected.toml").read_text())
    return {name: Expected(name, **table) for name, table in tables.items()}


def check(model: Expected, spec: Path = SPEC) -> Result:
    """Run one model, of the specification in the folder ``spec``, to its end."""
    with _deep_recursion():
        loaded = load_model(model.module_path(spec), read_config(model.config_path(spec)), [spec])
        if model.behaviours is None:
            return Search(loaded).run()
        assert model.depth is not None, "a simulation has a depth"
        return Simulation(loaded, traces=model.behaviours, depth=model.depth, seed=_SEED).run()


@contextmanager
def _deep_recursion() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)
