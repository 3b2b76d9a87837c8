"""The search for a behaviour that satisfies a clause: cycles under fairness.

A clause's limit part is a Boolean combination of ``[]<>p`` and ``~[]<>p``, which includes weak
fairness (``[]<>p``) and strong fairness (``~[]<>p \\/ []<>q``: a Streett condition). A component
of the graph is searched as it is; where the formula asks that p occurs no more, again without the
edges where p holds.

Source: E. A. Emerson and C.-L. Lei, Modalities for model checking, 1987; C. Baier and others,
Generic emptiness check for fun and profit, ATVA 2019.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from speccheck.explore.liveness.components import components
from speccheck.explore.liveness.formula import (
    FALSE,
    TRUE,
    All,
    Formula,
    Often,
    Some,
    conjunction,
    disjunction,
)
from speccheck.explore.liveness.product import Product
from speccheck.explore.liveness.valuation import Test, Valuation


@dataclass(slots=True)
class Cycles:
    """A part of the product, ``nodes``, in which some cycle is accepted.

    Such a cycle takes only edges without any of ``forbidden``, and goes through an edge of each of
    ``wanted`` and of every bit of acceptance.
    """

    nodes: list[int]
    wanted: list[Test]
    forbidden: list[Test]


class Emptiness:
    """Searches one product for cycles that its automaton and a limit formula accept."""

    def __init__(self, product: Product, all_accepting: int, valuation: Valuation) -> None:
        self._product = product
        self._all_accepting = all_accepting
        self._valuation = valuation

    def find(self, limit: Formula) -> Cycles | None:
        """Return where an accepted cycle is, or None if there is none."""
        size = len(self._product.states)
        waiting: list[tuple[Sequence[int], Formula, list[Test]]] = [(range(size), limit, [])]
        while waiting:
            nodes, formula, forbidden = waiting.pop()
            for component in self._components(nodes, forbidden):
                inside = self._inside(component, forbidden)
                if not self._is_accepting(inside):
                    continue
                found = self._decide(component, inside, formula, forbidden, waiting)
                if found is not None:
                    return found
        return None

    def _components(self, nodes: Sequence[int], forbidden: list[Test]) -> list[list[int]]:
        """Return the components, those near the initial states first: short counterexamples."""
        product = self._product
        offsets, targets = product.offsets, product.targets
        if not forbidden:
            return sorted(components(nodes, len(product.states), offsets, targets), key=min)
        states, edges = product.states, product.edges

        def may_take(node: int, index: int) -> bool:
            i, e, j = states[node], edges[index], states[targets[index]]
            return not any(test(i, e, j) for test in forbidden)

        found = components(nodes, len(product.states), offsets, targets, may_take)
        return sorted(found, key=min)

    def _inside(self, component: Sequence[int], forbidden: list[Test]) -> list[tuple[int, int]]:
        """Return the edges within a component that may be taken, as nodes and indices."""
        product = self._product
        states, edges = product.states, product.edges
        offsets, targets = product.offsets, product.targets
        members = set(component)
        if not forbidden:
            return [
                (node, index)
                for node in component
                for index in range(offsets[node], offsets[node + 1])
                if targets[index] in members
            ]
        return [
            (node, index)
            for node in component
            for index in range(offsets[node], offsets[node + 1])
            if targets[index] in members
            and not any(
                test(states[node], edges[index], states[targets[index]]) for test in forbidden
            )
        ]

    def _is_accepting(self, inside: list[tuple[int, int]]) -> bool:
        """Tell whether there is a cycle, and all bits of acceptance on its edges."""
        bits = 0
        for _, index in inside:
            bits |= self._product.accepting[index]
        return bool(inside) and bits & self._all_accepting == self._all_accepting

    def _decide(
        self,
        component: list[int],
        inside: list[tuple[int, int]],
        formula: Formula,
        forbidden: list[Test],
        waiting: list[tuple[Sequence[int], Formula, list[Test]]],
    ) -> Cycles | None:
        """Return the component if the formula holds there; else add what is left to search."""
        present: dict[Formula, bool] = {}
        options = [formula]
        while options:
            rest = self._simplified(options.pop(), inside, present)
            if rest == FALSE:
                continue
            wanted = _satisfied(rest, present)
            if wanted is not None:
                tests = [self._valuation.test(body) for body in wanted]
                return Cycles(component, tests, forbidden)
            ended = _ended(rest)
            parts = rest.parts if isinstance(rest, All) else (rest,)
            sure = [part.body for part in parts if isinstance(part, Often) and not part.positive]
            if sure:
                tests = [self._valuation.test(body) for body in sure]
                for body in sure:
                    rest = _assume(rest, body, is_often=False)
                waiting.append((component, rest, [*forbidden, *tests]))
                continue
            assert ended is not None, "a formula of []<>p that occur holds"
            # Either p occurs no more, or the formula has to hold whether it does or not.
            without = _assume(rest, ended.body, is_often=False)
            test = self._valuation.test(ended.body)
            waiting.append((component, without, [*forbidden, test]))
            options.append(_replace(rest, ended, FALSE))
        return None

    def _simplified(
        self, formula: Formula, inside: list[tuple[int, int]], present: dict[Formula, bool]
    ) -> Formula:
        """Return the formula without what no edge in a component satisfies."""
        match formula:
            case Often(body, positive):
                known = present.get(body)
                if known is None:
                    known = present[body] = self._occurs(body, inside)
                return formula if known else FALSE if positive else TRUE
            case All(parts):
                found: list[Formula] = []
                for part in parts:
                    rest = self._simplified(part, inside, present)
                    if rest == FALSE:
                        return FALSE
                    found.append(rest)
                return conjunction(found)
            case Some(parts):
                return disjunction(self._simplified(part, inside, present) for part in parts)
            case _:
                raise AssertionError("a limit formula")

    def _occurs(self, body: Formula, inside: list[tuple[int, int]]) -> bool:
        product, test = self._product, self._valuation.test(body)
        states, edges, targets = product.states, product.edges, product.targets
        return any(test(states[n], edges[k], states[targets[k]]) for n, k in inside)


def _satisfied(formula: Formula, present: dict[Formula, bool]) -> list[Formula] | None:
    """Return which p have to occur for a formula to hold, None if that is not enough."""
    match formula:
        case Often(body, positive):
            return [body] if positive else None
        case All(parts):
            needed: list[Formula] = []
            for part in parts:
                more = _satisfied(part, present)
                if more is None:
                    return None
                needed += [body for body in more if body not in needed]
            return needed
        case Some(parts):
            ways = [way for part in parts if (way := _satisfied(part, present)) is not None]
            return min(ways, key=len, default=None)
        case _:
            raise AssertionError("a limit formula")


def _ended(formula: Formula) -> Often | None:
    """Return a ``~[]<>p`` in a formula."""
    match formula:
        case Often(_, positive):
            return None if positive else formula
        case All(parts) | Some(parts):
            return next(filter(None, map(_ended, parts)), None)
        case _:
            raise AssertionError("a limit formula")


def _assume(formula: Formula, body: Formula, *, is_often: bool) -> Formula:
    """Return what is left of a formula where it is known whether ``body`` occurs forever."""
    formula = _replace(formula, Often(body, True), TRUE if is_often else FALSE)
    return _replace(formula, Often(body, False), FALSE if is_often else TRUE)


def _replace(formula: Formula, limit: Often, value: Formula) -> Formula:
    match formula:
        case All(parts):
            return conjunction(_replace(part, limit, value) for part in parts)
        case Some(parts):
            return disjunction(_replace(part, limit, value) for part in parts)
        case _:
            return value if formula == limit else formula
