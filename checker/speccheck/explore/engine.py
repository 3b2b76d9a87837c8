"""What all engines have in common: the frame of a run, violations, traces, liveness at the end."""

import gc
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.likeness import check_sets
from speccheck.evaluate.stdlib.tlc import STATISTICS, set_registers
from speccheck.evaluate.values import Value, as_boolean, function_of
from speccheck.explore.graph import Checked, StateGraph
from speccheck.explore.liveness.check import LivenessError, violation
from speccheck.explore.model import Model
from speccheck.explore.result import Result, TraceStep

_OBJECTS_BETWEEN_COLLECTIONS = 200_000

Progress = Callable[[Result], None]


class Violation(Exception):
    """Ends a run: ``verdict`` and ``name``, at the step from number ``parent`` to ``state``."""

    def __init__(
        self, verdict: str, name: str, parent: int, action: str | None, state: State | None
    ) -> None:
        super().__init__(name)
        self.verdict = verdict
        self.name = name
        self.parent = parent
        self.action = action
        self.state = state


class Unfinished(Exception):
    """Ends a run that has reached its limit."""


class Ended(Exception):
    """Ends a run that the specification has ended, by TLCSet("exit", TRUE)."""


ENDED_WARNING = 'TLCSet("exit", TRUE) ended the run: what it had not reached is not checked'


