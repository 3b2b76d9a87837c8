"""TLC's total order of values: how sets are listed and what CHOOSE takes first.

Integers ascend; strings and model values come as they first appear in the text; sets, functions
and sequences by size first, then item by item. TLC has read the standard modules as well: strings
that are names there come first in it, and here they do not.

Source: compareTo of TLC's value classes.
"""

from collections.abc import Iterable
from functools import cmp_to_key
from itertools import chain
from typing import Any

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.values import (
    FALSE,
    Boolean,
    Fn,
    LazySet,
    ModelValue,
    Value,
    Values,
    rank,
    rank_all,
    refuse_to_list,
)


def _sign(a: int, b: int) -> int:
    return (a > b) - (a < b)


def compare(a: Value, b: Value) -> int:
    """Return a negative number, 0 or a positive one. Raises EvaluationError for unlike values."""
    if a is b:
        return 0
    if isinstance(a, int) and isinstance(b, int):
        return _sign(a, b)
    if isinstance(a, str) and isinstance(b, str):
        return _sign(rank(a), rank(b))
    if isinstance(a, ModelValue) or isinstance(b, ModelValue):
        if isinstance(a, ModelValue) and isinstance(b, ModelValue):
            return _sign(rank(a.name), rank(b.name))
        return -1 if isinstance(a, ModelValue) else 1
    if isinstance(a, Fn) and isinstance(b, Fn):
        return _compare_functions(a, b)
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        if len(a) != len(b):
            return _sign(len(a), len(b))
        return _compare_items(ordered(a), ordered(b))
    if isinstance(a, Boolean) and isinstance(b, Boolean):
        return -1 if a is FALSE else 1
    from speccheck.evaluate.show import show

    raise EvaluationError(f"the values {show(a)} and {show(b)} cannot be compared")


def _compare_functions(a: Fn, b: Fn) -> int:
    if len(a) != len(b):
        return _sign(len(a), len(b))
    if a.domain is not b.domain:
        difference = _compare_items(a.domain.keys_, b.domain.keys_)
        if difference:
            return difference
    return _compare_items(a.values_, b.values_)


def _compare_items(a: Values, b: Values) -> int:
    for left, right in zip(a, b, strict=True):
        if left is not right:
            difference = compare(left, right)
            if difference:
                return difference
    return 0


_key = cmp_to_key(compare)
_MOST_REMEMBERED = 200_000


def _ordered_functions(functions: Iterable[Fn]) -> Values:
    """Return functions in order: by size and domain first, which takes few comparisons."""
    groups: dict[int, list[Fn]] = {}
    for function in functions:
        groups.setdefault(id(function.domain), []).append(function)
    ranked = sorted(groups.values(), key=_by_domain)
    return tuple(chain.from_iterable(map(_ordered_alike, ranked)))


def _compare_domains(a: list[Fn], b: list[Fn]) -> int:
    left, right = a[0].domain.keys_, b[0].domain.keys_
    return _sign(len(left), len(right)) or _compare_items(left, right)


_by_domain = cmp_to_key(_compare_domains)


def _ordered_alike(functions: list[Fn]) -> list[Fn]:
    """Return functions on one domain in order."""
    if len(functions) == 1:
        return functions
    columns = list(zip(*[function.values_ for function in functions], strict=True))
    try:
        numbers = zip(*map(_numbered, columns), strict=True)
        keys = dict(zip(functions, numbers, strict=True))
    except EvaluationError:
        # Some values cannot be compared; it may be that they need not be.
        return sorted(functions, key=_key)
    return sorted(functions, key=keys.__getitem__)


def _ordered_sets(sets: Iterable[frozenset[Any]]) -> Values:
    """Return sets in order: by size, then by their elements in order."""
    groups: dict[int, list[frozenset[Any]]] = {}
    for values in sets:
        groups.setdefault(len(values), []).append(values)
    listed: list[frozenset[Any]] = []
    for size in sorted(groups):
        group = groups[size]
        try:
            place = {v: n for n, v in enumerate(ordered(frozenset().union(*group)))}
        except EvaluationError:
            listed += sorted(group, key=_key)
            continue
        keys = {values: sorted([place[value] for value in values]) for values in group}
        listed += sorted(group, key=keys.__getitem__)
    return tuple(listed)


def _numbered(column: Values) -> Iterable[int]:
    """Return numbers that are in the order of some values. Raises EvaluationError."""
    kinds = set(map(type, column))
    if kinds == {int}:
        return column
    if kinds == {str}:
        rank_all(column)
        return map(rank, column)
    place = {value: number for number, value in enumerate(ordered(frozenset(column)))}
    return [place[value] for value in column]


class _Ordered(dict[Any, Values]):
    """Listed sets to their elements in order, for generated code: a look-up where it is known."""

    def __missing__(self, values: Value) -> Values:
        if type(values) is not frozenset:
            return ordered(values)
        if all(type(value) is int for value in values):
            listed = tuple(sorted(values))
        elif all(type(value) is str for value in values):
            rank_all(values)
            listed = tuple(sorted(values, key=rank))
        elif len(values) > 1 and all(type(value) is Fn for value in values):
            listed = _ordered_functions(values)
        elif len(values) > 1 and all(type(value) is frozenset for value in values):
            listed = _ordered_sets(values)
        else:
            listed = tuple(sorted(values, key=_key))
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        self[values] = listed
        return listed


ORDERED = _Ordered()


class _Least(dict[Any, Any]):
    """Sets to their least elements, None for the empty set: cheaper than to put them in order."""

    def __missing__(self, values: Value) -> Value:
        if type(values) is not frozenset or values in ORDERED:
            return next(iter(ordered(values)), None)
        if all(type(value) is int for value in values):
            found = min(values, default=None)
        else:
            found = min(values, key=_key, default=None)
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        self[values] = found
        return found


LEAST = _Least()


def in_order(values: Value) -> Iterable[Any]:
    """Return what iterates over a set in TLC's order."""
    if type(values) is frozenset:
        return values if len(values) < 2 else ORDERED[values]
    return values if isinstance(values, range | LazySet | tuple) else ordered(values)


def least(values: Value) -> Value:
    """Return the first element of a set in TLC's order, None of the empty set."""
    if isinstance(values, LazySet):
        return next(iter(values), None)
    return LEAST[values]


def ordered(values: Value) -> Values:
    """Return the elements of a set in order."""
    if type(values) is frozenset:
        return ORDERED[values]
    if isinstance(values, LazySet):
        if values.is_finite() and values.is_too_large():
            refuse_to_list(values)
        return tuple(values)
    from speccheck.evaluate.show import show

    raise EvaluationError(f"{show(values)} is not a set")
