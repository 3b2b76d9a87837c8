r"""A \cdot B: a step of A and a step of B as one, in actions and in properties of steps."""

from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.model import load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search

MODULE = r"""---- MODULE C ----
EXTENDS Naturals
VARIABLES x, y
vars == <<x, y>>
Init == x = 0 /\ y = 0
A == x < 3 /\ x' \in {x + 1, x + 2} /\ UNCHANGED y
B(i) == y' = i * x /\ UNCHANGED x
Composed == \E i \in 1..2 : (A \cdot B(i)) \/ lab(i) :: B(i) \cdot A
Plain == /\ x < 3
         /\ x' \in {x + 1, x + 2}
         /\ \E i \in 1..2 : y' \in {i * x', i * x}
WhenStuck == IF ENABLED A THEN A ELSE x > 0 /\ (B(1) \cdot (x' = 0 /\ UNCHANGED y))
Same == [][Composed <=> Plain]_vars
OnlyComposed == [][Composed]_vars
OnlyFirst == [][\E i \in 1..2 : A \cdot B(i)]_vars
Never == [][~(A \cdot B(1))]_vars
Half == [][A \cdot (y' = x)]_vars
HalfBefore == [][(x' = x + 1) \cdot (y' = 0 /\ UNCHANGED x)]_vars
HalfAsked == [][(x' = x + 1) \cdot (UNCHANGED <<x, y>>)]_vars
One == x < 3 /\ x' = x + 1 /\ UNCHANGED y
Line == <<7, 8, 9, 9>>[x + 1]
ByTheLine == x = 0 /\ x' = 7 /\ LET at == Line IN (y' = 1) \cdot (y' = at)
====
"""


def check(folder: Path, config: str) -> Result:
    (folder / "C.tla").write_text(MODULE)
    config = f"INIT Init CHECK_DEADLOCK FALSE {config}"
    return Search(load_model(folder / "C.tla", parse_config(config, "C.cfg"))).run()


def test_composed_actions_lead_to_what_they_mean(tmp_path: Path) -> None:
    composed, plain = (check(tmp_path, f"NEXT {name}") for name in ("Composed", "Plain"))
    assert composed.verdict == plain.verdict == "success"
    assert composed.distinct == plain.distinct > 10
    assert check(tmp_path, "NEXT WhenStuck").distinct > composed.depth


@pytest.mark.parametrize(
    ("action", "property_", "verdict"),
    [
        ("Composed", "Same", "success"),
        ("Plain", "Same", "success"),
        ("Plain", "OnlyComposed", "success"),
        ("WhenStuck", "OnlyComposed", "property"),
        ("Plain", "OnlyFirst", "property"),
        ("Plain", "Never", "property"),
        # The second action may leave variables open, the first one those that it does not ask for.
        ("A", "Half", "property"),
        ("A", "HalfBefore", "property"),
        ("One", "HalfBefore", "success"),
        ("One", "HalfAsked", "error"),
    ],
)
def test_composed_actions_as_properties(
    tmp_path: Path, action: str, property_: str, verdict: str
) -> None:
    result = check(tmp_path, f"NEXT {action} PROPERTY {property_}")
    assert result.verdict == verdict, result.error
    if verdict == "error":
        assert "the state gives no value to y" in str(result.error)


def test_what_a_step_has_given_already_is_not_that_of_the_state_between(tmp_path: Path) -> None:
    # x' = 7 is given ahead of the composition, and y' = 1 speaks of the state between.
    result = check(tmp_path, "NEXT ByTheLine")
    assert result.verdict == "success", result.error
    assert result.distinct == 2
