"""Sets in order: the quick ways give what comparing two values after the other gives."""

import random
from functools import cmp_to_key
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import LEAST, ORDERED, compare, ordered
from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import FALSE, SEQUENCES, TRUE, function_of

MODEL_VALUES = [model_value(name) for name in ("m2", "m1", "n1")]
NAMES = ["x", "y", "zz"]
# i: integers, m: model values and an integer, s: a set of, q: a sequence of, r: a record of.
SHAPES: list[Any] = [
    ("s", "i"),
    ("q", "i"),
    ("q", ("s", "i")),
    ("r", {"x": "i", "y": ("s", "m")}),
    ("r", {"zz": ("q", ("s", "i")), "x": "m"}),
    ("s", ("s", "i")),
    ("s", ("q", "m")),
]


def of_shape(chance: random.Random, shape: Any) -> Any:
    if shape == "i":
        return chance.randrange(3)
    if shape == "m":
        return chance.choice([*MODEL_VALUES, 4])
    kind, inner = shape
    if kind == "s":
        return frozenset(of_shape(chance, inner) for _ in range(chance.randrange(4)))
    if kind == "q":
        return SEQUENCES[tuple(of_shape(chance, inner) for _ in range(chance.randrange(3)))]
    return function_of({name: of_shape(chance, part) for name, part in inner.items()})


def any_value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(7 if depth else 4)
    if kind < 4:
        atoms = [chance.randrange(-2, 4), chance.choice(NAMES), chance.choice(MODEL_VALUES)]
        return [*atoms, chance.choice([TRUE, FALSE])][kind]
    if kind == 4:
        return frozenset(any_value(chance, 0) for _ in range(chance.randrange(3)))
    if kind == 5:
        return SEQUENCES[tuple(any_value(chance, depth - 1) for _ in range(chance.randrange(3)))]
    names = chance.sample(NAMES, chance.randrange(1, 3))
    return function_of({name: any_value(chance, depth - 1) for name in names})


def one_by_one(values: frozenset[Any]) -> tuple[Any, ...] | None:
    try:
        return tuple(sorted(values, key=cmp_to_key(compare)))
    except EvaluationError:
        return None


def quickly(values: frozenset[Any]) -> tuple[Any, ...] | None:
    try:
        return ordered(values)
    except EvaluationError:
        return None


def test_sets_are_ordered_as_by_comparing_their_elements() -> None:
    chance = random.Random(5)
    refused = 0
    for number in range(3000):
        if number % 2:
            values = frozenset(any_value(chance, 2) for _ in range(chance.randrange(1, 6)))
        else:
            shape = chance.choice(SHAPES)
            values = frozenset(of_shape(chance, shape) for _ in range(chance.randrange(1, 7)))
        ORDERED.clear()
        LEAST.clear()
        expected = one_by_one(values)
        refused += expected is None
        if expected is not None:
            assert LEAST[values] == expected[0]
        ORDERED.clear()
        assert quickly(values) == expected, expected
    assert 300 < refused < 2000
    assert LEAST[frozenset()] is None
