"""What is called possible with all numbers is so: found among a few, and shown of all."""

from pathlib import Path

import pytest
import z3
from tests.unit.checker.prove.test_vacuous import NUM, SIZED

from speccheck.prove.discharge import Limits, Status, Verdict
from speccheck.prove.extend import Extensions
from speccheck.prove.run import Task, prove

N, M = z3.Ints("n m")
G = z3.Function("g", z3.IntSort(), z3.IntSort())
STARTED = z3.Function("started", z3.IntSort(), z3.BoolSort())
FIRST = z3.Int("first")


def natural(body: object, *names: object) -> object:
    """Return that something holds of all natural numbers."""
    return z3.ForAll(list(names), z3.Implies(z3.And([name >= 0 for name in names]), body))


@pytest.mark.parametrize(
    ("formulas", "found"),
    [
        pytest.param([natural(z3.Exists([M], G(M) == G(N)), N)], True, id="a constant function"),
        pytest.param(
            [STARTED(2), natural(z3.Implies(STARTED(N), N <= FIRST), N), FIRST >= 2],
            True,
            id="so far, and no further",
        ),
        pytest.param([natural(G(N) == G(N + 1), N), G(0) == 2], True, id="the same for ever"),
        pytest.param([z3.Exists([N], natural(M <= N, M))], False, id="a last number"),
        pytest.param([natural(M <= FIRST, M)], False, id="a last number with a name"),
        pytest.param(
            [natural(G(N) < G(N + 1), N), natural(G(N) <= 1000, N)], False, id="rises within bounds"
        ),
        pytest.param(
            [natural(G(N) < G(N + 1), N)], False, id="rises: there is one, of another kind"
        ),
        pytest.param(
            [natural(z3.Implies(STARTED(N), STARTED(N + 1)), N), STARTED(0), z3.Not(STARTED(1001))],
            False,
            id="what is beyond the large number",
        ),
        pytest.param([STARTED(5000), z3.Not(STARTED(5001))], False, id="two large numbers"),
    ],
)
def test_a_solution(formulas: list[object], found: bool) -> None:
    assert Extensions().has_solution(formulas, {"g", "first"}) is found


def test_an_action_that_is_possible_with_all_numbers(tmp_path: Path) -> None:
    text = (
        f"{NUM}VARIABLES\n\\* @type: $num -> Bool;\nopen,\n\\* @type: $num;\nlast\n"
        "Init == open = [n \\in Num |-> FALSE] /\\ last = 0\n"
        "Open == \\E n \\in Num : n > last /\\ ~open[n] /\\ last' = n\n"
        "                          /\\ open' = [open EXCEPT ![n] = TRUE]\n"
        "Spec == Init /\\ [][Open]_<<open, last>>\n"
        "Safe == /\\ open \\in [Num -> BOOLEAN] /\\ last \\in Num\n"
        "        /\\ \\A n \\in Num : open[n] => n <= last\n"
        "        /\\ \\A n \\in Num : n > last => ~open[n]\n"
        "THEOREM T == Spec => []Safe"
    )
    path = tmp_path / "Trick.tla"
    path.write_text(f"---- MODULE Trick ----\nEXTENDS Integers\n{text}\n====\n")
    (tmp_path / "Trick.hints.toml").write_text(SIZED)
    said: list[Verdict] = []

    (result,) = prove(Task(path, limits=Limits(3.0, 3.0)), said.append)

    assert result.status is Status.PROVED
    assert [str(verdict.obligation) for verdict in said if verdict.within] == []
