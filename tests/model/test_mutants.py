"""A few mutants of the specification are noticed. All: ``python -m tests.model.mutation``."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.model.mutation.__main__ import sample_of
from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import judge, mutated, same_graph
from tests.model.mutation.page import page_problems
from tests.model.mutation.subjects import SPEC, Subject, read_subjects
from tests.model.mutation.survivors import explained, stale_entries
from tests.model.mutation.table import PAGE

SUBJECTS = read_subjects()


def test_no_reason_is_stale() -> None:
    assert stale_entries() == []


def test_the_page_agrees_with_the_list_of_survivors() -> None:
    assert list(page_problems(PAGE.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("| M | 9 | 49 | 0 | 44 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 5 | 90 % |", "M: the rate is 89 %, "),
        (
            "| M | 9 | 4 | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 1 | 0 | 0 | 50 % |",
            "M: 4 mutants are sampled, 3",
        ),
        ("## M\n| 1:2 | `Op: = -> #` | survived |  |", "M: Op: = -> #: survivors.toml has no "),
        (
            "## ZNodeApply\n| 1:2 | `IsFailed: 1 -> 2` | survived |  |",
            "ZNodeApply: IsFailed: 1 -> 2: survivors.toml says equivalent: behind an error",
        ),
    ],
)
def test_a_page_that_does_not_add_up_is_noticed(row: str, problem: str) -> None:
    (found,) = page_problems(row)
    assert found.startswith(problem)


@pytest.mark.parametrize("module", SUBJECTS)
def test_edits_change_the_text_where_they_say(module: str) -> None:
    subject = SUBJECTS[module]
    text = (SPEC / f"{module}.tla").read_text("utf-8")
    edits = subject.edits()
    assert len({edit.name for edit in edits}) == len(edits)
    for edit in edits:
        changed = edit.apply(text)
        assert changed != text
        line = changed.splitlines()[edit.span.line - 1]
        assert line[edit.span.column - 1 :].startswith(edit.new.splitlines()[0])


# One mutant for each kind of killer, and a model that has to notice it.
KNOWN = {
    ("Quorums", "IsMajority: > -> >="): ("property", "MCZabSecondEpoch"),
    ("Quorums", "Weight: TRUE -> FALSE"): ("error", "MCElectionAnyLogs"),
    ("ZNode", "Reconnect: <= -> <"): ("property", "MCZNodeNext"),
    ("ZNode", "ClientWatches: SetWatches(c) -> FALSE"): ("guard", "MCZNodeNext"),
    ("FastLeaderElection", "Exceeds: > -> >="): ("property", "MCElectionAnyLogs"),
    ("FastLeaderElection", "Decide: = -> #"): ("property", "MCElectionJoin"),
}


# Of each of these modules so many mutants, by chance. Those known to survive are left out.
COMPARED, SAMPLE = [name for name, subject in SUBJECTS.items() if subject.tests], 2


@pytest.mark.parametrize("module", COMPARED)
def test_the_comparison_with_the_server_notices(module: str) -> None:
    subject = replace(SUBJECTS[module], models=())
    sample = [edit for edit in sample_of(subject, SAMPLE, seed=2) if not explained(edit)]
    judged = {edit.name: judge(subject, edit) for edit in sample}
    assert {name: found for name, found in judged.items() if found.outcome != "test"} == {}


def _find(module: str, name: str) -> Edit:
    subject = SUBJECTS[module]
    return next(edit for edit in subject.edits() if edit.name == name)


def _asking(module: str, model: str) -> Subject:
    models = tuple(run for run in SUBJECTS[module].models if run.name == model)
    assert models
    return replace(SUBJECTS[module], models=models)


@pytest.mark.parametrize(("module", "name"), KNOWN)
def test_known_mistakes_are_noticed(module: str, name: str) -> None:
    outcome, model = KNOWN[module, name]
    assert judge(_asking(module, model), _find(module, name)).outcome == outcome


def test_a_mutant_that_means_the_same_has_the_same_graph() -> None:
    edit = _find("FastLeaderElection", "Exceeds: > -> >=")
    same = replace(edit, new=edit.old)
    assert judge(_asking("FastLeaderElection", "MCElectionAnyLogs"), same).outcome == "same"


def test_another_graph_is_told_apart() -> None:
    """A wrong last zxid in the first vote: as many states, but others."""
    edit = _find("FastLeaderElection", "FirstVote: 1 -> 2")
    subject = _asking("FastLeaderElection", "MCElectionAnyLogs")
    with mutated(subject.module, edit) as folder:
        assert not same_graph(folder, subject.models[0])


def test_a_model_that_does_not_end_kills_nothing() -> None:
    edit = _find("FastLeaderElection", "Exceeds: > -> >=")
    same = replace(edit, new=edit.old)
    judgement = judge(_asking("FastLeaderElection", "MCFastLeaderElection"), same, 1 / 40)
    assert judgement.outcome == "undecided", judgement
    assert not judgement.is_kill


def test_a_test_that_does_not_end_kills_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_endless.py").write_text(
        "def test_endless():\n    while True:\n        pass\n"
    )
    edit = _find("Quorums", "IsQuorum: > -> >=")
    endless = replace(SUBJECTS["Quorums"], models=(), tests=(str(tmp_path),))
    judgement = judge(endless, edit, patience=1 / 20)
    assert judgement.outcome == "undecided", judgement


def test_a_smaller_sample_begins_a_larger_one() -> None:
    subject = SUBJECTS["Quorums"]
    assert sample_of(subject, 5, seed=1) == sample_of(subject, 9, seed=1)[:5]
    assert len(sample_of(subject, 0, seed=1)) == len(subject.edits())
