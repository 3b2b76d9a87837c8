"""Runs of the simulator are behaviours of ZabCore, and keep what is proved of it."""

from collections import Counter
from pathlib import Path
from typing import Any
from zlib import crc32

from tests.model.catalogue import SPEC
from tests.proofs.core_run import CoreRun, Step

from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.explore.result import Result
from speccheck.explore.search import Search
from speckeeper.sim.bugs import seeded
from speckeeper.sim.schedule import draw_schedule
from speckeeper.sim.world import World

FOLDER = Path(__file__).parent
TROUBLE_MS = 20_000
# Many epochs and crashes, and few transactions.
SEED = 3

CONFIG = """SPECIFICATION RunSpec
CONSTANTS
    Server = {s1, s2, s3}
    Quorum <- RunQuorum
    SomeServer = s1
    SomeQuorum = {s1, s2, s3}
    SomeValue = "none"
    Value <- GivenValue
    Steps <- GivenSteps
    Epoch <- RunEpoch
    Index <- RunIndex
    s1 = s1
    s2 = s2
    s3 = s3
    MaxEpoch = EPOCH
    MaxIndex = INDEX
CHECK_DEADLOCK FALSE
INVARIANTS
    Invariant
    CommittedInLaterEpochs
    CommittedHistoriesAgree
    PrefixConsistency
    LogHasDelivered
    PrimaryIntegrity
PROPERTIES
    StepsOfCore
"""

# Arguments that are servers, and those that are sets of them, by action.
SERVERS = {"FollowerInfo": (0, 1), "Promise": (0, 2), "StartEpoch": (0, 3)}
QUORUMS = {"ChooseEpoch": 2, "StartEpoch": 2, "Establish": 2, "Commit": 3}


def recorded(seed: int) -> tuple[CoreRun, str | None]:
    """Return a run with faults, three servers and few writes, and what its judge says."""
    schedule = draw_schedule(seed, voters=3)
    options = schedule.options._replace(observers=0, writes=2, trouble_ms=TROUBLE_MS)
    faults = tuple(fault for fault in schedule.faults if fault.at_ms < TROUBLE_MS)
    run = CoreRun()
    run.world = world = World(schedule._replace(options=options, faults=faults), run.trace)
    return run, world.run().violation


def text_of(step: Step) -> str:
    """Return a step as a record of the specification."""
    action, arguments = step
    shown = [_argument(action, place, argument) for place, argument in enumerate(arguments)]
    return f'[action |-> "{action}", arguments |-> <<{", ".join(shown)}>>]'


def _argument(action: str, place: int, argument: Any) -> str:
    if place in SERVERS.get(action, (0,)):
        return f"s{argument}"
    if place == QUORUMS.get(action):
        return f"{{{', '.join(f's{one}' for one in sorted(argument))}}}"
    if isinstance(argument, bytes):
        return f'"{_value(argument)}"'
    if isinstance(argument, tuple):
        return f"<<{', '.join(map(str, argument))}>>"
    return str(argument)


def _value(entry: bytes) -> str:
    return f"{crc32(entry):x}"


def judged(steps: list[Step], folder: Path) -> Result:
    """Return what the checker says of the behaviour that steps are."""
    values = {_value(arguments[2]) for action, arguments in steps if action == "Propose"}
    proposals = sum(action == "Propose" for action, _ in steps)
    epochs = [arguments[1] for action, arguments in steps if action == "ChooseEpoch"]
    lines = [
        "---- MODULE GivenRun ----",
        "EXTENDS CoreRun",
        "CONSTANTS s1, s2, s3",
        "GivenValue == {" + ", ".join(f'"{value}"' for value in sorted({*values, "none"})) + "}",
        "GivenSteps == <<",
        ",\n".join(map(text_of, steps)),
        ">>",
        "====",
    ]
    (folder / "GivenRun.tla").write_text("\n".join(lines))
    config = folder / "GivenRun.cfg"
    config.write_text(
        CONFIG.replace("EPOCH", str(max(epochs))).replace("INDEX", str(proposals + 1))
    )
    model = load_model(folder / "GivenRun.tla", read_config(config), [FOLDER, SPEC])
    return Search(model).run()


def test_a_run_is_a_behaviour_of_the_core(tmp_path: Path) -> None:
    run, violation = recorded(SEED)
    assert violation is None
    found = Counter(action for action, _ in run.steps)
    assert found["StartEpoch"] >= 6, "this seed has many epochs"
    assert found["Crash"] >= 7
    assert found["Commit"] >= 15

    result = judged(run.steps, tmp_path)

    assert result.verdict == "success", (result.violated, run.steps[result.depth])
    assert result.distinct == len(run.steps) + 1, run.steps[result.distinct - 1]


def test_a_mistake_in_the_server_is_no_step_of_the_core(tmp_path: Path) -> None:
    """currentEpoch is durable ahead of the log."""
    with seeded("ZOOKEEPER-4643"):
        run, _ = recorded(SEED)

    result = judged(run.steps, tmp_path)

    assert result.verdict == "success"
    assert result.distinct <= len(run.steps)
    assert run.steps[result.distinct - 1][0] == "FinishSync"
