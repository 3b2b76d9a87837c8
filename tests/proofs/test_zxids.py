"""Zxids.tla: the numbers keep the order of epoch and counter, and never run over."""

import shutil
from pathlib import Path

import pytest

from speccheck.prove.discharge import Status
from speccheck.prove.run import Task, prove

SPEC = Path(__file__).parents[2] / "spec"


def test_zxids_are_in_order_and_fit() -> None:
    results = prove(Task(SPEC / "Zxids.tla"))

    assert len(results) == 9
    assert {result.status for result in results} == {Status.PROVED}


@pytest.mark.parametrize(
    ("old", "new", "theorem"),
    [
        # The counter runs into the next epoch.
        ("    /\\ counter + 1 # LastCounter\n", "", "Induction"),
        # A leader goes on with an epoch that is there.
        ("    /\\ epoch < e\n", "    /\\ epoch <= e\n", "ZxidsRise"),
        # Epochs run over.
        ("    /\\ e < Epochs\n", "", "Induction"),
        ("Epochs   == 32768 * 65536", "Epochs   == 65536 * 65536", ""),
        # Whoever has given up goes on counting.
        (
            "    /\\ leading\n    /\\ counter + 1 # LastCounter\n",
            "    /\\ counter + 1 # LastCounter\n",
            "OnlyLeadersCount",
        ),
        # Counters without an end are no part of a number.
        ("        c < Counters /\\ d < Counters =>\n", "        c >= 0 =>\n", "Order"),
    ],
)
def test_a_zxid_that_runs_over_is_refuted(old: str, new: str, theorem: str, tmp_path: Path) -> None:
    text = (SPEC / "Zxids.tla").read_text()
    assert text.count(old) == 1
    (tmp_path / "Zxids.tla").write_text(text.replace(old, new))
    shutil.copy(SPEC / "Zxids.hints.toml", tmp_path)

    results = prove(Task(tmp_path / "Zxids.tla", theorems=(theorem,) if theorem else ()))

    assert Status.REFUTED in {result.status for result in results}
