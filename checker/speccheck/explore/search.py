"""Breadth-first search: every reachable state once, shortest counterexamples.

States are kept whole: functions and sets in them are shared, so that a state is little more than a
tuple, and two different states are never taken for one.

What is checked when is as in TLC: a state outside the constraints is checked, but neither counted
nor explored. Source: tlc2.tool.ModelChecker.
"""

import time
from array import array
from collections.abc import Sequence

from speccheck.evaluate.compiler import State
from speccheck.evaluate.stdlib.tlc import STATISTICS, is_to_end
from speccheck.evaluate.values import Value
from speccheck.explore.engine import (
    Ended,
    Engine,
    Progress,
    Unfinished,
    Violation,
    for_liveness,
)
from speccheck.explore.graph import StateGraph
from speccheck.explore.model import Model
from speccheck.explore.result import Result, TraceStep

SYMMETRY_WARNING = (
    "SYMMETRY is not used for the properties that speak of whole behaviours: "
    "states that differ by a permutation only are told apart for them"
)
VIEW_WARNING = (
    "VIEW takes states for one another: properties that speak of whole behaviours "
    "may be found violated or satisfied when they are not"
)


class Search(Engine):
    """One breadth-first search of a model."""

    def __init__(
        self, model: Model, most_states: int | None = None, progress: Progress | None = None
    ) -> None:
        super().__init__(model, most_states, progress)
        self._states: list[State] = []
        self._parents = array("q")
        self._actions = array("l")
        self._graph: StateGraph | None = None
        if model.liveness and model.symmetry is None:
            self._graph = StateGraph(self._states)
        # What was met; with the number of its state where the graph is recorded.
        self._numbers: dict[Value, int] = {}
        self._seen: set[Value] | dict[Value, int] = self._numbers if self._graph else set()
        self._row: list[int] = []
        # Predicates of the properties that ask how the search stands.
        self._to_record = [
            (number, atom.on_state)
            for number, atom in enumerate(model.atoms)
            if atom.is_recorded and atom.on_state is not None
        ]
        self._told = time.monotonic()
        # A successor that was seen needs no more than that look.
        self._is_simple = self._key is None and not (
            model.constraints or model.action_constraints or model.step_checks
        )

    @property
    def reached(self) -> Sequence[State]:
        """The states found, in the order of the search."""
        return self._states

    def _search(self) -> None:
        self._start()
        self._explore()

    def _distinct(self) -> int:
        return len(self._seen)

    def _add(self, key: Value, state: State, parent: int, number: int) -> None:
        if isinstance(self._seen, set):
            self._seen.add(key)
        else:
            self._seen[key] = len(self._states)
        self._states.append(state)
        self._parents.append(parent)
        self._actions.append(number)

    # --- initial states --------------------------------------------------------------------------

    def _start(self) -> None:
        assert self._model.initial is not None, "checked by run"
        self._result.depth = 1
        STATISTICS.update(
            level=0,
            diameter=1,
            distinct=lambda: len(self._seen),
            queue=lambda: len(self._states) - self._at[0] - 1,
        )
        self._model.initial(self._initial_state)
        STATISTICS["initial"] = self._result.generated
        self._result.queued = len(self._states)
        if self._graph is not None:
            self._graph.initial = len(self._states)

    def _initial_state(self, state: State) -> None:
        self._result.generated += 1
        self._at = (-1, None, state)
        if all(check.holds(state) for check in self._model.constraints):
            key = state if self._key is None else self._key(state)
            if key in self._seen:
                return
            self._add(key, state, -1, -1)
        self._check_initial(state)

    # --- the search ------------------------------------------------------------------------------

    def _explore(self) -> None:
        states, result = self._states, self._result
        begin, end = 0, len(states)
        while begin < end:
            STATISTICS["level"] = STATISTICS["diameter"] = result.depth
            if not self._explore_level(begin, end):
                break
            begin, end = end, len(states)
            if begin < end:
                result.depth += 1
        result.queued = 0

    def _explore_level(self, begin: int, end: int) -> bool:
        """Expand the states with these numbers; return whether there are levels to follow."""
        for index in range(begin, end):
            self._expand(index)
            if not index & 1023:
                self._tell_now_and_then(len(self._states) - index)
        return True

    def _tell_now_and_then(self, queued: int) -> None:
        """Report progress, about once a second."""
        now = time.monotonic()
        if now - self._told < 1:
            return
        self._told = now
        result = self._result
        result.distinct, result.queued = len(self._seen), queued
        if self._progress is not None:
            self._progress(result)

    def _expand(self, index: int) -> None:
        model, state = self._model, self._states[index]
        seen, is_simple = self._seen, self._is_simple
        graph, row = self._graph, self._row
        successors: list[State] = []
        add = successors.append
        # Several actions, or one with several arguments, often lead to one state.
        reached: set[State] | None = None if is_simple or model.has_effects else set()
        count = len(self._states)
        alive = False
        self._at = (index, None, None)
        for number, action in enumerate(model.actions):
            action.step(state, add)
            if not successors:
                continue
            alive = True
            self._steps[number] += len(successors)
            self._result.generated += len(successors)
            for successor in successors:
                if is_simple and successor in seen:
                    if graph is not None:
                        row.append(self._numbers[successor])
                    continue
                if reached is not None:
                    if successor in reached:
                        continue
                    reached.add(successor)
                self._arrive(index, number, state, successor)
            successors.clear()
        if not alive and model.check_deadlock:
            raise Violation("deadlock", "", index, None, None)
        if graph is not None:
            self._record(index, row)
            for number, holds in self._to_record:
                graph.recorded.setdefault(number, {})[index] = holds(state)
        row.clear()
        if is_to_end():
            if len(self._states) > count:
                self._result.depth = max(self._result.depth, STATISTICS["level"] + 1)
            raise Ended

    def _record(self, index: int, row: list[int]) -> None:
        assert self._graph is not None, "checked by the caller"
        self._graph.add_row(index, row)

    def _known(self, parent: int, action: int, number: int) -> None:
        """See a state again; a search in another order may want to."""

    def _arrive(self, parent: int, number: int, state: State, successor: State) -> None:
        model = self._model
        name = model.actions[number].name
        self._at = (parent, name, successor)
        inside = all(check.holds(successor) for check in model.constraints) and all(
            check.holds(state, successor) for check in model.action_constraints
        )
        unseen = True
        if inside:
            key = successor if self._key is None else self._key(successor)
            unseen = key not in self._seen
        if unseen:
            self._check_state(parent, name, successor)
        self._check_step(parent, name, state, successor)
        if inside and unseen:
            self._add(key, successor, parent, number)
            self._new[number] += 1
        if inside and self._numbers:
            self._row.append(self._numbers[key])
            if not unseen:
                self._known(parent, number, self._numbers[key])
        if unseen and len(self._seen) == self._most_states:
            raise Unfinished
        self._at = (parent, None, None)

    # --- counterexamples -------------------------------------------------------------------------

    def _steps_to(self, number: int) -> list[TraceStep]:
        trace: list[TraceStep] = []
        while number >= 0:
            action = self._actions[number]
            name = None if action < 0 else self._model.actions[action].name
            trace.append(TraceStep(name, self._states[number]))
            number = self._parents[number]
        return trace[::-1]

    def _graph_of_states(self) -> StateGraph | None:
        if self._model.view is not None:
            self._result.warnings.append(VIEW_WARNING)
        if self._graph is not None:
            return self._whole_graph()
        self._result.warnings.append(SYMMETRY_WARNING)
        whole = Search(for_liveness(self._model), self._most_states)
        whole._start()
        try:
            whole._explore()
        except Unfinished:
            self._result.verdict = "unfinished"
        return whole._graph

    def _whole_graph(self) -> StateGraph | None:
        return self._graph


__all__ = ["Result", "Search", "TraceStep"]
