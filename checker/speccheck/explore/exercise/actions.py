r"""Marks in actions: which branches within them were taken.

The disjuncts that a next-state relation falls into are actions themselves and counted as such.
Marked are the alternatives further inside: disjuncts under a conjunction, arms of IF and CASE, both
in the action itself and where they give a primed variable its value. An alternative that is an
operator with primes, beside conditions, is an action as well, though it stands under a condition.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from speccheck.evaluate.analysis import ACTION, Analyst, actual
from speccheck.explore.exercise.findings import Branch
from speccheck.explore.exercise.given import with_given
from speccheck.explore.exercise.trees import (
    Copies,
    Names,
    conjunction,
    expression,
    junction_items,
)
from speccheck.tla import meaning as m


class _Mark(NamedTuple):
    action: str
    kind: str
    place: m.Place


class Marks:
    """The marks of a next-state relation; a search counts with :attr:`probes`."""

    def __init__(self, analyst: Analyst) -> None:
        self._analyst = analyst
        self._copies = Copies(analyst)
        self._names = Names()
        self._marks: list[_Mark] = []
        self._counts: list[int] = []

    @property
    def probes(self) -> tuple[m.Parameter, list[int]]:
        """Return the name that marked expressions use, and the list in which they count."""
        return self._names.hit, self._counts

    @property
    def counts(self) -> list[int]:
        """The count of each mark. Counts of another process can be added."""
        return self._counts

    def branches(self) -> list[Branch]:
        """Return what is counted so far, in the order of the text; actions are of kind "action".

        A definition that is called from several actions counts for all of them together.
        """
        sums: dict[_Mark, int] = {}
        for mark, count in zip(self._marks, self._counts, strict=True):
            sums[mark] = sums.get(mark, 0) + count
        ordered = sorted(sums.items(), key=lambda item: item[0].place)
        return [Branch(*mark, count) for mark, count in ordered]

    # --- marking ---------------------------------------------------------------------------------

    def mark(self, node: m.Expression, name: str = "Next") -> m.Expression:
        """Return a next-state relation with marks; ``name`` is what it is called."""
        items = junction_items(node, "\\/")
        if items is not None:
            return m.Items(node.place, "\\/", tuple(self.mark(item, name) for item in items))
        conjuncts = junction_items(node, "/\\") or ()
        if len(conjuncts) == 1:  # A list with one item is that item.
            return self.mark(conjuncts[0], name)
        match node:
            case m.Quantified(kind="\\E"):
                return m.Quantified(node.place, node.kind, node.bounds, self.mark(node.body, name))
            case m.Where():
                return replace(node, body=self.mark(node.body, name))
            case m.Call():
                node = with_given(node, self._analyst, name) or node
                operator = self._action_called(node)
                if operator is not None and operator.body is not None:
                    self._copies.enter(operator)
                    body = self.mark(operator.body, operator.name)
                    self._copies.leave()
                    return self._copies.call(node, operator, body)
        return self._inside(node, name)

    def _action_called(self, node: m.Call) -> m.Operator | None:
        operator = actual(node.operator)
        if isinstance(operator, m.Literal) or operator.recursive or operator.body is None:
            return None
        return operator if self._analyst.operator(operator).level == ACTION else None

    def _counted(self, action: str, kind: str, place: m.Place) -> m.Expression:
        self._marks.append(_Mark(action, kind, place))
        self._counts.append(0)
        return self._names.mark(self._names.new_mark(), place)

    def _inside(
        self, node: m.Expression, name: str, tail: tuple[m.Expression, ...] = ()
    ) -> m.Expression:
        """Return an action with marks at its alternatives, and ``tail`` as conjuncts after it.

        A tail goes into alternatives that are named actions: these were taken where all that
        stands behind them is true as well.
        """
        if self._analyst.facts(node).level < ACTION:
            return _followed_by(node, tail)
        items = junction_items(node, "/\\")
        if items is not None:
            return self._conjuncts(node, items, name, tail)
        items = junction_items(node, "\\/")
        if items is not None:
            parts = tuple(self._alternative(item, name, tail) for item in items)
            return m.Items(node.place, "\\/", parts)
        match node:
            case m.Quantified(kind="\\E"):
                body = self._inside(node.body, name, tail)
                return m.Quantified(node.place, node.kind, node.bounds, body)
            case m.Where():
                return replace(node, body=self._inside(node.body, name, tail))
            case m.Branches():

                def arm(value: m.Expression, name: str) -> m.Expression:
                    return self._arm(value, name, tail)

                return self._branches(node, name, arm)
            case m.Call():
                node = with_given(node, self._analyst, name) or node
                operator = self._action_called(node)
                if operator is not None and operator.body is not None:
                    body = self._inside(operator.body, operator.name)
                    return _followed_by(self._copies.call(node, operator, body), tail)
            case m.CallBuiltin(builtin=m.Builtin(name="=", override=None), arguments=(left, right)):
                if isinstance(left, m.CallBuiltin) and left.builtin.name == "'":
                    value = self._value(expression(right), name)
                    given = m.CallBuiltin(node.place, node.builtin, (left, value))
                    return _followed_by(given, tail)
        return _followed_by(node, tail)

    def _conjuncts(
        self,
        node: m.Expression,
        items: tuple[m.Expression, ...],
        name: str,
        tail: tuple[m.Expression, ...],
    ) -> m.Expression:
        leading = [n for n, item in enumerate(items) if self._leads_to_actions(item)]
        if not leading:
            marked = tuple(self._inside(item, name) for item in items)
            return m.Items(node.place, "/\\", (*marked, *tail))
        # With several, the tail goes into the last: in each of them it would be copied too often.
        last = leading[-1]
        ahead = tuple(self._inside(item, name) for item in items[:last])
        behind = tuple(self._inside(item, name) for item in items[last + 1 :])
        marked = (*ahead, self._inside(items[last], name, (*behind, *tail)))
        return m.Items(node.place, "/\\", marked)

    def _alternative(
        self, item: m.Expression, name: str, tail: tuple[m.Expression, ...]
    ) -> m.Expression:
        if self._named(item, name) is not None:
            return self._arm(item, name, tail)
        mark = self._counted(name, "disjunct", item.place)
        if self._leads_to_actions(item):
            return conjunction(self._inside(item, name, tail), mark)
        return conjunction(self._inside(item, name), mark, *tail)

    def _arm(self, value: m.Expression, name: str, tail: tuple[m.Expression, ...]) -> m.Expression:
        inside = self._inside(value, name, tail)
        called = self._named(value, name)
        if called is None:
            return inside
        return conjunction(inside, self._counted(called.operator.name, "action", called.place))

    def _named(self, node: m.Expression, name: str) -> m.Call | None:
        """Return the call of the action that an alternative is, beside conditions and binders."""
        match node:
            case m.Quantified(kind="\\E") | m.Where():
                return self._named(node.body, name)
            case m.Call():
                node = with_given(node, self._analyst, name) or node
                return node if self._action_called(node) is not None else None
        items = junction_items(node, "/\\") or ()
        actions = [item for item in items if self._analyst.facts(item).level >= ACTION]
        return self._named(actions[0], name) if len(actions) == 1 else None

    def _leads_to_actions(self, node: m.Expression) -> bool:
        """Tell whether named actions are among the alternatives that an action has."""
        if self._analyst.facts(node).level < ACTION:
            return False
        items = junction_items(node, "/\\")
        if items is not None:
            return any(map(self._leads_to_actions, items))
        alternatives = junction_items(node, "\\/") or ()
        match node:
            case m.Quantified(kind="\\E") | m.Where():
                return self._leads_to_actions(node.body)
            case m.Branches():
                values = [value for _, value in node.arms]
                alternatives = tuple(values if node.other is None else [*values, node.other])
            case m.Call():
                opened = with_given(node, self._analyst, "")
                if opened is not None and opened.operator.body is not None:
                    return self._leads_to_actions(opened.operator.body)
        return any(
            self._named(item, "") is not None or self._leads_to_actions(item)
            for item in alternatives
        )

    def _value(self, node: m.Expression, name: str) -> m.Expression:
        """Return a value with marks at the arms of its IF and CASE."""
        match node:
            case m.Branches():
                return self._branches(node, name, self._value)
            case m.Changed():
                changes = tuple(
                    change._replace(value=self._value(change.value, name))
                    for change in node.changes
                )
                return m.Changed(node.place, node.function, changes)
        return node

    def _branches(
        self, node: m.Branches, name: str, inside: Callable[[m.Expression, str], m.Expression]
    ) -> m.Expression:
        arms: list[tuple[m.Expression, m.Expression]] = []
        for guard, value in node.arms:
            mark = self._counted(name, "branch", value.place)
            arms.append((conjunction(guard, mark), inside(value, name)))
        if node.other is not None:
            # An arm of its own: its guard is the mark.
            mark = self._counted(name, "branch", node.other.place)
            arms.append((mark, inside(node.other, name)))
        return m.Branches(node.place, tuple(arms), None)


def _followed_by(node: m.Expression, tail: tuple[m.Expression, ...]) -> m.Expression:
    return conjunction(node, *tail) if tail else node
