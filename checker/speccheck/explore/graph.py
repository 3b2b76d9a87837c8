"""The graph of all states, as a search records it."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from speccheck.evaluate.compiler import State


@dataclass(slots=True)
class StateGraph:
    """States by number, with the numbers of their successors.

    The first ``initial`` states are the initial ones. The successors of state i are
    ``targets[offsets[i] : offsets[i + 1]]``, without i itself: a behaviour may always stay where
    it is. States from ``len(offsets) - 1`` on have not been expanded.

    ``recorded`` has the values of predicates that ask how the search stands, by the number of the
    predicate and that of the state.
    """

    states: list[State] = field(default_factory=list)
    initial: int = 0
    offsets: "array[int]" = field(default_factory=lambda: array("q", [0]))
    targets: "array[int]" = field(default_factory=lambda: array("i"))
    recorded: dict[int, dict[int, bool]] = field(default_factory=dict)

    def add_row(self, state: int, successors: Iterable[int]) -> None:
        """Set the successors of the state after the last that was set."""
        row = dict.fromkeys(successors)
        row.pop(state, None)
        self.targets.extend(row)
        self.offsets.append(len(self.targets))

    def successors(self, state: int) -> "array[int]":
        """Return the numbers of the successors of a state, itself left out."""
        if state + 1 >= len(self.offsets):
            return array("i")
        return self.targets[self.offsets[state] : self.offsets[state + 1]]


class Checked(NamedTuple):
    """The graph that properties of behaviours were checked on, and how long that took."""

    graph: StateGraph
    seconds: float
