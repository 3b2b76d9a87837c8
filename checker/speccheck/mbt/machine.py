"""The state machine: a rule for each action, compared with the specification after each step."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from speccheck.evaluate.disjuncts import State
from speccheck.evaluate.errors import EvaluationError
from speccheck.evaluate.values import Value
from speccheck.explore.config import read_config
from speccheck.explore.model import Model, load_model
from speccheck.mbt.adapter import Adapter, NotAsked, method_of, sort_actions
from speccheck.mbt.candidates import Candidates, TooManyCandidates
from speccheck.mbt.coverage import Coverage
from speccheck.mbt.named import arguments_within
from speccheck.mbt.steps import Allows, Steps
from speccheck.mbt.story import Story, difference, open_outcome

_OFTEN = 4  # How many rules an action has that is taken often.
_SELDOM = 5  # One rule for what is seldom possible for so many others.
_DISTURBED = 65  # Of how many steps one at most is by an action that disturbs.


class Disagreement(AssertionError):
    """The system did what the specification does not allow, or the other way round.

    The message is the whole example as a story, and how the two differ at its end.
    """


class SpecMachine(RuleBasedStateMachine):
    """What the machines of all specifications have in common."""

    model: ClassVar[Model]
    steps: ClassVar[Steps]
    coverage: ClassVar[Coverage]
    disagreements: ClassVar[list[Disagreement]]
    adapter_type: ClassVar[type[Any]]
    told: ClassVar[Mapping[str, Callable[..., object]]]
    by_itself: ClassVar[tuple[str, ...]]
    initial_states: ClassVar[list[State]]

    def __init__(self) -> None:
        super().__init__()
        self.adapter: Adapter = self.adapter_type()
        self.story = Story(self.model.variables)
        self.candidates = self._candidates(())
        self._taken: Counter[str] = Counter()
        self._possible: Counter[str] = Counter()
        self._disturbing: frozenset[str] = getattr(self.adapter_type, "disturbing", frozenset())
        self._deterministic: bool = getattr(self.adapter_type, "deterministic", False)
        self._used: dict[str, set[Value]] = {}
        self._existing: frozenset[str] = getattr(self.adapter_type, "existing", frozenset())

    def _candidates(self, states: Iterable[State]) -> Candidates:
        return Candidates(states, self.model.variables, self.steps, self.by_itself)

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Start the system in one of the initial states."""
        number = 0
        if len(self.initial_states) > 1:
            number = data.draw(st.integers(0, len(self.initial_states) - 1), "initial state")
        state = self.initial_states[number]
        self.coverage.examples += 1
        self.candidates = self._candidates([state])
        self.adapter.start(self._named(state))
        self._compare()

    def look(self) -> None:
        """Do nothing but look again: the system may have gone on by itself."""
        self._compare()

    def is_enabled(self, action: str) -> bool:
        """Tell whether an action is possible now, with some arguments.

        One that was taken far more often than others has to wait for them: what is always possible
        would else push out what seldom is.
        """
        share = self._taken.total() / len(self.told)
        weight = _weight(self.adapter_type, action)
        if action in self._disturbing and not self._has_its_turn(action):
            return False
        if self._taken[action] > weight * (3 + 3 * share):
            return False
        return bool(self._explained(lambda: self.candidates.is_enabled(action)))

    def _has_its_turn(self, action: str) -> bool:
        """Tell whether an action that disturbs is due, or nothing else is possible."""
        if (1 + self._taken[action]) * _DISTURBED <= self._taken.total():
            return True
        others = [other for other in self.told if other not in self._disturbing]
        return not self._explained(lambda: any(map(self.candidates.is_enabled, others)))

    def seldom(self, data: st.DataObject) -> None:
        """Take a step by the action that was possible least often when this was asked.

        What needs several steps before it, one after the other, would else hardly ever be met.
        """
        possible = [name for name in self.told if self.is_enabled(name)]
        self._possible.update(possible)
        if possible:
            self.step(
                min(possible, key=lambda name: (self._possible[name], self._taken[name])), data
            )

    def step(self, action: str, data: st.DataObject) -> None:
        """Take a step by an action, with arguments drawn from the specification's sets."""

        def choose(what: str, values: tuple[Any, ...]) -> int:
            # Half of the time something that was named before: there steps meet each other.
            known = self._used.setdefault(what, set())
            numbers = self._ordinary(action, what, values, data)
            if f"{action}.{what}" in self._existing:
                there = self._there()
                named = [number for number in numbers if values[number] in there]
                if named and len(named) < len(numbers) and data.draw(st.booleans(), f"{what} is"):
                    numbers = named
            again = [number for number in numbers if values[number] in known]
            if again and len(again) < len(numbers) and data.draw(st.booleans(), f"{what} again"):
                numbers = again
            number = numbers[data.draw(st.integers(0, len(numbers) - 1), what)]
            known.add(values[number])
            return number

        arguments = self._explained(lambda: self.candidates.draw(action, choose))
        if arguments is None:
            return  # Possible in each state that fits, but in each with other arguments.
        self.story.begin(action, arguments)
        before = self.candidates.states
        try:
            self.told[action](self.adapter, *arguments)
        except NotAsked:
            self.story.forget()
            return
        except Exception as error:
            error.add_note(f"{self.story}\nThe system failed in the last step.")
            raise
        # The system may have gone on by itself since it was looked at, before it was asked.
        self._go_on()
        after = self._explained(lambda: self.candidates.take(action, arguments))
        if self._deterministic and self.candidates.outcomes > 1:
            raise self._disagreement(
                f"{self.story}\n{open_outcome(action, self.candidates.outcomes)}"
            )
        self._count(action)
        self._compare()
        self.story.changed(before[0], self.candidates.states[0], self._seen)
        self._check_steps(before, after)

    def _ordinary(
        self, action: str, what: str, values: tuple[Any, ...], data: st.DataObject
    ) -> list[int]:
        """Return the numbers of the values to draw from: mostly of those that are usual."""
        every = list(range(len(values)))
        usual_of = self.adapter_type.usual
        is_usual = usual_of.get(f"{action}.{what}", usual_of.get(what))
        if is_usual is None:
            return every
        usual = [number for number in every if is_usual(values[number])]
        if (
            not usual
            or len(usual) == len(every)
            or data.draw(st.integers(0, 2), f"any {what}") == 2
        ):
            return every
        return usual

    def _there(self) -> set[Value]:
        """Return what functions of the state, at any depth, have values for."""
        found: set[Value] = set()
        for value in self.candidates.states[0]:
            arguments_within(value, found)
        return found

    def teardown(self) -> None:
        """Stop the system."""
        self.adapter.close()

    # --- comparing -------------------------------------------------------------------------------

    def _compare(self) -> None:
        """Look at the system, and keep the states that it can be in."""
        self._go_on()
        seen = self.adapter.observe()
        self.coverage.notes.update(self.adapter.notes())
        self._seen = tuple(seen)
        if self.candidates.keep(seen):
            for action in self.candidates.own_steps():
                self._count(action)
            return
        how = difference(self.model.variables, self.candidates.states, seen)
        raise self._disagreement(f"{self.story}\n{how}")

    def _go_on(self) -> None:
        """Add what the system may do by itself.

        Where too much may be going on to follow it, the example ends here, unfinished: that is no
        disagreement. Raises TooManyCandidates if it happens again and again.
        """
        try:
            self._explained(self.candidates.go_on)
        except TooManyCandidates:
            self.coverage.given_up += 1
            if self.coverage.given_up > 5 + self.coverage.examples // 10:
                raise
            reject()

    def _disagreement(self, text: str) -> Disagreement:
        # Kept for when the example is run again and goes otherwise, as real processes do.
        self.disagreements.append(Disagreement(text))
        return self.disagreements[-1]

    def _count(self, action: str) -> None:
        self.coverage.steps += 1
        self.coverage.actions[action] += 1
        self._taken[action] += 1

    def _check_steps(self, before: Iterable[State], after: Iterable[State]) -> None:
        """Check the properties of steps where it is certain what the step was."""
        first, second = list(before), list(after)
        if len(first) > 1 or len(second) > 1:
            return
        for check in self.model.step_checks:
            if not self._explained(lambda: check.holds(first[0], second[0])):  # noqa: B023  # called at once
                raise self._disagreement(f"{self.story}\nThe specification violates {check.name}.")

    def check(self, name: str, holds: Callable[[State], bool]) -> None:
        """Check an invariant in all states that fit."""
        for state in self.candidates.states:
            if not self._explained(lambda: holds(state)):  # noqa: B023  # called at once
                raise self._disagreement(f"{self.story}\nThe specification violates {name}.")

    def _named(self, state: State) -> dict[str, Value]:
        return dict(zip(self.model.variables, state, strict=True))

    def _explained(self, evaluate: Callable[[], Any]) -> Any:
        try:
            return evaluate()
        except EvaluationError:
            raise
        except (ArithmeticError, LookupError, TypeError, AttributeError) as error:
            explained = self.model.explain(error)
            if not explained.places:
                raise
            raise explained from error


