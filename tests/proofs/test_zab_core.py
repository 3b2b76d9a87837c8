"""ZabCore.tla: everything is proved; with a mistake in it, what the mistake breaks is refuted."""

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.proofs.scripted import MAJORITIES, follow

from speccheck.prove.discharge import Limits, Status, Verdict
from speccheck.prove.obligations import Kind
from speccheck.prove.run import Task, prove
from speccheck.variants.findings import Findings
from speccheck.variants.header import read_variant
from speccheck.variants.proofs import refute, task_of

SPEC = Path(__file__).parents[2] / "spec"
VARIANTS = SPEC / "variants"


@dataclass(frozen=True)
class Mistake:
    """A variant of ZabCore.tla, and what is refuted then."""

    name: str
    profile: str
    zab: str
    variant: str
    obligation: str = ""
    run: str = ""
    script: tuple[str, ...] = ()
    quorums: str = MAJORITIES


def header(mistake: Mistake) -> Mistake:
    """Return a mistake with what the header of its variant says."""
    said = read_variant(VARIANTS / f"{mistake.variant}.tla")
    return replace(mistake, obligation=said.obligation, run=said.run)


MISTAKES = [
    header(Mistake(**table))
    for table in tomllib.loads(Path(__file__).with_name("mistakes.toml").read_text())["mistake"]
]


@pytest.mark.timeout(1200)
@pytest.mark.xdist_group("proofs")
def test_every_theorem_is_proved_for_any_size() -> None:
    task = Task(SPEC / "ZabCore.tla", workers=os.cpu_count() or 1)

    results = prove(task)

    open_ = [v for result in results for v in result.verdicts if v.status is not Status.PROVED]
    assert [(str(verdict.obligation), verdict.lines) for verdict in open_] == []
    possible = [v for one in results for v in one.verdicts if v.obligation.kind is Kind.POSSIBLE]
    assert sum(bool(v.obligation.action) for v in possible) == 16  # Init and every action.
    assert sum(not v.obligation.action for v in possible) == 47  # What is assumed or bound.
    assert [str(v.obligation) for v in possible if v.within] == []  # With all numbers.
    defined = [v for one in results for v in one.verdicts if v.obligation.kind is Kind.DEFINED]
    assert sum(not verdict.unchanged for verdict in defined) == 23


def refutation(mistake: Mistake) -> Verdict:
    """Return the verdict on the obligation that the mistake breaks."""
    (verdict,) = refute(read_variant(VARIANTS / f"{mistake.variant}.tla"), Findings(""))
    return verdict


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(one, marks=[] if one.profile == "ci" else pytest.mark.long, id=one.name)
        for one in MISTAKES
    ],
)
def test_a_mistake_is_refuted_with_a_counterexample(mistake: Mistake) -> None:
    verdict = refutation(mistake)

    assert verdict.status is Status.REFUTED, verdict.lines
    state = [line.strip() for line in verdict.lines if line.startswith("  /\\ ")]
    assert any(line.startswith("/\\ acceptedEpoch = (s1 :> ") for line in state)
    if verdict.obligation.action:
        assert any("' = " in line for line in state), "the step changes something"


@pytest.mark.timeout(600)
@pytest.mark.long
def test_a_change_that_is_no_mistake_is_proved() -> None:
    """By currentEpoch and length, or by currentEpoch and zxid: that is the same."""
    task = task_of(read_variant(VARIANTS / "CoreRecencyByEpochAndLength.tla"))
    task.limits = Limits()

    results = prove(
        task, only=lambda one: one.action == "StartEpoch" or one.theorem == "NotStartedYet"
    )

    verdicts = [verdict for result in results for verdict in result.verdicts]
    assert len(verdicts) > 50
    assert {verdict.status for verdict in verdicts} == {Status.PROVED}


def along(script: Sequence[str]) -> int:
    """Return how many steps a script has."""
    return sum(len(line.split()) - 1 for line in script)


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if one.run], ids=lambda one: one.name)
def test_a_run_from_init_shows_the_mistake(mistake: Mistake, tmp_path: Path) -> None:
    """A real bug, not only an invariant that is too weak."""
    variant = read_variant(VARIANTS / f"{mistake.variant}.tla")
    result = follow(mistake.script, mistake.quorums, tmp_path, variant, mistake.run)

    assert len(result.trace) - 1 == along(mistake.script)
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


def test_the_same_mistakes_are_variants_of_zab() -> None:
    """tests/variants finds them; here: that each is there, and says so."""
    for mistake in MISTAKES:
        zab = read_variant(VARIANTS / f"{mistake.zab}.tla")
        assert zab.kind != "core"
        assert zab.fails
        assert zab.core == mistake.variant


def test_the_page_tells_of_every_mistake() -> None:
    page = (SPEC.parent / "docs" / "proofs.md").read_text()
    for mistake in MISTAKES:
        broken = mistake.obligation.rpartition(": ")[2]
        steps = f", {along(mistake.script)} steps" if mistake.script else ""
        row = f"| {mistake.name} | {broken} | {mistake.run}{steps} | {mistake.zab} |"
        assert row.replace("|  |", "| |").replace("|  |", "| |") in page
