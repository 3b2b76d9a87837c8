"""Actions that stand under a condition are counted and missed by their names, whatever its form."""

from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.exercise.findings import Exercise
from speccheck.explore.exercise.judge import judge
from speccheck.explore.model import Model, load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speccheck.explore.simulate import Simulation
from speccheck.report.coverage import coverage_of

MODULE = r"""---- MODULE Guarded ----
EXTENDS Naturals
VARIABLES x, done
Init == x = 0 /\ done = FALSE
Inc == x < 3 /\ x' = x + 1 /\ UNCHANGED done
Crash == x > 7 /\ x' = 0 /\ UNCHANGED done
Halt(i) == x = 1 /\ done' = FALSE /\ x' = x + i
Finish == x = 3 /\ done' = TRUE /\ UNCHANGED x
Step == Inc \/ Crash \/ Finish
%s
====
"""

GUARDED = {
    "inline": r"Next == ~done /\ (Inc \/ Crash \/ Finish)",
    "list": "Next ==\n  /\\ ~done\n  /\\ \\/ Inc\n     \\/ Crash\n     \\/ Finish",
    "IF": r"Next == IF done THEN FALSE ELSE Inc \/ Crash \/ Finish",
    "IF of actions": r"Next == ~done /\ IF x > 7 THEN Crash ELSE Inc \/ Finish",
    "CASE": r"Next == CASE ~done -> (Inc \/ Crash \/ Finish) [] OTHER -> FALSE",
    "LET": r"Next == LET go == ~done IN go /\ (Inc \/ Crash \/ Finish)",
    "quantifier": r"Next == \E i \in {1} : ~done /\ (Inc \/ Crash \/ Finish)",
    "guard behind": r"Next == (Inc \/ Crash \/ Finish) /\ ~done",
    "condition of its own": r"Next == ~done /\ (Inc \/ (x >= 0 /\ Crash) \/ Finish)",
    "in a definition": r"Next == ~done /\ Step",
    "below another alternative": r"Next == ~done /\ (Inc \/ (x >= 0 /\ (Crash \/ Finish)))",
}


def run(folder: Path, body: str) -> tuple[Model, Result, Exercise]:
    path = folder / "Guarded.tla"
    path.write_text(MODULE % body)
    model = load_model(path, parse_config("INIT Init NEXT Next CHECK_DEADLOCK FALSE", "G.cfg"))
    search = Search(model)
    result = search.run()
    assert result.verdict == "success"
    return model, result, judge(model, result, search.reached, to_the_end=True)


@pytest.mark.parametrize("body", GUARDED.values(), ids=list(GUARDED))
def test_a_guarded_action_that_is_never_enabled_is_named(body: str, tmp_path: Path) -> None:
    model, result, exercise = run(tmp_path, body)

    assert [(found.kind, found.name) for found in exercise.vacuous] == [("action", "Crash")]
    taken = {row.name: row.taken for row in coverage_of(model, result)}
    assert taken.pop("Next", 4) == 4
    assert taken.pop("Step", 4) == 4
    assert taken == {"Inc": 3, "Crash": 0, "Finish": 1}
    assert result.distinct == 5
    assert result.generated == 5


@pytest.mark.parametrize(
    "body",
    [
        "Next ==\n  /\\ \\/ Inc\n     \\/ x > 7 /\\ UNCHANGED <<x, done>>",
        "Next == \\E i \\in {1} :\n  /\\ /\\ \\/ Inc\n        \\/ x > 7 /\\ UNCHANGED <<x, done>>",
        "Only ==\n  /\\ \\/ Inc\n     \\/ x > 7 /\\ UNCHANGED <<x, done>>\nNext == /\\ Only",
    ],
)
def test_a_list_with_one_item_hides_no_disjunct(body: str, tmp_path: Path) -> None:
    _, result, exercise = run(tmp_path, body)

    name = "Only" if "Only" in body else "Next"
    assert [(found.kind, found.name) for found in exercise.vacuous] == [("action", name)]
    assert (result.distinct, result.generated) == (4, 4)
    assert {taken[0]: taken[1] for taken in result.taken} == {"Inc": 3, name: 0}


@pytest.mark.parametrize("behind", [r"x' = x + 2", r"x' = x + 2 /\ TRUE"])
def test_what_stands_behind_decides_whether_an_action_was_taken(
    behind: str, tmp_path: Path
) -> None:
    _, _, exercise = run(tmp_path, rf"Next == (\E i \in {{1}} : Inc \/ Halt(i)) /\ {behind}")

    assert {found.name for found in exercise.vacuous} >= {"Inc", "Halt"}
    _, _, exercise = run(tmp_path, r"Next == (\E i \in {1, 2} : Inc \/ Halt(i)) /\ x' >= x + 1")
    assert exercise.vacuous == []


def test_an_alternative_that_is_no_named_action_stays_a_note(tmp_path: Path) -> None:
    body = r"Next == ~done /\ (Inc \/ Finish \/ (x > 7 /\ x' = 0 /\ UNCHANGED done))"
    _, _, exercise = run(tmp_path, body)

    assert exercise.vacuous == []
    assert [found.kind for found in exercise.findings] == ["branch"]


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_that_simulate_count_alike(workers: int, tmp_path: Path) -> None:
    model, _, _ = run(tmp_path, GUARDED["inline"])
    assert model.marks is not None
    model.marks.counts[:] = [0] * len(model.marks.counts)
    result = Simulation(model, traces=20, seed=1, workers=workers).run()

    taken = {row.name: row.taken for row in coverage_of(model, result)}
    assert taken == {"Next": 80, "Inc": 60, "Crash": 0, "Finish": 20}
