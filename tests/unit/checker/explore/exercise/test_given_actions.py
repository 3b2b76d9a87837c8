"""Actions that are given to operators, or stand in a LAMBDA, are counted by their names."""

from pathlib import Path

import pytest
from tests.unit.checker.explore.exercise.test_guarded_actions import run

from speccheck.report.coverage import coverage_of

OPERATORS = r"""
Back(k) == x > 7 /\ x' = k /\ UNCHANGED done
Set(k) == x < 3 /\ x' = k + 1 /\ k = x /\ UNCHANGED done
Do(A) == ~done /\ A
Pair(A, B) == A \/ B
Any(Op(_)) == \E k \in 0..2 : ~done /\ Op(k)
Through(Op(_)) == Any(Op)
Again(Op(_), A) == LET k == x IN Op(k) \/ A
"""

GIVEN = {
    "a call": (r"Next == Do(Set(x)) \/ Do(Back(x))", "Back"),
    "a name": (r"Next == Do(Inc) \/ Do(Crash)", "Crash"),
    "several": (r"Next == Pair(Inc, Crash)", "Crash"),
    "alternatives": (r"Next == x >= 0 /\ Do(Inc \/ Crash)", "Crash"),
    "operators": (r"Next == Any(Set) \/ Any(Back)", "Back"),
    "passed on": (r"Next == Through(Set) \/ Through(Back)", "Back"),
    "LAMBDA": (r"Next == Any(LAMBDA k : Set(k) \/ Back(k))", "Back"),
    "condition in LAMBDA": (r"Next == Any(LAMBDA k : k < 9 /\ (Set(k) \/ Back(k)))", "Back"),
    "branch in LAMBDA": (r"Next == Any(LAMBDA k : IF x > 7 THEN Back(k) ELSE Set(k))", "Back"),
    "operator and action": (r"Next == Again(Set, Crash)", "Crash"),
    "LET definition": (r"Next == LET Up(k) == Set(k) IN Any(Up) \/ Any(Back)", "Back"),
}


@pytest.mark.parametrize(("body", "idle"), GIVEN.values(), ids=list(GIVEN))
def test_an_action_that_is_given_is_named(body: str, idle: str, tmp_path: Path) -> None:
    model, result, exercise = run(tmp_path, OPERATORS + body)
    assert [(found.kind, found.name) for found in exercise.vacuous] == [("action", idle)]
    rows = [row for row in coverage_of(model, result) if row.name == idle]
    assert 0 in [row.taken for row in rows]
    assert (result.distinct, result.depth) == (4, 4)


def test_where_it_cannot_be_looked_into_the_steps_are_the_same(tmp_path: Path) -> None:
    body = "Hidden(A) == LET B == A IN B \\/ FALSE\nNext == Hidden(Inc) \\/ Hidden(Crash)"
    _, result, exercise = run(tmp_path, body)
    assert [(found.kind, found.name) for found in exercise.vacuous] == [("action", "Next")]
    assert (result.distinct, result.depth) == (4, 4)


def test_an_action_that_is_asked_for_twice_is_counted_where_it_is_taken(tmp_path: Path) -> None:
    body = "IfCan(A) == ENABLED A /\\ A\nNext == IfCan(Inc) \\/ IfCan(Crash)"
    model, result, exercise = run(tmp_path, body)
    assert [found.name for found in exercise.vacuous] == ["Crash"]
    assert {row.name: row.taken for row in coverage_of(model, result)} == {"Inc": 3, "Crash": 0}
