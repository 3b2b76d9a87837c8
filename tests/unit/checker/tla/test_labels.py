"""Labels and parts of definitions: SANY's decisions, one by one, and what is selected."""

from pathlib import Path

import pytest

from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.show import show
from speccheck.tla.errors import TlaError
from speccheck.tla.modules import Library
from speccheck.tla.parse import parse_module
from speccheck.tla.resolve import resolve

ACCEPTED = [
    "A == lab:: TRUE",
    "A == \\A x \\in C : lab(x):: TRUE",
    "A == \\A x \\in C : \\A y \\in C : lab(y, x):: TRUE",
    "A == \\A <<x, y>> \\in C : lab(x, y):: TRUE",
    "A == \\A x \\in C : LET B == lab:: x IN B",
    "A == \\A x \\in C : l1(x):: \\A y \\in C : l2(y):: TRUE",
    "A == \\A x \\in (lab:: C) : TRUE",
    "A == /\\ l:: (m:: TRUE)\n     /\\ m:: TRUE",
    "A == l:: (l:: TRUE)",
    "A == l:: TRUE\nB == l:: TRUE",
    "A(x) == lab:: x",
    "f[x \\in C] == lab(x):: x",
    "G(H(_)) == H(1)\nB == G(LAMBDA z : lab(z):: z)",
    "ASSUME A == lab:: TRUE",
    "THEOREM A == lab:: TRUE",
]
REFUSED = {
    "ASSUME lab:: TRUE": "the label lab is not in a definition",
    "THEOREM lab:: TRUE": "the label lab is not in a definition",
    "THEOREM Unknown = 1": "Unknown is not known here",
    "A == lab(x):: TRUE": "x, a parameter of the label lab, is not bound",
    "A == \\A x \\in C : lab:: TRUE": "the label lab lacks the bound x",
    "A == \\A x \\in C : \\A y \\in C : lab(x):: TRUE": "the label lab lacks the bound y",
    "A == \\A x \\in C : LET B == lab(x):: x IN B": "x, a parameter of the label lab",
    "A == \\A x \\in C : l1(x):: \\A y \\in C : l2(x, y):: TRUE": "x, a parameter of the label l2",
    "A == /\\ lab:: TRUE\n     /\\ lab:: TRUE": "lab is a label twice in this definition",
    "A(x) == lab(x):: x": "x, a parameter of the label lab",
    "f[x \\in C] == lab:: x": "the label lab lacks the bound x",
    "G(H(_)) == H(1)\nB == G(LAMBDA z : lab:: z)": "the label lab lacks the bound z",
}
DEFINITIONS = """Inv(x) == /\\ P1:: x > 1
          /\\ P2:: \\A y \\in 1..3 : inner(y):: y < x
B == IF TRUE THEN 7 ELSE 8
D(z) == z + 4
"""


def resolved(text: str) -> object:
    source = f"---- MODULE M ----\nEXTENDS Integers, Sequences\nCONSTANT C\n{text}\n===="
    return resolve(Library([Path(__file__).parent]), parse_module(source, "M.tla"))


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted_as_by_sany(text: str) -> None:
    resolved(text)


@pytest.mark.parametrize("text", REFUSED)
def test_refused_as_by_sany(text: str) -> None:
    with pytest.raises(TlaError) as refused:
        resolved(text)
    assert REFUSED[text] in refused.value.message


def evaluate(text: str) -> str:
    source = f"---- MODULE M ----\nEXTENDS Integers\n{DEFINITIONS}\nanswer == {text}\n===="
    module = resolve(Library([Path(__file__).parent]), parse_module(source, "M.tla"))
    body = module.operators["answer"].body
    assert body is not None
    return show(Compiler([]).constant_value(body))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Inv(5)!P1 /\\ ~Inv(1)!P1", "TRUE"),
        ("Inv(4)!P2 /\\ ~Inv(3)!P2", "TRUE"),
        ("Inv(4)!P2!inner(3) /\\ ~Inv(4)!P2!inner(4)", "TRUE"),
        ("Inv(5)!1 /\\ Inv(5)!1!2 = 1", "TRUE"),
        ("B!2 + B!3 + D(3)!1", "18"),
        ("Inv(4)!P2!1", "{1, 2, 3}"),
    ],
)
def test_a_part_is_selected(text: str, value: str) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Inv(4)!9", "there is no part 9 here"),
        ("Inv!P1", "Inv takes 1 argument"),
        ("Inv(4)!P3", "P3 is not known here"),
    ],
)
def test_a_part_that_is_not_there_is_refused(text: str, message: str) -> None:
    with pytest.raises(TlaError) as refused:
        evaluate(text)
    assert message in refused.value.message
