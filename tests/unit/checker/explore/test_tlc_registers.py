"""TLCGet: the level of a state, statistics of the run, registers; each engine tells the same."""

from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.engines import Mode, Settings, engine_for
from speccheck.explore.model import Model, load_model
from speccheck.explore.parallel import ParallelSearch
from speccheck.explore.result import Result
from speccheck.report.trace import trace_of

COUNTER = """---- MODULE M ----
EXTENDS Naturals, TLC
VARIABLE n
Init == TLCGet("level") = 0 /\\ n = 1
Next == /\\ TLCGet("level") = n
        /\\ n' = n + 1
IsLevel == TLCGet("level") = n
Below == TLCGet("level") < 5
Step == TLCGet("level") = n /\\ TLCGet("level")' = n'
View == <<n % 2, TLCGet("level")>>
Small == n < 4
Shown == [n |-> n, level |-> TLCGet("level")]
Stats == LET stats == TLCGet("stats")
         IN /\\ stats.distinct = 5 /\\ stats.generated = 6 /\\ stats.diameter = 5
            /\\ stats.queue = 0 /\\ stats.initial = 1 /\\ TLCGet("level") = 0
            /\\ TLCGet("distinct") = 5 /\\ TLCGet("duration") < 100
Few == TLCGet("distinct") < 3
====
"""
ALL = (
    "INIT Init NEXT Next INVARIANT IsLevel CONSTRAINT Below ACTION_CONSTRAINT Step VIEW View "
    "CHECK_DEADLOCK FALSE "
)


def model_of(folder: Path, config: str, text: str = COUNTER) -> Model:
    (folder / "M.tla").write_text(text)
    return load_model(folder / "M.tla", parse_config(config, "M.cfg"))


def run(folder: Path, config: str, settings: Settings | None = None) -> Result:
    return engine_for(model_of(folder, config), settings or Settings()).run()


@pytest.mark.parametrize("mode", list(Mode))
def test_every_part_of_a_model_sees_the_level_of_its_state(tmp_path: Path, mode: Mode) -> None:
    traces = 3 if mode is Mode.simulate else None
    result = run(tmp_path, ALL, Settings(mode, traces=traces))
    assert (result.error, result.violated, result.distinct) == (None, "", 5)
    assert result.verdict == ("unfinished" if traces else "success")


def test_workers_see_it_too(tmp_path: Path) -> None:
    result = ParallelSearch(model_of(tmp_path, ALL), workers=2, least_level=1).run()
    assert (result.verdict, result.error, result.distinct) == ("success", None, 5)


def test_the_level_of_another_state_is_another(tmp_path: Path) -> None:
    (tmp_path / "M.tla").write_text(COUNTER)
    wrong = COUNTER.replace("Init == ", 'Init == (n = 2 /\\ TLCGet("level") = 0) \\/ (').replace(
        "n = 1\n", "n = 1)\n"
    )
    config = parse_config("INIT Init NEXT Next INVARIANT IsLevel", "M.cfg")
    (tmp_path / "M.tla").write_text(wrong)
    result = engine_for(load_model(tmp_path / "M.tla", config), Settings()).run()
    assert (result.verdict, result.violated) == ("invariant", "IsLevel")


def test_an_alias_sees_the_level_of_each_state(tmp_path: Path) -> None:
    model = model_of(tmp_path, "INIT Init NEXT Next INVARIANT Small ALIAS Shown")
    trace = trace_of(model, engine_for(model, Settings()).run())
    assert [step.values["level"] for step in trace.steps] == [1, 2, 3, 4]
    assert [step.move and step.move.action for step in trace.steps] == [None, *["Next"] * 3]


def test_statistics_are_those_of_the_run(tmp_path: Path) -> None:
    config = "INIT Init NEXT Next CONSTRAINT Below CHECK_DEADLOCK FALSE POSTCONDITION Stats"
    assert run(tmp_path, config).verdict == "success"
    few = run(tmp_path, "INIT Init NEXT Next CONSTRAINT Few CHECK_DEADLOCK FALSE")
    assert few.distinct == 3


REGISTERS = """---- MODULE M ----
EXTENDS Naturals, TLC
VARIABLE n
ASSUME TLCSet(1, 0)
Init == n = 0
Next == n < 9 /\\ n' = n + 1 /\\ TLCSet(1, n')
Counted == TLCGet(1) = 9
====
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_postcondition_reads_registers(tmp_path: Path, workers: int) -> None:
    """With several workers those of the one that has set them."""
    config = "INIT Init NEXT Next CHECK_DEADLOCK FALSE POSTCONDITION Counted"
    model = model_of(tmp_path, config, REGISTERS)
    if workers > 1:
        result = ParallelSearch(model, workers=workers, least_level=1).run()
        assert result.workers == workers
    else:
        result = engine_for(model, Settings()).run()
    assert (result.verdict, result.error) == ("success", None)
    again = model_of(tmp_path, config, REGISTERS.replace("ASSUME TLCSet(1, 0)", ""))
    assert engine_for(again, Settings()).run().verdict == "success"
