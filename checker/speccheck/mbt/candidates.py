"""The states in which a system can be, as far as a specification and what was seen of it tell."""

from collections.abc import Iterable, Iterator, Mapping

from speccheck.evaluate.disjuncts import State
from speccheck.evaluate.named import Values
from speccheck.evaluate.values import Value
from speccheck.mbt.steps import Choose, Steps

MOST_CANDIDATES = 2000


class TooManyCandidates(Exception):
    """What is seen of a system leaves too much open."""


class Candidates:
    """A set of states of the specification, in the order of their discovery.

    Steps that the system takes ``by itself`` may have been taken, any number of times, before
    anything is observed. The order does not depend on hashing.
    """

    def __init__(
        self,
        states: Iterable[State],
        variables: tuple[str, ...],
        steps: Steps,
        by_itself: Iterable[str],
    ) -> None:
        self.states: list[State] = list(dict.fromkeys(states))
        self.outcomes = 0
        """To how many states the last step led at most, from any one state."""
        self._positions = {name: position for position, name in enumerate(variables)}
        self._steps = steps
        self._by_itself = tuple(by_itself)
        self._came: dict[State, tuple[State, str, Values]] = {}
        self._enabled: dict[str, bool] = {}

    def draw(self, action: str, choose: Choose) -> Values | None:
        """Return arguments with which every candidate has a step; None if there are none."""
        first, *others = self.states
        arguments = self._steps.draw(action, first, choose)
        if arguments is None or not others:
            return arguments
        if all(self._steps.leads(action, arguments, state) for state in others):
            return arguments
        for given, _ in self._steps.every(action, first):
            if all(self._steps.leads(action, given, state) for state in others):
                return given
        return None

    def is_enabled(self, action: str) -> bool:
        """Tell whether every candidate has a step by an action, with some arguments."""
        found = self._enabled.get(action)
        if found is None:
            found = all(self._steps.is_enabled(action, state) for state in self.states)
            self._enabled[action] = found
        return found

    def take(self, action: str, arguments: Values) -> list[State]:
        """Go on to where an action leads; return the states reached, before anything is seen."""
        reached = [self._steps.take(action, arguments, state) for state in self.states]
        self.outcomes = max(map(len, reached), default=0)
        self.states = list(dict.fromkeys(state for states in reached for state in states))
        return self.states

    def go_on(self) -> None:
        """Add what the system may do by itself. Raises TooManyCandidates."""
        self._came = {}
        known = dict.fromkeys(self.states)
        queue = list(known)
        for state in queue:
            for action in self._by_itself:
                for arguments, successor in self._steps.every(action, state):
                    if successor not in known:
                        known[successor] = None
                        self._came[successor] = (state, action, arguments)
                        queue.append(successor)
            if len(queue) > MOST_CANDIDATES:
                raise TooManyCandidates(
                    f"more than {MOST_CANDIDATES} states fit what was seen: let the adapter show"
                    f" more variables, or tell the system more of its steps"
                )
        self.states = queue

    def own_steps(self) -> Iterator[str]:
        """Yield the steps that the system took by itself to get to the first candidate.

        Their branches count as taken now.
        """
        came = self._came.get(self.states[0])
        while came is not None:
            state, action, arguments = came
            self._steps.take(action, arguments, state)
            yield action
            came = self._came.get(state)

    def keep(self, seen: Mapping[str, Value]) -> bool:
        """Keep the candidates that agree with what was seen; tell whether any does.

        If none does, all are kept, those that come closest first. Raises KeyError for a variable
        that is none.
        """
        positions = [(self._positions[name], value) for name, value in seen.items()]

        def differing(state: State) -> int:
            return sum(state[position] != value for position, value in positions)

        self._enabled.clear()
        agreeing = [state for state in self.states if not differing(state)]
        self.states = agreeing or sorted(self.states, key=differing)
        return bool(agreeing)
