"""The specification of elections drives real ones, and real ones are runs of the specification."""

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test
from tests.mbt.election.election_adapter import Electors
from tests.mbt.election.free_elections import SPEC, FreeElections
from tests.mbt.profiles import profile

from speccheck.mbt.follow import Departure
from speccheck.mbt.machine import machine_from_spec
from speckeeper.sim.bugs import seeded

MODULE = Path(__file__).with_name("MBTElection.tla")
RUNS, EVENTS = 15, 300


def _run_all(runs: FreeElections) -> None:
    for seed in range(RUNS):
        runs.run(seed, EVENTS)


def test_elections_keep_to_the_specification_and_all_of_it_is_reached() -> None:
    driven = machine_from_spec(MODULE, Electors, library=[SPEC])
    run_state_machine_as_test(driven, settings=profile(150, 90))
    runs = FreeElections()
    _run_all(runs)
    # Runs by themselves meet what steps by choice meet seldom; what neither reaches fails.
    missing = {*driven.coverage.missing()} & {*runs.coverage.missing()}
    assert not missing, f"{missing}\n{driven.coverage}"


def test_random_elections_are_runs_of_the_specification() -> None:
    runs = FreeElections()
    _run_all(runs)
    # What happens between elections is not the elections' own.
    idle = {name for name, count in runs.coverage.actions.items() if not count}
    assert idle == {
        "LeaderAdvanceEpoch",
        "FollowerUpdateEpoch",
        "LeaderAdvanceZxid",
        "FollowerUpdateZxid",
    }, runs.coverage


@pytest.mark.parametrize("bug", ["vote-without-epoch", "minority-serves"])
def test_a_mistake_departs_from_the_specification(bug: str) -> None:
    with seeded(bug), pytest.raises(Departure):
        _run_all(FreeElections())
