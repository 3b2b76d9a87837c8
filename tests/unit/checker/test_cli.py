"""What the command line says of a wrong option, and of a mistake of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck import cli
from speccheck.cli import app

RUNNER = CliRunner()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "M.tla"
    path.write_text("---- MODULE M ----\nVARIABLE x\nInit == x = 0\nNext == x' = x\n====\n")
    path.with_suffix(".cfg").write_text("INIT Init NEXT Next")
    return path


def test_a_folder_is_no_spec() -> None:
    result = RUNNER.invoke(app, ["check", "."])
    assert (result.exit_code, result.output) == (2, ".: this is a folder, not a file\n")


@pytest.mark.parametrize("command", ["check", "prove"])
def test_a_folder_of_modules_that_is_none_is_refused(spec: Path, command: str) -> None:
    nowhere = spec.with_name("nowhere")
    missing = RUNNER.invoke(app, [command, str(spec), "--library", str(nowhere)])
    assert (missing.exit_code, missing.output) == (
        2,
        f"--library {nowhere}: there is no such folder\n",
    )
    file = RUNNER.invoke(app, [command, str(spec), "--library", str(spec)])
    assert (file.exit_code, file.output) == (
        2,
        f"--library {spec}: this is a file, not a folder\n",
    )
    assert RUNNER.invoke(app, ["check", str(spec), "--library", str(spec.parent)]).exit_code == 0


def test_a_mistake_of_its_own_is_no_verdict(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise AssertionError("this cannot be\nor can it")

    monkeypatch.setattr(cli, "load_model", broken)
    monkeypatch.delenv("SPECCHECK_DEBUG", raising=False)
    result = RUNNER.invoke(app, ["check", str(spec)])
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith(
        "internal error of speccheck, no verdict: AssertionError: this cannot be (test_cli.py:"
    )
    assert line.endswith("please report it with the traceback, which SPECCHECK_DEBUG=1 shows")
    monkeypatch.setenv("SPECCHECK_DEBUG", "1")
    shown = RUNNER.invoke(app, ["check", str(spec)])
    assert shown.exit_code == 2
    assert "Traceback (most recent call last):" in shown.output
    assert "in broken" in shown.output


@pytest.mark.parametrize("given", [(), ("--seed", "17")])
def test_the_seed_of_a_simulation_is_in_every_report(spec: Path, given: tuple[str, ...]) -> None:
    page = spec.with_name("page.html")
    command = ["check", str(spec), "--mode", "simulate", "--traces", "3", "--html", str(page)]
    shown = RUNNER.invoke(app, [*command, *given]).output
    found = re.search(r"states/s, 3 behaviours, seed (\d+)$", shown, re.MULTILINE)
    assert found is not None, shown
    assert f"3 behaviours, seed {found[1]}</p>" in page.read_text()
    assert found[1] == "17" or not given
    assert ", seed " not in RUNNER.invoke(app, ["check", str(spec)]).output


def test_it_ends_quietly_when_nobody_reads_on(spec: Path) -> None:
    command = [sys.executable, "-m", "speccheck.cli", "check", str(spec)]
    for more in ([], ["--json"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(command + more, stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")
