"""Depth-first search, simulation, several processes: the same model, the same answers."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.engines import Mode, Settings, engine_for
from speccheck.explore.model import ConfigError, Model, load_model
from speccheck.explore.parallel import COUNTS_WARNING, ParallelSearch
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.explore.simulate import Simulation

QUEUE = """
EXTENDS Naturals, Sequences, FiniteSets, TLC
CONSTANTS P, K
VARIABLES pc, q, n
vars == <<pc, q, n>>
Init == pc = [p \\in P |-> "a"] /\\ q = <<>> /\\ n = [p \\in P |-> 0]
Put(p) == /\\ pc[p] = "a" /\\ Len(q) < 3
          /\\ q' = Append(q, [from |-> p, value |-> n[p]])
          /\\ pc' = [pc EXCEPT ![p] = "b"]
          /\\ n' = n
Get(p) == /\\ pc[p] = "b" /\\ q # <<>>
          /\\ q' = Tail(q)
          /\\ n' = [n EXCEPT ![Head(q).from] = (@ + 1) % K]
          /\\ pc' = [pc EXCEPT ![p] = "a"]
Next == \\E p \\in P : Put(p) \\/ Get(p)
Spec == Init /\\ [][Next]_vars /\\ WF_vars(Next)
NotAllLast == ~\\A p \\in P : n[p] = K - 1
NeverFalls == [][\\A p \\in P : n'[p] >= n[p]]_n
Fails == \\A p \\in P : n[p] = 2 => q[7] = 0
Empties == []<>(q = <<>>)
StaysFull == <>[](q # <<>>)
Sym == Permutations(P)
View == <<pc, Len(q)>>
Bounded == \\A p \\in P : n[p] < 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("queue")
    (made / "M.tla").write_text(f"---- MODULE M ----\n{QUEUE}\n====\n")
    return made


def queue(folder: Path, more: str = "", processes: str = "a, b, c") -> Model:
    text = f"SPECIFICATION Spec CONSTANTS P = {{{processes}}} K = 3 CHECK_DEADLOCK FALSE {more}"
    return load_model(folder / "M.tla", parse_config(text, "M.cfg"))


def counts(result: Result) -> tuple[object, ...]:
    found = (result.verdict, result.violated, result.trace, result.loop, result.back)
    if result.verdict not in {"success", "liveness"}:
        return found
    return (*found, result.generated, result.distinct, result.depth, result.taken)


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize(
    "more",
    [
        "",
        "SYMMETRY Sym",
        "VIEW View",
        "CONSTRAINT Bounded",
        "INVARIANT NotAllLast",
        "PROPERTY NeverFalls",
        "PROPERTY Empties",
        "PROPERTY StaysFull",
    ],
)
def test_several_processes_find_what_one_finds(folder: Path, more: str, workers: int) -> None:
    single = Search(queue(folder, more))
    alone = single.run()
    several = ParallelSearch(queue(folder, more), workers=workers, least_level=5)
    together = several.run()
    assert counts(together) == counts(alone)
    if alone.verdict == "success" and "SYMMETRY" not in more:
        assert list(several.reached) == list(single.reached)


@pytest.mark.parametrize("more", ["INVARIANT NotAllLast", "INVARIANT Fails"])
def test_what_workers_counted_stands_beside_a_violation(folder: Path, more: str) -> None:
    """What was counted before the workers started is a small part of it."""
    model = queue(folder, more)
    result = ParallelSearch(model, workers=2, least_level=5).run()
    assert result.verdict in {"invariant", "error"}
    assert sum(steps for _, steps, _ in result.taken) == result.generated - 1
    assert sum(new for _, _, new in result.taken) == result.distinct - 1
    assert result.warnings == [COUNTS_WARNING]
    single = Search(queue(folder, more)).run()
    for (name, steps, new), (_, *alone) in zip(result.taken, single.taken, strict=True):
        assert [steps >= alone[0], new >= alone[1]] == [True, True], name


def test_errors_and_deadlocks_in_workers(folder: Path) -> None:
    result = ParallelSearch(queue(folder, "INVARIANT Fails"), workers=2, least_level=5).run()
    alone = Search(queue(folder, "INVARIANT Fails")).run()
    assert (result.verdict, str(result.error)) == ("error", str(alone.error))
    assert result.trace == alone.trace
    one = queue(folder, "", "a")
    one.check_deadlock = True
    stuck = ParallelSearch(one, workers=2, least_level=1).run()
    assert counts(stuck) == counts(Search(one).run())


def test_workers_stop_at_the_same_number_of_states(folder: Path) -> None:
    result = ParallelSearch(queue(folder), 500, workers=2, least_level=5).run()
    assert (result.verdict, result.distinct) == ("unfinished", 500)


def test_depth_first_finds_all_states(folder: Path) -> None:
    whole = engine_for(queue(folder), Settings()).run()
    deep = engine_for(queue(folder), Settings(Mode.dfs)).run()
    assert (deep.verdict, deep.distinct) == ("success", whole.distinct)
    assert deep.generated == whole.generated
    assert deep.depth > whole.depth


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 17])
def test_depth_first_within_a_limit(folder: Path, limit: int) -> None:
    model = queue(folder)
    search = Search(model)
    search.run()
    near = {
        state
        for number, state in enumerate(search.reached)
        if len(search._steps_to(number)) <= limit
    }
    limited = engine_for(model, Settings(Mode.dfs, depth=limit))
    result = limited.run()
    assert result.verdict == "unfinished"
    assert set(limited.reached) == near


