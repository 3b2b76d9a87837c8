"""Steps of one action with arguments that are picked: which are possible, and where they lead."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from speccheck.evaluate.disjuncts import State
from speccheck.evaluate.named import NamedAction, Values
from speccheck.explore.exercise.actions import Marks

Choose = Callable[[str, tuple[Any, ...]], int]
"""Given what is picked and the values to pick from, returns the number of one."""

Allows = Callable[[State, State], bool]
"""Given a state and a successor, says whether the step is to be taken."""


class _Found(Exception):
    """Stops an enumeration that has found what it was for."""


class Steps:
    """The steps of a model's named actions. Nothing is counted as taken but by :meth:`take`."""

    def __init__(
        self, actions: Iterable[NamedAction], marks: Marks, allows: Allows = lambda *_: True
    ) -> None:
        """``allows``: says of a step whether it is to be taken; others are as if not possible."""
        self._ways: dict[str, list[NamedAction]] = {}
        for action in actions:
            self._ways.setdefault(action.name, []).append(action)
        self._counts = marks.counts
        self._allows = allows

    @property
    def names(self) -> list[str]:
        """The actions, in the order of the text."""
        return list(self._ways)

    def parameters(self, name: str) -> tuple[str, ...]:
        """Return the names of an action's parameters."""
        return self._ways[name][0].parameters

    def is_enabled(self, name: str, state: State) -> bool:
        """Tell whether an action has any step from a state. Raises what evaluation raises."""

        def add(successor: State, _arguments: Values) -> None:
            if self._allows(state, successor):
                raise _Found

        before = self._counts[:]
        try:
            for way in self._ways[name]:
                way.step(state, _all, add)
        except _Found:
            return True
        finally:
            self._counts[:] = before
        return False

    def every(self, name: str, state: State) -> Iterator[tuple[Values, State]]:
        """Yield all steps of an action from a state: arguments and successor."""
        found: list[tuple[Values, State]] = []
        before = self._counts[:]

        def add(successor: State, given: Values) -> None:
            if self._allows(state, successor):
                found.append((given, successor))

        for way in self._ways[name]:
            way.step(state, _all, add)
        self._counts[:] = before
        yield from found

    def draw(self, name: str, state: State, choose: Choose) -> Values | None:
        """Return arguments with which an action has a step, chosen one by one; None if none has.

        Where what was chosen allows no step, the next values in order take its place.
        """
        chosen: list[Values] = []

        def add(successor: State, arguments: Values) -> None:
            if self._allows(state, successor):
                chosen.append(arguments)
                raise _Found

        before = self._counts[:]
        ways = self._ways[name]
        first = choose("", tuple(ways)) if len(ways) > 1 else 0
        try:
            for way in (*ways[first:], *ways[:first]):
                way.step(state, _Picking(way, choose).pick, add)
        except _Found:
            return chosen[0]
        finally:
            self._counts[:] = before
        return None

    def leads(self, name: str, arguments: Values, state: State) -> bool:
        """Tell whether an action has a step with given arguments."""
        before = self._counts[:]
        try:
            return bool(self.take(name, arguments, state))
        finally:
            self._counts[:] = before

    def take(self, name: str, arguments: Values, state: State) -> list[State]:
        """Return where an action leads with given arguments, and count its branches."""
        successors: dict[State, None] = {}

        def add(successor: State, given: Values) -> None:
            if given == arguments and self._allows(state, successor):
                successors[successor] = None

        for way in self._ways[name]:
            way.step(state, _Given(way, arguments).pick, add)
        return list(successors)


def _all(_number: int, values: Iterable[Any]) -> Iterable[Any]:
    return values


class _Picking:
    """Draws for each set once; the sets that take its place have the same value first."""

    def __init__(self, way: NamedAction, choose: Choose) -> None:
        self._names = way.sets
        self._choose = choose
        self._drawn: dict[int, Any] = {}

    def pick(self, number: int, values: Iterable[Any]) -> Iterable[Any]:
        """Return the values, the chosen one first."""
        items = tuple(values)
        if len(items) < 2:
            return items
        if number in self._drawn:
            chosen = self._drawn[number]
            first = items.index(chosen) if chosen in items else 0
        else:
            first = self._choose(self._names[number], items)
            self._drawn[number] = items[first]
        return items[first:] + items[:first]


class _Given:
    """Ranges over the given arguments alone, where a set gives one as it is."""

    def __init__(self, way: NamedAction, arguments: Values) -> None:
        self._values = [_ANY if number is None else arguments[number] for number in way.gives]

    def pick(self, number: int, values: Iterable[Any]) -> Iterable[Any]:
        """Return the given value if the set has it, all of the set where nothing is given."""
        value = self._values[number]
        if value is _ANY:
            return values
        return (value,) if value in tuple(values) else ()


_ANY = object()
