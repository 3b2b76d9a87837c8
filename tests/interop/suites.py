"""Test-suites that others wrote: what they run against, and what came of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from peers import CACHE, HERE, JVM_FLAGS, Kind, speckeeper_command
from tests.ports import free_ports

from speckeeper.ops.version import COMPATIBLE_WITH

SUITE = HERE / "kazoo_suite"
PYTHON = CACHE / "kazoo-venv" / "bin" / "python"
WORKERS = 3
PORTS = 30 * WORKERS  # what kazoo_workers.py gives to each


class Run(NamedTuple):
    """One run of the suite: outcome ("passed", "failed", "skipped") and message by test."""

    outcomes: dict[str, str]
    messages: dict[str, str]


class Cluster(NamedTuple):
    """What a run of the suite is against: the servers with the ids of `ours` are SpecKeeper's, the
    others Apache's, of a kind."""

    name: str
    size: int
    ours: tuple[int, ...]
    kind: Kind

    def environment(self) -> dict[str, str]:
        """The variables by which kazoo's harness starts such a cluster."""
        environment = dict(os.environ)
        # The release that the first server names: one of kazoo's tests compares the two.
        version = COMPATIBLE_WITH if 1 in self.ours else ".".join(map(str, self.kind.version or ()))
        environment.update(
            ZOOKEEPER_CLUSTER_SIZE=str(self.size),
            ZOOKEEPER_VERSION=version,
            ZOOKEEPER_CLASSPATH=self.kind.class_path() or "none",
            ZOOKEEPER_PORT_OFFSET=str(free_ports(PORTS)),
            JAVA_TOOL_OPTIONS=" ".join(JVM_FLAGS),  # the harness has its own command line
            PYTHONPATH=str(SUITE),
            ZOOKEEPER_JAAS_AUTH="digest",
        )
        if self.ours:
            environment["REAL_JAVA"] = shutil.which("java") or "java"
            environment["PATH"] = os.pathsep.join((str(SUITE), environment["PATH"]))
            environment["SPECKEEPER"] = speckeeper_command() or "speckeeper"
            environment["SPECKEEPER_IDS"] = " ".join(map(str, self.ours))
        return environment


def read(report: Path) -> Run:
    """What a JUnit report says."""
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
