"""A name that has a meaning cannot be given another one; SANY's decisions, one by one."""

from pathlib import Path

import pytest

from speccheck.tla.errors import TlaError
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve

# SANY refuses each of these for a name that has a meaning already.
_REFUSED = [
    r"""VARIABLE x
A == \E x \in {1} : x = 1""",
    r"""VARIABLE x
A(x) == x = 1""",
    r"""VARIABLE x
A == LET x == 1 IN x""",
    r"""Foo == 1
A == LET Foo == 1 IN Foo""",
    r"""Foo == 1
A == \E Foo \in {1}: Foo = 1""",
    r"A == \E y \in {1} : \E y \in {2} : y = 1",
    r"A(y) == LET y == 1 IN y",
    r"A(y) == LET f(y) == 1 IN f(y)",
    r"A(A) == A",
    r"f[f \in {1}] == 1",
    r"""VARIABLE x
f[x \in {1}] == 1""",
    r"""A == LET y == 1
         z == LET y == 2 IN y
     IN z""",
    r"""A(F(_)) == F(1)
B(y) == A(LAMBDA y : y)""",
    r"""EXTENDS Naturals
A == \E Nat \in {1}: Nat = 1""",
    r"""EXTENDS Naturals
Nat == 1""",
    r"""EXTENDS Sequences
Len(s) == 1""",
    r"""EXTENDS Sequences
A(Len) == 1""",
    r"""VARIABLE x
x == 1""",
    r"""CONSTANT x
VARIABLE x""",
    r"""VARIABLE x
---- MODULE In ----
x == 1
====""",
    r"""RECURSIVE F(_)
F(F) == 1""",
    r"""I == INSTANCE Naturals
I == 1""",
    r"""x == 1
x == 1""",
    r"A == {y \in {1} : \E z \in {y} : \A y \in {1} : TRUE}",
    r"A == [y \in {1} |-> [y \in {2} |-> 1]]",
    r"""EXTENDS Sequences
LOCAL Len(s) == 1""",
    r"""EXTENDS Sequences
A == LET Len(s) == 1 IN Len(1)""",
    r"""INSTANCE Sequences
Len(s) == 1""",
    r"""I(y) == INSTANCE Naturals
A == \E I \in {1}: TRUE""",
    r"""THEOREM T == TRUE
T == 1""",
    r"""ASSUME T == TRUE
A == \E T \in {1}: TRUE""",
    r"A == LET y == 1 y == 2 IN y",
    r"""EXTENDS Integers
a - b == 1""",
    r"a = b == TRUE",
    r"""EXTENDS FiniteSets, Naturals
Cardinality(x)==1""",
]
# SANY accepts each of these.
_ACCEPTED = [
    r"A == LET f(y) == 1 IN \E y \in {1} : f(y) = 1",
    r"""A == \E y \in {1} : y = 1
y == 2""",
    r"""VARIABLE x
---- MODULE In ----
VARIABLE x
====""",
    r"""---- MODULE In ----
x == 1
====
x == 2
I == INSTANCE In""",
    r"""EXTENDS Naturals
INSTANCE Integers""",
    r"""EXTENDS Naturals, Sequences
LOCAL INSTANCE Naturals
LOCAL INSTANCE FiniteSets""",
    r"A == CHOOSE A \in {1} : A = 1",
    r"A == \E y \in {y \in {1} : TRUE} : TRUE",
    r"""A == \E In \in {1} : TRUE
---- MODULE In ----
x == 1
====""",
    r"""EXTENDS TLC
A == \E Nat \in {1}: TRUE""",
    r"""A == LET y == 1 IN y
B == LET y == 1 IN y
y == 3""",
    r"""EXTENDS FiniteSets
a - b == 1""",
]


def _resolve(text: str, folder: Path) -> None:
    path = folder / "Names.tla"
    path.write_text(f"---- MODULE Names ----\n{text}\n====\n", "utf-8")
    library = Library()
    resolve(library, library.main(path))


@pytest.mark.parametrize("text", _REFUSED)
def test_a_name_is_not_given_another_meaning(text: str, tmp_path: Path) -> None:
    with pytest.raises(TlaError, match=r"cannot be|declared twice"):
        _resolve(text, tmp_path)


@pytest.mark.parametrize("text", _ACCEPTED)
def test_names_apart_are_accepted(text: str, tmp_path: Path) -> None:
    _resolve(text, tmp_path)


def test_the_message_says_where_the_name_has_its_meaning(tmp_path: Path) -> None:
    with pytest.raises(TlaError) as caught:
        _resolve("VARIABLE x\nA == \\E x \\in {1} : x = 1", tmp_path)
    assert f"x is declared at {tmp_path}/Names.tla:2:10" in str(caught.value)
    assert (caught.value.line, caught.value.column) == (3, 9)


def test_a_community_module_gives_way_to_the_specifications_own_names(tmp_path: Path) -> None:
    _resolve("EXTENDS FiniteSetsExt\nQuantify(S, x) == x", tmp_path)


def test_so_does_what_a_community_module_brings_along(tmp_path: Path) -> None:
    """Of its versions, some extend the basic modules and some have them for themselves."""
    _resolve("EXTENDS SequencesExt\nTwo == Len(<<1>>) + 1", tmp_path)
    _resolve("EXTENDS SequencesExt\nAssert(x) == x\nEmptyBag == 1\nA == Assert(EmptyBag)", tmp_path)
    (tmp_path / "Middle.tla").write_text("---- MODULE Middle ----\nEXTENDS SequencesExt\n====\n")
    _resolve("EXTENDS Middle\nAssert(x) == x", tmp_path)
    for extended in ("SequencesExt, TLC", "TLC, SequencesExt", "Middle, TLC"):
        with pytest.raises(TlaError, match="Assert is defined by TLC"):
            _resolve(f"EXTENDS {extended}\nAssert(x) == x", tmp_path)