def test_depth_first_counterexamples_are_behaviours(folder: Path) -> None:
    model = queue(folder, "INVARIANT NotAllLast")
    result = engine_for(model, Settings(Mode.dfs)).run()
    assert result.verdict == "invariant"
    assert is_behaviour(model, [step.state for step in result.trace])
    assert (
        engine_for(queue(folder, "PROPERTY StaysFull"), Settings(Mode.dfs)).run().loop is not None
    )


def is_behaviour(model: Model, states: list[tuple[object, ...]]) -> bool:
    for before, after in pairwise(states):
        found: list[tuple[object, ...]] = []
        for action in model.actions:
            action.step(before, found.append)
        if after not in found:
            return False
    return True


def test_simulation_is_repeated_by_its_seed(folder: Path) -> None:
    def run(seed: int, workers: int = 1) -> Result:
        settings = Settings(Mode.simulate, seed=seed, traces=40, depth=15, workers=workers)
        result = engine_for(queue(folder, "PROPERTY NeverFalls"), settings).run()
        result.seconds, result.workers = 0.0, 0
        return result

    first = run(3)
    assert first == run(3) == run(3, workers=2)
    assert first != run(4)
    assert is_behaviour(queue(folder), [step.state for step in first.trace])
    assert (first.verdict, first.seed) == ("property", 3)


def test_simulation_without_a_violation(folder: Path) -> None:
    settings = Settings(Mode.simulate, seed=1, traces=30, depth=12)
    result = engine_for(queue(folder), settings).run()
    assert (result.verdict, result.traces, result.depth) == ("unfinished", 30, 12)
    assert result.distinct < result.generated
    drawn = engine_for(queue(folder), Settings(Mode.simulate, traces=1)).run()
    assert drawn.seed is not None


def test_simulation_finds_lassos(folder: Path) -> None:
    model = queue(folder, "PROPERTY StaysFull")
    result = Simulation(model, traces=200, seed=1).run()
    assert result.verdict == "liveness"
    assert result.loop is not None
    looped = [step.state for step in result.trace]
    assert is_behaviour(model, [*looped, looped[result.loop]])


def test_the_seed_decides_under_any_hash_seed(folder: Path) -> None:
    (folder / "S.cfg").write_text(
        "SPECIFICATION Spec CONSTANTS P = {a, b, c} K = 3 CHECK_DEADLOCK FALSE INVARIANT NotAllLast"
    )
    command = [sys.executable, "-m", "speccheck.cli", "check", "M.tla", "--config", "S.cfg"]
    command += ["--mode", "simulate", "--seed", "11", "--json"]
    said = set()
    for hash_seed in "1", "2":
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=folder, env=environment
        )
        said.add("\n".join(line for line in done.stdout.splitlines() if "seconds" not in line))
    assert len(said) == 1
    assert '"seed": 11' in said.pop()


def test_settings_that_contradict(folder: Path) -> None:
    for settings, message in (
        (Settings(seed=1), "--seed is for --mode simulate"),
        (Settings(Mode.dfs, traces=1), "--traces is for --mode simulate"),
        (Settings(depth=3), "--depth is for"),
        (Settings(Mode.dfs, workers=2), "in one process"),
    ):
        with pytest.raises(ConfigError, match=message):
            engine_for(queue(folder), settings)
