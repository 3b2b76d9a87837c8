"""Breadth-first search: every reachable state once, shortest counterexamples.

States are kept whole: functions and sets in them are shared, so that a state is little more than a
tuple, and two different states are never taken for one.

What is checked when is as in TLC: a state outside the constraints is checked, but neither counted
nor explored. Source: tlc2.tool.ModelChecker.
"""

import gc
import time
from array import array
from collections.abc import Callable, Sequence

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.stdlib.tlc import STATISTICS
from speccheck.evaluate.values import TRUE, Value, function_of
from speccheck.explore.model import Model
from speccheck.explore.result import Result, TraceStep

_OBJECTS_BETWEEN_COLLECTIONS = 200_000
_CONFIGURATION = function_of({"mode": "bfs", "worker": 1, "deadlock": TRUE})


class _Violation(Exception):
    """Ends the search: ``verdict`` and ``name``, at the step from ``parent`` to ``state``."""

    def __init__(
        self, verdict: str, name: str, parent: int, action: str | None, state: State | None
    ) -> None:
        super().__init__(name)
        self.verdict = verdict
        self.name = name
        self.parent = parent
        self.action = action
        self.state = state


Progress = Callable[[Result], None]


class Search:
    """One breadth-first search of a model.

    ``most_states`` ends it early with the verdict "unfinished"; ``progress`` is called about
    once a second.
    """

    def __init__(
        self, model: Model, most_states: int | None = None, progress: Progress | None = None
    ) -> None:
        self._model = model
        self._most_states = most_states
        self._progress = progress
        self._states: list[State] = []
        self._parents = array("q")
        self._actions = array("l")
        self._key = self._key_function()
        self._seen: set[Value] = set()
        self._result = Result(unchecked=list(model.unchecked))
        self._steps = [0] * len(model.actions)
        self._new = [0] * len(model.actions)
        # A successor that was seen needs no more than that look.
        self._is_simple = self._key is None and not (
            model.constraints or model.action_constraints or model.step_checks
        )
        self._at: tuple[int, str | None, State | None] = (-1, None, None)

    @property
    def reached(self) -> Sequence[State]:
        """The states found, in the order of the search."""
        return self._states

    def _key_function(self) -> Callable[[State], Value] | None:
        model = self._model
        if model.view is not None:
            return model.view
        return None if model.symmetry is None else model.symmetry.key

    def run(self) -> Result:
        """Explore all that is reachable, or up to the first violation."""
        began = time.perf_counter()
        result = self._result
        # States hold no cycles: looking for some after every 700 new objects is time lost.
        thresholds = gc.get_threshold()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 50, 1000)
        STATISTICS["config"] = _CONFIGURATION
        STATISTICS["-Dtlc2.tool.impl.Tool.cdot"] = "true"  # Composition of actions is supported.
        try:
            self._check_assumptions()
            if self._model.initial is not None:
                self._start()
                self._explore()
            if self._model.postcondition is not None and not self._model.postcondition():
                result.verdict, result.violated = "property", "POSTCONDITION"
        except _Violation as violation:
            result.verdict, result.violated = violation.verdict, violation.name
            self._set_trace(violation.parent, violation.action, violation.state)
        except _Unfinished:
            result.verdict = "unfinished"
        except Exception as error:
            result.verdict = "error"
            result.error = self._model.explain(error)
            if not result.error.places and not isinstance(error, EvaluationError):
                raise
            self._set_trace(*self._at)
        gc.set_threshold(*thresholds)
        result.seconds = time.perf_counter() - began
        result.distinct = len(self._seen)
        result.taken = [
            (action.name, steps, new)
            for action, steps, new in zip(self._model.actions, self._steps, self._new, strict=True)
        ]
        return result

    def _check_assumptions(self) -> None:
        for place, holds in self._model.assumptions:
            if not holds():
                raise _Violation("assumption", str(place), -1, None, None)

    # --- initial states --------------------------------------------------------------------------

    def _start(self) -> None:
        assert self._model.initial is not None, "checked by run"
        self._result.depth = 1
        STATISTICS.update(level=1, distinct=0, queue=0, diameter=1, generated=0)
        self._model.initial(self._initial_state)
        self._result.queued = len(self._states)

    def _initial_state(self, state: State) -> None:
        model = self._model
        self._result.generated += 1
        self._at = (-1, None, state)
        if all(check.holds(state) for check in model.constraints):
            key = state if self._key is None else self._key(state)
            if key in self._seen:
                return
            self._seen.add(key)
            self._states.append(state)
            self._parents.append(-1)
            self._actions.append(-1)
        for check in model.invariants:
            if not check.holds(state):
                raise _Violation("invariant", check.name, -1, None, state)
        for check in model.initial_checks:
            if not check.holds(state):
                raise _Violation("property", check.name, -1, None, state)

    # --- the search ------------------------------------------------------------------------------

    def _explore(self) -> None:
        states, result = self._states, self._result
        begin, end = 0, len(states)
        told = time.monotonic()
        while begin < end:
            STATISTICS["level"] = STATISTICS["diameter"] = result.depth
            for index in range(begin, end):
                self._expand(index)
                if not index & 1023 and time.monotonic() - told > 1:
                    told = time.monotonic()
                    self._tell(len(states) - index)
            begin, end = end, len(states)
            if begin < end:
                result.depth += 1
        result.queued = 0

    def _tell(self, queued: int) -> None:
        result = self._result
        result.distinct, result.queued = len(self._seen), queued
        STATISTICS.update(distinct=result.distinct, queue=queued, generated=result.generated)
        if self._progress is not None:
            self._progress(result)

    def _expand(self, index: int) -> None:
        model, state = self._model, self._states[index]
        seen, is_simple = self._seen, self._is_simple
        successors: list[State] = []
        add = successors.append
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
                    continue
                self._arrive(index, number, state, successor)
            successors.clear()
        if not alive and model.check_deadlock:
            raise _Violation("deadlock", "", index, None, None)

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
            for check in model.invariants:
                if not check.holds(successor):
                    raise _Violation("invariant", check.name, parent, name, successor)
        for step in model.step_checks:
            if not step.holds(state, successor):
                raise _Violation("property", step.name, parent, name, successor)
        if inside and unseen:
            self._seen.add(key)
            self._states.append(successor)
            self._parents.append(parent)
            self._actions.append(number)
            self._new[number] += 1
            if self._most_states is not None and len(self._seen) >= self._most_states:
                raise _Unfinished
        self._at = (parent, None, None)

    # --- counterexamples -------------------------------------------------------------------------

    def _set_trace(self, parent: int, action: str | None, state: State | None) -> None:
        trace = [] if state is None else [TraceStep(action, state)]
        while parent >= 0:
            number = self._actions[parent]
            name = None if number < 0 else self._model.actions[number].name
            trace.append(TraceStep(name, self._states[parent]))
            parent = self._parents[parent]
        self._result.trace = trace[::-1]


class _Unfinished(Exception):
    """Ends a search that has reached its limit."""


__all__ = ["Result", "Search", "TraceStep"]
