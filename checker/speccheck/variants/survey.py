"""A search that goes on after a violation: of every property the shortest counterexample.

A property is not asked again once it is broken. States are those of the model as it is, also those
that only come after a violation: what a property says there is worth no less.
"""

import builtins
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from speccheck.evaluate.compiler import State
from speccheck.evaluate.likeness import check_sets
from speccheck.explore.engine import Progress, Unfinished
from speccheck.explore.model import Model
from speccheck.explore.result import Result, TraceStep
from speccheck.explore.search import Search
from speccheck.explore.simulate import Simulation


class Breach(NamedTuple):
    """How a property was broken: the kind of verdict, and the way there.

    ``seconds`` are of the processor.
    """

    verdict: str
    property: str
    trace: tuple[TraceStep, ...]
    distinct: int
    seconds: float

    @builtins.property
    def length(self) -> int:
        """How many steps it takes."""
        return len(self.trace) - 1


class Survey(Search):
    """A breadth-first search for breaches of all properties.

    ``processor_s`` ends it early, as ``most_states`` does. ``enough(names)`` may end it when it
    hears which properties are broken.
    """

    def __init__(
        self,
        model: Model,
        most_states: int | None = None,
        progress: Progress | None = None,
        *,
        processor_s: float = 60.0,
        enough: Callable[[set[str]], bool] = lambda names: False,
    ) -> None:
        super().__init__(
            replace(
                model,
                invariants=[*model.invariants],
                initial_checks=[*model.initial_checks],
                step_checks=[*model.step_checks],
            ),
            most_states,
            progress,
        )
        self.breaches: dict[str, Breach] = {}
        self._processor_s = processor_s
        self._ends = 0.0
        self._enough = enough
        self._began = time.process_time()

    def _check_state(self, parent: int, name: str | None, state: State) -> None:
        check_sets(state)
        broken = [check.name for check in self._model.invariants if not _holds(check.holds, state)]
        for one in broken:
            self._break("invariant", one, parent, name, state)

    def _check_initial(self, state: State) -> None:
        self._check_state(-1, None, state)
        for check in [*self._model.initial_checks]:
            if not _holds(check.holds, state):
                self._break("property", check.name, -1, None, state)

    def _check_step(self, parent: int, name: str, state: State, successor: State) -> None:
        for check in [*self._model.step_checks]:
            if not _holds(check.holds, state, successor):
                self._break("property", check.name, parent, name, successor)

    def _break(
        self, verdict: str, name: str, parent: int, action: str | None, state: State
    ) -> None:
        trace = self._steps_to(parent) if parent >= 0 else []
        trace.append(TraceStep(action, state))
        seconds = time.process_time() - self._began
        self.breaches.setdefault(
            name, Breach(verdict, name, tuple(trace), self._distinct(), seconds)
        )
        model = self._model
        model.invariants[:] = [check for check in model.invariants if check.name != name]
        model.initial_checks[:] = [c for c in model.initial_checks if c.name != name]
        model.step_checks[:] = [check for check in model.step_checks if check.name != name]
        if self._enough({*self.breaches}):
            raise Unfinished

    def _tell_now_and_then(self, queued: int) -> None:
        super()._tell_now_and_then(queued)
        if time.process_time() > self._ends:
            raise Unfinished

    def run(self) -> Result:
        """Explore; a liveness property that is violated is a breach too."""
        self._began = time.process_time()
        self._ends = time.process_time() + self._processor_s
        result = super().run()
        if result.verdict in {"liveness", "deadlock", "assumption"}:
            name = result.violated or result.verdict.capitalize()
            trace = tuple(result.trace)
            self.breaches[name] = Breach(
                result.verdict, name, trace, result.distinct, time.process_time() - self._began
            )
        return result


def _holds(predicate: Callable[..., bool], *states: State) -> bool:
    """Ask a property. One that has no value in a state does not hold there."""
    try:
        return predicate(*states)
    except Exception:  # noqa: BLE001 (evaluation fails in many ways; a run of TLC would end here)
        return False


def simulate(
    model: Model, names: Sequence[str], seed: int, depth: int, processor_s: float
) -> tuple[dict[str, Breach], int]:
    """Follow random behaviours until all properties named are broken, or the time is over.

    Returns the breaches, and how many behaviours were followed. A behaviour ends where it breaks
    a property; those broken before are not asked any more.
    """
    ends = time.process_time() + processor_s
    left = replace(
        model,
        invariants=[*model.invariants],
        initial_checks=[*model.initial_checks],
        step_checks=[*model.step_checks],
        liveness=[],
    )
    breaches: dict[str, Breach] = {}
    behaviours = 0
    began = time.process_time()
    while time.process_time() < ends and not {*names} <= breaches.keys():
        run = Simulation(left, None, _until(ends), traces=None, depth=depth, seed=seed)
        result = run.run()
        behaviours = max(behaviours, result.traces)
        if result.verdict not in {"invariant", "property"}:
            break
        name, trace = result.violated, tuple(result.trace)
        seconds = time.process_time() - began
        breaches[name] = Breach(result.verdict, name, trace, result.distinct, seconds)
        left.invariants[:] = [check for check in left.invariants if check.name != name]
        left.initial_checks[:] = [check for check in left.initial_checks if check.name != name]
        left.step_checks[:] = [check for check in left.step_checks if check.name != name]
    return breaches, behaviours


def _until(ends: float) -> Progress:
    def tell(result: Result) -> None:
        if time.process_time() > ends:
            raise Unfinished

    return tell
