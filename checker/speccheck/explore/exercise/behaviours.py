"""Asks which parts of a temporal property mattered: it is checked again without each of them.

A part mattered if some fair behaviour violates the property without it. Of one that did not, it
makes no difference to the verdict what behaviours do there.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from speccheck.explore.exercise.findings import Exercise, Finding, Part
from speccheck.explore.exercise.formulas import Probe, ProbedFormula
from speccheck.explore.exercise.vacuity import MESSAGES
from speccheck.explore.graph import Checked, StateGraph
from speccheck.explore.liveness.check import witness
from speccheck.explore.liveness.formula import TRUE, Formula, conjunction, negation
from speccheck.explore.liveness.translate import Atom
from speccheck.explore.liveness.valuation import Valuation
from speccheck.tla import meaning as m
from speccheck.tla.errors import TlaError

_NONE = -1
# Of behaviours less is known than of states: some may have come to the part.
_MESSAGES = MESSAGES | {
    "step": "these steps never mattered; with FALSE in their place nothing changes",
    "subset": "with an empty left side the property holds as well",
}


class Behaviours(NamedTuple):
    """What temporal properties are checked on again; they were not checked if there is no graph.

    ``without(formula, number)`` returns a formula without the part of that number; it may add to
    ``atoms``.
    """

    checked: Checked | None
    fairness: Formula
    atoms: Sequence[Atom]
    without: Callable[[ProbedFormula, int], Formula]


def ask_behaviours(
    behaviours: Behaviours,
    formulas: Sequence[ProbedFormula],
    exercise: Exercise,
    most_seconds: float | None,
    tell: Callable[[str], None],
) -> None:
    """Write to ``exercise`` the parts without which a property holds as well.

    Of parts within another that did not matter, nothing is said, nor of what is implied where it is
    known already that the antecedent was never true. Conditions of an implication are not asked
    for. With too little time the exercise is not complete.
    """
    deadline = None if most_seconds is None else time.perf_counter() + most_seconds
    valuation: Valuation | None = None
    try:
        for formula in formulas:
            if behaviours.without(formula, _NONE) == TRUE:
                _report_valid(formula, exercise)
                continue
            asked = list(formula.probes)
            while asked:
                probe = asked.pop(0)
                if probe.kind == "condition":
                    continue
                if behaviours.checked is None or _is_late(behaviours.checked, deadline):
                    exercise.is_complete = False
                    return
                tell(f"What mattered in {formula.name}: without {probe.place}")
                graph = behaviours.checked.graph
                valuation = valuation or Valuation(graph, behaviours.atoms)
                known = len(behaviours.atoms)
                decided = _mattered(behaviours, graph, valuation, formula, probe)
                # Those of this question are asked no more, and take room for every step.
                valuation.forget(known)
                exercise.parts.append(Part(formula.name, probe.kind, probe.place, decided))
                if decided:
                    asked[:0] = probe.parts
                else:
                    _report(formula, probe, exercise)
    except KeyboardInterrupt:
        exercise.is_complete = False


def _is_late(checked: Checked, deadline: float | None) -> bool:
    """Tell whether a check that takes as long as the first would end behind the deadline."""
    return deadline is not None and time.perf_counter() + checked.seconds > deadline


def _mattered(
    behaviours: Behaviours,
    graph: StateGraph,
    valuation: Valuation,
    formula: ProbedFormula,
    probe: Probe,
) -> bool:
    """Tell whether a behaviour violates the property without a part, or an error says so."""
    try:
        rest = behaviours.without(formula, probe.number)
        wanted = conjunction([behaviours.fairness, negation(rest)])
        return witness(graph, valuation, wanted) is not None
    except TlaError:
        raise  # A formula that can be checked can be checked without a part.
    except Exception:  # noqa: BLE001  # Whatever generated code raises.
        return True


def _report(formula: ProbedFormula, probe: Probe, exercise: Exercise) -> None:
    if any(_is_within(place, probe.about) for place in _known(formula.name, exercise)):
        return
    message = _MESSAGES[probe.kind]
    exercise.findings.append(Finding("vacuous", formula.name, probe.place, message))


def _report_valid(formula: ProbedFormula, exercise: Exercise) -> None:
    """Report a formula that no behaviour at all violates."""
    place = formula.node.place
    if not any(_is_within(known, place) for known in _known(formula.name, exercise)):
        message = "is true of every behaviour, whatever the specification says"
        exercise.findings.append(Finding("vacuous", formula.name, place, message))


def _known(name: str, exercise: Exercise) -> Iterable[m.Place]:
    return [found.place for found in exercise.findings if found.name == name]


def _is_within(inner: m.Place, outer: m.Place) -> bool:
    one, other = inner.span, outer.span
    return (
        inner.path == outer.path
        and (other.line, other.column) <= (one.line, one.column)
        and (one.end_line, one.end_column) <= (other.end_line, other.end_column)
    )
