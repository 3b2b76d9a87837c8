"""A million nodes: what they weigh in memory, and how long a server takes to start with them.

Both servers start from the same bytes: a snapshot that Apache ZooKeeper wrote after a million
creates, and a log with some transactions after it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import generator
from servers import Server, ServerError

FAN_OUT = 1000
PREFIX = "/bulk"
_SETTLE_S = 2.0


@dataclass(frozen=True)
class Weight:
    """Memory of one server in KiB; `when`: after filling, after starting, or after some load."""

    server: str
    round: int
    when: str
    rss_kib: int
    pss_kib: int

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the process to the first read."""

    server: str
    round: int
    seconds: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass
class Bulk:
    """All that this part measures."""

    weights: list[Weight]
    starts: list[Start]


def a_node(nodes: int) -> str:
    """Return the path of the last node."""
    last = nodes - 1
    return f"{PREFIX}/{last // FAN_OUT:05d}/{last:010d}"


def fill(ports: Sequence[int], nodes: int) -> generator.Load:
    """Create the nodes over the wire."""
    return generator.run(
        ports,
        "create",
        connections=50,
        depth=10,
        count=nodes,
        fan_out=FAN_OUT,
        prefix=PREFIX,
    )


def weigh(server: Server, number: int, when: str) -> Weight:
    """Weigh a server once it has come to rest."""
    time.sleep(_SETTLE_S)
    return Weight(server.name, number, when, **server.memory())


def measure(
    folder: Path,
    names: Sequence[str],
    nodes: int,
    rounds: int,
    say: Callable[[str], None],
) -> Bulk:
    """Fill both servers, then start both with the data that Apache has written."""
    bulk = Bulk([], [])
    stored = folder / "stored"
    for name in names:
        server = Server(name, folder / f"fill-{name}")
        server.start()
        try:
            load = fill(server.ports(), nodes)
            bulk.weights.append(weigh(server, 0, "filled"))
            say(f"{name}: filled at {load.rate:,.0f} creates/s, {bulk.weights[-1].rss_kib} KiB")
            if name == "apache":
                server.stop()
                _store(server, stored, nodes)
        finally:
            server.stop()
        shutil.rmtree(server.folder)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            server = Server(name, folder / f"start-{name}")
            _lay_out(stored, server.data)
            try:
                seconds = server.start(a_node(nodes))
                bulk.starts.append(Start(name, number, round(seconds, 3)))
                bulk.weights.append(weigh(server, number, "started"))
                for workload in ("get", "set"):
                    generator.run(
                        server.port,
                        workload,
                        depth=10,
                        seconds=5.0,
                        keys=nodes // 4,
                        fan_out=FAN_OUT,
                        prefix=PREFIX,
                    )
                bulk.weights.append(weigh(server, number, "loaded"))
                say(f"{name}: started in {seconds:.2f} s, {bulk.weights[-1].rss_kib} KiB in use")
            finally:
                server.stop()
            shutil.rmtree(server.folder)
    return bulk


def _store(server: Server, stored: Path, nodes: int) -> None:
    """Have Apache write a snapshot of everything and a log after it; keep those two files."""
    server.start(a_node(nodes))  # it writes a snapshot right after loading
    generator.run(server.port, "set", seconds=0.2, keys=1000, fan_out=FAN_OUT, prefix=PREFIX)
    server.stop()
    version = server.data / "version-2"
    stored.mkdir(parents=True)
    for kind in ("snapshot", "log"):
        files = sorted(version.glob(f"{kind}.*"), key=lambda file: int(file.suffix[1:], 16))
        if not files:
            raise ServerError(f"Apache ZooKeeper left no {kind} in {version}")
        shutil.move(files[-1], stored / files[-1].name)


def _lay_out(stored: Path, data: Path) -> None:
    """Give a server a data directory of its own: snapshot linked, never written to; log copied."""
    version = data / "version-2"
    version.mkdir(parents=True)
    for file in stored.iterdir():
        if file.name.startswith("snapshot"):
            (version / file.name).hardlink_to(file)
        else:
            shutil.copyfile(file, version / file.name)
