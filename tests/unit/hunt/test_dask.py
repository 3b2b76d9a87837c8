"""The same campaign on a Dask cluster of this machine."""

import json
from collections.abc import Iterator

import pytest
from distributed import LocalCluster
from typer.testing import CliRunner

from speccheck.cli import app

pytestmark = pytest.mark.xdist_group("dask")  # one cluster is enough


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Two workers, which are threads of this process: the messages are the same."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=False,
        dashboard_address="127.0.0.1:0",
        protocol="tcp",
        host="127.0.0.1",
    ) as cluster:
        yield cluster.scheduler_address.removeprefix("tcp://")


def hunt(scheduler: str, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["hunt", "--executor", f"dask://{scheduler}", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout


def test_nothing_found(toy: str, scheduler: str) -> None:
    code, output = hunt(scheduler, "--system", toy, "--seeds", "30")
    assert code == 0
    assert "toy: 30 seeds in " in output


def test_found_and_shrunk_as_on_one_machine(
    toy: str,
    scheduler: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("out"))
    code, output = hunt(scheduler, "--system", toy, "--seeds", "30", "--first", "490", "--json")
    assert code == 1
    data = json.loads(output)
    assert data["violations"][0]["seed"] == 500
    assert [fault["number"] for fault in data["shortest"]["schedule"]["faults"]] == [3, 7]


def test_run_that_hangs_is_reported(toy: str, scheduler: str) -> None:
    arguments = ["--system", toy, "--seeds", "3", "--first", "999", "--limit", "0.3", "--json"]
    code, output = hunt(scheduler, *arguments)
    assert code == 2
    (problem,) = json.loads(output)["problems"]
    assert problem["seed"] == 1001
    assert problem["problem"].startswith("took more than 0.3 s of the processor, at toy_system.py:")
