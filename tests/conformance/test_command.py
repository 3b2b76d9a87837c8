"""``speccheck trace``: exit codes and formats."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.conformance.conftest import SPEC, Line, change
from typer.testing import CliRunner

from speccheck.cli import app


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["trace", *map(str, arguments), "--spec", str(SPEC)])
    return result.exit_code, result.output


@pytest.fixture
def bad(traces: Path) -> tuple[Path, str]:
    """Traces in which a leader acknowledges the wrong thing, and where."""

    def rename(event: Line) -> None:
        event["action"] = "LeaderProcessACKLD"

    return traces, change(traces, lambda e: e["action"] == "LeaderProcessACK", rename)


def test_good_traces(simulated: Path) -> None:
    code, text = run(simulated, "--coverage")
    assert code == 0
    assert text.startswith("Zab: conforms")
    assert "31 of 31 actions" in text


def test_bad_traces_name_event_action_and_conjunct(bad: tuple[Path, str]) -> None:
    code, text = run(bad[0])
    assert code == 1
    assert f"diverges at {bad[1]}" in text
    assert "handler[i][j] = NEWLEADER" in text
    assert "closest possible action: LeaderProcessACK(" in text


def test_a_file_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "t.ndjson").write_text("{}\n")
    code, text = run(tmp_path)
    assert code == 2
    assert f"{tmp_path}/t.ndjson:1: a header" in text


def test_a_header_alone_is_no_success(simulated: Path, tmp_path: Path) -> None:
    first = min(simulated.iterdir())
    (tmp_path / "t.ndjson").write_text(first.read_text().splitlines()[0] + "\n")
    code, text = run(tmp_path)
    assert code == 2
    assert "nothing to check" in text


def test_formats(bad: tuple[Path, str], tmp_path: Path) -> None:
    code, text = run(bad[0], "--format", "json")
    data = json.loads(text)
    assert code == 1
    assert data["verdict"] == "diverges"
    assert f"{data['fault']['event']['file']}:{data['fault']['event']['line']}" == bad[1]
    assert data["fault"]["conjunct"]["at"]["file"] == str(SPEC)

    _, text = run(bad[0], "--format", "junit")
    failures = ElementTree.fromstring(text).findall("testcase/failure")
    assert len(failures) == 1

    _, text = run(bad[0], "--format", "sarif")
    (result,) = json.loads(text)["runs"][0]["results"]
    assert result["ruleId"] == "LeaderProcessACKLD"
    where = result["locations"][0]["physicalLocation"]
    assert f"{where['artifactLocation']['uri']}:{where['region']['startLine']}" == bad[1]

    _, text = run(bad[0], "--format", "github")
    file, line = bad[1].rsplit(":", 1)
    assert f"::error file={file},line={line}," in text

    page = tmp_path / "page.html"
    code, _ = run(bad[0], "--format", "html", "--out", page)
    assert code == 1
    assert "<svg" in page.read_text()
