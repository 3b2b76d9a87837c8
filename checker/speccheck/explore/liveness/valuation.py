"""Truth of propositional formulas on the edges of a state graph, each predicate evaluated once."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from speccheck.explore.graph import StateGraph
from speccheck.explore.liveness.formula import All, Formula, Literal, Some
from speccheck.explore.liveness.translate import Atom

# Called with a state's number, the number of the edge, and the number of the state it leads to.
Test: TypeAlias = Callable[[int, int, int], bool]

_UNKNOWN, _FALSE, _TRUE = 0, 1, 2


class Valuation:
    """Evaluates predicates where they are asked for, and remembers.

    An edge has the number of its place in ``graph.targets``; the edge from state i to itself has
    the number ``len(graph.targets) + i``. ``at`` is the edge at work, for errors.
    """

    def __init__(self, graph: StateGraph, atoms: Sequence[Atom]) -> None:
        self._graph = graph
        self._atoms = atoms
        self._literals: dict[int, Test] = {}
        self._tests: dict[Formula, Test] = {}
        self.at: tuple[int, int] = (-1, -1)

    def test(self, formula: Formula) -> Test:
        """Return a propositional formula as a function."""
        found = self._tests.get(formula)
        if found is None:
            found = self._tests[formula] = self._made(formula)
        return found

    def forget(self, first: int) -> None:
        """Forget the truth of the predicates from a number on."""
        self._tests.clear()
        for number in [number for number in self._literals if number >= first]:
            del self._literals[number]

    def _made(self, formula: Formula) -> Test:
        match formula:
            case Literal(atom, True):
                return self._literal(atom)
            case Literal(atom, False):
                inside = self._literal(atom)
                return lambda i, e, j: not inside(i, e, j)
            case All(parts):
                tests = [self.test(part) for part in parts]
                return lambda i, e, j: all(test(i, e, j) for test in tests)
            case Some(parts):
                tests = [self.test(part) for part in parts]
                return lambda i, e, j: any(test(i, e, j) for test in tests)
            case _:
                raise AssertionError("a propositional formula")

    def _literal(self, number: int) -> Test:
        found = self._literals.get(number)
        if found is None:
            atom = self._atoms[number]
            found = self._on_state(number) if atom.on_state is not None else self._on_step(atom)
            self._literals[number] = found
        return found

    def _on_state(self, number: int) -> Test:
        states, holds = self._graph.states, self._atoms[number].on_state
        assert holds is not None, "chosen by _literal"
        known = bytearray(len(states))
        for state, value in self._graph.recorded.get(number, {}).items():
            known[state] = _TRUE if value else _FALSE

        def test(i: int, e: int, j: int) -> bool:
            value = known[i]
            if value == _UNKNOWN:
                self.at = (i, i)
                value = known[i] = _TRUE if holds(states[i]) else _FALSE
            return value == _TRUE

        return test

    def _on_step(self, atom: Atom) -> Test:
        states, holds, still = self._graph.states, atom.on_step, atom.when_still
        assert holds is not None, "chosen by _literal"
        known = bytearray(len(self._graph.targets) + len(states))

        def test(i: int, e: int, j: int) -> bool:
            if i == j and still is not None:
                return still
            value = known[e]
            if value == _UNKNOWN:
                self.at = (i, j)
                value = known[e] = _TRUE if holds(states[i], states[j]) else _FALSE
            return value == _TRUE

        return test
