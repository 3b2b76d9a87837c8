"""A counterexample as people read it: named actions with their arguments, and what they changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from speccheck.evaluate.compiler import Action, State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.show import show
from speccheck.evaluate.stdlib.tlc import STATISTICS
from speccheck.evaluate.values import Fn, Value
from speccheck.explore.model import Model
from speccheck.explore.result import Result
from speccheck.report.differences import Change, changes
from speccheck.tla.meaning import Operator, Place

# What generated code raises where an expression has no value.
_NO_VALUE = (EvaluationError, ArithmeticError, LookupError, TypeError, AttributeError, NameError)


@dataclass(slots=True)
class Move:
    """A step by an action: its name, its place, and the values of its parameters.

    ``bound`` are the names that ``\\E`` binds within it, with their values. ``stands_for``: the
    action that the configuration has replaced by this one, whose parameters then name the values.
    """

    action: str
    place: Place | None = None
    parameters: tuple[tuple[str, Value], ...] = ()
    bound: tuple[tuple[str, Value], ...] = ()
    stands_for: str | None = None

    @property
    def label(self) -> str:
        """The action as text: ``LeaderProcessACK(s1, s2)``, ``Next(i = s1)``."""
        words = [show(value) for _, value in self.parameters]
        words += [f"{name} = {show(value)}" for name, value in self.bound]
        return f"{self.action}({', '.join(words)})" if words else self.action

    @property
    def values(self) -> list[Value]:
        """The values of all parameters and bound names."""
        return [value for _, value in (*self.parameters, *self.bound)]


@dataclass(slots=True)
class Step:
    """A state of a trace; ``move`` led to it, ``values`` are what is shown of it, by name.

    ``changes`` are against the state before; ``state`` holds the variables themselves.
    """

    number: int
    move: Move | None
    state: State
    values: dict[str, Value]
    changes: list[Change] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What led to the state."""
        return "Initial state" if self.move is None else self.move.label


@dataclass(slots=True)
class Trace:
    """A counterexample. After the last step the one at index ``loop`` comes again, by ``back``.

    Without ``back``, the behaviour stays in its last state: it stutters.
    """

    variables: tuple[str, ...]
    steps: list[Step]
    loop: int | None = None
    back: Move | None = None

    @property
    def ending(self) -> str | None:
        """How an infinite behaviour goes on after the last state."""
        if self.loop is None:
            return None
        if self.back is None and self.loop == len(self.steps) - 1:
            return "Stuttering: nothing changes any more"
        by = f" by {self.back.label}" if self.back is not None else ""
        return f"Back to state {self.loop + 1}{by}"


def trace_of(model: Model, result: Result) -> Trace:
    """Return the counterexample of a result; an ALIAS stands in the place of the variables.

    Where the ALIAS has no value the variables are shown, and a warning of the result says so.
    """
    states = [step.state for step in result.trace]
    loop = result.loop
    shown = _shown(model, states, loop, result.warnings)
    steps: list[Step] = []
    for number, (step, values) in enumerate(zip(result.trace, shown, strict=True), 1):
        if not steps:
            move = None if step.action is None else Move(step.action)
            steps.append(Step(number, move, step.state, values))
            continue
        before = steps[-1]
        STATISTICS["level"] = before.number
        move = move_between(model, step.action, before.state, step.state)
        made = Step(number, move, step.state, values)
        for name, value in values.items():
            if name in before.values:
                made.changes.extend(changes(name, before.values[name], value))
        steps.append(made)
    back = None
    if loop is not None and result.back is not None:
        back = move_between(model, result.back, states[-1], states[loop])
    return Trace(model.variables, steps, loop, back)


def move_between(model: Model, name: str | None, state: State, successor: State) -> Move:
    """Return the step from one state to another by an action of that name, with its arguments."""
    for action in model.actions:
        if action.name != name:
            continue
        found = action.arguments(state, successor)
        if found is None:
            continue
        count = len(action.parameters)
        stands_for = model.replaced.get(action.name)
        return Move(
            action.name,
            action.place,
            tuple(zip(_parameters(model, action, stands_for), found[:count], strict=True)),
            tuple(zip(action.bound, found[count:], strict=True)),
            stands_for,
        )
    return Move(name or "?")


def _parameters(model: Model, action: Action, stands_for: str | None) -> tuple[str, ...]:
    """Return the names of an action's parameters, or of those of the one that it stands for."""
    replaced = None if stands_for is None else model.find(stands_for)
    if isinstance(replaced, Operator) and len(replaced.parameters) == len(action.parameters):
        return tuple(parameter.name for parameter in replaced.parameters)
    return tuple(action.parameters)


def _shown(
    model: Model, states: Sequence[State], loop: int | None, warnings: list[str]
) -> list[dict[str, Value]]:
    shown: list[dict[str, Value]] = []
    for position, state in enumerate(states):
        values = dict(zip(model.variables, state, strict=True))
        if model.alias is not None:
            # As in TLC, what follows the last state of a finite trace is that state itself.
            last = position == len(states) - 1
            after = (position if loop is None else loop) if last else position + 1
            following = states[after]
            STATISTICS["level"] = position + 1
            try:
                alias = model.alias(state, following)
            except _NO_VALUE as error:
                alias, problem = None, f"has no value: {model.explain(error)}"
            else:
                problem = f"is no record: {show(alias)}"
            if isinstance(alias, Fn) and all(isinstance(key, str) for key in alias):
                values = dict(alias)
            elif not any(warning.startswith("ALIAS ") for warning in warnings):
                warnings.append(
                    f"ALIAS shows the variables in state {position + 1}, where it {problem}"
                )
        shown.append(values)
    return shown
