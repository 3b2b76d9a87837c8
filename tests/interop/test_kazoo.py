"""kazoo's own test-suite against Apache ZooKeeper and against SpecKeeper, side by side.

Both runs use kazoo's harness unchanged, with one server each (`ZOOKEEPER_CLUSTER_SIZE=1`); for
SpecKeeper an executable named `java` stands in (kazoo_suite/java). What passes against Apache must
pass here, but for the tests named in kazoo_suite/expected.txt. The rule for tests that depend on
timing: a test that passed against Apache and failed here runs up to RERUNS more times, alone, and
counts as passed if it passes once; every rerun is reported.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from conftest import need
from peers import (
    APACHE_38,
    APACHE_39,
    CACHE,
    HERE,
    JVM_FLAGS,
    SPECKEEPER,
    Kind,
    free_port,
    speckeeper_command,
)

from speckeeper.ops.version import COMPATIBLE_WITH

SUITE = HERE / "kazoo_suite"
PYTHON = CACHE / "kazoo-venv" / "bin" / "python"
TIMEOUT_S = 600
WORKERS = 3
RERUNS = 2


class Run(NamedTuple):
    """One run of the suite: outcome ("passed", "failed", "skipped") and message by test."""

    outcomes: dict[str, str]
    messages: dict[str, str]


def _environment(kind: Kind) -> dict[str, str]:
    environment = dict(os.environ)
    environment.update(
        ZOOKEEPER_CLUSTER_SIZE="1",
        # The release that the server names: one of kazoo's tests compares the two.
        ZOOKEEPER_VERSION=".".join(map(str, kind.version)) if kind.version else COMPATIBLE_WITH,
        ZOOKEEPER_CLASSPATH=kind.class_path() or "none" if kind.is_apache else "none",
        ZOOKEEPER_PORT_OFFSET=str(_port_range()),
        JAVA_TOOL_OPTIONS=" ".join(JVM_FLAGS),  # the harness has its own command line
        PYTHONPATH=str(SUITE),
    )
    if not kind.is_apache:
        environment["PATH"] = os.pathsep.join((str(SUITE), environment["PATH"]))
        environment["SPECKEEPER"] = speckeeper_command() or "speckeeper"
    return environment


def _port_range() -> int:
    """The start of a hundred ports of which the first was free; below the ephemeral ones."""
    return 12000 + free_port() % 180 * 100


def _command(report: Path, *tests: str) -> list[str]:
    options = ["-q", "-W", "ignore", "-p", "no:cacheprovider", "-p", "kazoo_workers"]
    # By class: a class stops its server when it is done with it.
    workers = ["-n", str(WORKERS), "--dist", "loadscope"] if not tests else []
    chosen = tests or ("kazoo.tests",)
    return [
        *(str(PYTHON), "-m", "pytest", *options, *workers),
        *(f"--junitxml={report}", "--pyargs", *chosen),
    ]


def _read(report: Path) -> Run:
    outcomes: dict[str, str] = {}
    messages: dict[str, str] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        for kind in ("failure", "error", "skipped"):
            found = case.find(kind)
            if found is not None:
                outcomes[name] = "skipped" if kind == "skipped" else "failed"
                messages[name] = f"{found.get('message', '')}\n{found.text or ''}"
        outcomes.setdefault(name, "passed")
    return Run(outcomes, messages)


def _run_both(folder: Path, judge: Kind) -> tuple[Run, Run]:
    runs = []
    for kind in (judge, SPECKEEPER):
        report = folder / f"{kind.name}.xml"
        with (folder / f"{kind.name}.log").open("wb") as log:
            process = subprocess.Popen(
                _command(report), env=_environment(kind), stdout=log, stderr=log, cwd=folder
            )
        runs.append((kind, process, report))
    results = []
    for kind, process, report in runs:
        try:
            process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"kazoo's suite against {kind.name} takes more than {TIMEOUT_S} s")
        if not report.exists():
            tail = (folder / f"{kind.name}.log").read_text(errors="replace")[-3000:]
            pytest.fail(f"kazoo's suite against {kind.name} left no report:\n{tail}")
        results.append(_read(report))
    return results[0], results[1]


def _passes_alone(folder: Path, name: str) -> bool:
    """Run one test again against SpecKeeper, up to RERUNS times."""
    module, _, test = name.partition("::")
    *_, file, suite = module.split(".")
    for attempt in range(RERUNS):
        report = folder / f"again-{test}-{attempt}.xml"
        subprocess.run(
            [*_command(report, f"kazoo.tests.{file}"), "-k", f"{suite} and {test}"],
            env=_environment(SPECKEEPER),
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
        if report.exists() and _read(report).outcomes.get(name) == "passed":
            return True
    return False


def _expected() -> dict[str, str]:
    lines = (SUITE / "expected.txt").read_text().splitlines()
    pairs = (line.split(": ", 1) for line in lines if line and not line.startswith("#"))
    return {name.strip(): reason.strip() for name, reason in pairs}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_test_passes_against_apache_and_fails_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not PYTHON.exists():
        pytest.skip("kazoo's test requirements are not installed: run .ci/install-interop")
    judge = APACHE_38 if APACHE_38.why_missing() is None else need(APACHE_39)
    need(SPECKEEPER)

    apache, ours = _run_both(tmp_path, judge)

    passed = sorted(name for name, outcome in apache.outcomes.items() if outcome == "passed")
    assert len(passed) > 400, f"only {len(passed)} tests pass against {judge.name}"
    expected = _expected()
    lost = [name for name in passed if ours.outcomes.get(name) != "passed" and name not in expected]
    still = [name for name in lost if not _passes_alone(tmp_path, name)]
    with capsys.disabled():
        for name in set(lost) - set(still):
            print(f"\n{name} passed only when run again")
    report = "\n".join(
        f"{name}\n{ours.messages.get(name, '(did not run)')[:2000]}" for name in still
    )
    assert not still, (
        f"{len(still)} of {len(passed)} tests that pass against Apache fail:\n{report}"
    )


def test_the_list_of_expected_failures_has_a_reason_for_each() -> None:
    assert all(_expected().values())
