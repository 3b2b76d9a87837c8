"""The operators and actions of spec/ZNode.tla as Python functions, compiled from its text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

from speccheck.conform.history.facts import Policy, constants
from speccheck.evaluate.compiler import Compiler
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.values import Value
from speccheck.tla import meaning as m
from speccheck.tla.modules import Library
from speccheck.tla.resolve import resolve

MODULE = "ZNode.tla"
_MOST_ARGUMENTS = 7


class SpecificationError(Exception):
    """The specification lacks something that histories are judged by; ``str()``: one line."""


class Operators:
    """The data model in ``folder`` under a policy.

    Raises what reading a module raises (TlaError, OSError) and SpecificationError.
    """

    def __init__(self, module: Path, policy: Policy, library: Iterable[Path] = ()) -> None:
        modules = Library([module.parent, *library])
        self._module = resolve(modules, modules.main(module))
        self.path = module
        known = constants(policy)
        for constant in self._module.constants:
            constant.value = known.get(constant.name)
        place = m.Place(str(module), next(iter(self._module.operators.values())).place.span)
        self._arguments = [m.Variable(f"argument{n}", place) for n in range(_MOST_ARGUMENTS)]
        # Arguments first, so that a tuple of the arguments alone is a state for an operator.
        self._compiler = Compiler([*self._arguments, *self._module.variables])

    def operator(self, name: str) -> m.Operator:
        """Return an operator by its name. Raises SpecificationError."""
        found = self._module.scope.find(name)
        if not isinstance(found, m.Operator):
            raise SpecificationError(f"{self.path}: has no operator {name}")
        return found

    def place(self, name: str) -> tuple[str, int]:
        """Return the module and line of an operator."""
        place = self.operator(name).place
        return Path(place.path).name, place.span.line

    def function(self, name: str) -> Callable[[tuple[Value, ...]], Value]:
        """Return an operator as a function of the tuple of its arguments."""
        return self._compiler.state_value(self._call(self.operator(name)))

    def action(self, name: str, **state: Value) -> Action:
        """Return an action of the state machine, to be taken in a small state.

        ``state`` has the variables that are the same each time.
        """
        operator = self.operator(name)
        count = len(operator.parameters)
        call = self._call(operator)
        stays = m.CallBuiltin(
            operator.place,
            m.Builtin("UNCHANGED", (0,)),
            (m.Items(operator.place, "tuple", tuple(self._uses(operator, _MOST_ARGUMENTS))),),
        )
        both = m.Items(operator.place, "/\\", (call, stays))
        steps = [action.step for action in self._compiler.actions(both, name)]
        names = [variable.name for variable in self._module.variables]
        return Action(steps, count, names, state)

    def _call(self, operator: m.Operator) -> m.Call:
        uses = self._uses(operator, len(operator.parameters))
        return m.Call(operator.place, operator, tuple(uses))

    def _uses(self, operator: m.Operator, count: int) -> list[m.UseVariable]:
        return [m.UseVariable(operator.place, one) for one in self._arguments[:count]]

    def explain(self, error: Exception) -> EvaluationError:
        """Return what a person can read of an error in evaluation."""
        return self._compiler.explain(error)


class Action:
    """An action, with most of its state fixed."""

    def __init__(
        self, steps: list[Any], count: int, names: list[str], state: Mapping[str, Value]
    ) -> None:
        self._steps = steps
        self._padding = (None,) * (_MOST_ARGUMENTS - count)
        self._names = names
        self._state: dict[str, Any] = dict.fromkeys(names) | dict(state)
        self._pick: Callable[[dict[str, Any]], tuple[Any, ...]] = itemgetter(*names)

    def take(
        self,
        wanted: Callable[[tuple[Value, ...]], Any],
        arguments: tuple[Value, ...],
        **state: Value,
    ) -> Any:
        """Return variables after a step with these arguments, None if there is no step.

        ``wanted``: which of them, as :meth:`variables` gives it.
        """
        found: list[tuple[Value, ...]] = []
        whole = self._state | state
        before = (*arguments, *self._padding, *self._pick(whole))
        for step in self._steps:
            step(before, found.append)
        if not found:
            return None
        return wanted(found[0])

    def variables(self, first: str, *others: str) -> Callable[[tuple[Value, ...]], Any]:
        """Return what picks variables out of a state."""
        return itemgetter(*[_MOST_ARGUMENTS + self._names.index(one) for one in (first, *others)])
