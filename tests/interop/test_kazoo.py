"""kazoo's own test-suite against Apache ZooKeeper and against SpecKeeper, side by side.

All runs use kazoo's harness unchanged: one server, or an ensemble of three, which is Apache's,
ours, or mixed. For SpecKeeper an executable named `java` stands in (kazoo_suite/java). What passes
against as many of Apache's must pass here, but for the tests named in kazoo_suite/expected.txt. The
rule for tests that depend on timing: a test that passed against Apache and failed here runs up to
RERUNS more times, alone, and counts as passed if it passes once; every rerun is reported.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import need
from peers import APACHE_38, APACHE_39, SPECKEEPER, Kind
from suites import PYTHON, SUITE, WORKERS, Cluster, Run, read

TIMEOUT_S = 1500
RERUNS = 2


def _command(report: Path, workers_count: int, *tests: str) -> list[str]:
    options = ["-q", "-W", "ignore", "-p", "no:cacheprovider", "-p", "kazoo_workers"]
    # By class: a class stops its server when it is done with it.
    workers = ["-n", str(workers_count), "--dist", "loadscope"] if not tests else []
    chosen = tests or ("kazoo.tests",)
    return [
        *(str(PYTHON), "-m", "pytest", *options, *workers),
        # Not our conftest.py, below which the environment lies.
        f"--confcutdir={PYTHON.parent.parent}",
        *(f"--junitxml={report}", "--pyargs", *chosen),
    ]


def _run_side_by_side(folder: Path, clusters: Sequence[Cluster], workers: int) -> list[Run]:
    runs = []
    for cluster in clusters:
        report = folder / f"{cluster.name}.xml"
        with (folder / f"{cluster.name}.log").open("wb") as log:
            process = subprocess.Popen(
                _command(report, workers),
                env=cluster.environment(),
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        runs.append((cluster, process, report))
    results = []
    for cluster, process, report in runs:
        try:
            process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"kazoo's suite against {cluster.name} takes more than {TIMEOUT_S} s")
        if not report.exists():
            tail = (folder / f"{cluster.name}.log").read_text(errors="replace")[-3000:]
            pytest.fail(f"kazoo's suite against {cluster.name} left no report:\n{tail}")
        results.append(read(report))
    return results


def _passes_alone(folder: Path, cluster: Cluster, name: str) -> bool:
    """Run one test again, up to RERUNS times."""
    module, _, test = name.partition("::")
    *_, file, suite = module.split(".")
    for attempt in range(RERUNS):
        report = folder / f"again-{cluster.name}-{test}-{attempt}.xml"
        subprocess.run(
            [*_command(report, 0, f"kazoo.tests.{file}"), "-k", f"{suite} and {test}"],
            env=cluster.environment(),
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
        # Where one file is run, its name is no part of the test's.
        outcomes = read(report).outcomes if report.exists() else {}
        if any(
            key.rpartition(".")[2] == f"{suite}::{test}" and outcome == "passed"
            for key, outcome in outcomes.items()
        ):
            return True
    return False


def _expected(cluster: str = "") -> dict[str, str]:
    """The tests that may fail against a cluster, with the reason; against any without a name."""
    lines = (SUITE / "expected.txt").read_text().splitlines()
    pairs = (line.split(": ", 1) for line in lines if line and not line.startswith("#"))
    found = {}
    for where, reason in pairs:
        name, _, only = where.partition(" @")
        if not cluster or only in ("", cluster):
            found[name.strip()] = reason.strip()
    return found


def _compare(
    folder: Path, apache: Run, ours: Run, cluster: Cluster, least: int, say: Callable[[str], None]
) -> None:
    passed = sorted(name for name, outcome in apache.outcomes.items() if outcome == "passed")
    assert len(passed) > least, f"only {len(passed)} tests pass against Apache"
    expected = _expected(cluster.name)
    lost = [name for name in passed if ours.outcomes.get(name) != "passed" and name not in expected]
    still = [name for name in lost if not _passes_alone(folder, cluster, name)]
    for name in set(lost) - set(still):
        say(f"{cluster.name}: {name} passed only when run again")
    report = "\n".join(
        f"{name}\n{ours.messages.get(name, '(did not run)')[:2000]}" for name in still
    )
    assert not still, (
        f"{len(still)} of {len(passed)} tests that pass against Apache fail "
        f"({cluster.name}):\n{report}"
    )


def _judge() -> Kind:
    if not PYTHON.exists():
        pytest.skip("kazoo's test requirements are not installed: run .ci/install-interop")
    need(SPECKEEPER)
    return APACHE_38 if APACHE_38.why_missing() is None else need(APACHE_39)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Run, Run]:
    """One server of ours, what passes against one of Apache's, and what against ours."""
    kind = _judge()
    ours = Cluster("one", 1, (1,), kind)
    folder = tmp_path_factory.mktemp("single")
    return ours, *_run_side_by_side(folder, (Cluster("apache", 1, (), kind), ours), WORKERS)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_test_passes_against_apache_and_fails_here(
    single: tuple[Cluster, Run, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, apache, result = single
    with capsys.disabled():
        _compare(tmp_path, apache, result, ours, 400, print)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nor_against_an_ensemble_of_ours(
    single: tuple[Cluster, Run, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What passes against one server of Apache's: three of them take very long."""
    ours = Cluster("three", 3, (1, 2, 3), need(APACHE_39))
    (result,) = _run_side_by_side(tmp_path, (ours,), 2)
    with capsys.disabled():
        _compare(tmp_path, single[1], result, ours, 400, print)


@pytest.mark.skipif(
    "SPECKEEPER_KAZOO_ENSEMBLES" not in os.environ,
    reason="SPECKEEPER_KAZOO_ENSEMBLES=1 runs it: twenty minutes",
)
@pytest.mark.timeout(7200)
def test_nor_beside_an_ensemble_of_apaches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three servers each: Apache's, ours, and two of Apache's with one of ours."""
    _judge()
    kind = need(APACHE_39)  # the AdminServer, which members start, needs a jar that 3.8 lacks here
    ours = (Cluster("three", 3, (1, 2, 3), kind), Cluster("mixed", 3, (2,), kind))
    (apache,) = _run_side_by_side(tmp_path, (Cluster("apache", 3, (), kind),), 1)
    for cluster in ours:
        (result,) = _run_side_by_side(tmp_path, (cluster,), 1)
        with capsys.disabled():
            _compare(tmp_path, apache, result, cluster, 400, print)


@pytest.mark.parametrize("ids", [(1, 2, 3), (2,)], ids=["three", "mixed"])
def test_reconfiguration_in_an_ensemble(tmp_path: Path, ids: tuple[int, ...]) -> None:
    """What one server of Apache's cannot pass, so that nothing above asks for it."""
    _judge()
    cluster = Cluster("reconfig", 3, ids, need(APACHE_39))
    report = tmp_path / "report.xml"
    subprocess.run(
        [*_command(report, 0, "kazoo.tests.test_client"), "-k", "TestReconfig"],
        env=cluster.environment(),
        cwd=tmp_path,
        timeout=TIMEOUT_S,
        check=False,
    )
    run = read(report)
    assert sorted(run.outcomes.values()) == ["passed"] * 3, run.messages


def test_the_list_of_expected_failures_has_a_reason_for_each() -> None:
    assert all(_expected().values())
