"""Hunts that judge histories: what is right is let through, and mistakes are seen in them alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from speccheck.conform.hunted import NAME, history_violation
from speccheck.hunt.system import Unusable, find_system
from speccheck.hunt.task import Task, run
from speckeeper.sim.judge_client import JudgedClient
from speckeeper.sim.system import SYSTEM


def test_a_run_is_judged_with_its_histories() -> None:
    outcome = run(Task("speckeeper", 5, 60.0, judge=NAME))
    assert (outcome.violation, outcome.problem) == (None, None)


@pytest.mark.parametrize(
    ("bug", "seed", "operator"),
    [
        ("multi-in-part", 3, "ApplyMulti"),
        ("reply-kept", 2, "Exists"),
        ("watch-fired-late", 1, "EventsComeFirst"),
    ],
)
def test_a_mistake_is_seen_in_the_histories_alone(
    bug: str, seed: int, operator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rule in ("_read", "_wrote", "_synced", "fired", "rewatched"):
        monkeypatch.setattr(JudgedClient, rule, lambda *_: None)
    told = SYSTEM.watch(SYSTEM.draw(seed, 3), bug, None, tmp_path)
    assert told["violation"] is None, "the simulator's own judge of clients sleeps"
    found = history_violation(tmp_path, told["settings"])
    assert found is not None
    assert found.startswith(f"{operator}: ")


def test_a_system_without_histories_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    name, system = find_system("speckeeper")
    plain = type("Plain", (), {"draw": system.draw, "run": system.run})()
    monkeypatch.setattr("speccheck.hunt.task.find_system", lambda _: (name, plain))
    with pytest.raises(Unusable, match="record no histories"):
        run(Task(name, 5, 60.0, judge=NAME))
