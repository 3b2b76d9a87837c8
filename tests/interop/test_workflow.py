"""The GitHub workflow that docs/workflows offers: its commands are run as they stand there."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.ports import free_port, free_ports

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "docs" / "workflows" / "conformance.yml"
LOAD = """
import sys
from kazoo.client import KazooClient
client = KazooClient(sys.argv[1])
client.start()
for n in range(50):
    client.create(f"/n{n}", b"x")
    assert client.get(f"/n{n}")[0] == b"x"
client.stop()
client.close()
"""
TESTS = """
def test_server(speckeeper_server):
    client = speckeeper_server.client()
    client.create("/a", b"x")
    assert client.get("/a")[0] == b"x"
"""


def steps(job: str) -> list[dict[str, Any]]:
    """Return the steps of a job that run commands, without the installation."""
    found = yaml.safe_load(WORKFLOW.read_text())["jobs"][job]["steps"]
    return [step for step in found if "run" in step and step["name"] != "Install"]


def run(step: dict[str, Any], folder: Path, ports: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a step as GitHub does."""
    script = str(step["run"])
    for usual, port in (ports or {}).items():
        script = script.replace(usual, port)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project with SpecKeeper beside it, as the first steps of the workflow leave it."""
    (tmp_path / ".speckeeper").symlink_to(ROOT)
    (tmp_path / "load.py").write_text(LOAD)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    return tmp_path


def test_job_with_tests(checkout: Path) -> None:
    (step,) = steps("tests")
    code, text = run(step, checkout)
    assert code == 0, text
    assert "1 tests with" in text
    assert "0 divergences" in text


def test_job_with_an_ensemble(checkout: Path) -> None:
    first = free_ports(3)
    ports = {f"218{n}": str(first + n - 1) for n in (1, 2, 3)} | {"2180": str(free_port())}
    each = steps("ensemble")
    for step in each:
        if step.get("if") != "failure()":
            code, text = run(step, checkout, ports)
            assert code == 0, text
    assert (checkout / "traces.sarif").is_file()
    histories = [*(checkout / "history").glob("history-*.ndjson")]
    assert len(histories) == 1

    # Had it diverged, the steps say so.
    trace = max((checkout / "traces").glob("*.ndjson"), key=lambda path: path.stat().st_size)
    trace.write_text(
        trace.read_text()
        .replace('LeaderProcessACK"', 'LeaderProcessACKLD"', 1)
        .replace('FollowerProcessPROPOSAL"', 'FollowerProcessUPTODATE"', 1)
    )
    judging = [step for step in each if "speccheck trace" in str(step["run"])]
    codes = [run(step, checkout) for step in judging]
    assert [code for code, _ in codes] == [1, 1], codes
    assert f"::error file=traces/{trace.name}" in codes[1][1]
