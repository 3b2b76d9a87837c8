"""What has too high a level for where it stands is refused; SANY's decisions, one by one."""

from pathlib import Path

import pytest

from speccheck.tla.errors import TlaError
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve

# SANY refuses each of these for its levels.
_REFUSED = [
    r"""VARIABLE x
A == x'' = 1""",
    r"""VARIABLE x
A == (x' = 1)'""",
    r"""VARIABLE x
B == x' = 1
A == B'""",
    r"""VARIABLE x
B(y) == y'
A == B(x')""",
    r"""VARIABLE x
A == ENABLED ([]x)""",
    r"""VARIABLE x
A == [](x' = 1)""",
    r"""VARIABLE x
A == <>(x' = 1)""",
    r"""VARIABLE x
A == [x' = 1]_(x')""",
    r"""VARIABLE x
A == WF_x([]x)""",
    r"""VARIABLE x
A == {[]x}""",
    r"""VARIABLE x
A == \A y \in x' : []y""",
    r"""VARIABLE x
A == []x /\ x' = 1""",
    r"""VARIABLE x
A == x' = 1 => []x""",
    r"""VARIABLE x
A == \E y \in {1} : []x /\ (x' = y)""",
    r"""VARIABLE x
A == UNCHANGED (x')""",
    r"""VARIABLE x
A == ([]x)'""",
    r"""VARIABLE x
ASSUME x = 1""",
    r"""VARIABLE x
A == (x' = 1) ~> x""",
    r"""VARIABLE x
A == [] [x'=1]_x
B == [](x = 1 /\ [x'=1]_x)""",
    r"""VARIABLE x
A == [x'=1]_x
B == [] A""",
    r"""VARIABLE x
A == x'=1
B == [] A""",
    r"""VARIABLE x
A == CHOOSE y \in {1} : []x""",
    r"""VARIABLE x
A == x = []x""",
    r"""VARIABLE x
A == [y \in {1} |-> x'][1]'""",
    r"""VARIABLE x
A == LET z == x' IN z'""",
    r"""VARIABLE x
A == []x <=> x'=1""",
    r"""VARIABLE x
A == [x EXCEPT ![1] = []x]""",
    r"""VARIABLE x
A == []x \/ (x'=1)""",
    r"""VARIABLE x
A == WF_(x')(x'=1)""",
    r"""VARIABLE x
A == <<x'=1>>_(x')""",
    r"""VARIABLE x
A == [][<>x]_x""",
    r"""VARIABLE x
A == x'=1 /\ WF_x(x'=1)""",
    r"""VARIABLE x
A == \A y \in {1} : \A z \in {[]x} : TRUE""",
    r"""CONSTANT C
VARIABLE x
A == C' = 1 /\ C''=1""",
    r"""VARIABLE x
A == []((x'=1) = (x'=2))""",
    r"""VARIABLE x
A == \E y \in {1}: []x => (x'=1)""",
    r"""VARIABLE x
A == x'=1 ~> TRUE""",
    r"""VARIABLE x
A == <>[](x'=1)""",
    r"""VARIABLE x
A == []TRUE /\ [](TRUE /\ [x'=1]_x)""",
    r"""VARIABLE x
A == [](~ [x'=1]_x)""",
    r"""VARIABLE x
A == [](\A y \in {1} : [x'=y]_x)""",
    r"""VARIABLE x
---- MODULE In ----
VARIABLE y
Q == y'
====
I == INSTANCE In WITH y <- x'""",
    r"""VARIABLE x
---- MODULE In ----
CONSTANT y
VARIABLE z
Q == y
====
I == INSTANCE In WITH y <- x, z <- x""",
]
# SANY accepts each of these.
_ACCEPTED = [
    r"""VARIABLE x
A == \A y \in x : []y""",
    r"""VARIABLE x
A == IF []x THEN 1 ELSE 2""",
    r"""VARIABLE x
A == ENABLED (x' = 1)
B == A'""",
    r"""VARIABLE x
A == <> <<x'=1>>_x""",
    r"""VARIABLE x
F(y) == [] y
A == F(x'=1)""",
    r"""VARIABLE x
A == \EE y : y' = 1""",
    r"""VARIABLE x
A == ENABLED [x'=1]_x /\ [][x'=1]_x""",
    r"""VARIABLE x
A == CASE []x -> 1""",
    r"""VARIABLE x
A == CASE x -> []x [] OTHER -> <>x""",
    r"""VARIABLE x
A == IF x THEN []x ELSE x'=1""",
    r"""CONSTANT C(_)
VARIABLE x
A == C([]x)""",
    r"""VARIABLE x
A == ~([]x) /\ []<>(ENABLED (x'=1))""",
]


def _resolve(text: str, folder: Path) -> None:
    path = folder / "Levels.tla"
    path.write_text(f"---- MODULE Levels ----\nEXTENDS Integers\n{text}\n====\n", "utf-8")
    library = Library()
    resolve(library, library.main(path))


@pytest.mark.parametrize("text", _REFUSED)
def test_too_high_a_level_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(TlaError, match=r"has to be|cannot join|cannot be"):
        _resolve(text, tmp_path)


@pytest.mark.parametrize("text", _ACCEPTED)
def test_a_fitting_level_is_accepted(text: str, tmp_path: Path) -> None:
    _resolve(text, tmp_path)


def test_the_place_is_where_the_level_is_too_high(tmp_path: Path) -> None:
    with pytest.raises(TlaError) as caught:
        _resolve("VARIABLE x\nDouble(y) == y + y'\nA == Double(x')", tmp_path)
    assert (caught.value.line, caught.value.column) == (5, 13)
    assert "the argument y of Double has to be a constant or" in str(caught.value)


def test_what_a_definition_in_let_asks_of_a_parameter_is_asked_of_the_argument(
    tmp_path: Path,
) -> None:
    text = "VARIABLE x\nNext(y) == LET z == y' IN z\nA == Next(x)\nB == Next({args})"
    _resolve(text.format(args="x + 1"), tmp_path)
    with pytest.raises(TlaError, match="the argument y of Next"):
        _resolve(text.format(args="x' + 1"), tmp_path)
