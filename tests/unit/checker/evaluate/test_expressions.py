"""Constant expressions: text in, the value as TLC prints it out, or a placed error."""

import re
from pathlib import Path

import pytest

from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.evaluate.values import force
from speccheck.tla.modules import Library
from speccheck.tla.parse import parse_module
from speccheck.tla.resolve import resolve

_EXTENDS = (
    "Integers, Sequences, FiniteSets, Bags, TLC, Functions, SequencesExt, FiniteSetsExt, Json"
)


def evaluate(text: str, definitions: str = "") -> str:
    """Return the value of ``text`` as text."""
    lines = "\n".join("  " + line for line in text.splitlines())
    source = f"---- MODULE M ----\nEXTENDS {_EXTENDS}\n{definitions}\nanswer ==\n{lines}\n===="
    library = Library([Path(__file__).parent])
    module = resolve(library, parse_module(source, "M.tla"))
    body = module.operators["answer"].body
    assert body is not None
    return show(force(Compiler([]).constant_value(body)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(-7) \\div 2", "-4"),
        ("(-7) % 3", "2"),
        ("2 ^ 10 - 1", "1023"),
        ("1..3 \\cup {5}", "{1, 2, 3, 5}"),
        ("{x \\in 1..9 : x % 2 = 0} \\ {4}", "{2, 6, 8}"),
        ("{<<x, y>> : x \\in {1}, y \\in {2, 3}}", "{<<1, 2>>, <<1, 3>>}"),
        ("SUBSET {1, 2}", "{{}, {1}, {2}, {1, 2}}"),
        ("UNION {{1}, {2, 3}}", "{1, 2, 3}"),
        ("[x \\in {3, 4} |-> x * x]", "(3 :> 9 @@ 4 :> 16)"),
        ("[x \\in 1..2 |-> x + 1] = <<2, 3>>", "TRUE"),
        ("[x \\in {} |-> x] = <<>>", "TRUE"),
        ("[x, y \\in 0..1 |-> x - y][0, 1]", "-1"),
        ("[f EXCEPT ![1].a = @ + 1, ![2] = 0]", "<<[a |-> 2], 0>>"),
        ("[[i \\in Nat |-> i] EXCEPT ![2] = 7][2]", "7"),
        ("[[i \\in Nat |-> i] EXCEPT ![2] = 7, ![3] = @ + 1, ![2] = @ + 1][2]", "8"),
        ("[[i \\in Nat |-> i] EXCEPT ![2] = 7, ![-1] = 5][4]", "4"),
        ("[[i \\in Nat |-> <<i, i>>] EXCEPT ![2][1] = 7][2]", "<<7, 2>>"),
        ("[[a |-> 1, b |-> 2] EXCEPT !.a = @ + 1, !.b = @ * 5]", "[a |-> 2, b |-> 10]"),
        ("[[a |-> 1, b |-> 2] EXCEPT !.a = 3, !.none = 4]", "[a |-> 3, b |-> 2]"),
        ("[[a |-> 1, b |-> 2] EXCEPT !.a = 3, !.b = 4, !.a = @ + 1]", "[a |-> 4, b |-> 4]"),
        ('[[i \\in STRING |-> i] EXCEPT !.a = "x", !.b = @ \\o "y"]["b"]', '"by"'),
        ("Choices({{1, 2}, {2, 3}, {5}})", "{{2, 5}, {1, 2, 5}, {1, 3, 5}, {2, 3, 5}}"),
        ("<<Choices({}), Choices({{1}, {}})>>", "<<{{}}, {}>>"),
        ("Cardinality([{1, 2} -> {3, 4, 5}])", "9"),
        ("DOMAIN [d1 |-> 1, d2 |-> 2]", '{"d1", "d2"}'),
        ("CHOOSE x \\in {3, 1, 2} : x > 1", "2"),
        ("CHOOSE s \\in SUBSET {1, 2, 3} : Cardinality(s) = 2", "{1, 2}"),
        ("CASE 1 = 2 -> 3 [] 2 = 2 -> 4 [] OTHER -> 5", "4"),
        ("LET x == Head(<<>>) IN IF TRUE THEN 1 ELSE x", "1"),
        ("LET Op(F(_), n) == F(F(n)) IN Op(LAMBDA k : k * 2, 3)", "12"),
        ("LET fact[n \\in Nat] == IF n = 0 THEN 1 ELSE n * fact[n - 1] IN fact[5]", "120"),
        ("\\A x \\in 1..3 : \\E y \\in 1..3 : x + y = 4", "TRUE"),
        ("{1, 2} \\in SUBSET Nat /\\ <<1, 2>> \\in Seq(1..2) /\\ -1 \\notin Nat", "TRUE"),
        # Strings are ordered by first appearance, as in TLC: names that no other test has.
        ("[r1 : {1}, r2 : {2, 3}]", "{[r1 |-> 1, r2 |-> 2], [r1 |-> 1, r2 |-> 3]}"),
        ("({1} \\X {2})", "{<<1, 2>>}"),
        ("\\E <<x, y>> \\in {<<1, 2>>} : x + y = 3", "TRUE"),
        ("[a |-> <<5>>] \\in [a: UNION {[1..1 -> Nat], Seq({9})}]", "TRUE"),
        ("[a |-> <<-5>>] \\in [a: UNION {[1..1 -> Nat], Seq({9})}]", "FALSE"),
        ("UNION {1..2, {3}, {1}}", "{1, 2, 3}"),
    ],
)
def test_language(text: str, value: str) -> None:
    assert evaluate(text, "f == <<[a |-> 1], 7>>") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Append(<<1>>, 2) \\o <<3>>", "<<1, 2, 3>>"),
        ("SubSeq(<<1, 2, 3>>, 2, 3)", "<<2, 3>>"),
        ("SelectSeq(<<1, 2, 3>>, LAMBDA x : x > 1)", "<<2, 3>>"),
        ("SortSeq(<<3, 1, 2>>, <)", "<<1, 2, 3>>"),
        ("(1 :> 2) @@ (1 :> 3 @@ 4 :> 5)", "(1 :> 2 @@ 4 :> 5)"),
        ("Cardinality(Permutations({1, 2, 3}))", "6"),
        ("SetToBag({1}) (+) SetToBag({1, 2})", "<<2, 1>>"),
        ("BagCardinality(SetToBag({1, 2}) (-) SetToBag({1}))", "1"),
        ("FoldLeft(-, 10, <<1, 2>>)", "7"),
        ("FoldRight(-, <<5, 2>>, 1)", "4"),
        ("FoldSet(+, 0, 1..4)", "10"),
        ("MapThenSumSet(LAMBDA x : x * x, {1, 2, 3})", "14"),
        ("Range(<<1, 1, 2>>)", "{1, 2}"),
        ("Reverse(<<1, 2>>)", "<<2, 1>>"),
        ("Max({3, 9, 4}) - Min({3, 9, 4})", "6"),
        ("kSubset(2, {1, 2, 3})", "{{1, 2}, {1, 3}, {2, 3}}"),
        ("IsInjective(<<1, 2, 1>>)", "FALSE"),
        ('ToJson([a |-> <<1, TRUE, {"x"}>>])', '"{\\"a\\":[1,true,[\\"x\\"]]}"'),
    ],
)
def test_standard_modules(text: str, value: str) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<1, 2>>[3]", "a function is applied to 3, which is not in its domain"),
        ("Head(<<>>)", "Head of the empty sequence"),
        ("CHOOSE x \\in {1} : x > 1", "no element of {1} satisfies the CHOOSE"),
        ("CASE 1 = 2 -> 3", "no arm of the CASE is true"),
        ("1 \\div 0", "division by zero"),
        ("{n : n \\in Nat}", "Nat cannot be enumerated"),
        ("IF 1 THEN 2 ELSE 3", "1 is neither TRUE nor FALSE"),
        ("Len({1})", "{1} is no sequence"),
    ],
)
def test_errors_have_a_place_and_the_values(text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=re.escape(message)) as raised:
        evaluate(text)
    assert str(raised.value).startswith("M.tla:5:")


