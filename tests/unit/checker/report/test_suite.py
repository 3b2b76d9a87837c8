"""What several runs exercise together."""

import json
from pathlib import Path

import pytest
from tests.unit.checker.report.runs import PING, run
from typer.testing import CliRunner

from speccheck.cli import app
from speccheck.explore.exercise.judge import judge
from speccheck.report.data import as_data
from speccheck.report.suite import SuiteError, read_suite

BODY = (
    PING
    + """
Kind == 1 + 1 = 2
Never == FALSE /\\ UNCHANGED epoch
Fair == WF_epoch(Never)
Fine == \\A i \\in Server : epoch[i] > 1 => epoch[i] = 2
More == \\A i \\in Server : epoch[i] > 2 => epoch[i] = 9
Bound == \\A i \\in Server : epoch[i] < %d
"""
)
CONFIG = "SPECIFICATION Spec CONSTANT Server = {s1, s2} CONSTRAINT Bound CHECK_DEADLOCK FALSE "


def result_of(folder: Path, bound: int, invariants: str) -> Path:
    """Write what a run with a bound on epochs exercised, and return the file."""
    folder.mkdir()
    found = run(folder, BODY % bound, f"{CONFIG} INVARIANT {invariants}")
    exercise = judge(found.model, found.result, found.search.reached, to_the_end=True)
    path = folder / "result.json"
    path.write_text(json.dumps(as_data(found.model, found.result, found.trace, exercise)))
    return path


def test_what_one_run_lacks_another_may_have(tmp_path: Path) -> None:
    small = result_of(tmp_path / "small", 2, "Fine")
    large = result_of(tmp_path / "large", 3, "Fine More")
    (idle,) = read_suite([small]).idle
    assert (idle.kind, idle.name) == ("consequent", "Fine")
    assert idle.place.startswith("M.tla:")
    (idle,) = read_suite([small, large]).idle
    assert (idle.kind, idle.name) == ("consequent", "More")
    suite = read_suite([small, large])
    assert suite.runs == 2
    assert suite.texts[idle] == "epoch[i] = 9"


def test_what_no_run_can_exercise_is_idle(tmp_path: Path) -> None:
    idle = read_suite([result_of(tmp_path / "one", 3, "Kind PROPERTY Fair")]).idle
    assert {(one.kind, one.name) for one in idle} == {("constant", "Kind"), ("fairness", "Fair")}


def test_command(tmp_path: Path) -> None:
    small = str(result_of(tmp_path / "small", 2, "Fine"))
    large = str(result_of(tmp_path / "large", 3, "Fine"))
    result = CliRunner().invoke(app, ["coverage", "--strict", small])
    assert result.exit_code == 3
    assert "Not exercised: consequent in Fine at M.tla:" in result.output
    result = CliRunner().invoke(app, ["coverage", "--strict", small, large])
    assert (result.exit_code, result.output[:7]) == (0, "2 runs ")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"actions": [1], "exercise": null}'])
def test_what_is_no_result_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(SuiteError, match=r"x.json (cannot be read|is no result)"):
        read_suite([path])


def test_an_action_with_other_arguments_is_another(tmp_path: Path) -> None:
    body = """
EXTENDS Naturals
VARIABLE n
Init == n = 0
Step(i, most) == n < most /\\ n' = n + i
Next == Step(1, 3) \\/ Step(2, 0)
"""
    found = run(tmp_path, body, "INIT Init NEXT Next CHECK_DEADLOCK FALSE")
    path = tmp_path / "result.json"
    path.write_text(json.dumps(as_data(found.model, found.result, found.trace)))
    (idle,) = read_suite([path]).idle
    assert (idle.kind, idle.name) == ("action", "Step(2, 0)")
