"""A few mutants of the specification are noticed. All: ``python -m tests.model.mutation``."""

from dataclasses import replace

import pytest
from tests.model.mutation.edits import Edit
from tests.model.mutation.judge import judge
from tests.model.mutation.subjects import SPEC, read_subjects
from tests.model.mutation.survivors import stale_entries

SUBJECTS = read_subjects()


def test_no_reason_is_stale() -> None:
    assert stale_entries() == []


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


# One mutant for each kind of killer: what the text below says must be noticed.
KNOWN = {
    ("Quorums", "IsQuorum: > -> >="): "property",
    ("Quorums", "Weight: TRUE -> FALSE"): "error",
    ("Quorums", "VotingGroups: > -> >="): "count",
    ("FastLeaderElection", "Exceeds: > -> >="): "property",
    ("FastLeaderElection", "CheckLeader: = -> # (3)"): "property",
}


def _find(module: str, name: str) -> Edit:
    subject = SUBJECTS[module]
    return next(edit for edit in subject.edits() if edit.name == name)


@pytest.mark.parametrize(("module", "name"), KNOWN)
def test_known_mistakes_are_noticed(module: str, name: str) -> None:
    judgement = judge(SUBJECTS[module], _find(module, name))
    assert judgement.outcome == KNOWN[module, name], judgement


def test_a_mutant_that_means_the_same_has_the_same_graph() -> None:
    edit = _find("FastLeaderElection", "Exceeds: > -> >=")
    same = replace(edit, new=edit.old)
    subject = SUBJECTS["FastLeaderElection"]
    small = tuple(run for run in subject.models if (run.distinct or 10_000) < 400)
    assert small
    assert judge(replace(subject, models=small), same).outcome == "same"


def test_another_graph_with_the_same_counts_is_told_apart() -> None:
    """A wrong last zxid in the first vote: as many states, but others."""
    edit = _find("FastLeaderElection", "FirstVote: 1 -> 2")
    subject = SUBJECTS["FastLeaderElection"]
    small = tuple(run for run in subject.models if run.name == "MCElectionAnyLogs")
    assert judge(replace(subject, models=small), edit).outcome == "survived"
