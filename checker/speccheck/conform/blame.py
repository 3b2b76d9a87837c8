r"""Which conjunct of an action does not allow a step: one that is false, or assigns otherwise.

An action is taken apart down to its state predicates: through lists, \/, LET, IF and calls of other
actions. Of alternatives the one counts that gets furthest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from speccheck.conform.specification import State
from speccheck.evaluate.analysis import ACTION, STATE, actual
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Value
from speccheck.explore.model import Model
from speccheck.report.sources import text_of
from speccheck.tla import meaning as m

_LONGEST = 200
_Wrap = Callable[[m.Expression], m.Expression]


class Conjunct(NamedTuple):
    """A part of an action: its text, where it stands, and what its operands are in the state."""

    text: str
    place: m.Place
    values: tuple[tuple[str, str], ...] = ()


class Blame:
    """Looks for conjuncts in the actions of a model."""

    def __init__(self, model: Model) -> None:
        assert model.compiler is not None, "a model that was loaded has one"
        assert model.module is not None, "a model that was loaded has one"
        self._compiler = model.compiler
        self._operators = model.module.operators

    def false_conjunct(
        self, action: str, arguments: Sequence[Value], state: State
    ) -> Conjunct | None:
        """Return the first conjunct of an action that is false in a state; None if none is."""
        called = self._call(action, arguments)
        if called is None:
            return None
        body, wrap = called
        _, found = self._first_false(body, wrap, state, 0)
        return found

    def assigning(
        self, action: str, arguments: Sequence[Value], variable: str, state: State
    ) -> Conjunct | None:
        """Return the conjunct of an action that says what a variable becomes."""
        called = self._call(action, arguments)
        if called is None:
            return None
        found = self._assignment(*called, variable, state)
        return None if found is None else Conjunct(text_of(found, _LONGEST), found)

    def _call(self, action: str, arguments: Sequence[Value]) -> tuple[m.Expression, _Wrap] | None:
        operator = self._operators.get(action)
        if operator is None or operator.body is None:
            return None
        given = tuple(m.Literal(operator.place, value) for value in arguments)
        if len(given) != len(operator.parameters):
            return None
        return operator.body, _calling(operator, given)

    def _first_false(
        self, node: m.Expression, wrap: _Wrap, state: State, depth: int
    ) -> tuple[int, Conjunct | None]:
        """Return how many predicates were true before, and the first that is not."""
        items = _items(node, "/\\")
        if items is not None:
            passed = 0
            for item in items:
                true, found = self._first_false(item, wrap, state, depth + 1)
                passed += true
                if found is not None:
                    return passed, found
            return passed, None
        if self._level(node) <= STATE:
            return self._predicate(node, wrap, state)
        items = _items(node, "\\/")
        if items is not None:
            results = [self._first_false(item, wrap, state, depth + 1) for item in items]
            if any(found is None for _, found in results):
                return 1, None
            return max(results, key=lambda result: result[0])
        match node:
            case m.Where():
                return self._first_false(
                    node.body, lambda inner: wrap(replace(node, body=inner)), state, depth
                )
            case m.Branches():
                return self._arm(node, wrap, state, depth)
            case m.Call():
                operator = actual(node.operator)
                if not isinstance(operator, m.Literal) and operator.body is not None:
                    inside = _calling(operator, node.arguments)
                    return self._first_false(
                        operator.body, lambda inner: wrap(inside(inner)), state, depth + 1
                    )
        return 0, None

    def _arm(
        self, node: m.Branches, wrap: _Wrap, state: State, depth: int
    ) -> tuple[int, Conjunct | None]:
        for guard, value in node.arms:
            if self._level(guard) <= STATE and self._holds(guard, wrap, state):
                return self._first_false(value, wrap, state, depth)
        if node.other is not None:
            return self._first_false(node.other, wrap, state, depth)
        return 0, None

    def _predicate(
        self, node: m.Expression, wrap: _Wrap, state: State
    ) -> tuple[int, Conjunct | None]:
        if self._holds(node, wrap, state):
            return 1, None
        values = tuple(
            (text_of(part.place, _LONGEST), shown)
            for part in _operands(node)
            if (shown := self._shown(part, wrap, state)) is not None
        )
        return 0, Conjunct(text_of(node.place, _LONGEST), node.place, values)

    def _holds(self, node: m.Expression, wrap: _Wrap, state: State) -> bool:
        try:
            return self._compiler.state_predicate(wrap(node))(state)
        except Exception:  # noqa: BLE001  # Whatever generated code raises: it is not true.
            return False

    def _shown(self, node: m.Expression, wrap: _Wrap, state: State) -> str | None:
        try:
            text = show(self._compiler.state_value(wrap(node))(state))
        except Exception:  # noqa: BLE001  # What has no value is not shown.
            return None
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def _level(self, node: m.Expression) -> int:
        return self._compiler.analyst.facts(node).level

    def _assignment(self, node: Any, wrap: _Wrap, variable: str, state: State) -> m.Place | None:
        """Return where ``variable'`` gets its value, or is said to stay."""
        if isinstance(node, m.Items):
            parts = (self._assignment(item, wrap, variable, state) for item in node.items)
            return next((place for place in parts if place is not None), None)
        if isinstance(node, m.Where):
            return self._assignment(
                node.body, lambda inner: wrap(replace(node, body=inner)), variable, state
            )
        if isinstance(node, m.Branches):
            arm = next((a for g, a in node.arms if self._holds(g, wrap, state)), node.other)
            return self._assignment(arm, wrap, variable, state)
        if isinstance(node, m.Call):
            operator = actual(node.operator)
            if isinstance(operator, m.Literal) or operator.body is None:
                return None
            if self._level(node) < ACTION:
                return None
            inside = _calling(operator, node.arguments)
            return self._assignment(
                operator.body, lambda inner: wrap(inside(inner)), variable, state
            )
        if isinstance(node, m.CallBuiltin) and self._level(node) >= ACTION:
            facts = self._compiler.analyst.facts(node.arguments[0])
            named = {v.name for v in (*facts.reads, *facts.reads_next)}
            if node.builtin.name in {"=", "UNCHANGED"} and variable in named:
                return node.place
        return None


def _calling(operator: m.Operator, arguments: tuple[m.Argument, ...]) -> _Wrap:
    """Return what puts an expression in the place of an operator's body, and calls that."""

    def wrap(inner: m.Expression) -> m.Expression:
        made = m.Operator(operator.name, operator.parameters, inner.place, inner)
        return m.Call(inner.place, made, arguments)

    return wrap


def _items(node: m.Expression, kind: str) -> Sequence[Any] | None:
    if isinstance(node, m.Items) and node.kind == kind:
        return node.items
    if isinstance(node, m.CallBuiltin) and node.builtin.name == kind:
        return node.arguments
    return None


def _operands(node: m.Expression) -> tuple[Any, ...]:
    """Return what a relation relates, or what an operator is asked about."""
    if isinstance(node, m.CallBuiltin):
        return tuple(part for part in node.arguments if not isinstance(part, m.Literal))
    return ()
