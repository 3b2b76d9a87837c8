"""Recorded traces as behaviours of spec/ZabCore.tla, by the mapping of spec/ZabRefinesCore.tla.

``speccheck trace`` takes a trace from state to state of Zab.tla. Here the core goes along: each
step of Zab amounts to steps of the core (``StepsOfCore``, evaluated from the text), which are taken
by its own actions, one by one.
"""

from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from speccheck.conform.judge import Plan, judge
from speccheck.conform.reading import Event
from speccheck.conform.replay import Replay
from speccheck.evaluate.compiler import State
from speccheck.evaluate.show import show
from speccheck.explore.config import read_config
from speccheck.explore.model import Model, load_model

SPEC = Path(__file__).parents[2] / "spec"

MODULE = """---- MODULE TraceRefinesCore ----
EXTENDS ZabRefinesCore
TraceServer == SERVERS
TraceQuorum == {S \\in SUBSET TraceServer : 2 * Cardinality(S) > Cardinality(TraceServer)}
FirstQuorum == TraceServer
TraceNat == 0..MOST
TraceValue == VALUES
OneServer == CHOOSE i \\in TraceServer : TRUE
OneValue == CHOOSE v \\in TraceValue : TRUE
NoServer == -1
RefinesInit == Init /\\ CoreInit
RefinesNext == \\/ todo = << >> /\\ Next /\\ AfterZab
               \\/ OfCore /\\ UNCHANGED vars
====
"""

CONFIG = """INIT RefinesInit
NEXT RefinesNext
CONSTANTS
    Nat <- TraceNat
    Server <- TraceServer
    Quorum <- TraceQuorum
    Value <- TraceValue
    NullPoint <- NoServer
    SomeServer <- OneServer
    SomeQuorum <- FirstQuorum
    SomeValue <- OneValue
CHECK_DEADLOCK FALSE
ALIAS StepsOfCore
INVARIANTS
    IsPossible
    Coupled
    CoreInvariant
"""


class Behaviour(NamedTuple):
    """A behaviour of Zab.tla that a trace is: variables, states, and the actions between them."""

    variables: tuple[str, ...]
    states: list[State]
    actions: list[str]
    conforms: bool


def behaviour(folder: Path) -> Behaviour:
    """Return what the specification makes of a trace: all states, also of steps nobody told."""
    states: list[State] = []
    actions: list[str] = []
    variables: tuple[str, ...] = ()
    take = Replay.take

    def kept(self: Replay, event: Event) -> None:
        nonlocal variables
        variables = self.model.variables
        before, inferred = self.states[0], len(self.inferred)
        if not states:
            states.append(before)
        take(self, event)
        for one in self.inferred[inferred:]:
            (before,) = self.steps.take(one.action, one.arguments, before)
            states.append(before)
            actions.append(one.action)
        if self.states[0] != before:
            states.append(self.states[0])
            actions.append(event.action)

    folding = patch.dict("speccheck.conform.judge.FOLDINGS", clear=True)
    with patch.object(Replay, "take", kept), folding:
        verdict = judge([folder], Plan(SPEC / "Zab.tla"))
    return Behaviour(variables, states, actions, verdict.conforms)


class Core:
    """The specification of both, for the servers and values of a behaviour."""

    def __init__(self, of: Behaviour, folder: Path) -> None:
        """``folder`` is for the module that is made."""
        self._of = of
        logs = [of.variables.index(name) for name in ("history", "queuedRequests")]
        servers = of.states[0][logs[0]].domain.keys_
        entries = {
            entry
            for state in of.states
            for at in logs
            for log in state[at].values_
            for entry in log.values_
        }
        values = {show(entry.values_[entry.domain.index["value"]]) for entry in entries}
        text = MODULE.replace("SERVERS", f"{{{', '.join(map(show, servers))}}}")
        text = text.replace("VALUES", f"{{{', '.join(sorted(values))}}}")
        accepted = of.variables.index("acceptedEpoch")
        epochs = {epoch for state in of.states for epoch in state[accepted].values_}
        # Places in logs and epochs, and one epoch more, which may be promised.
        most = max(len(entries), *epochs) + 1
        (folder / "TraceRefinesCore.tla").write_text(text.replace("MOST", str(most)))
        (folder / "TraceRefinesCore.cfg").write_text(CONFIG)
        config = read_config(folder / "TraceRefinesCore.cfg")
        self.model: Model = load_model(folder / "TraceRefinesCore.tla", config, [SPEC])
        self._places = [self.model.variables.index(name) for name in of.variables]
        self._todo = self.model.variables.index("todo")
        self.taken = 0

    def follow(self) -> str:
        """Go along with the behaviour; return what does not hold, "" if all does."""
        found: list[State] = []
        assert self.model.initial is not None
        self.model.initial(found.append)
        (joint,) = found
        for state, action in zip(self._of.states, ["", *self._of.actions], strict=True):
            joint = self._with_steps(joint, self._with_zab(joint, state))
            while joint[self._todo].values_:
                if broken := self._broken(joint, "IsPossible"):
                    return f"{action}: {broken}"
                successors: list[State] = []
                for each in self.model.actions:
                    each.step(joint, successors.append)
                (joint,) = dict.fromkeys(successors)
                self.taken += 1
            if broken := self._broken(joint, "Coupled", "CoreInvariant"):
                return f"{action}: {broken}"
        return ""

    def _with_zab(self, joint: State, state: State) -> State:
        values = [*joint]
        for place, value in zip(self._places, state, strict=True):
            values[place] = value
        return tuple(values)

    def _with_steps(self, before: State, after: State) -> State:
        assert self.model.alias is not None, "StepsOfCore"
        values = [*after]
        values[self._todo] = self.model.alias(before, after)
        return tuple(values)

    def _broken(self, joint: State, *names: str) -> str:
        for check in self.model.invariants:
            if check.name in names and not check.holds(joint):
                return check.name
        return ""
