"""One pytest run with ``--conformance``: records around each test and each wider fixture.

A test's servers and clients are judged when its fixtures are gone. A fixture of a wider scope has
a recording of its own, from its setup to its end: a server that it starts serves many tests, and
its trace is one.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from speccheck.testing.folders import Findings, Judging

_HEADING = "conformance"


class Conformance:
    """The part of the plugin that records and judges."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        spec = config.getini("conformance_spec")
        self._judging = Judging(config.rootpath / spec if spec else None)
        self._kept: Path | None = config.getoption("--conformance-dir")
        worker = getattr(config, "workerinput", {}).get("workerid", "")
        self._root = (
            Path(tempfile.mkdtemp(prefix="conformance-"))
            if self._kept is None
            else self._kept.absolute() / worker
        )
        self._strict = bool(config.getoption("--conformance-strict"))
        self._count = 0
        self._item: pytest.Item | None = None
        self._of_fixtures = Findings()
        self._totals = Findings()
        self._judged = 0

    # -- tests

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a test with its recording, judge it, then report."""
        marker = item.get_closest_marker(_HEADING)
        options: dict[str, Any] = dict(marker.kwargs) if marker is not None else {}
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        self._item, self._of_fixtures = item, Findings()
        if options.get("check", True):
            folder = self._folder(item.nodeid)
            with self._recording(folder):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
            found = self._judge(folder, is_complete=options.get("complete", False))
        else:
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
            found = Findings()
        self._item = None
        self._tell(reports, found)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """See that it is this plugin that runs the test, and not one that knows no recordings."""
        if item is not self._item:
            pytest.fail(
                "--conformance: another plugin runs the tests itself, and nothing is recorded; "
                "leave that plugin out",
                pytrace=False,
            )

    def _tell(self, reports: list[pytest.TestReport], found: Findings) -> None:
        """Put findings into the reports: a test that passed and diverges has failed."""
        text = self._text(found)
        for report in reports:
            if report.when == "teardown":
                both = _sum(found, self._of_fixtures)
                report.conformance = asdict(both)  # type: ignore[attr-defined]
            if text and report.when == "call":
                if report.outcome == "passed":
                    report.outcome = "failed"
                    report.longrepr = text
                else:
                    report.sections.append((_HEADING, text))
            elif text and report.when == "setup" and report.outcome != "passed":
                report.sections.append((_HEADING, text))

    def _text(self, found: Findings) -> str:
        told = [*found.divergences]
        if self._strict:
            told += [f"this cannot be judged: {reason}" for reason in found.unjudged]
        return "\n\n".join(told)

    # -- fixtures of a wider scope

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Give a fixture of a wider scope a recording that ends when the fixture does."""
        if fixturedef.scope == "function" or self._item is None:
            return (yield)
        folder = self._folder(f"{request.node.nodeid}-{fixturedef.argname}")
        # The first finalizer is the last that runs: behind the fixture's own end.
        fixturedef.addfinalizer(partial(self._fixture_ended, folder))
        with self._recording(folder):
            return (yield)

    def _fixture_ended(self, folder: Path) -> None:
        found = self._judge(folder)
        self._of_fixtures = _sum(self._of_fixtures, found)
        text = self._text(found)
        if text:
            pytest.fail(text, pytrace=False)

    # -- recordings

    def _folder(self, name: str) -> Path:
        self._count += 1
        short = re.sub(r"[^A-Za-z0-9_.]+", "-", name)[-80:].strip("-")
        return self._root / f"{self._count:04d}-{short}"

    @contextmanager
    def _recording(self, folder: Path) -> Iterator[None]:
        contexts = self._config.hook.pytest_conformance_record(folder=folder)
        if not contexts:
            raise pytest.UsageError(
                "--conformance: no plugin records anything; "
                "SpecKeeper's is speckeeper.testing.plugin"
            )
        with ExitStack() as stack:
            for context in contexts:
                stack.enter_context(context)
            yield

    def _judge(self, folder: Path, *, is_complete: bool = False) -> Findings:
        self._config.hook.pytest_conformance_finish(folder=folder)
        found = self._judging.judge(folder, is_complete=is_complete)
        if self._kept is None and not found.divergences:
            shutil.rmtree(folder, ignore_errors=True)
        return found

    # -- what is said at the end

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up, of all workers."""
        counted = getattr(report, "conformance", None)
        if counted is not None:
            self._totals = _sum(self._totals, Findings(**counted))
            self._judged += bool(counted["events"] or counted["operations"])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how much was judged, and what was not."""
        totals = self._totals
        terminalreporter.section(_HEADING)
        terminalreporter.line(
            f"{self._judged} tests with {totals.events:,} events of servers and "
            f"{totals.operations:,} replies and watch events of clients judged, "
            f"{len(totals.divergences)} divergences"
        )
        for reason, count in Counter(totals.unjudged).items():
            times = f" ({count} times)" if count > 1 else ""
            terminalreporter.line(f"not judged: {reason}{times}")
        if not self._judged:
            terminalreporter.line("nothing was recorded: this says nothing of conformance")

    def pytest_sessionfinish(self) -> None:
        """Leave nothing behind that nobody asked for."""
        if self._kept is None and self._root.is_dir() and not any(self._root.iterdir()):
            self._root.rmdir()


def _sum(one: Findings, other: Findings) -> Findings:
    return Findings(
        one.events + other.events,
        one.operations + other.operations,
        [*one.divergences, *other.divergences],
        [*one.unjudged, *other.unjudged],
    )
