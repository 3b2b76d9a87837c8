"""Follows a system that goes its own way: is each of its steps one of the specification's?

The other way round from :mod:`speccheck.mbt.machine`: here the system says what it did, by the
action's name and arguments, and that is looked for from the one state that the specification is
in. Nothing is searched for, so the cost is the same for each step.
"""

from collections.abc import Iterable, Mapping, Sequence

from speccheck.evaluate.disjuncts import State
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Value
from speccheck.explore.model import Model
from speccheck.mbt.conjuncts import first_false, text_at
from speccheck.mbt.coverage import Coverage
from speccheck.mbt.steps import Steps
from speccheck.mbt.story import difference, open_outcome

_MOST_TOLD = 12

Taken = tuple[str, Mapping[str, Value]]
"""An action, and its arguments by the names of its parameters, in their order."""


class Departure(AssertionError):
    """A system did what the specification does not allow. The message says where and why."""


class Follow:
    """One run of a system, from ``state`` on. ``coverage`` may be that of other runs too."""

    def __init__(
        self,
        model: Model,
        state: State,
        steps: Steps | None = None,
        coverage: Coverage | None = None,
        *,
        deterministic: bool = False,
    ) -> None:
        """``deterministic``: a step has one outcome; that the text leaves it open is told."""
        assert model.marks is not None, "every model with a next-state relation has them"
        self._model = model
        self._steps = steps or Steps(model.named(), model.marks)
        self.coverage = coverage or Coverage(self._steps.names, model.marks)
        self.coverage.examples += 1
        self.state = state
        self._deterministic = deterministic
        self.count = 0
        self._told: list[str] = []

    def take(self, steps: Sequence[Taken], seen: Mapping[str, Value]) -> State:
        """Take steps that the system has taken; ``seen`` is what they have come to.

        Variables that are not in ``seen`` are as the specification says. Returns the state reached.
        Raises Departure.
        """
        states = [self.state]
        for action, arguments in steps:
            self.count += 1
            words = ", ".join(map(show, arguments.values()))
            self._told.append(f"{self.count:4}. {action}({words})")
            if action not in self.coverage.actions:
                raise self._departs([f"The specification has no action {action}."])
            found = [self._steps.take(action, tuple(arguments.values()), one) for one in states]
            outcomes = max(map(len, found))
            if self._deterministic and outcomes > 1:
                raise self._departs([open_outcome(action, outcomes)])
            reached = dict.fromkeys(successor for each in found for successor in each)
            if not reached:
                raise self._departs(self._why(action, arguments, states[0], seen))
            states = list(reached)
            self.coverage.steps += 1
            self.coverage.actions[action] += 1
        variables = self._model.variables
        positions = [(variables.index(name), value) for name, value in seen.items()]
        agreeing = [
            state for state in states if all(state[place] == value for place, value in positions)
        ]
        if not agreeing:
            raise self._departs(difference(variables, states, seen).splitlines())
        self.state = agreeing[0]
        return self.state

    def _why(
        self, action: str, arguments: Mapping[str, Value], before: State, seen: Mapping[str, Value]
    ) -> Iterable[str]:
        named = dict(zip(self._model.variables, before, strict=True))
        after = tuple({**named, **seen}.values())
        yield f"The specification does not allow {action} here."
        place = first_false(self._model, action, arguments, before, after)
        if place is not None:
            yield f"The first of its conjuncts that is false is at {place}:"
            yield f"  {text_at(place)}"

    def _departs(self, why: Iterable[str]) -> Departure:
        told = self._told[-_MOST_TOLD:]
        left_out = len(self._told) - len(told)
        ahead = [f"      {left_out} steps ahead of these"] if left_out else []
        return Departure("\n".join([*ahead, *told, *why]))
