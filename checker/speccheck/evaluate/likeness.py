"""Which values may be compared: TLC compares a value with values of its own type only.

Equality is decided by Python. Where two values differ, or a set lacks a value, generated code asks
here whether TLC would say so too or refuse: an integer and a string are not different but beyond
comparison. Functions and sets are compared by size and then part by part, up to the first
difference. A model value compares with everything; one whose name gives it a type (``a_1`` has
type ``a``) only with model values of that type and with those that have none.

Source: equals and member of TLC's value classes.
"""

from collections.abc import Iterable
from typing import Any, NoReturn

from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import in_order, ordered
from speccheck.evaluate.show import show
from speccheck.evaluate.values import (
    MOST_LISTED,
    Boolean,
    Fn,
    LazyFunction,
    LazySet,
    ModelValue,
    Value,
    Values,
    force,
    refuse_unlisted,
    size_of,
)

_NAMES: dict[type, str] = {
    int: "an integer",
    str: "a string",
    Boolean: "a Boolean",
    frozenset: "a set",
    Fn: "a function",
    ModelValue: "a model value",
}


def type_of(value: Value) -> type:
    """Return the Python type that stands for the value's type; lazy values count as listed."""
    found = type(value)
    if found in _NAMES:
        return found
    return frozenset if isinstance(value, LazySet) else Fn


def _refuse(a: Value, b: Value) -> NoReturn:
    raise EvaluationError(f"{show(a)} and {show(b)} cannot be compared: {_name(a)} and {_name(b)}")


def _name(value: Value) -> str:
    kind = _model_value_type(value)
    return _NAMES[type_of(value)] + (f" of type {kind}" if kind else "")


def _refuse_member(value: Value, values: Value) -> NoReturn:
    raise EvaluationError(f"{show(value)} cannot be compared with the elements of {show(values)}")


def _model_value_type(value: Value) -> str:
    """Return the type of a model value, "" for one without and for other values."""
    return value.type_ if value.__class__ is ModelValue else ""


def different(a: Value, b: Value) -> bool:
    """Return TRUE for values that are not equal. Raises where they cannot be compared."""
    kind = a.__class__
    if kind is not b.__class__:
        return _different_types(a, b)
    if kind is int or kind is str:
        return True
    if kind is Fn:
        return _different_functions(a, b)
    if kind is frozenset:
        return len(a) != len(b) or _first_difference(ordered(a), ordered(b))
    if kind is ModelValue and a.type_ and b.type_ and a.type_ != b.type_:
        _refuse(a, b)
    if isinstance(a, LazySet | LazyFunction):
        return _different_unlisted(a, b)
    return True


def _different_unlisted(a: Value, b: Value) -> bool:
    """Compare two values of one lazy class. Raises where it takes a list that has no end."""
    if isinstance(a, LazySet):
        if not (a.is_finite() and b.is_finite()):
            return bool(a != b)
        return _different_finite(a, b)
    return different(force(a), force(b))


def _different_finite(a: Value, b: Value) -> bool:
    """Compare two finite sets that are not equal: by size, then up to the first difference."""
    number = size_of(a)
    if number != size_of(b):
        return True
    if number <= MOST_LISTED:
        return different(force(a), force(b))
    return _first_difference(in_order(a), in_order(b))


def _different_types(a: Value, b: Value) -> bool:
    if a.__class__ is ModelValue or b.__class__ is ModelValue:
        if _model_value_type(a) or _model_value_type(b):
            _refuse(a, b)
        return True
    if type_of(a) is not type_of(b):
        _refuse(a, b)
    if type_of(a) is not frozenset:
        return different(force(a), force(b))
    for one, other in ((a, b), (b, a)):
        if isinstance(one, LazySet) and not one.is_finite():
            refuse_unlisted(one, other)
    return _different_finite(a, b)


def _different_functions(a: Fn, b: Fn) -> bool:
    if len(a) != len(b):
        return True
    if a.domain is not b.domain:
        return _first_difference(a.domain.keys_, b.domain.keys_)
    kind = a.kind
    if kind is None:
        kind = _note_kind(a)
    if kind in _PLAIN and kind is (b.kind or _note_kind(b)):
        return True
    return _first_difference(a.values_, b.values_)


_PLAIN = frozenset([int, str, Boolean])


def _note_kind(function: Fn) -> object:
    """Note the type of all values of a function, object if they have several or are no atoms."""
    kinds = set(map(type, function.values_))
    function.kind = kinds.pop() if len(kinds) == 1 and kinds <= _PLAIN else object
    return function.kind


def _first_difference(left: Iterable[Any], right: Iterable[Any]) -> bool:
    for a, b in zip(left, right, strict=True):
        if a is not b and a != b:
            return different(a, b)
    return True


def equal(a: Value, b: Value) -> bool:
    """Tell whether two values are equal. Raises where they cannot be compared."""
    return bool(a == b) or not different(a, b)


def lacks(values: Value, value: Value) -> bool:
    """Return TRUE for a set without a value. Raises where its elements cannot be compared with it.

    Sets that are not listed refuse by themselves.
    """
    if values.__class__ is not frozenset:
        return True
    kind = value.__class__
    if kind is ModelValue:
        if value.type_:
            for item in values:
                if _model_value_type(item) != value.type_ and not _is_untyped(item):
                    _refuse_member(value, values)
        return True
    for item in values:
        if item.__class__ is kind:
            return True
        if not _is_untyped(item):
            if type_of(item) is type_of(value):
                return True
            _refuse_member(value, values)
    return True


def _is_untyped(value: Value) -> bool:
    return value.__class__ is ModelValue and not value.type_


def is_no_element(value: Value, values: Value) -> bool:
    """Return TRUE for a model value, of a set of other values. Raises for anything else."""
    if not _is_untyped(value):
        _refuse_member(value, values)
    return True


def contains(values: Value, value: Value) -> bool:
    """Tell whether a value is in a set. Raises where that cannot be told."""
    return value in values or not lacks(values, value)


def among(value: Value, items: Values) -> bool:
    """Tell whether a value is in a set that is written out, asking one item after the other."""
    for item in items:
        if value == item:
            return True
        different(value, item)
    return False


def none_of(value: Value, items: Values) -> bool:
    """Return TRUE for a value that is none of several. Raises where it cannot be compared."""
    for item in items:
        different(value, item)
    return True


def strays(left: Value, right: Value) -> bool:
    """Return TRUE for a set that is no subset of another. Raises where that cannot be told."""
    for item in in_order(left):
        if item not in right:
            return lacks(right, item)
    return True


def apart(left: Value, right: Value) -> frozenset[Any]:
    """Return {} for sets without a common element. Raises where that cannot be told."""
    if left.__class__ is frozenset and right.__class__ is frozenset:
        for item in left:
            lacks(right, item)
            break
    return frozenset()


def set_of(items: Values) -> frozenset[Any]:
    """Return the set of some values. Raises if they cannot be compared with one another."""
    made = frozenset(items)
    if len(set(map(type, made))) > 1:
        check_uniform(made)
    return made


def check_uniform(values: frozenset[Any]) -> None:
    """Refuse a set of values that cannot be compared."""
    names = sorted({_name(item) for item in values if not _is_untyped(item)})
    if len(names) > 1:
        raise EvaluationError(
            f"the elements of {show(values)} cannot be compared: {' and '.join(names)}"
        )


def check_sets(state: Values) -> None:
    """Refuse a state in which a variable is a set of values that cannot be compared."""
    for value in state:
        if value.__class__ is frozenset and len(set(map(type, value))) > 1:
            check_uniform(value)
