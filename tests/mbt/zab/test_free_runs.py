"""The other way round: cores run by themselves, and each handler is a step of the specification."""

from pathlib import Path

import pytest
from tests.mbt.zab.free_runs import SPEC, FreeRuns

from speccheck.mbt.follow import Departure
from speckeeper.sim.bugs import seeded

RUNS, EVENTS = 25, 400


def _run_all(runs: FreeRuns) -> None:
    for seed in range(RUNS):
        runs.run(seed, EVENTS)


def test_random_runs_are_runs_of_the_specification() -> None:
    runs = FreeRuns()
    _run_all(runs)
    actions = runs.coverage.actions
    assert min(actions.values()) > 0, runs.coverage
    assert {*runs.coverage.notes} == {"DIFF", "TRUNC", "SNAP"}, runs.coverage


@pytest.mark.parametrize(
    "bug",
    [
        "ZOOKEEPER-4394",
        "ZOOKEEPER-4643",
        "ZOOKEEPER-4646",
        "ZOOKEEPER-4712",
        "ack-before-durable",
        "minority-serves",
        "uncommitted-served",
    ],
)
def test_a_mistake_in_the_core_departs_from_the_specification(bug: str) -> None:
    with seeded(bug), pytest.raises(Departure):
        _run_all(FreeRuns())


def test_a_departure_says_which_conjunct_forbids_it(tmp_path: Path) -> None:
    """A follower that is to wait for something that our cores do not wait for."""
    text = (SPEC / "Zab.tla").read_text("utf-8")
    guard = "    /\\ learnerStage[i] = LEADERINFO\n"
    assert text.count(guard) == 1
    (tmp_path / "Zab.tla").write_text(
        text.replace(guard, guard + "    /\\ currentEpoch[i] > 0\n"), "utf-8"
    )
    runs = FreeRuns((tmp_path, SPEC))
    with pytest.raises(Departure) as caught:
        runs.run(0, EVENTS)
    line = text.splitlines().index(guard.rstrip()) + 2
    told = str(caught.value).splitlines()
    assert told[-3].startswith("The specification does not allow FollowerPersistAcceptedEpoch")
    assert told[-2].endswith(f"Zab.tla:{line}:8:")
    assert told[-1] == "  currentEpoch[i] > 0"
