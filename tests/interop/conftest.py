"""Fixtures of the interop tests: server processes in temporary folders, stopped at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from differential import Coverage
from peers import Kind, Peer

COVERAGE = pytest.StashKey[dict[str, Coverage]]()


class StartPeer(Protocol):
    """Makes a server of a kind; `config` is laid over zoo.cfg, `start=False` leaves it stopped."""

    def __call__(
        self,
        kind: Kind,
        config: Mapping[str, object | None] | None = None,
        properties: Mapping[str, str] | None = None,
        folder: Path | None = None,
        start: bool = True,
    ) -> Peer: ...


def need(kind: Kind) -> Kind:
    """The kind, or a skip with the reason why it cannot be started here."""
    reason = kind.why_missing()
    if reason is not None:
        pytest.skip(reason)
    return kind


def _peers(tmp: Path) -> Iterator[StartPeer]:
    made: list[Peer] = []

    def start_peer(
        kind: Kind,
        config: Mapping[str, object | None] | None = None,
        properties: Mapping[str, str] | None = None,
        folder: Path | None = None,
        start: bool = True,
    ) -> Peer:
        where = folder or tmp / f"{len(made)}-{kind.name}"
        peer = Peer(need(kind), where, config or {}, properties or {})
        made.append(peer)
        return peer.start() if start else peer

    yield start_peer
    for peer in made:
        peer.kill()


@pytest.fixture
def start_peer(tmp_path: Path) -> Iterator[StartPeer]:
    """A function that starts servers for one test."""
    yield from _peers(tmp_path)


@pytest.fixture(scope="module")
def start_module_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartPeer]:
    """A function that starts servers for all tests of a module."""
    yield from _peers(tmp_path_factory.mktemp("peers"))


@pytest.fixture(scope="session")
def coverage(request: pytest.FixtureRequest) -> dict[str, Coverage]:
    """Per judge, what the differential tests have met; printed at the end of the run."""
    return request.config.stash.setdefault(COVERAGE, {})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under xdist, send what this worker met to the process that prints it."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        met = session.config.stash.get(COVERAGE, {})
        output["coverage"] = {judge: list(each.outcomes.items()) for judge, each in met.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take what a worker of xdist met."""
    config: pytest.Config = getattr(node, "config")  # noqa: B009  (xdist has no types)
    met = config.stash.setdefault(COVERAGE, {})
    for judge, outcomes in getattr(node, "workeroutput", {}).get("coverage", {}).items():
        of_judge = met.setdefault(judge, Coverage())
        for key, count in outcomes:
            of_judge.outcomes[tuple(key)] += count


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the coverage table of the differential tests, if they ran."""
    for judge, met in sorted(config.stash.get(COVERAGE, {}).items()):
        terminalreporter.section(f"differential coverage, judged by {judge}")
        terminalreporter.write_line(met.table())
