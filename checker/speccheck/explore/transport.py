"""Values between processes: pickled as what they are made of, and fingerprints that all agree on.

A function exists once in a process, TRUE and the model values are objects of their own; pickle is
told how to find them again on the other side.
"""

import copyreg
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from speccheck.evaluate.stdlib.tlc import model_value
from speccheck.evaluate.values import (
    SEQUENCES,
    TRUE,
    Boolean,
    Fn,
    ModelValue,
    Value,
    Values,
    as_boolean,
    force,
    function_of,
)


def _sequence(items: Values) -> Fn:
    return SEQUENCES[items]


def _function(keys: Values, values: Values) -> Fn:
    return function_of(dict(zip(keys, values, strict=True)))


def _reduced_function(value: Fn) -> tuple[Any, ...]:
    if value.table is SEQUENCES:
        return _sequence, (value.values_,)
    return _function, (value.domain.keys_, value.values_)


def teach_pickle() -> None:
    """Make values fit for pickle in this process."""
    copyreg.pickle(Fn, _reduced_function)
    copyreg.pickle(Boolean, lambda value: (as_boolean, (value is TRUE,)))
    copyreg.pickle(ModelValue, lambda value: (model_value, (value.name,)))


class Fingerprints(dict[Any, int]):
    """The fingerprint of each value: 64 bits, the same in every process and run."""

    def __missing__(self, value: Value) -> int:
        if isinstance(value, str):
            found = _digest(b"s" + value.encode())
        elif isinstance(value, Fn):
            if value.table is SEQUENCES:
                found = _digest(b"q", [self[item] for item in value.values_])
            else:
                # Sorted by fingerprints: the order of the keys is of the process.
                pairs = sorted([(self[key], self[item]) for key, item in value.items()])
                found = _digest(b"f", [part for pair in pairs for part in pair])
        elif isinstance(value, frozenset):
            found = _digest(b"t", sorted([self[item] for item in value]))
        elif isinstance(value, int):
            found = _digest(b"i%d" % value)
        elif isinstance(value, Boolean):
            found = _digest(b"b" + value.name.encode())
        elif isinstance(value, ModelValue):
            found = _digest(b"m" + value.name.encode())
        else:
            found = self[force(value)]
        self[value] = found
        return found

    def of_state(self, state: Values) -> int:
        """Return the fingerprint of a state."""
        # Made of numbers that look random, such a hash does; Python's is of numbers the same in
        # every process.
        return hash(tuple([self[value] for value in state]))


def _digest(kind: bytes, parts: Iterable[int] = ()) -> int:
    text = kind + array("q", parts).tobytes()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
