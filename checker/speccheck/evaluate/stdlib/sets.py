"""FiniteSetsExt and Randomization."""

import random
from collections.abc import Callable
from itertools import combinations
from math import prod
from typing import Any

from speccheck.evaluate.order import ordered
from speccheck.evaluate.runtime import is_true, nothing_chosen, union_all
from speccheck.evaluate.stdlib.functions import fold_set
from speccheck.evaluate.values import SEQUENCES, Value, force

_random = random.Random(0)


def seed(number: int) -> None:
    """Begin the random numbers of a run anew."""
    _random.seed(number)


def _symmetric_difference(a: Value, b: Value) -> frozenset[Any]:
    return frozenset(force(a) ^ force(b))


def _subsets_of_size(size: int, values: Value) -> frozenset[Any]:
    return frozenset(map(frozenset, combinations(ordered(values), size)))


def _choose_unique(values: Value, test: Callable[[Any], Any]) -> Value:
    found = [value for value in ordered(values) if is_true(test(value))]
    if len(found) != 1:
        nothing_chosen(values)
    return found[0]


def _reduce(operator: Callable[[Any, Any], Any], values: Value, base: Value) -> Value:
    return fold_set(operator, base, values)


def _choices(sets: Value) -> frozenset[Any]:
    """Return the sets that have one element chosen from each; one may be chosen for several."""
    made: set[frozenset[Any]] = {frozenset()}
    for values in ordered(sets):
        made = {chosen | {value} for chosen in made for value in ordered(values)}
    return frozenset(made)


def _minimum(values: Value) -> int:
    if not len(values):
        nothing_chosen(values)
    return int(min(values))


def _maximum(values: Value) -> int:
    if not len(values):
        nothing_chosen(values)
    return int(max(values))


def _random_subset(size: int, values: Value) -> frozenset[Any]:
    return frozenset(_random.sample(ordered(values), size))


def _random_subsets(number: int, size: int, values: Value) -> frozenset[Any]:
    items = ordered(values)
    share = size / max(1, len(items))
    made = [frozenset(i for i in items if _random.random() < share) for _ in range(number)]
    return frozenset(made)


def random_element(values: Value) -> Value:
    """Return RandomElement."""
    return _random.choice(ordered(values))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "FoldSet": fold_set,
    "SumSet": lambda values: sum(values),
    "ProductSet": lambda values: prod(values),
    "ReduceSet": _reduce,
    "FlattenSet": union_all,
    "SymDiff": _symmetric_difference,
    "MapThenSumSet": lambda image, values: sum(map(image, values)),
    "Choices": _choices,
    "ChooseUnique": _choose_unique,
    "kSubset": _subsets_of_size,
    "Min": _minimum,
    "Max": _maximum,
    "Mean": lambda values: sum(values) // len(values),
    "Quantify": lambda values, test: sum(is_true(test(v)) for v in values),
    "RandomSubset": _random_subset,
    "RandomSetOfSubsets": _random_subsets,
    "RandomElement": random_element,
    "SetToSeq": lambda values: SEQUENCES[ordered(values)],
}
