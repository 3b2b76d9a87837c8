r"""That constants are of their annotated types is assumed: of each, everywhere, and said.

With ``\* @type: Int;`` for N, ``N \in Int`` is proved as ``\A n \in {N} : n \in Int`` is, and
whoever assumes the contrary has assumed a contradiction.
"""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import F, X, statuses
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.prove.discharge import Limits, Status
from speccheck.prove.run import Task, prove

N = "CONSTANT\n\\* @type: Int;\nN\n"
S = f"CONSTANT\n\\* @type: Set(Int);\nS\nASSUME S # {{}}\n{X}"
C = "CONSTANT\n\\* @type: Int -> Int;\nc\nASSUME c \\in [1..3 -> {0}]\n"
FROM_S = "Init == x \\in S\nNext == x' \\in S\nSpec == Init /\\ [][Next]_x\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{N}THEOREM T == N \\in Int",
        f"{N}THEOREM T == N + 1 \\in Int",
        f"{N}THEOREM T == N \\in Nat \\/ N < 0",
        f"{N}ASSUME N >= 0\nTHEOREM T == N \\in Nat",
        f"{N}THEOREM T == N \\notin 3..5 => (N < 3 \\/ N > 5)",
        f"{N}THEOREM T == \\A n \\in {{m \\in {{N}} : TRUE}} : n \\in Int",
        "CONSTANT\n\\* @type: Bool;\nb\nTHEOREM T == b \\in BOOLEAN",
        f"{S}THEOREM T == S \\subseteq Int",
        f"{S}{FROM_S}THEOREM T == Spec => [](x \\in S /\\ x \\in Int)",
        f"{S}{FROM_S}THEOREM T == Spec => [](\\A y \\in {{z \\in {{x}} : TRUE}} : y \\in Int)",
        f"{C}THEOREM T == c[2] \\in Int",
    ],
)
def test_what_an_annotation_says_of_constants_holds_everywhere(text: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text)["T"] is Status.PROVED


@pytest.mark.parametrize(
    "theorem",
    [
        "N \\notin Int",
        "\\E n \\in Int : n = N /\\ N \\notin Int",
        "N \\notin Int /\\ {m \\in {N} : TRUE} \\subseteq Int",
        "\\E n \\in {m \\in {N} : TRUE} : n \\in Int /\\ n = N /\\ n \\notin Int",
    ],
)
def test_the_contrary_is_no_theorem_and_a_contradiction_if_assumed(
    theorem: str, tmp_path: Path
) -> None:
    assert statuses(tmp_path, f"{N}THEOREM T == {theorem}")["T"] is Status.REFUTED
    (tmp_path / "Odd.tla").write_text(
        f"---- MODULE Odd ----\nEXTENDS Integers\n{N}ASSUME N \\notin Int\n"
        f"THEOREM T == {theorem}\n===="
    )

    (result,) = prove(Task(tmp_path / "Odd.tla", limits=Limits(3.0, 3.0)))

    assert result.status is Status.REFUTED
    lines = [line for verdict in result.verdicts for line in verdict.lines]
    assert any("Odd.tla:6" in line and "annotations assume (N: Int)" in line for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        # Of values that are not there an annotation says nothing.
        f"{F}Init == f \\in [1..3 -> Int]\nNext == UNCHANGED f\nSpec == Init /\\ [][Next]_f\n"
        "THEOREM T == Spec => [](f \\in [1..3 -> Int] /\\ f[7] \\in Int)",
        f"{C}THEOREM T == c[7] \\in Int",
        "THEOREM T == \\A n \\in {CHOOSE k \\in 1..0 : TRUE} : n \\in Int",
    ],
)
def test_what_is_not_defined_is_no_number(text: str, tmp_path: Path) -> None:
    assert statuses(tmp_path, text)["T"] is Status.REFUTED


def test_what_is_assumed_by_annotations_is_said(tmp_path: Path) -> None:
    path = tmp_path / "M.tla"
    path.write_text(
        "---- MODULE M ----\nEXTENDS Integers\nCONSTANTS\n\\* @type: Set(SERVER);\nServer,\n"
        "\\* @type: SERVER -> Set(Int);\nof,\n\\* @type: <<Int, { up: Bool }>>;\npair\n"
        "THEOREM T == 1 < 2\n===="
    )

    done = CliRunner().invoke(app, ["prove", str(path)])

    assert done.exit_code == 0
    assert (
        "assumed, as annotated: of: SERVER -> Set(Int); pair: <<Int, { up: Bool }>>\n"
        in done.output
    )