def machine_from_spec(
    module: Path,
    adapter: type[Any],
    *,
    config: Path | None = None,
    library: Iterable[Path] = (),
) -> type[SpecMachine]:
    """Return the state machine of a module, to be run by Hypothesis.

    ``adapter`` is the class of :class:`~speccheck.mbt.adapter.Adapter` whose objects are the
    systems; ``config`` a TLC configuration, by default the one beside the module, whose invariants
    and properties of steps are checked along the way, and whose constraints say which steps not to
    take; ``library`` are more folders with modules.
    The class's ``coverage`` says what all of its examples together reached.

    Raises AdapterError where the adapter does not fit the module, and what reading them raises:
    TlaError, ConfigError, EvaluationError, OSError.
    """
    model = load_model(module, read_config(config or module.with_suffix(".cfg")), library)
    assert model.marks is not None, "every model with a next-state relation has them"
    steps = Steps(model.named(), model.marks, _bounds(model))
    told, by_itself = sort_actions(adapter, steps.names)
    initial: list[State] = []
    if model.initial is not None:
        model.initial(initial.append)
    body: dict[str, Any] = {
        "model": model,
        "steps": steps,
        "coverage": Coverage([*told, *by_itself], model.marks, adapter.left_out),
        "disagreements": [],
        "adapter_type": adapter,
        "told": {name: method_of(adapter, name) for name in told},
        "by_itself": tuple(by_itself),
        "initial_states": initial,
        "__doc__": f"{model.name}, driving {adapter.__name__}.",
    }
    # Hypothesis leaves rules out of an example by their names, those of one name together.
    one_name = "" if getattr(adapter, "swarm", True) else "step"
    rules = 0
    for name in told:
        rules += max(1, round(_weight(adapter, name)))
        body[name] = _rule(name, one_name or name)
        for number in range(2, round(_weight(adapter, name)) + 1):
            body[f"{name}_{number}"] = _rule(name, one_name or name)
    for number in range(1, 2 + rules // _SELDOM):
        body[f"seldom_{number}"] = _seldom_rule(one_name or f"seldom_{number}")
    body["look_again"] = _look_rule(one_name or "look")
    for state_check in model.invariants:
        body[f"invariant_{state_check.name}"] = _invariant(state_check.name, state_check.holds)
    return type(f"{model.name}With{adapter.__name__}", (SpecMachine,), body)


def _weight(adapter: type[Any], action: str) -> float:
    return float(adapter.weights.get(action, _OFTEN if action in adapter.often else 1))


def _bounds(model: Model) -> Allows:
    """Return which steps the constraints of a configuration leave, as they do for a search."""
    states, steps = model.constraints, model.action_constraints

    def allows(before: State, after: State) -> bool:
        return all(check.holds(after) for check in states) and all(
            check.holds(before, after) for check in steps
        )

    return allows


def _rule(action: str, name: str) -> Any:
    def take(self: SpecMachine, data: st.DataObject) -> None:
        self.step(action, data)

    take.__name__ = name
    enabled = precondition(lambda self: self.is_enabled(action))
    return enabled(rule(data=st.data())(take))


def _look_rule(name: str) -> Any:
    def look(self: SpecMachine) -> None:
        self.look()

    look.__name__ = name
    return rule()(look)


def _seldom_rule(name: str) -> Any:
    def take(self: SpecMachine, data: st.DataObject) -> None:
        self.seldom(data)

    take.__name__ = name
    return rule(data=st.data())(take)


def _invariant(name: str, holds: Callable[[State], bool]) -> Any:
    def look(self: SpecMachine) -> None:
        self.check(name, holds)

    look.__name__ = f"invariant_{name}"
    return invariant()(look)
