"""Values of different types: what TLC refuses to compare is refused, with both values.

Each line was put to TLC 2.15; ``test_tlc.py`` puts those that have a value to it again.
"""

from itertools import product
from pathlib import Path

import pytest

from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import force
from speccheck.tla.modules import Library
from speccheck.tla.parse import parse_module
from speccheck.tla.resolve import resolve

HERE = Path(__file__).parent


def evaluate(text: str) -> str:
    """Return the value of ``text``; n is a model value, a_1, a_2 and b_1 are typed ones."""
    source = (
        "---- MODULE M ----\nEXTENDS Integers, Sequences\nCONSTANTS n, a_1, a_2, b_1\n"
        f"answer == {text}\n===="
    )
    module = resolve(Library([HERE]), parse_module(source, "M.tla"))
    for constant in module.constants:
        constant.value = model_value(constant.name)
    body = module.operators["answer"].body
    assert body is not None
    return show(force(Compiler([]).constant_value(body)))


REFUSED = [
    ('1 = "a"', '1 and "a" cannot be compared: an integer and a string'),
    ('1 # "a"', '1 and "a" cannot be compared'),
    ("TRUE = 1", "TRUE and 1 cannot be compared: a Boolean and an integer"),
    ("{} = 1", "{} and 1 cannot be compared: a set and an integer"),
    ("<<1>> = {1}", "<<1>> and {1} cannot be compared: a function and a set"),
    ('<<1, 2>> = <<"a", 2>>', '1 and "a" cannot be compared'),
    ("<<1>> = [a |-> 1]", '1 and "a" cannot be compared'),
    ('[a |-> 1] = [a |-> "x"]', '1 and "x" cannot be compared'),
    ('{1} = {"a"}', '1 and "a" cannot be compared'),
    ("{TRUE} = {1}", "TRUE and 1 cannot be compared"),
    ("{1} = Nat", "Nat is not finite"),
    ('{1, "a"} = {}', 'the elements of {"a", 1} cannot be compared: a string and an integer'),
    ('[x \\in {1, "a"} |-> 1]', "cannot be compared"),
    ('1 \\in {"a"}', '1 cannot be compared with the elements of {"a"}'),
    ('"a" \\in {n, 2}', '"a" cannot be compared with the elements of {n, 2}'),
    ('5 \\in {"a", 5}', '5 and "a" cannot be compared'),
    ('"a" \\in 1..3', '"a" cannot be compared with the elements of {1, 2, 3}'),
    ('"a" \\in Nat', '"a" cannot be compared with the elements of Nat'),
    ("1 \\in STRING", "1 cannot be compared with the elements of STRING"),
    ("1 \\in BOOLEAN", "1 cannot be compared with the elements of {FALSE, TRUE}"),
    ('"a" \\in Nat \\cup {"a"}', '"a" cannot be compared with the elements of Nat'),
    ("1 \\in [{1} -> {2}]", "1 cannot be compared with the elements of [{1} -> {2}]"),
    ('<<1>> \\in [{1} -> {"a"}]', '1 cannot be compared with the elements of {"a"}'),
    ("<<1>> \\in [a : {1}]", "<<1>> cannot be compared with the elements of [a: {1}]"),
    ('[a |-> 1] \\in [a : {"x"}]', '1 cannot be compared with the elements of {"x"}'),
    ("[a |-> 1] \\in {1} \\X {2}", "cannot be compared with the elements of"),
    ("{1} \\in Seq({1})", "{1} cannot be compared with the elements of Seq({1})"),
    ('{1} \\subseteq {"a"}', '1 cannot be compared with the elements of {"a"}'),
    ('{1} \\in SUBSET {"a"}', '1 cannot be compared with the elements of {"a"}'),
    ('\\A i \\in {1} : {i} \\cap {"a"} = {}', '1 cannot be compared with the elements of {"a"}'),
    ('{1} \\cap {"a"}', '1 cannot be compared with the elements of {"a"}'),
    ("a_1 = 1", "a_1 and 1 cannot be compared: a model value of type a and an integer"),
    ("a_1 = b_1", "a_1 and b_1 cannot be compared"),
    ("a_1 \\in {1}", "a_1 cannot be compared with the elements of {1}"),
    ("a_1 \\in 1..2", "a_1 cannot be compared with the elements of {1, 2}"),
]

