"""Throughput and latency: both servers, or both ensembles, side by side, in pairs of runs.

A pair is two short runs, one right after the other, so whatever else the machine does meets both;
the order changes from round to round. A figure is the median over the rounds, a ratio the median of
the ratios of the pairs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import generator

KEYS = 1000
CONNECTIONS_ALONE = 1
# Time that a run goes on before it is measured.
START_S = 0.25


class Target(Protocol):
    """What is loaded: a server, or an ensemble."""

    @property
    def name(self) -> str: ...

    def ports(self, at: str = "") -> list[int]:
        """Return the ports that connections are spread over; `at`: of the member in a role."""
        ...

    def cpu_seconds(self) -> float:
        """Return the processor time used so far."""
        ...


@dataclass(frozen=True)
class Case:
    """One thing to measure; `connections` 1 makes it a measurement of latency.

    `at`: `leader` or `follower`, where it matters to which member of an ensemble one connects.
    """

    workload: str
    connections: int
    depth: int
    at: str = ""

    @property
    def name(self) -> str:
        if self.connections == CONNECTIONS_ALONE:
            return f"{self.workload}, one connection" + (f" to a {self.at}" if self.at else "")
        return f"{self.workload}, depth {self.depth}"


def cases(connections: int) -> list[Case]:
    """List what is measured: four workloads at two depths, and two at one connection."""
    alone = [Case(workload, CONNECTIONS_ALONE, 1) for workload in ("get", "set")]
    return [*_many(connections), *alone]


def ensemble_cases(connections: int) -> list[Case]:
    """List the same for an ensemble; one connection is to a follower, or to the leader."""
    alone = [
        Case(workload, CONNECTIONS_ALONE, 1, at)
        for workload in ("get", "set")
        for at in ("follower", "leader")
    ]
    return [*_many(connections), *alone]


def _many(connections: int) -> list[Case]:
    return [
        Case(workload, connections, depth)
        for workload in ("get", "set", "create", "mixed")
        for depth in (1, 10)
    ]


@dataclass(frozen=True)
class Run:
    """One run on one server. `other_cpu`: share of the machine that went to unrelated processes."""

    case: str
    server: str
    round: int
    rate: float
    p50_us: float
    p99_us: float
    server_cpu_us: float
    generator_cpu_us: float
    other_cpu: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def prepare(server: Target) -> None:
    """Create the nodes that get, set and mixed work on."""
    generator.run(server.ports(), "create", connections=10, count=KEYS)


def warm(server: Target, seconds: float) -> None:
    """Let the server run hot: Java compiles only what has been used often."""
    for workload, depth in (("get", 10), ("set", 10), ("create", 10), ("get", 1), ("set", 1)):
        case = Case(workload, 50, depth)
        _clean_up(server, case, _load(server, case, seconds / 5, 0.0, "/warm"), "/warm")


def compare(
    pair: Sequence[Target],
    wanted: Sequence[Case],
    rounds: int,
    seconds: float,
    note: Callable[[Run], None],
) -> list[Run]:
    """Measure every case on both servers, `rounds` times; `note` hears of each run."""
    runs = []
    for number in range(rounds):
        for case in wanted:
            for server in pair if number % 2 == 0 else reversed(pair):
                run = _measure(server, case, number, seconds)
                note(run)
                runs.append(run)
    return runs


def _measure(server: Target, case: Case, number: int, seconds: float) -> Run:
    prefix = f"/create{number}-{case.depth}"
    before, server_before = _machine(), server.cpu_seconds()
    load = _load(server, case, seconds, START_S, prefix)
    busy, total = (after - start for after, start in zip(_machine(), before, strict=True))
    server_cpu = server.cpu_seconds() - server_before
    _clean_up(server, case, load, prefix)
    # Per operation over the whole run, warm-up included: all of it at the same rate or nearly so.
    operations = load.rate * load.wall_seconds
    return Run(
        case=case.name,
        server=server.name,
        round=number,
        rate=round(load.rate, 1),
        p50_us=load.p50_us,
        p99_us=load.p99_us,
        server_cpu_us=round(server_cpu / operations * 1e6, 2),
        generator_cpu_us=round(load.cpu_seconds / operations * 1e6, 2),
        other_cpu=round(max(busy - server_cpu - load.cpu_seconds, 0.0) / total, 3),
    )


def _load(server: Target, case: Case, seconds: float, warm_up: float, fresh: str) -> generator.Load:
    """Run one case; what it creates goes below `fresh`."""
    return generator.run(
        server.ports(case.at),
        case.workload,
        connections=case.connections,
        depth=case.depth,
        seconds=seconds,
        warm_up=warm_up,
        keys=KEYS,
        prefix=fresh if case.workload == "create" else "/bench",
    )


def _clean_up(server: Target, case: Case, load: generator.Load, prefix: str) -> None:
    """Delete what a run has created, so that every run starts alike."""
    if case.workload == "create":
        generator.run(server.ports(), "delete", depth=10, count=load.created, prefix=prefix)


def _machine() -> tuple[float, float]:
    """Return busy and total processor seconds of the machine since it started."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    ticks = [int(field) / os.sysconf("SC_CLK_TCK") for field in fields]
    idle, waiting = ticks[3], ticks[4]
    return sum(ticks) - idle - waiting, sum(ticks)
