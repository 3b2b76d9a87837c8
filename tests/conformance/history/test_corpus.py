"""The corpus of histories: the good ones conform, the bad ones have their expected verdicts."""

from __future__ import annotations

import json
import random
import shutil
from functools import cache
from pathlib import Path

import pytest
from tests.conformance.history.mutants import mutate, read, write
from tests.conformance.history.seeded import BAD, GOOD, SEEDED, seeded

from speccheck.conform.history.check import check_histories
from speccheck.conform.history.facts import Policy
from speccheck.conform.history.judge import Judge
from speccheck.conform.history.operators import Operators
from speccheck.conform.history.reading import HistoryError, files_of
from speccheck.conform.history.survey import survey
from speccheck.conform.history.verdict import Verdict

SPEC = Path(__file__).parents[3] / "spec" / "ZNode.tla"
GOOD_ONES = sorted(path.name for path in GOOD.iterdir())


@cache
def operators() -> Operators:
    return Operators(SPEC, Policy())


def judged(folder: Path, *, is_complete: bool = True) -> Verdict:
    """The verdict, with the specification compiled once for all."""
    files = files_of([folder])
    found = survey(files, lambda count: None)
    return Judge(operators(), files, found, is_complete=is_complete).run(lambda count: None)


@pytest.mark.parametrize("name", GOOD_ONES)
def test_a_good_history_conforms_and_all_of_it_was_checked(name: str) -> None:
    verdict = judged(GOOD / name)
    assert verdict.divergence is None, verdict.divergence
    assert not verdict.unchecked
    lines = sum(len(lines) for lines in read(GOOD / name).values())
    assert verdict.total > 0.7 * lines
    assert verdict.checked["event: NodeDataChanged"] > 0


@pytest.mark.parametrize("name", list(SEEDED))
def test_a_bad_history_is_rejected_for_the_right_reason(name: str) -> None:
    expected = json.loads((BAD / name / "expected.json").read_text())
    found = judged(BAD / name).divergence
    assert found is not None
    assert (found.operator, found.closest) == (expected["operator"], expected["closest"])
    assert expected["reason"] in found.reason
    assert found.spec_line > 0
    assert found.module.startswith("ZNode")


@pytest.mark.parametrize("name", list(SEEDED))
def test_the_corpus_is_what_the_command_writes(name: str) -> None:
    files, expected = seeded(name)
    assert read(BAD / name) == files
    assert json.loads((BAD / name / "expected.json").read_text()) == expected._asdict()


def test_mutants_of_a_good_history_are_rejected(tmp_path: Path) -> None:
    files = read(GOOD / "apache-3.9.3-load")
    count, survivors = 60, []
    for seed in range(count):
        mutant = mutate(files, random.Random(seed))
        folder = tmp_path / str(seed)
        write(mutant.files, folder)
        try:
            verdict = judged(folder)
        except HistoryError:
            continue
        finally:
            shutil.rmtree(folder)
        if verdict.divergence is None:
            survivors.append(mutant[:4])
    assert not survivors


def test_the_one_call_judges_files_and_folders() -> None:
    verdict = check_histories(sorted((GOOD / "apache-3.9.3-scenario").iterdir()), SPEC)
    assert verdict.divergence is None
    assert verdict.total == 32