VALUES = [
    ("n = 1", "FALSE"),
    ('n \\in {1} \\/ n = "n"', "FALSE"),
    ("n \\in Nat \\/ n \\in 1..2", "FALSE"),
    ("1 \\in {n, 1} /\\ n \\in {n, 1}", "TRUE"),
    ("a_1 = n \\/ a_1 = a_2", "FALSE"),
    ("a_1 \\in {a_2, n, a_1}", "TRUE"),
    ("<<1, 2>> = <<2>>", "FALSE"),
    ('<<1, 2>> = <<2, "a">>', "FALSE"),
    ("<<1, n>> = <<1, 2>>", "FALSE"),
    ("[a |-> 1] = [b |-> 1]", "FALSE"),
    ("{1} = {}", "FALSE"),
    ('{1, 2} = {"a"}', "FALSE"),
    ('"a" \\in {"a", 5}', "TRUE"),
    ('5 \\in Nat \\cup {"a"}', "TRUE"),
    ('"a" \\in 3..1', "FALSE"),
    ('<<1>> \\in [1..2 -> {"a"}]', "FALSE"),
    ('{} \\in SUBSET {"a"} /\\ {} \\subseteq {"a"}', "TRUE"),
    ("Nat = Nat /\\ Nat # Int", "TRUE"),
    ("Seq({1}) = Seq({1}) /\\ Seq({1}) # Seq({2})", "TRUE"),
    ("[1..2 -> Nat] = [1..2 -> Nat] /\\ [Nat -> {1}] = [Nat -> {1}]", "TRUE"),
    ("[1..2 -> Nat] = [1..3 -> Nat] \\/ [Nat -> {1}] = [Nat -> {2}]", "FALSE"),
    ("[1..2 -> [1..2 -> Nat]] = [1..2 -> [1..3 -> Nat]]", "FALSE"),
    ("SUBSET Nat = SUBSET Nat /\\ SUBSET Nat # SUBSET Int", "TRUE"),
    ("SUBSET {1} = SUBSET {1} /\\ SUBSET {1} # SUBSET {2}", "TRUE"),
    ("[{n} -> {1}] = [{n} -> {1}] /\\ [{n} -> {1}] # [{n} -> {2}]", "TRUE"),
]

# TLC refuses these altogether, or calls sets different that are not ([{} -> Nat] = [{} -> Int]).
BY_THEIR_PARTS = [
    ("Nat \\X Nat = Nat \\X Nat /\\ [a : Nat] = [a : Nat]", "TRUE"),
    ("Nat \\X Nat = Nat \\X Int \\/ [a : Nat] = [b : Nat]", "FALSE"),
    ("(Nat \\cup {-1}) = (Nat \\cup {-1}) /\\ (Nat \\ {1}) = (Nat \\ {1})", "TRUE"),
]
UNDECIDED = [
    "{1} = Nat",
    "Nat = {1}",
    "Nat = STRING",
    "Nat = SUBSET Nat",
    "Seq({1}) = {<<1>>}",
    "Seq({1}) = [1..2 -> Nat]",
    "[{} -> Nat] = [{} -> Int]",
    "[Nat -> {}] = [Int -> {}]",
    "[1..2 -> Nat] = [1..2 -> {1}]",
    "{} \\X Nat = Nat \\X {}",
    "{x \\in Nat : x > 1} = {x \\in Nat : x > 1}",
    "(Nat \\cup Int) = (Int \\cup Nat)",
    "(Nat \\ Int) = (Nat \\ Nat)",
    'SUBSET {1} = SUBSET {"a"}',
    'Seq({1}) = Seq({"a"})',
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_tlc_refuses_to_compare_is_refused(text: str, message: str) -> None:
    with pytest.raises(EvaluationError) as refused:
        evaluate(text)
    assert message in refused.value.message
    assert refused.value.places


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_what_tlc_compares_has_its_value(text: str, value: str) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(("text", "value"), BY_THEIR_PARTS)
def test_sets_without_end_are_compared_by_their_parts(text: str, value: str) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize("sign", ["=", "#"])
@pytest.mark.parametrize("text", UNDECIDED)
def test_what_is_not_known_of_sets_without_end_is_refused(text: str, sign: str) -> None:
    """An answer of FALSE would be a guess."""
    left, right = text.rsplit(" = ", 1)
    with pytest.raises(EvaluationError, match="cannot be compared"):
        evaluate(f"{left} {sign} {right}")


@pytest.mark.parametrize("left", ["1", '"a"', "TRUE", "{1}", "<<1>>"])
def test_bound_names_are_compared_as_what_they_stand_for(left: str) -> None:
    """Nothing is known of x while the code is made, and everything of what is written out."""
    for right, sign in product(["1", '"a"', "TRUE", "{1}", "<<1>>"], ["=", "/="]):
        texts = [
            f"{left} {sign} {right}",
            f"LET f == [x \\in {{n}} |-> {left}] IN \\A x \\in {{n}} : f[x] {sign} {right}",
            f"LET f == [x \\in {{n}} |-> {right}] IN \\A x \\in {{n}} : {left} {sign} f[x]",
        ]
        for text in texts:
            if left == right:
                assert evaluate(text) == ("TRUE" if sign == "=" else "FALSE")
                continue
            with pytest.raises(EvaluationError, match="cannot be compared"):
                evaluate(text)
