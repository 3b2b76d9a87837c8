"""What a value speaks of: the structured arguments for which the functions in it are defined."""

from functools import lru_cache

from speccheck.evaluate.values import Fn, Value

_KEPT = 8192


def arguments_within(value: Value, found: set[Value]) -> None:
    """Add the arguments of all functions within a value that are functions or sets themselves.

    Names of fields, places in sequences and the elements of a model are there at all times.
    """
    if isinstance(value, Fn):
        found |= _arguments(value)
    elif isinstance(value, frozenset):
        for element in value:
            arguments_within(element, found)


@lru_cache(_KEPT)
def _arguments(function: Fn) -> frozenset[Value]:
    found: set[Value] = set()
    for argument, value in function.items():
        if isinstance(argument, Fn | frozenset):
            found.add(argument)
        arguments_within(value, found)
    return frozenset(found)
