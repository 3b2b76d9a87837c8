"""Which engine runs a model: breadth-first, depth-first or simulation, in how many processes."""

from enum import StrEnum
from typing import NamedTuple

from speccheck.explore.depth_first import DepthFirst
from speccheck.explore.engine import Engine, Progress
from speccheck.explore.model import ConfigError, Model
from speccheck.explore.parallel import ParallelSearch
from speccheck.explore.search import Search
from speccheck.explore.simulate import DEFAULT_DEPTH, DEFAULT_TRACES, Simulation


class Mode(StrEnum):
    """The order in which behaviours are explored."""

    bfs = "bfs"
    dfs = "dfs"
    simulate = "simulate"


class Settings(NamedTuple):
    """What the engine is asked for; None where nothing is said.

    ``depth`` is the most states of a behaviour, ``traces`` the number of random behaviours.
    """

    mode: Mode = Mode.bfs
    max_states: int | None = None
    depth: int | None = None
    traces: int | None = None
    seed: int | None = None
    workers: int = 1


def engine_for(model: Model, settings: Settings, progress: Progress | None = None) -> Engine:
    """Return the engine that the settings ask for. Raises ConfigError where they contradict."""
    mode, most, workers = settings.mode, settings.max_states, settings.workers
    if mode is not Mode.simulate:
        for name, value in (("--traces", settings.traces), ("--seed", settings.seed)):
            if value is not None:
                raise ConfigError(f"{name} is for --mode simulate only")
    if mode is Mode.simulate:
        return Simulation(
            model,
            most,
            progress,
            traces=DEFAULT_TRACES if settings.traces is None else settings.traces,
            depth=DEFAULT_DEPTH if settings.depth is None else settings.depth,
            seed=settings.seed,
            workers=workers,
        )
    if mode is Mode.dfs:
        if workers > 1:
            raise ConfigError("--mode dfs runs in one process: leave out --workers")
        return DepthFirst(model, most, progress, limit=settings.depth)
    if settings.depth is not None:
        raise ConfigError("--depth is for --mode dfs and --mode simulate")
    if workers > 1:
        return ParallelSearch(model, most, progress, workers=workers)
    return Search(model, most, progress)
