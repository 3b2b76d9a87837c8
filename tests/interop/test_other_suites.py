"""The suites of zk-shell and aiozk, unchanged, against three of Apache's servers and three of ours.

What passes there must pass here, but for what EXPECTED names.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import need
from peers import APACHE_39, SPECKEEPER, Kind
from suites import PYTHON, Cluster, Run, read
from trio import Trio

TIMEOUT_S = 600
RERUNS = 2
# The order of children is promised to nobody: Apache's is that of a hash table.
EXPECTED = {"zk_shell": {"BasicCmdsTestCase::test_create_tree"}, "aiozk": set[str]()}


def _ready(kind: Kind) -> Kind:
    if not PYTHON.exists():
        pytest.skip("the suites are not installed: run .ci/install-interop")
    return need(kind)


def _command(report: Path, *options: str) -> list[str]:
    return [
        *(str(PYTHON), "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider"),
        *(f"--confcutdir={PYTHON.parent.parent}", "--timeout=120", f"--junitxml={report}"),
        *options,
    ]


def _run(folder: Path, environment: dict[str, str], options: Iterable[str]) -> Run:
    report, log = folder / "report.xml", folder / "log.txt"
    report.unlink(missing_ok=True)
    with log.open("wb") as out:
        subprocess.run(
            _command(report, *options),
            env=environment,
            cwd=folder,
            stdout=out,
            stderr=out,
            timeout=TIMEOUT_S,
            check=False,
        )
    assert report.exists(), log.read_text(errors="replace")[-3000:]
    run = read(report)
    # Where some of the tests are run, the names of packages may be left out.
    return Run(*({_short(name): one for name, one in part.items()} for part in run))


def _short(name: str) -> str:
    place, _, test = name.partition("::")
    return f"{place.rpartition('.')[2]}::{test}"


def _zk_shell(kind: Kind, folder: Path, chosen: Sequence[str] = ()) -> Run:
    """Run zk-shell's suite against what kazoo's harness starts."""
    ours = (1, 2, 3) if kind is SPECKEEPER else ()
    environment = Cluster(kind.name, 3, ours, need(APACHE_39)).environment()
    return _run(folder, environment, ["--pyargs", "zk_shell.tests", *chosen])


def _aiozk(kind: Kind, folder: Path, chosen: Sequence[str] = ()) -> Run:
    """Run aiozk's suite against a follower of an ensemble."""
    with Trio(kind, folder / "servers", {"extendedTypesEnabled": "true"}).start() as trio:
        port = trio.members[trio.follower()].port
        environment = {**os.environ, "ZK_HOST": "127.0.0.1", "ZK_PORT": str(port)}
        options = ["-o", "asyncio_mode=auto", "--pyargs", "aiozk.test", *chosen]
        return _run(folder, environment, options)


@pytest.mark.slow
@pytest.mark.timeout(2 * TIMEOUT_S)
@pytest.mark.parametrize(("suite", "least"), [(_zk_shell, 120), (_aiozk, 80)])
def test_no_test_passes_against_apache_and_fails_here(
    suite: Callable[..., Run],
    least: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = suite.__name__.lstrip("_")
    kinds = [_ready(kind) for kind in (APACHE_39, SPECKEEPER)]
    folders = [tmp_path / kind.name for kind in kinds]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as threads:  # mostly both wait
        apache, ours = threads.map(suite, kinds, folders)
    passed = {test for test, outcome in apache.outcomes.items() if outcome == "passed"}
    assert len(passed) >= least, f"only {len(passed)} tests pass against Apache"

    lost = {test for test in passed if ours.outcomes.get(test) != "passed"} - EXPECTED[name]
    for test in sorted(lost):
        for attempt in range(RERUNS):
            folder = tmp_path / f"again-{test.rpartition('::')[2]}-{attempt}"
            folder.mkdir()
            again = suite(SPECKEEPER, folder, ["-k", test.rpartition("::")[2]])
            if again.outcomes.get(test) == "passed":
                lost.discard(test)
                with capsys.disabled():
                    print(f"{name}: {test} passed only when run again")
                break
    report = "\n".join(f"{test}\n{ours.messages.get(test, '(did not run)')}" for test in lost)
    assert not lost, f"{len(lost)} of {len(passed)} tests that pass against Apache fail:\n{report}"
