"""How often each action of a model was taken."""

from collections import Counter
from typing import NamedTuple

from speccheck.explore.model import Model
from speccheck.explore.result import Result
from speccheck.report.sources import text_of
from speccheck.tla.meaning import Place


class Row(NamedTuple):
    """An action, or one of several disjuncts that share its name: steps, and steps to new states.

    ``label`` is its name with its parameters, ``Receive(i, j; m)``: those of the operator, then
    what ``\\E`` binds within it. Where that does not tell it from another action at the same place,
    the arguments stand there as they are written, ``Receive(1, 2; m)``. An action that stands under
    a condition among other alternatives has the label of its call; its new states are not counted,
    as its steps are those of the action that it stands in.
    """

    name: str
    label: str
    place: Place
    taken: int
    new: int | None


def coverage_of(model: Model, result: Result) -> list[Row]:
    """Return a row for each action, in the order of the next-state relation.

    Those that stand under conditions come last.
    """
    shared = Counter((action.name, action.place) for action in model.actions)
    rows: list[Row] = []
    for action, (_, taken, new) in zip(model.actions, result.taken, strict=False):
        parameters = action.parameters
        if shared[action.name, action.place] > 1:
            parameters = tuple(map(text_of, action.given))
        names = "; ".join(", ".join(part) for part in (parameters, action.bound) if part)
        label = f"{action.name}({names})" if names else action.name
        rows.append(Row(action.name, label, action.place, taken, new))
    for inner in [] if model.marks is None else model.marks.branches():
        if inner.kind == "action":
            label = text_of(inner.place) or inner.action
            rows.append(Row(inner.action, label, inner.place, inner.taken, None))
    return rows
