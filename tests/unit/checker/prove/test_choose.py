"""CHOOSE has one value, and TLA+ does not say which: what depends on that is unknown."""

from pathlib import Path

import pytest
from tests.unit.checker.prove.test_unsound import SERVERS, X, statuses

from speccheck.prove.discharge import Limits, Status
from speccheck.prove.run import Task, prove

ABOVE_2 = "(CHOOSE n \\in 1..5 : n > 2)"
ANY = f"{SERVERS}ASSUME Server # {{}}\n"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (f"THEOREM T == {ABOVE_2} = (CHOOSE n \\in 1..5 : n >= 3)", Status.UNKNOWN),
        (f"THEOREM T == {ABOVE_2} = 4", Status.UNKNOWN),
        (f"THEOREM T == {ABOVE_2} # 4", Status.UNKNOWN),
        (f"THEOREM T == {ABOVE_2} \\in 1..2", Status.REFUTED),
        (f"THEOREM T == {ABOVE_2} \\in 3..5", Status.PROVED),
        ("THEOREM T == (CHOOSE n \\in 1..3 : n > 2) = 2", Status.REFUTED),
        (f"{ANY}THEOREM T == \\A s \\in Server : s = CHOOSE t \\in Server : TRUE", Status.UNKNOWN),
        (f"{ANY}THEOREM T == (CHOOSE t \\in Server : t \\in Server) # Nobody", Status.UNKNOWN),
        (f"{ANY}THEOREM T == Nobody = CHOOSE t \\in Server : t # Nobody", Status.REFUTED),
    ],
)
@pytest.mark.parametrize("hints", ["", "[sizes]\nSERVER = 2\n"])
def test_what_depends_on_the_choice_is_unknown(
    text: str, status: Status, hints: str, tmp_path: Path
) -> None:
    assert statuses(tmp_path, text, hints)["T"] is status


def test_the_reason_is_said(tmp_path: Path) -> None:
    path = tmp_path / "M.tla"
    path.write_text(
        f"---- MODULE M ----\nEXTENDS Integers\n{X}Init == x = {ABOVE_2}\nNext == UNCHANGED x\n"
        "Spec == Init /\\ [][Next]_x\nTHEOREM T == Spec => [](x \\in Int /\\ x # 4)\n===="
    )

    (result,) = prove(Task(path, limits=Limits(3.0, 3.0)))

    assert result.status is Status.UNKNOWN
    assert any("with some values of CHOOSE" in line for v in result.verdicts for line in v.lines)
