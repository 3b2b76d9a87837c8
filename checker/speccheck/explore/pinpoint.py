"""Finds the exact place of an evaluation error, by doing again what failed, line by line.

Generated code is made for speed: a line of it is often a whole formula. The same model compiled
with a line for each operation says which of them failed, and within which calls.
"""

from collections.abc import Callable, Iterator

from speccheck.evaluate.compiler import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.workshop import UNDEFINED
from speccheck.explore.model import Model
from speccheck.explore.result import Result


def pinpoint(result: Result, model: Model) -> EvaluationError | None:
    """Return the error of a result with more places; ``model`` is the fine one of the same text.

    Returns None where the error does not come again.
    """
    assert result.error is not None, "the caller has seen one"
    for attempt in _attempts(result, model):
        try:
            attempt()
        except Exception as error:  # noqa: BLE001  # Whatever generated code raises.
            found = model.explain(error)
            said = result.error.message
            # With the values that it is about, a message is longer.
            same = said == UNDEFINED or found.message.startswith(said)
            if same and found.frames:
                return found
    return None


def _attempts(result: Result, model: Model) -> Iterator[Callable[[], object]]:
    """Yield all that a run evaluates at the end of the trace of a result."""
    for _, holds in model.assumptions:
        yield holds
    if model.postcondition is not None:
        yield model.postcondition
    states = [step.state for step in result.trace]
    if model.initial is not None and len(states) < 2:
        initial = model.initial
        yield lambda: initial(lambda _state: None)
    if not states:
        return
    last = states[-1]
    for check in (*model.constraints, *model.invariants, *model.initial_checks):
        yield lambda holds=check.holds: holds(last)  # type: ignore[misc]
    if len(states) > 1:
        before = states[-2]
        for step in (*model.action_constraints, *model.step_checks):
            yield lambda holds=step.holds: holds(before, last)  # type: ignore[misc]
    if model.view is not None:
        yield lambda view=model.view: view(last)  # type: ignore[misc]
    successors: list[State] = []
    for action in model.actions:
        yield lambda step=action.step: step(last, successors.append)  # type: ignore[misc]
    for successor in successors:
        for check in (*model.constraints, *model.invariants):
            yield lambda holds=check.holds, s=successor: holds(s)  # type: ignore[misc]
        if model.view is not None:
            yield lambda view=model.view, s=successor: view(s)  # type: ignore[misc]
