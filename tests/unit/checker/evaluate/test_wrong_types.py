"""Operators applied to values that they give no meaning: every combination is an error, as in TLC.

Each operator meets values of all types twice: in variables, of which nothing is known while the
code is made, and written out beside a variable, where the code leaves checks out.
"""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.sets import INTEGERS
from speccheck.evaluate.values import SEQUENCES, TRUE, record_domain
from speccheck.tla.modules import Library
from speccheck.tla.parse import parse_module
from speccheck.tla.resolve import resolve

VALUES: dict[str, tuple[str, Any]] = {
    "integer": ("1", 1),
    "string": ('"1"', "1"),
    "format": ('"%d"', "%d"),
    "boolean": ("TRUE", TRUE),
    "set": ("{1}", frozenset([1])),
    "infinite": ("Int", INTEGERS),
    "sequence": ("<<1>>", SEQUENCES[(1,)]),
    "record": ("[a |-> 1]", record_domain(("a",))[(1,)]),
}
INTEGER = {"integer"}
SET = {"set", "infinite"}
FINITE = {"set"}
BOOLEAN = {"boolean"}
SEQUENCE = {"sequence"}
TEXT = {"sequence", "string", "format"}
FUNCTION = {"sequence", "record"}
ANY = set(VALUES)
LISTED = ANY - {"infinite"}

# The types of the operands that an operator is defined for; all else is an error.
BINARY = {
    "a + b": (INTEGER, INTEGER),
    "a - b": (INTEGER, INTEGER),
    "a * b": (INTEGER, INTEGER),
    "a ^ b": (INTEGER, INTEGER),
    "a \\div b": (INTEGER, INTEGER),
    "a % b": (INTEGER, INTEGER),
    "a .. b": (INTEGER, INTEGER),
    "a < b": (INTEGER, INTEGER),
    "a > b": (INTEGER, INTEGER),
    "a <= b": (INTEGER, INTEGER),
    "a >= b": (INTEGER, INTEGER),
    "a \\cup b": (FINITE, FINITE),
    "a \\cap b": (FINITE, SET),
    "b \\cap a": (FINITE, SET),
    "a \\ b": (FINITE, SET),
    "a \\subseteq b": (FINITE, SET),
    "a \\in b": (INTEGER, SET),
    "a \\notin b": (INTEGER, SET),
    "a \\in SUBSET b": (FINITE, SET),
    "UNION {a, b}": (FINITE, FINITE),
    "a \\in UNION {{x} : x \\in b}": (INTEGER, FINITE),
    "Cardinality({x \\in b : a})": (BOOLEAN, FINITE),
    "\\A x \\in b : a": (BOOLEAN, FINITE),
    "[x \\in b |-> a]": (LISTED, FINITE),
    "<<>> \\in [a -> b]": (FINITE, SET),
    "Append(a, b)": (SEQUENCE, LISTED),
    "SubSeq(a, b, b)": (TEXT, INTEGER),
    "a /\\ b": (BOOLEAN, BOOLEAN),
    "a => b": (BOOLEAN, BOOLEAN),
    "a <=> b": (BOOLEAN, BOOLEAN),
    "~a \\/ b": (BOOLEAN, BOOLEAN),
    "IF a THEN b ELSE b": (BOOLEAN, LISTED),
    "CASE a -> b": (BOOLEAN, LISTED),
}
UNARY = {
    "-a": INTEGER,
    "~a": BOOLEAN,
    "UNION a": set(),
    "UNION {a}": FINITE,
    "SUBSET a": FINITE,
    "DOMAIN a": FUNCTION,
    "Len(a)": TEXT,
    "Head(a)": TEXT,
    "Tail(a)": TEXT,
    "Cardinality(a)": FINITE,
    "IsFiniteSet(a)": SET,
    "<<1>> \\in Seq(a)": SET,
    "<<1>> \\in a \\X a": SET,
    "[x : a]": FINITE,
    "CHOOSE x \\in a : TRUE": FINITE,
    "a[1]": SEQUENCE,
    "a.a": {"record"},
    "[a EXCEPT ![1] = 2]": FUNCTION,
    "DOMAIN [x : a]": set(),
    "a \\o a": TEXT,
}


def outcome(text: str, **values: Any) -> str:
    """Return "value" or "error": what becomes of an expression over variables."""
    variables = f"VARIABLES {', '.join(values)}" if values else ""
    source = (
        "---- MODULE M ----\nEXTENDS Integers, Sequences, FiniteSets\n"
        f"{variables}\nanswer == {text}\n===="
    )
    module = resolve(Library([Path(__file__).parent]), parse_module(source, "M.tla"))
    body = module.operators["answer"].body
    assert body is not None
    compiler = Compiler(module.variables)
    try:
        compiler.state_value(body)(tuple(values.values()))
    except Exception as error:  # Whatever generated code raises.
        if not isinstance(error, EvaluationError) and not compiler.explain(error).frames:
            raise
        return "error"
    return "value"


def written(text: str, name: str, kind: str) -> str:
    """Return an expression with a value written out in the place of a variable."""
    return re.sub(rf"\b{name}\b", lambda _: f"({VALUES[kind][0]})", text)


@pytest.mark.parametrize("text", BINARY)
def test_two_operands(text: str) -> None:
    left, right = BINARY[text]
    for a, b in product(VALUES, repeat=2):
        if a == "infinite" and a not in left:
            continue  # TLC may or may not get so far as to list it.
        expected = "value" if a in left and b in right else "error"
        values = {"a": VALUES[a][1], "b": VALUES[b][1]}
        assert outcome(text, **values) == expected, (a, b)
        assert outcome(written(text, "b", b), a=values["a"]) == expected, (a, b, "b written out")
        assert outcome(written(text, "a", a), b=values["b"]) == expected, (a, b, "a written out")


@pytest.mark.parametrize("text", UNARY)
def test_one_operand(text: str) -> None:
    for a, (_, value) in VALUES.items():
        expected = "value" if a in UNARY[text] else "error"
        assert outcome(text, a=value) == expected, a


def test_zero_to_the_power_of_zero() -> None:
    assert outcome("a ^ a", a=0) == "error"
    assert outcome("a ^ 0", a=2) == "value"
