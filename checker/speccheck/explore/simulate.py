"""Random simulation: behaviours picked by chance, each from a seed of its own.

Trace n of a run depends on the seed and on n alone, so that a run can be repeated, by any number of
processes. In each state an action is chosen among those that are enabled, then one of its
successors; all are equally likely. Source: tlc2.tool.Simulator.
"""

import random
import secrets
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.stdlib.tlc import STATISTICS, is_to_end
from speccheck.explore.engine import Ended, Engine, Progress, Unfinished, Violation
from speccheck.explore.graph import StateGraph
from speccheck.explore.model import Model
from speccheck.explore.pool import ordered_map
from speccheck.explore.result import TraceStep

DEFAULT_TRACES = 1000
DEFAULT_DEPTH = 100


@dataclass(slots=True)
class _Walk:
    """One behaviour: states, the number of the action to each, and what ended it too early.

    ``ends``: the specification has ended the run by TLCSet. ``marks`` are what another process has
    counted, empty where it is this one.
    """

    states: list[State]
    actions: list[int] = field(default_factory=list)
    generated: int = 0
    steps: dict[int, int] = field(default_factory=dict)
    verdict: str = ""
    violated: str = ""
    error: EvaluationError | None = None
    ends: bool = False
    marks: list[int] = field(default_factory=list)


class Simulation(Engine):
    """Random behaviours of a model: ``traces`` of them, each of at most ``depth`` states."""

    mode = "simulate"

    def __init__(
        self,
        model: Model,
        most_states: int | None = None,
        progress: Progress | None = None,
        *,
        traces: int | None = DEFAULT_TRACES,
        depth: int = DEFAULT_DEPTH,
        seed: int | None = None,
        workers: int = 1,
    ) -> None:
        super().__init__(model, most_states, progress)
        self._traces = traces
        self._depth = depth
        self._seed = secrets.randbits(48) if seed is None else seed
        self._workers = workers
        self._result.seed = self._seed
        self._result.workers = workers
        self._starts: list[State] = []
        self._states: list[State] = []
        self._numbers: dict[State, int] = {}
        self._rows: list[set[int]] = []
        self._initial: set[int] = set()
        self._ending: list[TraceStep] = []

    @property
    def reached(self) -> Sequence[State]:
        """The states found, in the order of the run."""
        return self._states

    def _steps_to(self, number: int) -> list[TraceStep]:
        return self._ending

    def _search(self) -> None:
        assert self._model.initial is not None, "checked by run"
        self._model.initial(self._start)
        if not self._starts:
            return
        numbers = count() if self._traces is None else range(self._traces)
        told = time.monotonic()
        for walk in self._walks(numbers):
            self._result.traces += 1
            self._take(walk)
            if time.monotonic() - told > 1 and self._progress is not None:
                told = time.monotonic()
                self._result.distinct = len(self._states)
                self._progress(self._result)
        raise Unfinished  # However many behaviours there were, others may do worse.

    def _walks(self, numbers: Iterator[int] | range) -> Iterator[_Walk]:
        if self._workers == 1:
            return map(self._walk, numbers)
        return ordered_map(self._walk, numbers, self._workers)

    def _start(self, state: State) -> None:
        self._at = (-1, None, state)
        self._result.generated += 1
        self._check_initial(state)
        if all(check.holds(state) for check in self._model.constraints):
            self._starts.append(state)

    # --- one behaviour ---------------------------------------------------------------------------

    def _walk(self, number: int) -> _Walk:
        """Return behaviour ``number``. What it finds wrong is told in it, not raised."""
        chance = random.Random(f"{self._seed} {number}")
        walk = _Walk([chance.choice(self._starts)])
        counts = self._counts()
        before = [*counts] if self._workers > 1 else []  # Another process counts for itself.
        try:
            while len(walk.states) < self._depth and self._step(walk, chance):
                pass
        except Violation as found:
            walk.verdict, walk.violated = found.verdict, found.name
        except Exception as error:
            walk.error = self._model.explain(error)
            if not walk.error.places and not isinstance(error, EvaluationError):
                raise
        walk.ends = is_to_end()
        if before:
            walk.marks = [after - count for after, count in zip(counts, before, strict=True)]
        return walk

    def _step(self, walk: _Walk, chance: random.Random) -> bool:
        """Add a step; return whether there was one."""
        state = walk.states[-1]
        STATISTICS["level"] = len(walk.states)
        order = list(range(len(self._model.actions)))
        chance.shuffle(order)
        alive = False
        for number in order:
            successors: list[State] = []
            self._model.actions[number].step(state, successors.append)
            walk.generated += len(successors)
            if successors:
                alive = True
                walk.steps[number] = walk.steps.get(number, 0) + len(successors)
            chance.shuffle(successors)
            for successor in successors:
                if self._enter(walk, number, state, successor):
                    return True
        if not alive and self._model.check_deadlock:
            raise Violation("deadlock", "", -1, None, None)
        return False

    def _enter(self, walk: _Walk, number: int, state: State, successor: State) -> bool:
        """Check a step and take it, unless it leads outside the constraints."""
        name = self._model.actions[number].name
        walk.states.append(successor)
        walk.actions.append(number)
        self._check_state(-1, name, successor)
        self._check_step(-1, name, state, successor)
        if all(check.holds(successor) for check in self._model.constraints) and all(
            check.holds(state, successor) for check in self._model.action_constraints
        ):
            return True
        walk.states.pop()
        walk.actions.pop()
        return False

    def _counts(self) -> list[int]:
        return [] if self._model.marks is None else self._model.marks.counts

    # --- all behaviours --------------------------------------------------------------------------

    def _take(self, walk: _Walk) -> None:
        """Add a behaviour to what is known; raise what it found."""
        result = self._result
        result.generated += walk.generated
        result.depth = max(result.depth, len(walk.states))
        for action, steps in walk.steps.items():
            self._steps[action] += steps
        if walk.marks:
            counts = self._counts()
            counts[:] = [a + b for a, b in zip(counts, walk.marks, strict=True)]
        before = -1
        way = zip(walk.states, [-1, *walk.actions], strict=True)
        for before_it, (state, action) in enumerate(way):
            STATISTICS["level"] = before_it
            key = state if self._key is None else self._key(state)
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = len(self._states)
                self._states.append(state)
                self._rows.append(set())
                if action >= 0:
                    self._new[action] += 1
            if before < 0:
                self._initial.add(number)
            else:
                self._rows[before].add(number)
            before = number
        if walk.verdict or walk.error is not None:
            actions = self._model.actions
            names = [None, *(actions[number].name for number in walk.actions)]
            self._ending = list(map(TraceStep, names, walk.states))
            if walk.error is not None:
                self._at = (0, None, None)
                raise walk.error
            raise Violation(walk.verdict, walk.violated, 0, None, None)
        if walk.ends:
            raise Ended
        if self._most_states is not None and len(self._states) >= self._most_states:
            raise Unfinished

    def _graph_of_states(self) -> StateGraph | None:
        """Return what was seen of the graph: a violation in a part of it is one of the whole."""
        order = sorted(range(len(self._states)), key=lambda n: n not in self._initial)
        places = array("q", [0]) * len(order)
        for place, number in enumerate(order):
            places[number] = place
        graph = StateGraph([self._states[number] for number in order], len(self._initial))
        for place, number in enumerate(order):
            graph.add_row(place, [places[n] for n in sorted(self._rows[number])])
        return graph
