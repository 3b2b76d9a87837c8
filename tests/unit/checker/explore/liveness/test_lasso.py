"""Infinite counterexamples are told shortly: no state of the cycle stands on the way to it too."""

from pathlib import Path

import pytest

from speccheck.explore.config import parse_config
from speccheck.explore.liveness.lasso import Lasso
from speccheck.explore.model import load_model
from speccheck.explore.search import Search

SPEC = r"""---- MODULE Turns ----
EXTENDS Integers
VARIABLES x, y
vars == <<x, y>>
Init == x = 0 /\ y = 0
A == x < 3 /\ x' = x + 1 /\ y' = y
B == y' = 1 - y /\ x' = x
C == x = 3 /\ x' = 0 /\ y = 1 /\ y' = y
Spec == Init /\ [][A \/ B \/ C]_vars /\ WF_vars(A) /\ WF_vars(B) /\ WF_vars(C)
Leads == (x = 3) ~> (x = 0)
====
"""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Lasso([1, 2, 3], [4, 3]), Lasso([1, 2, 3], [4, 3])),
        (Lasso([1, 2, 3, 4], [3, 4]), Lasso([1, 2, 3], [4, 3])),
        (Lasso([1, 2, 1, 2, 1], [2, 1]), Lasso([1], [2, 1])),
        (Lasso([0, 1], [2, 1, 2, 1]), Lasso([0, 1], [2, 1])),
        (Lasso([0, 1], [2, 1, 3, 1]), Lasso([0, 1], [2, 1, 3, 1])),
        (Lasso([0, 1], []), Lasso([0, 1], [])),
    ],
)
def test_the_behaviour_stays_the_same(given: Lasso, told: Lasso) -> None:
    found = given.shortest()
    assert found == told

    def unrolled(lasso: Lasso) -> list[int]:
        return (lasso.prefix + lasso.cycle * 40)[:30]

    assert unrolled(found) == unrolled(given)


def test_a_counterexample_repeats_no_state(tmp_path: Path) -> None:
    (tmp_path / "Turns.tla").write_text(SPEC)
    model = load_model(
        tmp_path / "Turns.tla", parse_config("SPECIFICATION Spec PROPERTY Leads", "c")
    )
    result = Search(model).run()
    assert result.verdict == "liveness"
    states = [step.state for step in result.trace]
    assert len(states) == len(set(states)) == 5
    assert result.loop == 3
