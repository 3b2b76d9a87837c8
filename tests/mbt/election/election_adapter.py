"""Real elections as a system under spec/FastLeaderElection.tla: one handler at a time."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from tests.mbt.zab.plain import Decoder

from speccheck.evaluate.values import Value
from speccheck.report.itf import encode
from speckeeper.sim.stepwise.elections import Elections

VOTERS, OBSERVERS = (1, 2, 3), (4,)
OUTSIDE = {
    "BreakConnection",
    "OvertakeNotmsg",
    "LeaderAdvanceEpoch",
    "FollowerUpdateEpoch",
    "LeaderAdvanceZxid",
    "FollowerUpdateZxid",
}
"""What the network does, and what happens between elections: no handler runs."""


class Electors:
    """Three voters and an observer; a step has to be the one handler of its name."""

    internal: ClassVar[frozenset[str]] = frozenset()
    left_out: ClassVar[Mapping[str, str]] = {}
    often: ClassVar[frozenset[str]] = frozenset({"ReceiveNotmsg", "HandleNotmsg"})
    disturbing: ClassVar[frozenset[str]] = frozenset(
        {"Restart", "ZabTimeout", "BreakConnection", "OvertakeNotmsg"}
    )
    weights: ClassVar[Mapping[str, float]] = {}
    usual: ClassVar[Mapping[str, Callable[[Value], bool]]] = {}
    swarm: ClassVar[bool] = False

    def __init__(self) -> None:
        self._ran: list[str] = []
        self.elections = Elections(VOTERS, OBSERVERS, lambda i, name, args: self._ran.append(name))
        self._decode = Decoder()

    def start(self, state: Mapping[str, Value]) -> None:
        """Start with the logs of an initial state."""
        self.elections.start({name: encode(value) for name, value in state.items()})

    def observe(self) -> Mapping[str, Value]:
        """Return all variables."""
        return self._decode(self.elections.observe())

    def notes(self) -> Iterable[str]:
        """Return nothing: the actions say it all."""
        return ()

    def close(self) -> None:
        """Nothing runs on."""

    def take(self, action: str, servers: tuple[Any, ...]) -> None:
        """Take a step, and see which handlers have run."""
        self._ran.clear()
        self.elections.take(action, *servers)
        wanted = [] if action in OUTSIDE else [action]
        assert self._ran == wanted, f"{action} was to be taken, and {self._ran} was"


def _method(action: str) -> Callable[..., None]:
    def take(self: Electors, *servers: Any) -> None:
        self.take(action, servers)

    return take


for _action in Elections(VOTERS, OBSERVERS).actions:
    setattr(Electors, _action, _method(_action))
