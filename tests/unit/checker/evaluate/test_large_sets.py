"""Sets too large to be listed: what TLC tells of them without listing them is told here too."""

from itertools import product as all_pairs
from pathlib import Path
from typing import Any

import pytest

from speccheck.evaluate import runtime, sets, values
from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.likeness import contains, equal
from speccheck.evaluate.runtime import cardinality, interval, is_subset, without
from speccheck.evaluate.show import show
from speccheck.evaluate.values import force
from speccheck.tla.modules import Library
from speccheck.tla.parse import parse_module
from speccheck.tla.resolve import resolve

HERE = Path(__file__).parent


def evaluate(text: str) -> str:
    """Return the value of ``text``; Ints is what fits into 32 bits."""
    source = (
        "---- MODULE M ----\nEXTENDS Integers, FiniteSets, Sequences\n"
        "Max == 2147483647\nInts == 0..Max\nUpTo(n) == 1..n\n"
        f"answer == {text}\n===="
    )
    module = resolve(Library([HERE]), parse_module(source, "M.tla"))
    body = module.operators["answer"].body
    assert body is not None
    return show(force(Compiler([]).constant_value(body)))


VALUES = [
    ("5 \\in 0..2147483647", "TRUE"),
    ("-1 \\in Ints", "FALSE"),
    ("[a |-> 0, b |-> <<>>] \\in [a : Ints, b : {<<>>}]", "TRUE"),
    ("<<7, 2147483648>> \\in Seq(Ints)", "FALSE"),
    ("\\A n \\in {100000000} : n \\in UpTo(n) /\\ 0 \\notin UpTo(n)", "TRUE"),
    ("Cardinality(Ints)", "2147483648"),
    ("IsFiniteSet(Ints)", "TRUE"),
    ("1..100000000 = {}", "FALSE"),
    ("{1} # 1..100000000", "TRUE"),
    ("Ints = 0..2147483647", "TRUE"),
    ("Ints = 1..2147483648", "FALSE"),
    ("\\E n \\in {2147483648} : Ints = UpTo(n)", "FALSE"),
    ("Ints \\subseteq Nat /\\ Ints \\subseteq Int /\\ 1..9 \\subseteq Ints", "TRUE"),
    ("-1..2147483647 \\subseteq Nat", "FALSE"),
    ("Ints \\subseteq {1, 2}", "FALSE"),
    ("Ints \\subseteq UpTo(5)", "FALSE"),
    ("UpTo(99999999) \\subseteq Ints", "TRUE"),
    ("{1, 2, -5} \\cap Ints", "{1, 2}"),
    ("Cardinality(Ints \\cap (5..2147483646))", "2147483642"),
    ("Ints \\cap (-9..0 - 1)", "{}"),
    ("Cardinality(Ints \\ {7, -7})", "2147483647"),
    ("8 \\in Ints \\ {7} /\\ 7 \\notin Ints \\ {7}", "TRUE"),
    ("{-1, 1} \\ Ints", "{-1}"),
    ("-1 \\in Ints \\cup {-1} /\\ -2 \\notin Ints \\cup {-1}", "TRUE"),
    ("0 \\in UNION {Ints, {-1}}", "TRUE"),
    ("CHOOSE i \\in Ints : i * i > 10", "4"),
    ("CHOOSE i \\in Ints : TRUE", "0"),
    ("CHOOSE i \\in Ints \\ {0} : TRUE", "1"),
    ("CHOOSE s \\in SUBSET (1..40) : TRUE", "{}"),
    ("CHOOSE f \\in [1..2 -> Ints] : f[2] = 2", "<<0, 2>>"),
    ("\\E i \\in Ints : i = 9", "TRUE"),
    ("\\A i \\in Ints : i < 9", "FALSE"),
    ("\\E i, j \\in Ints : i + j = 3", "TRUE"),
    ("\\E i \\in {1, 2}, j \\in Ints, k \\in {i + 1 : i \\in {1}} : i + j = 3 + k", "TRUE"),
    ("\\E p \\in Ints \\X Ints : p[2] = 3", "TRUE"),
    ("Cardinality({x \\in 1..70000 : x % 2 = 0} \\cup (1..70000))", "70000"),
    ("LET f == [i \\in 1..70000 |-> i] IN f[69999]", "69999"),
    ("LET f == [i \\in Ints |-> IF i < 2 THEN i ELSE 2] IN TRUE", "TRUE"),
    ("Cardinality({1..70000, {i \\in 1..70000 : TRUE}})", "1"),
    ("Cardinality(SUBSET (1..22))", "4194304"),
    ("Cardinality(SUBSET (1..100))", str(2**100)),
    ("Cardinality((1..300) \\X (1..300) \\X (1..20))", "1800000"),
    ("Cardinality([a : 1..300, b : 1..300, c : 1..200])", "18000000"),
    ("Cardinality([1..30 -> 1..9])", str(9**30)),
    ("Cardinality([{} -> {}]) + Cardinality([{1} -> {}]) + Cardinality(SUBSET {})", "2"),
    ("Cardinality({1} \\X {}) + Cardinality(Seq({}))", "1"),
    ("SUBSET (1..40) = SUBSET (1..40)", "TRUE"),
    ("SUBSET (1..40) = SUBSET (0..39)", "FALSE"),
    ("SUBSET (1..40) = {{}}", "FALSE"),
    ("[1..9 -> 1..9] = [1..9 -> 0..8]", "FALSE"),
    ("SUBSET (1..40) # SUBSET (1..41)", "TRUE"),
    ("Ints \\in SUBSET Nat", "TRUE"),
    ("1..3 \\in SUBSET Ints", "TRUE"),
]
REFUSED = [
    ('"a" \\in Ints', '"a" cannot be compared with the elements of 0..2147483647'),
    ('{"a"} \\subseteq Ints', "cannot be compared"),
    ('Ints \\cap {"a"}', "cannot be compared"),
    ("CHOOSE i \\in 0..70000 : i < 0", "no element of 0..70000 satisfies the CHOOSE"),
    ("{Ints}", "0..2147483647 has too many elements to be listed"),
    ("{SUBSET (1..40)}", "has too many elements to be listed"),
    ("Cardinality(SUBSET Ints)", "has too many elements to be counted"),
    ("Cardinality(Nat \\X {1})", "is no finite set"),
    ("1..70000 = 7", "cannot be compared: a set and an integer"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_large_set_is_not_listed(text: str, value: str) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_has_no_value_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(EvaluationError) as refused:
        evaluate(text)
    assert message in refused.value.message


def test_the_ways_around_a_list_give_what_the_list_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every set counts as large here, and is held against the same set listed."""
    parts = [(0, 3), (1, 4), (2, 9), (0, 0)]
    listed = [interval(low, high) for low, high in parts]
    for module in (runtime, sets, values):
        monkeypatch.setattr(module, "MOST_LISTED", 0)
    monkeypatch.setattr(runtime, "_intervals", {})
    large: list[Any] = [sets.Interval(low, high) for low, high in parts]

    def shapes(a: Any, b: Any) -> list[Any]:
        return [
            a,
            b,
            without(a, b),
            a | b,
            a & b,
            sets.Subsets(a),
            sets.Product((a, b)),
            sets.FunctionSet(interval(1, 2), b),
        ]

    def plain(a: Any, b: Any) -> list[Any]:
        return list(map(force, shapes(a, b)))

    pairs = list(all_pairs(range(len(parts)), repeat=2))
    lazy = [shape for i, j in pairs for shape in shapes(large[i], large[j])]
    lists = [shape for i, j in pairs for shape in plain(listed[i], listed[j])]
    assert [cardinality(made) for made in lazy] == [len(made) for made in lists]
    assert [[force(item) for item in made] for made in lazy if made in listed] == [
        [*sorted(made)] for made in lists if made in listed
    ]
    like = list(range(len(lazy)))
    for i, j in all_pairs(like[::3], like):
        if {type(item) for item in lists[i]} | {int} == {type(item) for item in lists[j]} | {int}:
            assert equal(lazy[i], lazy[j]) == equal(lazy[i], lists[j]) == (lists[i] == lists[j])
            assert is_subset(lazy[i], lazy[j]) == (lists[i] <= lists[j])
    for made, known in zip(lazy, lists, strict=True):
        assert all(contains(made, item) for item in known)
