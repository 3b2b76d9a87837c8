"""TLC's total order of values: how sets are listed and what CHOOSE takes first.

Integers ascend; strings and model values come as they first appear in the text; sets, functions
and sequences by size first, then item by item. Source: compareTo of TLC's value classes.
"""

from functools import cmp_to_key
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
        else:
            listed = tuple(sorted(values, key=_key))
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        self[values] = listed
        return listed


ORDERED = _Ordered()


def ordered(values: Value) -> Values:
    """Return the elements of a set in order."""
    if type(values) is frozenset:
        return ORDERED[values]
    if isinstance(values, LazySet):
        return tuple(values)
    from speccheck.evaluate.show import show

    raise EvaluationError(f"{show(values)} is not a set")
