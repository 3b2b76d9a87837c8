"""ZabCore.tla: everything is proved; with a mistake in it, what the mistake breaks is refuted."""

import os
import re
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.proofs.scripted import MAJORITIES, follow

from speccheck.explore.config import read_config
from speccheck.explore.model import load_model
from speccheck.explore.simulate import Simulation
from speccheck.prove.discharge import Limits, Status, Verdict
from speccheck.prove.obligations import Kind
from speccheck.prove.run import Task, plan, prove

SPEC = Path(__file__).parents[2] / "spec"
MODEL = Path(__file__).parents[1] / "model"


@dataclass(frozen=True)
class Mistake:
    """Texts of ZabCore.tla and what to put in their place; what is refuted then."""

    name: str
    obligation: str
    profile: str
    changes: list[list[str]]
    run: str = ""
    zab: str = ""
    script: tuple[str, ...] = ()
    quorums: str = MAJORITIES


MISTAKES = [
    Mistake(**table)
    for table in tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text())["mistake"]
]


@pytest.mark.timeout(1200)
@pytest.mark.xdist_group("proofs")
def test_every_theorem_is_proved_for_any_size() -> None:
    task = Task(SPEC / "ZabCore.tla", workers=os.cpu_count() or 1)

    results = prove(task)

    open_ = [v for result in results for v in result.verdicts if v.status is not Status.PROVED]
    assert [(str(verdict.obligation), verdict.lines) for verdict in open_] == []
    possible = [v for v in results[0].verdicts if v.obligation.kind is Kind.POSSIBLE]
    assert len(possible) == 15  # Every action, so that no proof is empty.


def changed_copy(mistake: Mistake, folder: Path) -> Path:
    """Return a copy of the module that has the mistake."""
    text = (SPEC / "ZabCore.tla").read_text()
    for old, new in mistake.changes:
        assert text.count(old) == 1, f"the text to replace stands {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    path = folder / "ZabCore.tla"
    path.write_text(text)
    return path


def refutation(mistake: Mistake, folder: Path) -> Verdict:
    """Return the verdict on the obligation that the mistake breaks."""
    path = changed_copy(mistake, folder)
    hints = (SPEC / "ZabCore.hints.toml").read_text()
    if mistake.profile == "ci":
        # A smaller instance is quicker, and enough.
        for name, size in {"quorum": 2, "VALUE": 1, "epoch": 2, "index": 1}.items():
            hints = re.sub(rf"^{name} = \d$", f"{name} = {size}", hints, flags=re.MULTILINE)
    (folder / "ZabCore.hints.toml").write_text(hints)
    task = Task(path, limits=Limits(0.2, 5000.0))
    planned = plan(task)
    (verdict,) = [
        verdict
        for result in prove(
            task, planned=planned, only=lambda one: str(one).startswith(mistake.obligation)
        )
        for verdict in result.verdicts
    ]
    return verdict


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(one, marks=[] if one.profile == "ci" else pytest.mark.long, id=one.name)
        for one in MISTAKES
    ],
)
def test_a_mistake_is_refuted_with_a_counterexample(mistake: Mistake, tmp_path: Path) -> None:
    verdict = refutation(mistake, tmp_path)

    assert verdict.status is Status.REFUTED, verdict.lines
    state = [line.strip() for line in verdict.lines if line.startswith("  /\\ ")]
    assert any(line.startswith("/\\ acceptedEpoch = (s1 :> ") for line in state)
    if verdict.obligation.action:
        assert any("' = " in line for line in state), "the step changes something"


def along(script: Sequence[str]) -> int:
    """Return how many steps a script has."""
    return sum(len(line.split()) - 1 for line in script)


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if one.run], ids=lambda one: one.name)
def test_a_run_from_init_shows_the_mistake(mistake: Mistake, tmp_path: Path) -> None:
    """A real bug, not only an invariant that is too weak."""
    changed_copy(mistake, tmp_path)
    if mistake.script:
        result = follow(mistake.script, mistake.quorums, tmp_path)
    else:
        models = SPEC / "models"
        shutil.copy(models / "MCZabCoreRuns.tla", tmp_path)
        config = f"MCZabCoreRuns{'Crash' if 'crash' in mistake.name else ''}.cfg"
        path = tmp_path / "MCZabCoreRuns.tla"
        model = load_model(path, read_config(models / config), [tmp_path])
        result = Simulation(model, traces=500, depth=70, seed=7).run()

    assert result.violated == mistake.run
    assert result.trace[0].action is None


@pytest.mark.parametrize(
    "mistake",
    [one for one in MISTAKES if one.script and one.quorums == MAJORITIES],
    ids=lambda one: one.name,
)
def test_the_same_script_is_harmless_without_the_mistake(mistake: Mistake, tmp_path: Path) -> None:
    result = follow(mistake.script, mistake.quorums, tmp_path)

    assert result.verdict == "success"
    assert result.depth >= along(mistake.script) // 2, "it goes a long way"


def test_the_same_mistakes_are_found_in_zab() -> None:
    """tests/model finds them; here: that they are there, and enough of them."""
    there = {
        table["name"]
        for table in tomllib.loads((MODEL / "mistakes.toml").read_text())["mistake"]
        if table["module"] == "Zab"
    }
    wanted = [mistake.zab for mistake in MISTAKES if mistake.zab]
    assert len(wanted) >= 12
    assert {*wanted} <= there


def test_the_page_tells_of_every_mistake() -> None:
    page = (SPEC.parent / "docs" / "proofs.md").read_text()
    for mistake in MISTAKES:
        broken = mistake.obligation.rpartition(": ")[2]
        steps = f", {along(mistake.script)} steps" if mistake.script else ""
        row = f"| {mistake.name} | {broken} | {mistake.run}{steps} | {mistake.zab} |"
        assert row.replace("|  |", "| |").replace("|  |", "| |") in page