def test_recursive_operators() -> None:
    definitions = (
        "RECURSIVE Sum(_)\n"
        "Sum(S) == IF S = {} THEN 0 ELSE LET x == CHOOSE y \\in S : TRUE IN x + Sum(S \\ {x})"
    )
    assert evaluate("Sum(1..10)", definitions) == "55"
    local = (
        "LET RECURSIVE Up(_)\n    Up(n) == IF n > 3 THEN <<>> ELSE <<n>> \\o Up(n + 1)\nIN Up(k)"
    )
    assert evaluate(local, "k == 1") == "<<1, 2, 3>>"


def test_deep_nesting_of_loops_compiles() -> None:
    names = [f"x{n}" for n in range(18)]
    text = "".join(f"\\E {name} \\in {{{n}}} : " for n, name in enumerate(names))
    assert evaluate(f"{text} {' + '.join(names)} = {sum(range(18))}") == "TRUE"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 \\notin Evens /\\ 8 \\in Evens", "TRUE"),
        ("3 \\in UNION {1..n : n \\in 1..2}", "FALSE"),
        ("<<5, 6>> \\in UNION {[1..n -> Nat] : n \\in 1..2}", "TRUE"),
        ("{4} \\in {S \\in SUBSET Nat : S # {}}", "TRUE"),
        ("[a |-> 1, b |-> -1] \\in [a : Nat, b : Int]", "TRUE"),
        ("0 \\in Nat \\ {0}", "FALSE"),
        ("-5 \\in Nat \\cup {-5}", "TRUE"),
    ],
)
def test_membership_does_not_list_the_set(text: str, value: str) -> None:
    assert evaluate(text, "Evens == {n \\in Nat : n % 2 = 0}") == value


def test_known_arguments_choose_their_branch() -> None:
    definitions = (
        'Kind(p) == CASE p[1] = "a" -> p[2] [] p[1] = "b" -> 0 - p[2] [] OTHER -> 0\n'
        'Old(f) == [f EXCEPT ![1] = Kind(<<"b", @>>)]'
    )
    assert evaluate('<<Kind(<<"a", 3>>), Old(<<7>>), Kind(<<"c">>)>>', definitions) == (
        "<<3, <<-7>>, 0>>"
    )


def test_deep_nesting_is_compiled_in_linear_time() -> None:
    inner = "TRUE"
    for n in range(12):
        inner = (
            f"\\E x{n} \\in {{1}} : x{n} = 1 /\\ (\\A y{n} \\in {{2}} : y{n} = 2 \\/ ~({inner}))"
        )
    assert evaluate(inner) == "TRUE"
