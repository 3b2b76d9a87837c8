"""Replaying events against a specification: from state to state, an event for each step.

Where everything was recorded, there is one state at any time. A crash is told by what the server
finds when it starts; what the disk had done before without telling is found out then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from speccheck.conform.connections import Connections
from speccheck.conform.dialect import Dialect
from speccheck.conform.observation import Difference, Observer, decoded_arguments, matches
from speccheck.conform.reading import Event, Unusable
from speccheck.conform.specification import State, Steps
from speccheck.evaluate.show import show
from speccheck.evaluate.values import Fn, Value
from speccheck.explore.model import Model

MOST_CANDIDATES = 2000
_MOST_UNREPORTED = 4
_FOLD_EVERY = 32
_MOST_FOR_INVARIANTS = 10
"""Transactions in a log, when all invariants still take milliseconds."""


class Divergence(Exception):
    """An event that no step of the specification is.

    ``before``: the states in which it came; ``after``: where its action leads from there, with what
    differs. ``message``: what is the matter with the message that it reads, "" if nothing.
    """

    def __init__(
        self,
        event: Event,
        before: list[State],
        after: list[tuple[State, list[Difference]]],
        message: str = "",
        violated: str = "",
    ) -> None:
        super().__init__(event.place)
        self.event = event
        self.before = before
        self.after = after
        self.message = message
        self.violated = violated


class Inferred(NamedTuple):
    """A step that nobody told, and the event that told of it."""

    action: str
    arguments: tuple[Value, ...]
    event: Event


class Replay:
    """The states that fit the events so far."""

    def __init__(
        self,
        model: Model,
        dialect: Dialect,
        observer: Observer,
        every: int = 1000,
        hidden: Iterable[str] = (),
        fold: Callable[[State], State] | None = None,
        connections: Connections | None = None,
    ) -> None:
        """``every``: so often invariants are evaluated. ``hidden``: actions that were not told.

        ``fold`` returns a state that is smaller and has the same future. ``connections``: to
        compare how many messages are sent.
        """
        self.model = model
        self.steps = Steps(model)
        self.dialect = dialect
        self.observer = observer
        self.taken: Counter[str] = Counter()
        self.inferred: list[Inferred] = []
        self.checked = 0
        self.invariant_states = 0
        self.too_large = 0
        """How often states were too large to evaluate invariants in them."""
        self._asked = 0
        self.most_candidates = 1
        self._hidden = tuple(hidden)
        self._every = every
        self._fold = fold
        self._connections = connections
        self._sent: dict[tuple[str, Any], int] = {}
        self._positions = {name: index for index, name in enumerate(model.variables)}
        self._channels = self._positions[dialect.channels] if dialect.channels else None
        self._seen: set[Any] = set()
        initial: list[State] = []
        assert model.initial is not None, "a specification has initial states"
        model.initial(initial.append)
        self.states = initial

    def value(self, state: State, name: str) -> Value:
        """Return the value of a variable."""
        return state[self._positions[name]]

    def take(self, event: Event) -> None:
        """Go on by one event. Raises Divergence, Unusable."""
        if event.untold:
            self._crash(event)
            return
        if event.action == self.dialect.start and event.server not in self._seen:
            self._begin(event)
            return
        self._step(event)
        self._count(event)

    def _count(self, event: Event) -> None:
        self.checked += 1
        self.taken[event.action] += 1
        folds = self.checked % _FOLD_EVERY == 0
        if folds and self._fold is not None:
            self.states = [self._fold(state) for state in self.states]
        if (folds or self._every < _FOLD_EVERY) and self.checked - self._asked >= self._every:
            self.check_invariants(event)

    def check_invariants(self, event: Event) -> None:
        """Evaluate the invariants in the present states, unless they are too large for that.

        Some invariants compare all pairs of transactions of all pairs of servers. Raises
        Divergence.
        """
        if any(self._size(state) > _MOST_FOR_INVARIANTS for state in self.states):
            self.too_large += 1
            return
        self._asked = self.checked
        for state in self.states:
            for invariant in self.model.invariants:
                if not invariant.holds(state):
                    raise Divergence(event, [state], [], violated=invariant.name)
        self.invariant_states += 1

    def _size(self, state: State) -> int:
        """Return the length of the longest sequence that a variable has for a server."""
        return max(
            (
                len(slot.values_)
                for value in state
                if isinstance(value, Fn)
                for slot in value.values_
                if isinstance(slot, Fn)
            ),
            default=0,
        )

    def _step(self, event: Event) -> None:
        arguments = decoded_arguments(event)
        states = self.states
        if event.action not in self.steps.ways:
            raise Unusable(f"{event.place}: the specification has no action {event.action}")
        if len(states) == 1 and not self._hidden:
            before = states[0]
            if event.recv is not None and self._wrong_message(event, before):
                raise self._diverges(event, arguments)
            after = self.steps.take(event.action, arguments, before)
            differences = self.observer.differences
            crash = event.action == self.dialect.crash
            fitting = [one for one in after if not differences(event, before, one, only_told=crash)]
            if not fitting:
                raise self._diverges(event, arguments)
            if self._connections is not None and self._channels is not None:
                self._count_sent(event, before, fitting[0])
            self.states = fitting
            return
        self._candidates(event, arguments)

    def _count_sent(self, event: Event, before: State, after: State) -> None:
        """See that as many messages are told to be sent as are. Raises Divergence.

        What is told to be sent to who has closed its end is lost.
        """
        assert self._channels is not None, "the caller has looked"
        assert self._connections is not None, "the caller has looked"
        server = event.server
        old, new = before[self._channels].get(server), after[self._channels].get(server)
        told: dict[Any, int] = {}
        for name, count in (event.sent or {}).items():
            grown = count - self._sent.get((name, server), 0)
            self._sent[name, server] = count
            connection = self._connections.by_name.get(name)
            other = None if connection is None else connection.other(server)
            if other is not None:
                told[other] = told.get(other, 0) + grown
        if old is new and not told:
            return
        for other, channel in new.items():
            sent = len(channel.values_) - len(old[other].values_)
            if sent > 0 and event.action == self.dialect.connects:
                sent = len(channel.values_)
            if sent > 0 and sent != told.get(other, 0):
                shown = Difference(
                    "messages sent", f"{told.get(other, 0)} to {other}", f"{sent} to {other}"
                )
                raise Divergence(event, [before], [(after, [shown])])

    def _candidates(self, event: Event, arguments: list[Value]) -> None:
        found: dict[State, None] = {}
        for before in self._closure(event):
            if event.recv is not None and self._wrong_message(event, before):
                continue
            for after in self.steps.take(event.action, arguments, before):
                if not self.observer.differences(event, before, after):
                    found[after] = None
        if not found:
            raise self._diverges(event, arguments)
        self.states = list(found)
        self.most_candidates = max(self.most_candidates, len(found))
        for name, count in (event.sent or {}).items():
            self._sent[name, event.server] = count  # from here on more is counted

    def _closure(self, event: Event) -> list[State]:
        """Return the states that hidden actions may have led to."""
        known = dict.fromkeys(self.states)
        queue = list(known)
        for state in queue:
            for name in self._hidden:
                for server in self.model_servers(state):
                    for _, after in self.steps.every(name, server, state):
                        if after not in known:
                            known[after] = None
                            queue.append(after)
            if len(queue) > MOST_CANDIDATES:
                raise Unusable(
                    f"{event.place}: more than {MOST_CANDIDATES} states fit what was told so far; "
                    "hide less"
                )
        return queue

    def model_servers(self, state: State) -> Iterable[Value]:
        """Return the servers of the specification."""
        if self._channels is not None:
            keys: Iterable[Value] = state[self._channels].domain.keys_
            return keys
        return ()

    def _wrong_message(self, event: Event, state: State) -> str:
        """Say what is the matter with the message that an event reads."""
        assert event.recv is not None, "asked for those only"
        if self._channels is None or len(event.args) < 2:
            return ""
        receiver, sender = event.args[0], event.args[1]
        channels = state[self._channels]
        if sender not in channels or receiver not in channels[sender]:
            return f"no channel leads from {sender} to {receiver}"
        waiting = channels[sender][receiver].values_
        if not waiting:
            return "no message is under way"
        if matches(event.recv[2], waiting[0], event, "recv"):
            return ""
        return show(waiting[0])

    def _diverges(self, event: Event, arguments: list[Value]) -> Divergence:
        after: list[tuple[State, list[Difference]]] = []
        message = ""
        for before in self.states:
            if event.recv is not None:
                message = self._wrong_message(event, before)
            for one in self.steps.take(event.action, arguments, before):
                found = self.observer.differences(
                    event,
                    before,
                    one,
                    all_of_them=True,
                    only_told=event.action == self.dialect.crash,
                )
                after.append((one, found))
        after.sort(key=lambda pair: len(pair[1]))
        return Divergence(event, self.states, after, message)

    # -- starts and crashes

    def _begin(self, event: Event) -> None:
        """See that a server begins as the specification does. Raises Unusable."""
        self._seen.add(event.server)
        for state in self.states:
            found = self.observer.differences(event, state, state, all_of_them=True)
            if found:
                names = ", ".join(one.variable for one in found)
                raise Unusable(
                    f"{event.place}: server {event.server} does not begin with an empty data "
                    f"directory ({names}); give the files of all of its runs"
                )
        self._count(event)

    def _crash(self, event: Event) -> None:
        """Take a crash that nobody told, with what the disk had done before. Raises Divergence."""
        server = decoded_arguments(event)[0]
        event.vars = {name: told for name, told in event.vars.items() if name in self.dialect.disk}
        found: dict[State, None] = {}
        for state in self.states:
            found |= dict.fromkeys(self._unreported(event, server, state))
        if not found:
            raise self._diverges(event, [server])
        self.states = list(found)
        self.taken[event.action] += 1
        self.inferred.append(Inferred(event.action, (server,), event))

    def _unreported(self, event: Event, server: Value, state: State) -> list[State]:
        """Return where a crash leads to after the fewest durable steps that nobody told.

        If it is not known what the log ended with, after any such steps.
        """
        unknown = any(
            isinstance(value, dict) and "#unknown" in value for value in event.vars.values()
        )
        queue: list[tuple[State, tuple[Inferred, ...]]] = [(state, ())]
        known = {state}
        found: list[State] = []
        for before, inferred in queue:
            down = [
                one
                for one in self.steps.take(event.action, [server], before)
                if not self.observer.differences(event, before, one, only_told=True)
            ]
            if down:
                if not found:
                    self.inferred += inferred
                    self.taken.update(one.action for one in inferred)
                found += down
                if not unknown:
                    return found
            if len(inferred) == _MOST_UNREPORTED:
                continue
            for name in self.dialect.durable:
                for given, after in self.steps.every(name, server, before):
                    if after not in known:
                        known.add(after)
                        queue.append((after, (*inferred, Inferred(name, given, event))))
        return found
