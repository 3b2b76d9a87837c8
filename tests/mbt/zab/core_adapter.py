"""Real cores as a system under spec/Zab.tla: they do what they are told, one step at a time."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from inspect import signature
from typing import Any, ClassVar

from speccheck.evaluate.values import Value
from speccheck.report.itf import decode, encode
from speckeeper.sim.stepwise.ensemble import Ensemble
from speckeeper.sim.stepwise.names import Names

NAMES = Names({number: f"s{number}_OF_MODEL" for number in (1, 2, 3)}, "NullPoint_OF_MODEL")
WINDOWS = {1: 500, 2: 1, 3: 2}
"""How many transactions each server has at hand as a leader; beyond that it reads its log."""

BY_ITSELF = "LeaderStartServing"
OUTSIDE = {"NodeCrash", "NodeStart"}
"""What happens to a server: no handler of the core runs in it."""

DISTURBING = {"NodeCrash", "FollowerShutdown", "LeaderShutdown", "LeaderRemoveLearner"}


class Cores:
    """Three cores; a step has to be the one handler of its name, and no other."""

    internal: ClassVar[frozenset[str]] = frozenset({BY_ITSELF})
    left_out: ClassVar[Mapping[str, str]] = {}
    often: ClassVar[frozenset[str]] = frozenset()
    disturbing: ClassVar[frozenset[str]] = frozenset(DISTURBING)
    weights: ClassVar[Mapping[str, float]] = {}
    usual: ClassVar[Mapping[str, Callable[[Value], bool]]] = {}
    swarm: ClassVar[bool] = False
    deterministic: ClassVar[bool] = True
    make: ClassVar[Callable[..., Ensemble]] = Ensemble
    mistake: ClassVar[Callable[[], AbstractContextManager[object]]] = nullcontext

    def __init__(self) -> None:
        self.ensemble = type(self).make(NAMES, WINDOWS)
        self._mistake = type(self).mistake()
        self._notes: list[str] = []
        self._seen: dict[str, Any] = {}
        self._decoded: dict[str, Value] = {}

    def start(self, state: Mapping[str, Value]) -> None:
        """Start with the disks of an initial state."""
        self._mistake.__enter__()
        self.ensemble.start({name: encode(value) for name, value in state.items()})

    def observe(self) -> Mapping[str, Value]:
        """Return all variables but those that only properties read."""
        for name, value in self.ensemble.observe().items():
            if value != self._seen.get(name):
                self._seen[name], self._decoded[name] = value, decode(value)
        return {**self._decoded}

    def notes(self) -> Iterable[str]:
        """Return how followers were synchronized."""
        notes, self._notes = self._notes, []
        return notes

    def close(self) -> None:
        """Stop."""
        self._mistake.__exit__(None, None, None)

    def take(self, action: str, arguments: Mapping[str, Value]) -> None:
        """Take a step, and see which handlers have run."""
        given = {name: encode(value) for name, value in arguments.items()}
        self.ensemble.take(action, given)
        ran = [
            told.action
            for told in self.ensemble.told
            if told.action in self.ensemble.actions and told.action != BY_ITSELF
        ]
        # An older connection is dropped when its server is known by name, and learners before one
        # gives up leading; a snapshot of what the disk has is no step.
        ahead = {
            "LeaderProcessFOLLOWERINFO": "LeaderRemoveLearner",
            "LeaderShutdown": "LeaderRemoveLearner",
            "FollowerPersistCurrentEpoch": "FollowerTakeSnapshot",
        }
        ran = [one for one in ran if one != ahead.get(action)]
        if action not in OUTSIDE:
            assert ran in ([action], []), f"{action} was to be taken, and {ran} was"
        if action == "LeaderSyncFollower":
            self._notes.append(str(arguments["mode"]))
        for told in self.ensemble.told:
            if told.action == BY_ITSELF:
                leader = self.ensemble.seats[told.server].core.leader
                assert leader is not None, "it has started to serve"
                self._notes.append(f"epoch {leader.new_epoch}")


def _method(action: str, parameters: Iterable[str]) -> Callable[..., None]:
    def take(self: Cores, *given: Value) -> None:
        self.take(action, dict(zip(parameters, given, strict=True)))

    return take


for _action, _step in Ensemble(NAMES).actions.items():
    setattr(Cores, _action, _method(_action, tuple(signature(_step).parameters)))