class Engine(ABC):
    """One run over a model.

    ``most_states`` ends it early with the verdict "unfinished"; ``progress`` is called about
    once a second.
    """

    mode = "bfs"

    @property
    def tlc_mode(self) -> str:
        """What TLCGet("config").mode is."""
        return self.mode

    def __init__(
        self, model: Model, most_states: int | None = None, progress: Progress | None = None
    ) -> None:
        self._model = model
        self._most_states = most_states
        self._progress = progress
        self._result = Result(mode=self.mode)
        self._steps = [0] * len(model.actions)
        self._new = [0] * len(model.actions)
        # The step at work, for errors: the number of the state before, the action, the state.
        self._at: tuple[int, str | None, State | None] = (-1, None, None)
        self._key = _key_function(model)
        # The initial states, where a property speaks of them.
        self.initial: list[State] = []
        # What properties of behaviours were checked on, if there are any.
        self.checked: Checked | None = None

    @property
    @abstractmethod
    def reached(self) -> Sequence[State]:
        """The states found, in the order of the run."""

    @abstractmethod
    def _search(self) -> None:
        """Explore; raises Violation, Unfinished, and what evaluation raises."""

    @abstractmethod
    def _steps_to(self, number: int) -> list[TraceStep]:
        """Return a way from an initial state to a state that was reached."""

    def _graph_of_states(self) -> StateGraph | None:
        """Return the graph to check liveness on."""
        return None

    def run(self) -> Result:
        """Explore all that is reachable, or up to the first violation."""
        began = time.perf_counter()
        result, model = self._result, self._model
        # States hold no cycles: looking for some after every 700 new objects is time lost.
        thresholds = gc.get_threshold()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 50, 1000)
        STATISTICS["config"] = function_of(
            {"mode": self.tlc_mode, "worker": 1, "deadlock": as_boolean(model.check_deadlock)}
        )
        STATISTICS["-Dtlc2.tool.impl.Tool.cdot"] = "true"  # Composition of actions is supported.
        STATISTICS.update(
            level=0,
            diameter=1,
            distinct=0,
            queue=0,
            initial=0,
            worker=0,
            exit=False,
            generated=lambda: result.generated,
            duration=lambda: int(time.perf_counter() - began),
        )
        set_registers({})
        try:
            self._check_assumptions()
            if model.initial is not None:
                try:
                    self._search()
                except Unfinished:
                    result.verdict = "unfinished"
                    self._check_liveness()
                except Ended:
                    result.warnings.append(ENDED_WARNING)
                else:
                    self._check_liveness()
            if result.verdict == "success" and model.postcondition is not None:
                STATISTICS.update(level=0, diameter=result.depth, distinct=self._distinct())
                STATISTICS["queue"] = 0
                self._at = (-1, None, None)
                if not model.postcondition():
                    result.verdict, result.violated = "property", model.postcondition_name
        except Violation as found:
            result.verdict, result.violated = found.verdict, found.name
            self._set_trace(found.parent, found.action, found.state)
        except Exception as error:
            result.verdict = "error"
            is_explained = isinstance(error, EvaluationError) and error.frames
            result.error = error if is_explained else model.explain(error)  # type: ignore[assignment]
            assert result.error is not None, "just set"
            if not result.error.places and not isinstance(error, EvaluationError):
                raise
            self._set_trace(*self._at)
        except KeyboardInterrupt:
            result.verdict = "interrupted"
        finally:
            gc.set_threshold(*thresholds)
        result.seconds = time.perf_counter() - began
        result.distinct = self._distinct()
        result.taken = [
            (action.name, steps, new)
            for action, steps, new in zip(model.actions, self._steps, self._new, strict=True)
        ]
        return result

    def _distinct(self) -> int:
        return len(self.reached)

    def _set_trace(self, parent: int, action: str | None, state: State | None) -> None:
        trace = self._steps_to(parent) if parent >= 0 else []
        if state is not None:
            trace.append(TraceStep(action, state))
        self._result.trace = trace

    # --- checks ----------------------------------------------------------------------------------

    def _check_assumptions(self) -> None:
        for place, holds in self._model.assumptions:
            if not holds():
                raise Violation("assumption", str(place), -1, None, None)

    def _check_state(self, parent: int, name: str | None, state: State) -> None:
        check_sets(state)
        for check in self._model.invariants:
            if not check.holds(state):
                raise Violation("invariant", check.name, parent, name, state)

    def _check_initial(self, state: State) -> None:
        self._check_state(-1, None, state)
        if self._model.initial_checks:
            self.initial.append(state)
        for check in self._model.initial_checks:
            if not check.holds(state):
                raise Violation("property", check.name, -1, None, state)

    def _check_step(self, parent: int, name: str, state: State, successor: State) -> None:
        for check in self._model.step_checks:
            if not check.holds(state, successor):
                raise Violation("property", check.name, parent, name, successor)

    # --- liveness --------------------------------------------------------------------------------

    def _check_liveness(self) -> None:
        model, result = self._model, self._result
        if not model.liveness:
            return
        graph = self._graph_of_states()
        if graph is None:
            result.unchecked = [f"{check.name} at {check.place}" for check in model.liveness]
            result.verdict = "unfinished"
            return
        began = time.perf_counter()
        try:
            found = violation(graph, model.atoms, model.fairness, model.liveness)
        except LivenessError as error:
            self._at = (-1, None, graph.states[error.state])
            raise error.cause from None
        self.checked = Checked(graph, time.perf_counter() - began)
        if found is None:
            return
        check, (prefix, cycle) = found
        result.verdict, result.violated = "liveness", check.name
        numbers = [*prefix, *cycle]
        states = [graph.states[number] for number in numbers]
        names = [self._action_between(*pair) for pair in pairwise(states)]
        result.loop = len(prefix) - 1
        if cycle:
            result.back = names.pop()
            states.pop()
        result.trace = list(map(TraceStep, [None, *names], states))

    def _action_between(self, state: State, successor: State) -> str | None:
        """Return the name of an action that leads from one state to another."""
        wanted = successor if self._key is None else self._key(successor)
        for action in self._model.actions:
            found: list[State] = []
            action.step(state, found.append)
            if any(wanted == (s if self._key is None else self._key(s)) for s in found):
                return action.name
        return None


def _key_function(model: Model) -> Callable[[State], Value] | None:
    """Return what states are told apart by, None for the states themselves.

    As in TLC, a view is of the state that symmetry chooses from an orbit.
    """
    view = model.view
    if model.symmetry is None:
        return view
    if view is None:
        return model.symmetry.key
    least = model.symmetry.least
    return lambda state: view(least(state))


def for_liveness(model: Model) -> Model:
    """Return a model with the behaviours of a model, and nothing to check but liveness."""
    return replace(
        model,
        symmetry=None,
        invariants=[],
        initial_checks=[],
        step_checks=[],
        assumptions=[],
        postcondition=None,
        check_deadlock=False,
    )
