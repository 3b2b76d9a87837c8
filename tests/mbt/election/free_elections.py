"""Elections that run by themselves, each handler of which is looked for in the specification."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.mbt.election.election_adapter import OBSERVERS, VOTERS
from tests.mbt.zab.plain import Decoder

from speccheck.evaluate.disjuncts import State
from speccheck.evaluate.values import Value
from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.mbt.coverage import Coverage
from speccheck.mbt.follow import Follow
from speccheck.mbt.steps import Steps
from speccheck.report.itf import encode
from speckeeper.sim.stepwise.elections import Elections
from speckeeper.wire.election import ServerState

HERE = Path(__file__).parent
SPEC = HERE.parents[2] / "spec"


class FreeElections:
    """Many runs against one module; ``coverage`` is that of all of them."""

    def __init__(self, folders: tuple[Path, ...] = (SPEC,)) -> None:
        config = read_config(HERE / "FreeElection.cfg")
        self.model = load_model(HERE / "MBTElection.tla", config, folders)
        assert self.model.marks is not None, "every model with a next-state relation has them"
        self._steps = Steps(self.model.named(), self.model.marks)
        self.coverage = Coverage(self._steps.names, self.model.marks)
        self._initial: list[State] = []
        assert self.model.initial is not None, "the configuration names it"
        self.model.initial(self._initial.append)

    def run(self, seed: int, events: int) -> None:
        """Let servers elect until so many things have happened. Raises Departure."""
        rng = Random(f"free elections {seed}")
        state = rng.choice(self._initial)
        follow = Follow(self.model, state, self._steps, self.coverage)
        decode = Decoder()
        names = self.model.variables

        def look(action: str, *servers: int) -> None:
            given: dict[str, Value] = dict(zip("ij", servers, strict=False))
            follow.take([(action, given)], decode(elections.observe()))

        def told(server: int, action: str, arguments: tuple[Any, ...]) -> None:
            if started:
                look(action, server, *arguments[:1])

        started = False
        elections = Elections(VOTERS, OBSERVERS, told)
        elections.start({name: encode(v) for name, v in zip(names, state, strict=True)})
        started = True
        for server in elections.servers.values():
            server.election.run()
            server.send_all()
        for _ in range(events):
            _go_on(elections, rng, look)


def _go_on(elections: Elections, rng: Random, look: Callable[..., None]) -> None:
    """Let one thing happen, as the drivers of a core do it."""
    choices: list[tuple[float, Callable[[], object]]] = []
    for i, server in elections.servers.items():
        election = server.election

        def lose(i: int = i) -> None:
            elections.servers[i].election.zab_timeout()
            elections.servers[i].election.run()

        if server.state is not ServerState.LOOKING:
            choices.append((0.02, lose))
        elif election.deadline_ms is not None:
            choices.append((0.2, election.timeout))
        choices.append(
            (0.01, lambda i=i: (elections.restart(i), elections.servers[i].election.run()))
        )
        for j in elections.servers:
            waiting = elections.messages[i, j]
            if waiting:
                choices.append((1, lambda i=i, j=j: _receive(elections, i, j)))
            if len(waiting) > 1:
                choices.append(
                    (0.1, lambda i=i, j=j: _network(elections, look, "OvertakeNotmsg", i, j))
                )
            if i != j:
                choices.append(
                    (0.01, lambda i=i, j=j: _network(elections, look, "BreakConnection", i, j))
                )
    rng.choices([call for _, call in choices], [weight for weight, _ in choices])[0]()
    for server in elections.servers.values():
        server.send_all()


def _receive(elections: Elections, sender: int, receiver: int) -> None:
    vote = elections.messages[sender, receiver].popleft()
    elections.servers[receiver].election.receive(sender, vote)


def _network(elections: Elections, look: Callable[..., None], action: str, i: int, j: int) -> None:
    elections.take(action, i, j)
    look(action, i, j)
