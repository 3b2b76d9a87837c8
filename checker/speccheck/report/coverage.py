"""How often each action of a model was taken."""

from typing import NamedTuple

from speccheck.explore.model import Model
from speccheck.explore.result import Result
from speccheck.tla.meaning import Place


class Row(NamedTuple):
    """An action, or one of several disjuncts that share its name: steps, and steps to new states.

    ``label`` is its name with its parameters, ``Receive(i, j; m)``: those of the operator, then
    what ``\\E`` binds within it.
    """

    name: str
    label: str
    place: Place
    taken: int
    new: int


def coverage_of(model: Model, result: Result) -> list[Row]:
    """Return a row for each action, in the order of the next-state relation."""
    rows: list[Row] = []
    for action, (_, taken, new) in zip(model.actions, result.taken, strict=False):
        names = "; ".join(", ".join(part) for part in (action.parameters, action.bound) if part)
        label = f"{action.name}({names})" if names else action.name
        rows.append(Row(action.name, label, action.place, taken, new))
    return rows
