"""The models and campaigns of the specification, what each is to give, and one way to run them."""

import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from speccheck.explore.config import read_config
from speccheck.explore.exercise.judge import judge
from speccheck.explore.exercise.vacuity import scattered
from speccheck.explore.model import load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.explore.simulate import Simulation
from speccheck.report.data import as_data
from speccheck.report.trace import trace_of

SPEC = Path(__file__).parents[2] / "spec"

# As the command line does: an operator may recurse over a long sequence.
_DEEPEST_RECURSION = 20_000

_SEED = 7

# What parts of properties matter is asked on this many states of a model. What matters at all does
# so on a few hundred; asking more of the models that are too small for a part takes minutes.
_STATES_ASKED = 2000

# By how the names of their modules begin: what is to be exercised by some model of the family.
FAMILIES = {
    "Quorums": ("MCQuorums",),
    "QuorumSum": ("MCQuorumSum",),
    "QuorumWeight": ("MCQuorumWeight",),
    "QuorumJoint": ("MCQuorumJoint",),
    "FastLeaderElection": ("MCFastLeaderElection", "MCPlainElection"),
    "Zxids": ("MCZxids",),
    "ZabRefinesCore": ("MCZabRefinesCore",),
    "ZabCore": ("MCZabCore",),
    "Zab": ("MCZab", "MCPlainZab", "MCAtomicBroadcast"),
    "Reconfig": ("MCReconfig",),
    "ZNode": ("MCZNode",),
}

# A specification on top of another: the files whose text its own family is to exercise. The rest is
# the business of the family below.
OWN_FILES = {"Reconfig": ("Reconfig.tla", "MCReconfig.tla")}

# Two specifications side by side: their actions and properties are asked for in their own families.
JOINED = frozenset({"ZabRefinesCore"})


@dataclass(frozen=True)
class Expected:
    """One table of an expected.toml, under the name of its configuration.

    ``folder`` is that of the table, within the specification's.
    """

    name: str
    verdict: str
    seconds: float
    profile: str = ""
    module: str = ""
    folder: str = "models"
    property: str = ""
    distinct: int | None = None
    depth: int | None = None
    behaviours: int | None = None

    def family(self) -> str:
        """Return the family of specifications that the model belongs to."""
        module = self.module or self.name
        return next(name for name, begins in FAMILIES.items() if module.startswith(begins))

    def module_path(self, spec: Path = SPEC) -> Path:
        """Return the model's module in a specification's folder."""
        path = spec / self.folder / f"{self.module or self.name}.tla"
        return path if path.is_file() else spec / "models" / path.name

    def config_path(self, spec: Path = SPEC) -> Path:
        """Return the model's configuration in a specification's folder."""
        return spec / self.folder / f"{self.name}.cfg"


def expected_models() -> dict[str, Expected]:
    """Return every model by its name."""
    return _expected("models")


def expected_campaigns() -> dict[str, Expected]:
    """Return the random simulations by name."""
    return _expected("campaigns")


def _expected(folder: str) -> dict[str, Expected]:
    tables: dict[str, Any] = tomllib.loads((SPEC / folder / "expected.toml").read_text())
    return {name: Expected(name, folder=folder, **table) for name, table in tables.items()}


class Run(NamedTuple):
    """A result, and what ``speccheck check --json`` prints: with what the run exercised."""

    result: Result
    data: dict[str, Any]


def explore(model: Expected, spec: Path = SPEC, only: str | None = None) -> Run:
    """Run one model to its end, breadth-first, and ask what it exercised.

    ``only``: the one of its invariants or properties that is checked and asked for.
    """
    with _deep_recursion():
        config = read_config(model.config_path(spec))
        if only is not None:
            config.invariants = [name for name in config.invariants if name == only]
            config.properties = [name for name in config.properties if name == only]
        loaded = load_model(model.module_path(spec), config, [spec])
        search = Search(loaded)
        result = search.run()
        exercise = None
        if result.verdict == "success":
            states = list(islice(scattered(search.reached), _STATES_ASKED))
            exercise = judge(
                loaded,
                result,
                states,
                initial=search.initial,
                checked=search.checked,
                to_the_end=True,
            )
        return Run(result, as_data(loaded, result, trace_of(loaded, result), exercise))


@cache
def explored(model: Expected) -> Run:
    """Return the run of a model of the specification itself; none is run twice in a process."""
    return explore(model)


def check(model: Expected, spec: Path = SPEC) -> Result:
    """Run one model, of the specification in the folder ``spec``, to its end."""
    with _deep_recursion():
        loaded = load_model(model.module_path(spec), read_config(model.config_path(spec)), [spec])
        if model.behaviours is None:
            return Search(loaded).run()
        assert model.depth is not None, "a simulation has a depth"
        result = Simulation(loaded, traces=model.behaviours, depth=model.depth, seed=_SEED).run()
        if result.verdict == "unfinished":
            # All behaviours that were asked for hold; more of them might not.
            result.verdict = "success"
        return result


@contextmanager
def _deep_recursion() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)
