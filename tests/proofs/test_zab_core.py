"""ZabCore.tla: everything is proved; with a mistake in it, what the mistake breaks is refuted."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from speccheck.prove.discharge import Limits, Status, Verdict
from speccheck.prove.obligations import Kind
from speccheck.prove.run import Task, plan, prove

SPEC = Path(__file__).parents[2] / "spec"


@dataclass(frozen=True)
class Mistake:
    """Texts of ZabCore.tla and what to put in their place; what is refuted then."""

    name: str
    obligation: str
    profile: str
    changes: list[list[str]]


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


def refutation(mistake: Mistake, folder: Path) -> Verdict:
    """Return the verdict on the obligation that the mistake breaks."""
    text = (SPEC / "ZabCore.tla").read_text()
    for old, new in mistake.changes:
        assert text.count(old) == 1, f"the text to replace stands {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    path = folder / "ZabCore.tla"
    path.write_text(text)
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
