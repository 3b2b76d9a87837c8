"""Runs of cores by themselves, each handler of which is looked for in spec/Zab.tla."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.mbt.zab.core_adapter import NAMES
from tests.mbt.zab.plain import Decoder

from speccheck.evaluate.disjuncts import State
from speccheck.explore.config import read_config
from speccheck.explore.model import Model, load_model
from speccheck.mbt.coverage import Coverage
from speccheck.mbt.follow import Departure, Follow
from speccheck.mbt.steps import Steps
from speccheck.report.itf import decode
from speckeeper.sim.stepwise.free import FreeRun, Step

HERE = Path(__file__).parent
SPEC = HERE.parents[2] / "spec"


class FreeRuns:
    """Many runs against one module; ``coverage`` is that of all of them."""

    def __init__(self, folders: tuple[Path, ...] = (SPEC,)) -> None:
        self.model: Model = load_model(
            HERE / "MBTZab.tla", read_config(HERE / "FreeZab.cfg"), folders
        )
        assert self.model.marks is not None, "every model with a next-state relation has them"
        self._steps = Steps(self.model.named(), self.model.marks)
        self.coverage = Coverage(self._steps.names, self.model.marks)
        initial: list[State] = []
        assert self.model.initial is not None, "the configuration names it"
        self.model.initial(initial.append)
        (self._initial,) = initial

    def run(self, seed: int, events: int) -> None:
        """Let cores run until so many things have happened. Raises Departure."""
        follow = Follow(self.model, self._initial, self._steps, self.coverage, deterministic=True)
        decoder = Decoder()

        def look(steps: list[Step]) -> None:
            taken = [
                (action, {name: decode(value) for name, value in arguments.items()})
                for action, arguments in steps
            ]
            state = follow.take(taken, decoder(run.observe()))
            for action, arguments in taken:
                if action == "LeaderSyncFollower":
                    self.coverage.notes[str(arguments["mode"])] += 1
            for check in self.model.invariants:
                if not check.holds(state):
                    raise Departure(f"The specification violates {check.name}.")

        run = FreeRun(seed, NAMES, look)
        run.start()
        for _ in range(events):
            run.go_on()


Look = Callable[[list[Step]], Any]
