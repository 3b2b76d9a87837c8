"""The specification of ZAB drives real cores, one step at a time."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from tests.mbt.profiles import profile
from tests.mbt.zab.core_adapter import Cores
from tests.mbt.zab.free_runs import FreeRuns

from speccheck.mbt.machine import SpecMachine, machine_from_spec
from speckeeper.sim.bugs import seeded

SPEC = Path(__file__).parents[3] / "spec"
MODULE = Path(__file__).with_name("MBTZab.tla")

# What no run reaches, by the text of the branch: one server is no quorum of three; and no leader
# sends a COMMIT between a TRUNC and NEWLEADER (tests/model/idle.toml says why).
OUT_OF_REACH = ("Started(i) ELSE epochLeader", "/\\ packetsNotLogged[i] # << >>")

# What neither direction reaches fails: runs by themselves meet what steps by choice meet seldom.
FREE_RUNS, FREE_EVENTS = 10, 400

REACHED = {"DIFF", "TRUNC", "SNAP", "epoch 3"}


def machine(adapter: type[Any]) -> type[SpecMachine]:
    return machine_from_spec(MODULE, adapter, library=[SPEC])


def _text(missing: str) -> str:
    path, line, column = missing.rsplit(" at ", 1)[1].split(":")
    return Path(path).read_text("utf-8").splitlines()[int(line) - 1][int(column) - 1 :]


def test_cores_keep_to_the_specification_and_all_of_it_is_reached() -> None:
    driven = machine(Cores)
    run_state_machine_as_test(driven, settings=profile(250, 100))
    coverage = driven.coverage
    runs = FreeRuns()
    for seed in range(FREE_RUNS):
        runs.run(seed, FREE_EVENTS)
    missing = [
        one
        for one in coverage.missing()
        if one in runs.coverage.missing()
        and not (" at " in one and _text(one).startswith(OUT_OF_REACH))
    ]
    assert not missing, f"{missing}\n{coverage}"
    assert {*coverage.notes, *runs.coverage.notes} >= REACHED, coverage


# Each is noticed where the core differs, long before it leads to a loss that a client could see.
MISTAKES = ["ZOOKEEPER-3911", "commit-without-quorum", "promise-not-written"]


@pytest.mark.parametrize("bug", MISTAKES)
def test_a_mistake_is_noticed(bug: str) -> None:
    class Mistaken(Cores):
        mistake = partial(seeded, bug)

    with pytest.raises((AssertionError, LookupError, AttributeError)) as caught:
        run_state_machine_as_test(machine(Mistaken), settings=profile(300, 100, shrink=False))
    told = [str(caught.value), *getattr(caught.value, "__notes__", ())]
    assert any("  1. " in each for each in told), told
