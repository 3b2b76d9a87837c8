"""Forms that people write: taken where they mean the same, else refused with what to write."""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import X, statuses

from speccheck.prove.discharge import Limits, Status, Verdict
from speccheck.prove.run import Task, prove
from speccheck.tla.errors import TlaError

SETS = "VARIABLES\n\\* @type: Set(Int);\nx\n"
N = "CONSTANT\n\\* @type: Int;\nN\n"
UP = "Next == x' = x + 1\n"
STEPS = "Init == x = 0\nSpec == Init /\\ [][Next]_x\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"{X}Next == x' \\in 0..3\n{STEPS}THEOREM T == Spec => [](x \\in 0..3)", id="x' in S"
        ),
        pytest.param(
            f"{X}Next == x' \\in 0..9 /\\ x' = x + 1\n{STEPS}THEOREM T == Spec => [](x >= 0)",
            id="x' in S beside x' = e",
        ),
        pytest.param(
            "VARIABLES\n\\* @type: Int;\nx,\n\\* @type: Int;\ny\n"
            "Next == x' \\in 0..3 /\\ y' = x'\nInit == x = 0 /\\ y = 0\n"
            "Spec == Init /\\ [][Next]_<<x, y>>\nTHEOREM T == Spec => [](x \\in 0..3 /\\ y = x)",
            id="x' in S, and y' = x'",
        ),
        pytest.param(
            f"{X}{UP}Init == 0 = x\nSpec == Init /\\ [][Next]_x\nTHEOREM T == Spec => [](x >= 0)",
            id="e = x",
        ),
        pytest.param(
            f"{X}{UP}Init == x = 0\nSpec == Init /\\ [][Next]_x /\\ WF_x(Next)\n"
            "THEOREM T == Spec => [](x >= 0)",
            id="fairness",
        ),
        pytest.param(
            f"{SETS}Next == x' = {{}}\nInit == x = {{1}}\nSpec == Init /\\ [][Next]_x\n"
            "THEOREM T == Spec => [](x \\subseteq {1})",
            id="x' = {}",
        ),
        pytest.param(f"{N}ASSUME N \\in Nat\nTHEOREM T == N \\in Int", id="natural"),
        pytest.param(f"{N}ASSUME N \\in 1..7\nTHEOREM T == N \\in Int", id="in an interval"),
        pytest.param(
            f"{X}{N}ASSUME N \\in Nat\nNext == x' = x + 1 \\/ x' = N\nInit == x = N\n"
            "Spec == Init /\\ [][Next]_x\nTHEOREM T == Spec => [](x \\in Nat /\\ x \\in Int)",
            id="a variable that is a natural constant",
        ),
        pytest.param(
            "CONSTANT\n\\* @type: Int -> Int;\nc\nASSUME c \\in [1..3 -> Nat]\n"
            "THEOREM T == c \\in [1..3 -> Int] /\\ c[2] \\in Int",
            id="functions to natural numbers",
        ),
    ],
)
def test_a_form_that_is_taken(text: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text)["T"] is Status.PROVED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"{X}Next == x' \\in 0..3\n{STEPS}THEOREM T == Spec => [](x \\in 0..2)", id="x' in S"
        ),
        pytest.param(
            f"{X}Next == x' \\in 0..x\n{STEPS}THEOREM T == Spec => [](x \\in 0..2 /\\ x # 1)",
            id="x' in what x says",
        ),
        pytest.param(
            f"{X}Next == IF x = 0 THEN x' = 5 ELSE x' = x\nInit == x = 0\n"
            "Spec == Init /\\ [][Next]_x /\\ WF_x(Next)\nTHEOREM T == Spec => [](x = 0)",
            id="fairness",
        ),
        pytest.param(f"{N}ASSUME N \\in Int\nTHEOREM T == N \\in Nat", id="an integer"),
    ],
)
def test_a_form_that_is_taken_proves_nothing_false(text: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text)["T"] is Status.REFUTED


@pytest.mark.parametrize(
    ("theorem", "said"),
    [
        ("Spec => <>(x = 3)", "some time is no safety"),
        ("Spec => (x = 1 ~> x = 3)", "some time is no safety"),
        ("(Spec => [](x > 0)) /\\ (Spec => [](x > 1))", "a theorem of each part"),
        ("Spec => [](x > 0) /\\ [](x > 1)", "write Spec => [](P /\\ Q)"),
        ("Spec => x = 0", "this has no []"),
        ("[](x = 0)", "without a Spec"),
    ],
)
def test_another_form_of_theorem_is_refused(theorem: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(TlaError) as caught:
        statuses(tmp_path, f"{X}{UP}{STEPS}THEOREM T == {theorem}")

    assert said in str(caught.value).splitlines()[0]


def test_assumptions_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    path = tmp_path / "Odd.tla"
    path.write_text(
        f"---- MODULE Odd ----\nEXTENDS Integers\n{N}ASSUME N > 3\nASSUME N # 7\n"
        "ASSUME N < 2\nTHEOREM T == 1 = 2\n===="
    )
    said: list[Verdict] = []

    prove(Task(path, limits=Limits(3.0, 3.0)), said.append)

    lines = [line for verdict in said for line in verdict.lines]
    assert f"({path}:6, {path}:8)" in lines[0]
