"""What is wrong with a specification is said in one clear line, with the place."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.tla.errors import TlaError
from speccheck.tla.parse import parse_module

BEHAVIOUR = "VARIABLE x\nInit == x = 1\nNext == x' = x"


def complaint(folder: Path, name: str, files: dict[str, str | bytes]) -> list[str]:
    """Return the lines that checking module ``name`` of these files prints; it must fail."""
    for other, text in files.items():
        if isinstance(text, str):
            text = f"---- MODULE {other} ----\n{text}\n====\n".encode()
        (folder / f"{other}.tla").write_bytes(text)
    (folder / f"{name}.cfg").write_text("INIT Init NEXT Next")
    result = CliRunner().invoke(app, ["check", str(folder / f"{name}.tla")])
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output.replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize(
    ("files", "first"),
    [
        (
            {"M": f"EXTENDS N\n{BEHAVIOUR}", "N": "EXTENDS M"},
            "M.tla:1:1: the module needs itself: M, which needs N, which needs M",
        ),
        (
            {"M": f"{BEHAVIOUR}\nI == INSTANCE M"},
            "M.tla:1:1: the module needs itself: M, which needs M",
        ),
        (
            {"M": f"{BEHAVIOUR}\nInit == 3"},
            "M.tla:5:1: Init is defined at M.tla:3:1: it cannot be given another meaning",
        ),
        ({"M": f"F(a, a) == a\n{BEHAVIOUR}"}, "M.tla:2:1: a is bound twice here"),
        ({"M": f"F(a, b) == a\n{BEHAVIOUR}\nG == F(1)"}, "M.tla:6:6: F takes 2 arguments, not 1"),
        (
            {"M": f"{BEHAVIOUR}\nG == Intt"},
            "M.tla:5:6: Intt is not known here; did you mean Init?",
        ),
        ({"M": b""}, "M.tla:1:1: no module begins here"),
        ({"M": b"\xff\xfe\x00"}, "M.tla: this is not UTF-8 text: byte 0xff at 0"),
        (
            {"M": f"---- MODULE N ----\n{BEHAVIOUR}\n====\n".encode()},
            "M.tla:1:1: the file is named M.tla, but its module N",
        ),
        (
            {"M": f"{BEHAVIOUR}\nRECURSIVE F(_), G(_)\nF(n) == n\nH == G(1)"},
            "M.tla:5:17: RECURSIVE declares G, which is not defined: define it in the same module "
            "or LET, or take the declaration out",
        ),
        (
            {"M": f"{BEHAVIOUR}\nH == LET RECURSIVE G(_)\n         a == 1\n     IN  a"},
            "M.tla:5:20: RECURSIVE declares G, which is not defined: define it in the same module "
            "or LET, or take the declaration out",
        ),
        (
            {"M": f"{BEHAVIOUR}\nRECURSIVE G(_)\nH == G(1)\nG(n) == INSTANCE Naturals"},
            "M.tla:5:11: RECURSIVE declares G, which is not defined: define it in the same module "
            "or LET, or take the declaration out",
        ),
        (
            {"M": f"EXTENDS N\n{BEHAVIOUR}\nG(n) == n", "N": "RECURSIVE G(_)"},
            "N.tla:2:11: RECURSIVE declares G, which is not defined: define it in the same module "
            "or LET, or take the declaration out",
        ),
        (
            {"M": f"{BEHAVIOUR}\nRECURSIVE G(_)\nRECURSIVE G(_)\nG(n) == n"},
            "M.tla:6:11: RECURSIVE declares G twice: once is enough",
        ),
        (
            {"M": "R == [f |-> 1, g |-> 2, f |-> 3]"},
            "M.tla:2:25: the field f is given twice: a record has each field once",
        ),
        (
            {"M": "R == [f: {1}, f: {2}]"},
            "M.tla:2:15: the field f is given twice: a record has each field once",
        ),
        ({"M": 'S == "abc'}, "M.tla:2:6: string without end"),
        ({"M": "S == 1 (* ... "}, "M.tla:2:8: comment without end"),
        (
            {"M": 'S == "a\\\\\\q"'},
            r"M.tla:2:10: \q cannot stand in a string; there are \" \\ \n \t \f \r",
        ),
        (
            {"M": "G == \\b102"},
            r"M.tla:2:6: \b102 is no number: one is written 10, \b1010, \o12 or \hA",
        ),
        (
            {"M": "G == \\hG"},
            r"M.tla:2:6: \ lacks its left operand; if a number is meant, one is written 10, "
            r"\b1010, \o12 or \hA",
        ),
        (
            {"M": "G == CASE TRUE -> 2 []\nH == 1"},
            "M.tla:2:21: [] is part of the language: it cannot be given another meaning; it is "
            "read as the name of this definition where a CASE above lacks an arm",
        ),
        ({"M": "G == .5"}, "M.tla:2:6: a field is written record.name"),
        (
            {"M": f"{BEHAVIOUR}\nEXTENDS Naturals"},
            "M.tla:5:1: EXTENDS cannot stand here: it comes first in a module",
        ),
        (
            {"M": "VARIABLE x\nInit = x = 1"},
            "M.tla:3:1: 'Init' cannot stand here: a definition has ==, not =; "
            "expected , or ==== or a definition or declaration",
        ),
    ],
)
def test_one_line_says_where_and_what(
    tmp_path: Path, files: dict[str, str | bytes], first: str
) -> None:
    lines = complaint(tmp_path, "M", files)
    assert lines[0] == first
    assert len(lines) in {1, 3}  # alone, or with the line of the text and a caret
    if len(lines) == 3:
        assert lines[2].strip() == "^"


def test_a_module_that_is_nowhere_is_named_with_the_folders_searched(tmp_path: Path) -> None:
    lines = complaint(tmp_path, "M", {"M": f"EXTENDS Nowhere\n{BEHAVIOUR}"})
    assert lines[0].startswith("M.tla:1:1: there is no module Nowhere in ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("G == (1 + ", ("an expression",)),
        ("G == (1 ", (")", ",")),
        ("G == [a |-> 1", (",", "]")),
        ("G == IF a THEN b", ("ELSE",)),
        ("G == \\A x \\in S P", (",", ":")),
        ("G == CASE a [] b -> 1", ("->",)),
        ("G == [f EXCEPT 1]", ("!",)),
        ("VARIABLE x y", (",", "====", "a definition or declaration")),
        ("CONSTANT x \\in Nat", (",", "====", "a definition or declaration")),
        ("G == IF 1 = 1 THEN 2 ELSE 3 ELSE 4", ("====", "a definition or declaration")),
    ],
)
def test_what_could_have_stood_there_is_said(text: str, expected: tuple[str, ...]) -> None:
    with pytest.raises(TlaError) as caught:
        parse_module(f"---- MODULE M ----\n{text}\n====", "M.tla")
    assert caught.value.expected == expected
