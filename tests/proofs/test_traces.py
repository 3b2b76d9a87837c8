"""Recorded traces, mapped to ZabCore as Zab.tla is, are behaviours of it and keep its invariant."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.proofs.trace_refinement import Behaviour, Core, behaviour

from speckeeper.sim.recording import Recording
from speckeeper.sim.schedule import draw_schedule
from speckeeper.sim.world import World

TRACES = Path(__file__).parents[2] / "traces"
SEED = 3
TROUBLE_MS = 5_000


@pytest.fixture(autouse=True)
def deep_recursion() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(usual)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Behaviour:
    """A recorded run with crashes and few writes, as the specification takes it."""
    folder = tmp_path_factory.mktemp("recorded")
    schedule = draw_schedule(SEED, voters=3)
    options = schedule.options._replace(observers=0, writes=1, clients=0, trouble_ms=TROUBLE_MS)
    faults = tuple(fault for fault in schedule.faults if fault.at_ms < TROUBLE_MS)
    recording = Recording(folder)
    report = World(schedule._replace(options=options, faults=faults), recording).run()
    recording.close()
    assert report.violation is None
    return behaviour(folder)


def test_a_recorded_trace_is_a_behaviour_of_the_core(traced: Behaviour, tmp_path: Path) -> None:
    assert traced.conforms
    assert len(traced.states) > 80
    assert {"NodeCrash", "LeaderStartServing", "FollowerProcessCOMMIT"} <= {*traced.actions}
    core = Core(traced, tmp_path)

    assert core.follow() == ""
    assert core.taken > 40


@pytest.mark.parametrize(
    "name",
    [
        "recorded/leader-killed",  # Of three processes on sockets.
        "good/short-run",
        "good/nobody-stays",
        # About a minute: the invariant is asked for all places of longer logs.
        pytest.param("good/crashes-and-ambushes", marks=pytest.mark.models),
    ],
)
def test_a_trace_of_the_corpus_is_too(name: str, tmp_path: Path) -> None:
    recorded = behaviour(TRACES / name)
    assert recorded.conforms

    core = Core(recorded, tmp_path)

    assert core.follow() == ""
    assert core.taken > 60


def test_a_trace_that_leaves_out_a_durable_step_is_none(traced: Behaviour, tmp_path: Path) -> None:
    """What the mapping is worth: without the first durable currentEpoch nothing fits."""
    at = traced.actions.index("FollowerPersistCurrentEpoch")
    place = traced.variables.index("currentEpoch")
    states = [
        (*state[:place], traced.states[0][place], *state[place + 1 :]) for state in traced.states
    ]
    without = traced._replace(states=states[: at + 40], actions=traced.actions[: at + 39])

    assert Core(without, tmp_path).follow() != ""
