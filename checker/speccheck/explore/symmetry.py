"""States up to permutations of model values: one key for all states of an orbit."""

from collections.abc import Iterable, Iterator
from functools import cmp_to_key
from typing import Any

from speccheck.evaluate.compiler import State
from speccheck.evaluate.order import compare
from speccheck.evaluate.values import Fn, Value, function_of


class Symmetry:
    """The group that some permutations generate, acting on states."""

    def __init__(self, permutations: Iterable[Fn]) -> None:
        self._images = [_Image(mapping) for mapping in _group([dict(p) for p in permutations])]
        self._numbers = _Numbers()
        self._keys: dict[State, State] = {}
        self._least: dict[State, State] = {}

    def orbit(self, state: State) -> Iterator[State]:
        """Yield the states that the permutations make of a state, itself included."""
        yield state
        for image in self._images:
            yield tuple([image[value] for value in state])

    def key(self, state: State) -> State:
        """Return the same state for all states of an orbit."""
        known = self._keys.get(state)
        if known is not None:
            return known
        numbers = self._numbers
        best, best_rank = state, [numbers[value] for value in state]
        for image in self._images:
            moved = [image[value] for value in state]
            rank = [numbers[value] for value in moved]
            if rank < best_rank:
                best, best_rank = tuple(moved), rank
        self._keys[state] = best
        return best

    def least(self, state: State) -> State:
        """Return the least state of an orbit in TLC's order, variable by variable.

        Dearer than :meth:`key`; a view of the state may depend on which one is taken.
        Source: tlc2.tool.TLCStateMut.fingerPrint.
        """
        known = self._least.get(state)
        if known is None:
            known = self._least[state] = min(self.orbit(state), key=_in_order)
        return known


def _compare_states(a: State, b: State) -> int:
    for left, right in zip(a, b, strict=True):
        sign = compare(left, right)
        if sign:
            return sign
    return 0


_in_order = cmp_to_key(_compare_states)


class _Numbers(dict[Any, int]):
    """Numbers values in the order in which they are met."""

    def __missing__(self, value: Value) -> int:
        number = self[value] = len(self)
        return number


class _Image(dict[Any, Any]):
    """What values become under one permutation; each is worked out once."""

    def __missing__(self, value: Value) -> Value:
        image = value
        if isinstance(value, frozenset):
            image = frozenset([self[item] for item in value])
        elif isinstance(value, Fn):
            if any(self[key] is not key for key in value.domain.keys_):
                image = function_of({self[key]: self[item] for key, item in value.items()})
            else:
                image = value.table[tuple([self[item] for item in value.values_])]
        self[value] = image
        return image


def _group(generators: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Return all products of the generators, without the identity."""
    moved = sorted({v for g in generators for v in g}, key=str)
    identity = tuple(moved)
    known = {identity}
    waiting = [identity]
    while waiting:
        image = waiting.pop()
        for generator in generators:
            product = tuple(generator.get(value, value) for value in image)
            if product not in known:
                known.add(product)
                waiting.append(product)
    known.discard(identity)
    return [dict(zip(moved, image, strict=True)) for image in known]
