"""States up to permutations of model values: one key for all states of an orbit."""

from collections.abc import Iterable, Iterator
from functools import cmp_to_key
from typing import Any

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.order import compare
from speccheck.evaluate.sets import is_finite
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Fn, LazySet, ModelValue, Value, force, function_of


def permutations_in(value: Value) -> list[Fn]:
    """Return the permutations of model values that a set consists of.

    Raises EvaluationError where it is something else, as TLC does.
    """
    if type(value) is not frozenset and not (isinstance(value, LazySet) and is_finite(value)):
        raise EvaluationError(f"{show(value)} is not a finite set of permutations")
    found: list[Fn] = []
    for item in force(value):
        one = force(item)
        if not isinstance(one, Fn):
            raise EvaluationError(f"{show(one)} is not a permutation; Permutations(S) gives a set")
        moved = list(one.values())
        values = [*one.keys(), *moved]
        stranger = next((each for each in values if not isinstance(each, ModelValue)), None)
        if stranger is not None:
            raise EvaluationError(f"{show(one)} moves {show(stranger)}, which is no model value")
        if frozenset(moved) != frozenset(one.keys()):
            raise EvaluationError(f"{show(one)} is not a permutation: two values become one")
        found.append(one)
    return found


class Symmetry:
    """The group that some permutations generate, acting on states."""

    def __init__(self, permutations: Iterable[Fn]) -> None:
        self._images = [_Image(mapping) for mapping in _group([dict(p) for p in permutations])]
        self._all = [_Image({}), *self._images]
        self._numbers = _Numbers()
        # For a value, the permutations that give it the lowest rank.
        self._leading: dict[Value, list[_Image]] = {}
        self._keys: dict[State, State] = {}
        self._least: dict[State, State] = {}

    def orbit(self, state: State) -> Iterator[State]:
        """Yield the states that the permutations make of a state, itself included."""
        yield state
        for image in self._images:
            yield tuple([image[value] for value in state])

    def key(self, state: State) -> State:
        """Return the same state for all states of an orbit.

        It is the least one, values ranked as they are met, variable by variable: small values
        first, since a few of them leave few permutations whose images of a large one are asked.
        """
        known = self._keys.get(state)
        if known is not None:
            return known
        images = self._all
        for value in sorted(state, key=_size):
            if images is self._all:
                found = self._leading.get(value)
                if found is None:
                    found = self._leading[value] = self._least_of(value, images)
                images = found
            else:
                images = self._least_of(value, images)
            if len(images) == 1:
                break
        image = images[0]
        best = self._keys[state] = tuple([image[value] for value in state])
        return best

    def _least_of(self, value: Value, images: "list[_Image]") -> "list[_Image]":
        """Return the permutations that give a value the lowest rank; ``_all`` if all of them do."""
        ranks = [self._numbers[image[value]] for image in images]
        lowest = min(ranks)
        found = [image for image, rank in zip(images, ranks, strict=True) if rank == lowest]
        return images if len(found) == len(images) else found

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


def _size(value: Value) -> int:
    """Return the size of a value, which is the same all over its orbit."""
    return len(value) if isinstance(value, frozenset | Fn) else 0


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
