"""``speccheck hunt`` on the command line: exit codes, files, and that a replay is the same run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speccheck.cli import app


def hunt(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["hunt", "--workers", "1", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_found(toy: str) -> None:
    code, output = hunt("--system", toy, "--seeds", "30")
    assert code == 0
    assert "toy: 30 seeds in " in output
    assert "360 faults, 0 violations" in output
    assert "In all: moves 60" in output


def test_found_shrunk_kept_and_replayed(toy: str) -> None:
    code, output = hunt("--system", toy, "--seeds", "30", "--first", "490")
    assert code == 1
    assert "Seed 500: Toyness: seed 500 fell" in output
    assert "Shrunk from 12 to 2 faults" in output
    assert "Seed 500, 2 servers\n  fault 3 of length 1\n  fault 7 of length 1\n" in output
    assert "speccheck hunt --replay hunt-toy-500.json" in output
    assert "--only" not in output  # the sizes have changed: the seed does not tell them

    code, output = hunt("--replay", "hunt-toy-500.json", "--transcript", "log")
    assert code == 1
    assert "Violated: Toyness: seed 500 fell" in output
    assert "The same run as the one written down, byte for byte" in output
    assert Path("log").read_text() == "seed 500 with [3, 7]\n"


def test_replay_tells_when_it_is_another_run(toy: str) -> None:
    hunt("--system", toy, "--seeds", "1", "--first", "500")
    kept = json.loads(Path("hunt-toy-500.json").read_text())
    Path("other.json").write_text(json.dumps({**kept, "transcript": "0"}))
    code, output = hunt("--replay", "other.json")
    assert code == 1
    assert "by another way: the code is not the same" in output

    kept["schedule"]["faults"].pop()
    Path("other.json").write_text(json.dumps(kept))
    code, output = hunt("--replay", "other.json")
    assert code == 0
    assert "Another run than the one written down, which had: Toyness: seed 500" in output


def test_one_seed_with_some_faults(toy: str) -> None:
    assert hunt("--system", toy, "--seed", "500")[0] == 1
    assert hunt("--system", toy, "--seed", "500", "--only", "3,7")[0] == 1
    code, output = hunt("--system", toy, "--seed", "500", "--only", "3")
    assert code == 0
    assert "Nothing is violated" in output


def test_unshrunk_is_told_by_its_seed(toy: str) -> None:
    _, output = hunt("--system", toy, "--seeds", "1", "--first", "500", "--shrink", "0")
    assert "speccheck hunt --system toy --seed 500 --only 1,2,3,4,5,6,7,8,9,10,11,12" in output


def test_json(toy: str) -> None:
    code, output = hunt("--system", toy, "--seeds", "9", "--first", "495", "--json")
    assert code == 1
    data = json.loads(output[output.index("{") :])
    assert data["violations"] == [{"seed": 500, "violation": "Toyness: seed 500 fell"}]
    assert data["shortest"]["schedule"]["servers"] == 2
    assert data["replay"] == "hunt-toy-500.json"


@pytest.mark.parametrize(("arguments", "message"), [
    (["--system", "bull"], "there is no system bull"),
    (["--system", "toy", "--bug", "lazy"], "toy has no bug lazy; there is eager"),
    (["--system", "toy", "--servers", "4"], "4 servers: the toy has none of that size"),
    (["--system", "toy", "--only", "3"], "--only goes with --seed"),
    (["--system", "toy", "--seed", "3", "--only", "x"], "--only x: numbers with commas"),
    (["--replay", "none.json"], "none.json cannot be read: No such file"),
    (["--executor", "dask://127.0.0.1:1", "--system", "toy"],
     "no Dask scheduler answers at 127.0.0.1:1: Connection refused"),
    (["--executor", "dask://127.0.0.1", "--system", "toy"],
     "dask://127.0.0.1: dask://HOST:PORT is expected"),
    (["--system", "toy", "--seeds", "1", "--first", "1001", "--limit", "0.2"],
     "Seed 1001 did not end: took more than 0.2 s of the processor, at toy_system.py:"),
])  # fmt: skip
def test_unusable(toy: str, arguments: list[str], message: str) -> None:
    code, output = hunt(*arguments)
    assert code == 2
    assert message in output


@pytest.mark.parametrize(("text", "message"), [
    ("{", "is no JSON"),
    ("[]", "an object is expected"),
    ("{}", "system is missing"),
    ('{"system": "toy", "schedule": 3}', "schedule is not what `speccheck hunt` writes"),
    ('{"system": "toy", "schedule": {}}', "schedule.seed, a number, and schedule.faults, a list"),
    ('{"system": "toy", "schedule": {"seed": 3, "faults": []}}', "schedule.servers is missing"),
])  # fmt: skip
def test_file_that_is_no_replay(toy: str, text: str, message: str) -> None:
    Path("kept.json").write_text(text)
    code, output = hunt("--replay", "kept.json")
    assert code == 2
    assert message in output


def test_bugs_are_listed(toy: str) -> None:
    assert hunt("--system", toy, "--bug", "list") == (
        0,
        "eager: Break the rule in seeds that are multiples of ten.\n",
    )


def test_workers_end_with_a_campaign_that_is_killed(toy: str, tmp_path: Path) -> None:
    """They hold its standard error: its end is theirs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "speccheck.cli", "hunt", "--system", toy, "--seeds", "100000000"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "100,000,000 seeds" in process.stderr.readline()
    process.kill()
    process.communicate(timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_reports_what_was_done(toy: str, tmp_path: Path, number: int) -> None:
    """Ctrl-C reaches the whole group, as a terminal sends it; SIGTERM the process alone."""
    process = subprocess.Popen(
        # Behind the seeds that break something.
        [
            *(sys.executable, "-m", "speccheck.cli", "hunt", "--system", toy),
            *("--first", "2000", "--seeds", "100000000"),
        ],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "100,000,000 seeds" in line
    send = os.killpg if number == signal.SIGINT else os.kill
    send(process.pid, number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "toy: interrupted after " in output
    assert "Traceback" not in errors
