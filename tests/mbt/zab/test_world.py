"""The specification of ZAB drives whole servers of the simulated world, with links and files.

As in test_cores.py, but for what stands around the core: transactions are nodes that a server
creates, histories what recovery finds in the files, and the judge of the simulator looks on.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import pytest
from hypothesis.stateful import run_state_machine_as_test
from tests.mbt.profiles import profile
from tests.mbt.zab.core_adapter import Cores
from tests.mbt.zab.test_cores import machine

from speckeeper.sim.bugs import seeded
from speckeeper.sim.stepwise.ensemble import Ensemble
from speckeeper.sim.stepwise.world import LedWorld


class Whole(Cores):
    """Three servers of the simulated world.

    As leaders they have all of their logs at hand: who reads a log from files sends a snapshot
    where that is less to send, and trees are always small here.
    """

    make: ClassVar[Callable[..., Ensemble]] = lambda names, _: LedWorld(names)

    def close(self) -> None:
        """Stop; the judge has found nothing."""
        super().close()
        assert not self.ensemble.remarks(), self.ensemble.remarks()


def test_whole_servers_keep_to_the_specification() -> None:
    driven = machine(Whole)
    run_state_machine_as_test(driven, settings=profile(20, 80, shrink=False))
    reached = driven.coverage.actions
    assert sum(map(bool, reached.values())) > 0.8 * len(reached), driven.coverage
    assert {"DIFF", "SNAP"} & {*driven.coverage.notes}, driven.coverage


@pytest.mark.parametrize("bug", ["commit-without-quorum", "promise-not-written"])
def test_a_mistake_is_noticed(bug: str) -> None:
    class Mistaken(Whole):
        mistake = partial(seeded, bug)

    with pytest.raises((AssertionError, LookupError, AttributeError)):
        run_state_machine_as_test(machine(Mistaken), settings=profile(300, 100, shrink=False))
