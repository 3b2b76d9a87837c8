"""The specification of the data model drives a simulated ensemble, whose clients move about."""

from typing import Any

import pytest
from tests.mbt.profiles import profile
from tests.mbt.znode.ensemble import Ensemble, EnsembleSystem
from tests.mbt.znode.machines import machine, run
from tests.mbt.znode.numbers import Numbers

from speccheck.evaluate.values import Value
from speccheck.mbt.machine import Disagreement

# Seconds of processor time, which take long where many others want it too.
pytestmark = pytest.mark.timeout(1200)

WANTED = (
    *("Create", "Create2", "Delete", "SetData", "SetACL", "Multi", "Exists", "GetData", "Sync"),
    *("CreateSession", "CloseSession", "ExpireSession", "Disconnect", "Reconnect", "LearnExpiry"),
    *("Receive", "Restart", "Lag", "CatchUp", "ServerApply"),
)


def test_an_ensemble_keeps_to_the_specification() -> None:
    coverage = run(machine(Ensemble, "MBTEnsemble"), profile(50, 80))
    unmet = [name for name in WANTED if not coverage.actions[name]]
    assert not unmet, f"never taken: {unmet}\n{coverage}"


class Forgetful(EnsembleSystem):
    """The last server has no sessions any more once somebody has restarted."""

    def restart(self, servers: frozenset[Any]) -> None:
        super().restart(servers)
        self.world.nodes[3].ensure_running()
        self.settle()
        self.has_restarted = True

    def shown(self, numbers: Numbers) -> dict[str, Value]:
        if getattr(self, "has_restarted", False):
            self.world.nodes[3].tree.sessions.clear()
        return super().shown(numbers)


class ForgetfulEnsemble(Ensemble):
    system_type = Forgetful


def test_a_server_that_forgets_is_told_as_a_story() -> None:
    with pytest.raises(Disagreement) as caught:
        run(machine(ForgetfulEnsemble, "MBTEnsemble"), profile(60, 60, shrink=False))
    assert "sessions" in str(caught.value)
    assert "Restart" in str(caught.value)
