"""Actions of a next-state relation: names, places, and the arguments that lead to a successor."""

from pathlib import Path

from speccheck.evaluate.compiler import Action
from speccheck.explore.config import parse_config
from speccheck.explore.model import load_model

SPEC = r"""---- MODULE M ----
EXTENDS Naturals
VARIABLES x, y
Init == x = 0 /\ y = 0
Up(i, k) == x < 5 /\ x' = x + i * k /\ UNCHANGED y
Odd(i) == \/ \E v \in 1..2 : y' = v /\ x' = i
          \/ y = 2 /\ y' = 0 /\ x' = x
Next == \/ \E i \in 1..2 : Up(i, i + 1)
        \/ \E i \in {7, 8} : LET k == i + 1 IN Odd(k)
        \/ \E n \in {3} : x > n /\ x' = 0 /\ y' = 0
====
"""


def actions(folder: Path) -> list[Action]:
    (folder / "M.tla").write_text(SPEC)
    config = parse_config("INIT Init NEXT Next", "M.cfg")
    return load_model(folder / "M.tla", config).actions


def test_names_and_places(tmp_path: Path) -> None:
    found = [(a.name, a.place.span.line, a.parameters, a.bound) for a in actions(tmp_path)]
    assert found == [
        ("Up", 5, ("i", "k"), ()),
        ("Odd", 6, ("i",), ("v",)),
        ("Odd", 7, ("i",), ()),
        ("Next", 10, (), ("n",)),
    ]


def test_arguments_of_a_step(tmp_path: Path) -> None:
    up, first, second, reset = actions(tmp_path)
    assert up.arguments((4, 2), (10, 2)) == (2, 3)
    assert up.arguments((4, 2), (11, 2)) is None
    assert first.arguments((4, 2), (9, 1)) == (9, 1)
    assert second.arguments((4, 2), (4, 0)) == (8,)
    assert reset.arguments((4, 2), (0, 0)) == (3,)


def test_an_action_with_bookkeeping_keeps_its_name(tmp_path: Path) -> None:
    spec = SPEC.replace("VARIABLES x, y", "VARIABLES x, y, z").replace(
        "y = 0\nUp", "y = 0 /\\ z = 0\nUp"
    )
    more = r"""Next == \/ \E i \in 1..2 : z < 3 /\ Up(i, i) /\ z' = z + 1
        \/ /\ x > 0
           /\ Odd(x)
           /\ UNCHANGED z
        \/ Up(1, 1) /\ Odd(1)
===="""
    (tmp_path / "M.tla").write_text(spec[: spec.index("Next ==")] + more)
    config = parse_config("INIT Init NEXT Next", "M.cfg")
    named = [action.name for action in load_model(tmp_path / "M.tla", config).actions]
    assert named == ["Up", "Odd", "Next"]


def test_an_action_that_calls_another_for_bookkeeping_keeps_its_name(tmp_path: Path) -> None:
    spec = r"""---- MODULE M ----
EXTENDS Naturals
VARIABLES x, log
Init == x = 0 /\ log = {}
Note(what) == log' = log \cup {what}
Up(i) == /\ x < 3
         /\ x' = x + i
         /\ Note("up")
Down(i) == \/ x > i /\ x' = x - i /\ Note("down")
           \/ x = i /\ x' = 0 /\ Note("zero")
Next == \/ \E i \in 1..2 : Up(i)
        \/ \E i \in 1..2 : Down(i)
===="""
    (tmp_path / "M.tla").write_text(spec)
    config = parse_config("INIT Init NEXT Next", "M.cfg")
    named = [action.name for action in load_model(tmp_path / "M.tla", config).actions]
    assert named == ["Up", "Down", "Down"]
