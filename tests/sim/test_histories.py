"""Histories of simulated clients are those of real ones, and keep ZooKeeper's promises."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from speccheck.conform.history.facts import Policy
from speccheck.conform.history.judge import Judge
from speccheck.conform.history.operators import Operators
from speccheck.conform.history.reading import files_of
from speccheck.conform.history.survey import survey
from speccheck.conform.history.verdict import Verdict
from speckeeper.sim.histories import Histories
from speckeeper.sim.schedule import draw_schedule
from speckeeper.sim.world import World

SPEC = Path(__file__).parents[2] / "spec" / "ZNode.tla"


@cache
def operators() -> Operators:
    return Operators(SPEC, Policy())


def run(seed: int, folder: Path, servers: int | None = None) -> bool:
    """Run a seed; return whether sessions began as local ones."""
    histories = Histories(folder)
    world = World(draw_schedule(seed, servers), history=histories)
    world.run()
    histories.close(world.clock.now_ms)
    return world.schedule.options.local_sessions


def judged(folder: Path, *, has_local_sessions: bool = False) -> Verdict:
    files = files_of([folder])
    found = survey(files, lambda count: None, has_local_sessions=has_local_sessions)
    judge = Judge(operators(), files, found, is_complete=True, is_fresh=True)
    return judge.run(lambda count: None)


@pytest.mark.parametrize("seed", [3, 4, 5, 7, 13, 16])
def test_simulated_clients_see_what_the_specification_allows(seed: int, tmp_path: Path) -> None:
    run(seed, tmp_path)
    verdict = judged(tmp_path)
    assert verdict.divergence is None, verdict.divergence
    assert verdict.total > 10


@pytest.mark.parametrize("seed", [9, 17, 18, 124, 170, 1_000_001, 1_000_003])
def test_histories_that_were_once_judged_wrongly(seed: int, tmp_path: Path) -> None:
    """Local sessions, much lost at once, a watch from before any transaction, other members."""
    verdict = judged(tmp_path, has_local_sessions=run(seed, tmp_path, 3))
    assert verdict.divergence is None, verdict.divergence
    assert verdict.total > 50


def test_a_history_depends_on_nothing_but_its_seed(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        run(5, tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        texts.append([(file.name, file.read_bytes()) for file in files])
    assert texts[0] == texts[1]
