r"""``\A`` in an action gives values as the conjunction does that it stands for."""

from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.model import load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search

MODULE = r"""---- MODULE A ----
EXTENDS Naturals
CONSTANT S
VARIABLES x, y
Init == x = 0 /\ y = 0
InitAll == \A i \in {1, 2} : x \in 0..i /\ (y = 0 \/ y = 3)
Stay == \A i \in S : x < 3 /\ x' = x + 1 /\ UNCHANGED y
Some == \A i \in {1, 2}, j \in {2} : x < 2 /\ x' \in x..(x + i) /\ y' = j
Unlike == \A i \in {1, 2} : x' = i /\ UNCHANGED y
Nested == \A i \in {1, 2} : x < 3 /\ (\A j \in 1..i : x' = x + 1) /\ \E k \in 1..2 : y' = k
Nothing == (\A i \in {} : x' = 1) /\ x < 2 /\ x' = x + 1 /\ UNCHANGED y
Missing == \A i \in {} : x' = 1 /\ UNCHANGED y
====
"""


def check(folder: Path, config: str) -> Result:
    (folder / "A.tla").write_text(MODULE)
    config = f"CONSTANT S = {{1, 2, 3}} CHECK_DEADLOCK FALSE {config}"
    return Search(load_model(folder / "A.tla", parse_config(config, "A.cfg"))).run()


@pytest.mark.parametrize(
    ("init", "action", "distinct"),
    [
        ("Init", "Stay", 4),
        ("Init", "Some", 4),
        ("Init", "Unlike", 1),
        ("Init", "Nested", 7),
        ("Init", "Nothing", 3),
        ("InitAll", "Unlike", 4),
    ],
)
def test_states_are_those_of_the_conjunction(
    tmp_path: Path, init: str, action: str, distinct: int
) -> None:
    result = check(tmp_path, f"INIT {init} NEXT {action}")
    assert (result.verdict, result.distinct) == ("success", distinct), result.error


def test_of_no_element_nothing_is_given(tmp_path: Path) -> None:
    result = check(tmp_path, "INIT Init NEXT Missing")
    assert result.verdict == "error"
    assert "gives no value to x, y" in str(result.error)
