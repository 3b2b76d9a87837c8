"""Hunts judge traces and histories: what is right is let through, mistakes are seen there alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.sim.alone import run_alone
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.conform.hunted import HISTORIES, TRACES
from speccheck.hunt.system import Unusable, find_system
from speccheck.hunt.task import Task, run
from speckeeper.sim.system import SYSTEM

_EVENTS, _REPLIES = "trace events judged", "replies and watch events judged"


def test_a_run_is_judged_with_its_traces_and_histories_and_is_the_same_run() -> None:
    judged = run(
        Task("speckeeper", 3, 60.0, traces=TRACES, histories=HISTORIES, logged=True, servers=3)
    )
    assert (judged.violation, judged.problem) == (None, None)
    assert judged.figures[_EVENTS] > 100
    assert judged.figures[_REPLIES] > 5
    assert 0 < judged.judging_s < judged.processor_s
    plain = run(Task("speckeeper", 3, 60.0, logged=True, servers=3))
    assert plain.digest == judged.digest
    assert _EVENTS not in plain.figures


def _hunt(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["hunt", "--system", "speckeeper", *arguments])
    return result.exit_code, result.output


def test_both_are_judged_unless_it_is_said_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = _hunt("--seed", "8", "--servers", "3")
    assert code == 0
    assert _EVENTS in output
    assert _REPLIES in output
    code, output = _hunt("--seed", "8", "--servers", "3", "--no-traces", "--no-histories")
    assert code == 0
    assert "judged" not in output


def test_a_mistake_is_left_to_the_simulator_unless_it_is_said_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mistake = ("--bug", "snapshot-not-written", "--seed", "1", "--servers", "3")
    code, output = _hunt(*mistake)
    assert (code, "judged" in output) == (0, False)
    code, output = _hunt(*mistake, "--traces")
    assert code == 1
    assert re.search(r"Violated: Follower\w+: server-\d", output), output


@pytest.mark.parametrize(
    ("bug", "seed", "action", "conjunct"),
    [
        ("commit-without-quorum", 0, "LeaderStartServing", "HasAllQuorums(i, ackldRecv[i])"),
        ("ZOOKEEPER-4643", 0, "FollowerPersistCurrentEpoch", "HistoryIsDurable(i)"),
        ("unsynced-log", 0, "NodeCrash", "UNCHANGED <<durableVars, ghostVars>>"),
    ],
)
def test_a_mistake_is_seen_in_the_traces_alone(
    bug: str, seed: int, action: str, conjunct: str
) -> None:
    found = run_alone(seed, bug).trace
    assert found is not None
    assert found.conjunct is not None
    assert (found.event.action, found.conjunct.text) == (action, conjunct)


@pytest.mark.parametrize(
    ("bug", "seed", "operator"),
    [
        ("multi-in-part", 3, "ApplyMulti"),
        ("reply-kept", 2, "Exists"),
        ("watch-fired-late", 1, "EventsComeFirst"),
    ],
)
def test_a_mistake_is_seen_in_the_histories_alone(bug: str, seed: int, operator: str) -> None:
    found = run_alone(seed, bug, 3).history
    assert found is not None
    assert found.operator == operator


def test_a_system_that_records_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    name, system = find_system("speckeeper")
    plain = type("Plain", (), {"draw": system.draw, "run": system.run})()
    monkeypatch.setattr("speccheck.hunt.task.find_system", lambda _: (name, plain))
    with pytest.raises(Unusable, match="speckeeper records neither"):
        run(Task(name, 5, 60.0, histories=HISTORIES))


def test_runs_with_members_that_change_are_judged_as_far_as_the_specification_goes() -> None:
    schedule = SYSTEM.draw(1000004, None)
    outcome = run(Task("speckeeper", 1000004, 60.0, schedule=schedule, traces=TRACES))
    assert outcome.violation is None
    assert outcome.figures["trace events judged"] > 200
    assert outcome.figures["trace events not judged"] > 0


@pytest.mark.parametrize(
    ("seed", "servers"),
    [
        pytest.param(326, 5, id="an old connection when the newer one is gone"),
        pytest.param(5012, 3, id="an observer decides an epoch"),
        pytest.param(5101, 3, id="a learner that leaves by LEADERINFO"),
        pytest.param(5122, 3, id="a learner ahead by an empty epoch alone"),
        pytest.param(5152, 3, id="messages behind several candidates"),
    ],
)
def test_traces_that_were_rejected_once(seed: int, servers: int) -> None:
    outcome = run(Task("speckeeper", seed, 60.0, servers, traces=TRACES))
    assert (outcome.violation, outcome.problem) == (None, None)
    assert outcome.figures["trace events judged"] > 100


@pytest.mark.parametrize("seed", [100424, 100448])
def test_lost_writes_that_may_have_several_places_decide_nothing(seed: int) -> None:
    outcome = run(Task("speckeeper", seed, 60.0, 3, histories=HISTORIES))
    assert (outcome.violation, outcome.problem) == (None, None)
    assert outcome.figures[_REPLIES] > 200
