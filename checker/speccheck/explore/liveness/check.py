"""Checks temporal properties on a state graph, under the fairness of the specification."""

from collections.abc import Sequence
from typing import NamedTuple

from speccheck.explore.graph import StateGraph
from speccheck.explore.liveness.automaton import automaton
from speccheck.explore.liveness.emptiness import Emptiness
from speccheck.explore.liveness.formula import Formula, clauses, conjunction, negation
from speccheck.explore.liveness.lasso import Lasso, lasso
from speccheck.explore.liveness.product import product
from speccheck.explore.liveness.translate import Atom
from speccheck.explore.liveness.valuation import Valuation
from speccheck.tla import meaning as m


class LivenessCheck(NamedTuple):
    """A part of a property that speaks of whole behaviours; ``place`` is that part's."""

    name: str
    place: m.Place
    formula: Formula


class LivenessError(Exception):
    """The evaluation of a predicate raised ``cause`` on the step from ``state``, or on that."""

    def __init__(self, state: int, cause: Exception) -> None:
        super().__init__(str(cause))
        self.state = state
        self.cause = cause


def violation(
    graph: StateGraph,
    atoms: Sequence[Atom],
    fairness: Formula,
    checks: Sequence[LivenessCheck],
) -> tuple[LivenessCheck, Lasso] | None:
    """Return a property and a fair behaviour of the graph that violates it, or None.

    Raises LivenessError.
    """
    valuation = Valuation(graph, atoms)
    try:
        for check in checks:
            found = witness(graph, valuation, conjunction([fairness, negation(check.formula)]))
            if found is not None:
                return check, found.without_stuttering().shortest()
    except Exception as error:
        if valuation.at[0] < 0:
            raise
        raise LivenessError(valuation.at[0], error) from error
    return None


def witness(graph: StateGraph, valuation: Valuation, formula: Formula) -> Lasso | None:
    """Return a behaviour of the graph that satisfies a formula, or None."""
    for clause in clauses(formula):
        accepter = automaton(clause.temporal)
        reached = product(graph, accepter, valuation)
        found = Emptiness(reached, accepter.all_accepting, valuation).find(clause.limit)
        if found is not None:
            return lasso(reached, found, accepter.all_accepting)
    return None
