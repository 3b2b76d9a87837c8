"""For each action of a model the shortest behaviour that ends with it."""

from collections.abc import Callable

from speccheck.explore.model import Model
from speccheck.explore.result import TraceStep


def shortest_traces(
    model: Model, most_states: int, tell: Callable[[int, int], None] = lambda *_: None
) -> dict[str, list[TraceStep] | None]:
    """Return a shortest trace for each action by its name, None for one that was not reached.

    Explores breadth-first until every action has been taken, or ``most_states`` states are known.
    ``tell(states, actions)`` is called now and then with how many were found.
    """
    found: dict[str, list[TraceStep] | None] = {action.name: None for action in model.actions}
    came: dict[tuple[object, ...], tuple[str | None, tuple[object, ...] | None]] = {}
    assert model.initial is not None, "a model with actions has initial states"
    level: list[tuple[object, ...]] = []
    model.initial(lambda state: came.setdefault(state, (None, None)) and None)
    level.extend(came)
    left = {name for name, trace in found.items() if trace is None}

    def back(state: tuple[object, ...] | None) -> list[TraceStep]:
        steps: list[TraceStep] = []
        while state is not None:
            action, before = came[state]
            steps.append(TraceStep(action, state))
            state = before
        return steps[::-1]

    while level and left and len(came) <= most_states:
        after: list[tuple[object, ...]] = []
        for state in level:
            for action in model.actions:
                successors: list[tuple[object, ...]] = []
                action.step(state, successors.append)
                for successor in successors:
                    if not all(one.holds(state, successor) for one in model.action_constraints):
                        continue
                    if action.name in left:
                        left.discard(action.name)
                        found[action.name] = [*back(state), TraceStep(action.name, successor)]
                    if successor in came:
                        continue
                    came[successor] = (action.name, state)
                    if all(one.holds(successor) for one in model.constraints):
                        after.append(successor)
        tell(len(came), len(found) - len(left))
        level = after
    return found
