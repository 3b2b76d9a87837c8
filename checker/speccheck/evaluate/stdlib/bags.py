"""Bags and BagsExt: functions from elements to positive counts."""

from collections.abc import Callable
from functools import reduce
from itertools import product
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.likeness import equal
from speccheck.evaluate.order import ordered
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Fn, Value, force, function_of


def _is_bag(bag: Value) -> bool:
    bag = force(bag)
    return isinstance(bag, Fn) and all(type(n) is int and n > 0 for n in bag.values_)


def _set_to_bag(values: Value) -> Fn:
    return function_of(dict.fromkeys(force(values), 1))


def _check_bags(first: Value, second: Value) -> None:
    """Refuse operands of (+) with counts below 1, as TLC does here and in BagCardinality."""
    for bag in (first, second):
        if min(bag.values_, default=1) < 1:
            raise EvaluationError(f"{show(bag)} is not a bag, as (+) asks for")


def _plus(first: Value, second: Value) -> Fn:
    _check_bags(first, second)
    counts = dict(first)
    for item, number in second.items():
        counts[item] = counts.get(item, 0) + number
    return function_of(counts)


def is_sum(whole: Value, first: Value, second: Value) -> bool:
    """Tell whether a bag is the sum of two, without making the sum."""
    whole = force(whole)
    if whole.__class__ is not Fn:
        return equal(whole, _plus(first, second))
    _check_bags(first, second)
    for item, number in second.items():
        if whole.get(item) != first.get(item, 0) + number:
            return False
    more = sum(item not in first for item in second)
    return len(whole) == len(first) + more and all(
        whole.get(item) == number for item, number in first.items() if item not in second
    )


def _minus(first: Value, second: Value) -> Fn:
    left = {item: number - second.get(item, 0) for item, number in first.items()}
    return function_of({item: number for item, number in left.items() if number > 0})


def _union(bags: Value) -> Fn:
    return reduce(_plus, ordered(bags), function_of({}))


def _within(first: Value, second: Value) -> bool:
    return all(number <= second.get(item, 0) for item, number in first.items())


def _sub_bags(bag: Value) -> frozenset[Any]:
    items = list(bag.domain.keys_)
    choices = product(*(range(bag[item] + 1) for item in items))
    return frozenset(
        function_of({i: n for i, n in zip(items, numbers, strict=True) if n}) for numbers in choices
    )


def _of_all(operator: Callable[[Any], Any], bag: Value) -> Fn:
    counts: dict[Any, int] = {}
    for item, number in bag.items():
        image = force(operator(item))
        counts[image] = counts.get(image, 0) + number
    return function_of(counts)


def _without_all(bag: Value, item: Value) -> Fn:
    return function_of({other: number for other, number in bag.items() if other != item})


def _fold(operator: Callable[[Any, Any], Any], base: Value, bag: Value) -> Value:
    result = base
    for item in bag.domain.keys_:
        for _ in range(bag[item]):
            result = operator(result, item)
    return result


def _cardinality(bag: Value) -> int:
    if not _is_bag(bag):
        raise EvaluationError(f"{show(bag)} is not a bag, as BagCardinality asks for")
    return sum(bag.values_)


def _map_then_fold(
    operator: Callable[[Any, Any], Any],
    base: Value,
    image: Callable[[Any], Any],
    _choose: Callable[[Any], Any],
    bag: Value,
) -> Value:
    """Fold as BagsExt defines it: op(base, f(x)) for all copies of x, and of these as of a set."""

    def copies(item: Value) -> Value:
        result = base
        for _ in range(bag[item]):
            result = operator(result, image(item))
        return result

    result = base
    for item in reversed(bag.domain.keys_):
        result = operator(copies(item), result)
    return result


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "IsABag": _is_bag,
    "BagToSet": lambda bag: bag.domain.keyset,
    "SetToBag": _set_to_bag,
    "BagIn": lambda item, bag: bag.get(item, 0) > 0,
    "EmptyBag": lambda: function_of({}),
    "(+)": _plus,
    "(-)": _minus,
    "BagUnion": _union,
    "\\sqsubseteq": _within,
    "SubBag": _sub_bags,
    "BagOfAll": _of_all,
    "BagCardinality": _cardinality,
    "CopiesIn": lambda item, bag: bag.get(item, 0),
    "BagAdd": lambda bag, item: _plus(bag, _set_to_bag(frozenset([item]))),
    "BagRemove": lambda bag, item: _minus(bag, _set_to_bag(frozenset([item]))),
    "BagRemoveAll": _without_all,
    "FoldBag": _fold,
    "MapThenFoldBag": _map_then_fold,
    "SumBag": lambda bag: sum(item * number for item, number in bag.items()),
    "ProductBag": lambda bag: reduce(lambda a, b: a * b, (i**n for i, n in bag.items()), 1),
}
PREDICATES = ("IsABag", "BagIn", "\\sqsubseteq")
