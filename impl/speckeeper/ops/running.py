"""The running server as the operator's commands see it: one object that all of them read.

Four-letter words, AdminServer and metrics ask it for the server's parts and for facts that no part
below has by itself. It changes nothing but the numbers that an operator may reset, and the trace
mask, which is only remembered.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from speckeeper.net.member import Member
from speckeeper.net.member_service import MemberService
from speckeeper.net.run import ClientPorts, Hosted
from speckeeper.net.service import Service
from speckeeper.net.snapshotter import Snapshotter
from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.server.connection import Connection, State
from speckeeper.server.server import Server
from speckeeper.server.stats import Distribution, Summary

#: ZooTrace: CLIENT_REQUEST, SERVER_PACKET, SESSION and WARNING traces.
DEFAULT_TRACE_MASK = 306

NOT_SERVING = "This ZooKeeper instance is not currently serving requests"

_READ, _WRITE = 1, 4  # java.nio.channels.SelectionKey


class NotServing(Exception):
    """There is no server to ask; the text is what ZooKeeper says then."""

    def __init__(self) -> None:
        super().__init__(NOT_SERVING)


@dataclass
class StartFacts:
    """What loading the data took, as ZooKeeper's start-up summaries (one value each)."""

    snapshot_load_time: Summary = field(default_factory=Summary)
    log_load_time: Summary = field(default_factory=Summary)
    transactions: Summary = field(default_factory=Summary)
    database_init_time: Summary = field(default_factory=Summary)


@dataclass
class AdminFacts:
    """What the AdminServer's own commands count."""

    snapshot_rate_limited: int = 0
    snapshot_errors: int = 0
    restore_rate_limited: int = 0
    restore_errors: int = 0
    insecure: int = 0
    restore_time: Distribution = field(default_factory=Distribution)


def _port(config: Config, name: str) -> int:
    return -1 if config.values[name] is None else config.number(name)


class Running:
    """A configuration, and the service that runs with it once there is one."""

    def __init__(self, config: Config, service: Hosted | None = None) -> None:
        self.config = config
        self.client_port = _port(config, "clientPort")
        self.secure_client_port = _port(config, "secureClientPort")
        self.trace_mask = DEFAULT_TRACE_MASK
        self.start = StartFacts()
        self.admin = AdminFacts()
        self._service: Hosted | None = None
        if service is not None:
            self.attach(service)

    def take_ports(self, ports: ClientPorts) -> None:
        """Take note of where clients are served; -1 stands for nowhere, as with Apache."""
        self.client_port = -1 if ports.plain is None else ports.plain
        self.secure_client_port = -1 if ports.secure is None else ports.secure

    def attach(self, service: Hosted) -> None:
        """Take note of the service, and of how long its data took to load."""
        self._service = service
        report, start = service.report, self.start
        start.snapshot_load_time.add(int(report.snapshot_load_s * 1000))
        start.log_load_time.add(int(report.log_replay_s * 1000))
        start.transactions.add(report.transactions_since_snapshot)
        total_s = report.snapshot_load_s + report.log_replay_s
        start.database_init_time.add(int(total_s * 1000))

    @property
    def is_serving(self) -> bool:
        """Whether there is a server to ask."""
        service = self._service
        return service is not None and not service.stopped.is_set() and service.server is not None

    @property
    def serves_clients(self) -> bool:
        """Whether there is a server for clients; a leader may leave them to the others."""
        return self.is_serving and (self.member is None or self.member.serves_clients)

    @property
    def service(self) -> Hosted:
        """The service; raises `NotServing` when there is no server to ask."""
        if self._service is None or not self.is_serving:
            raise NotServing
        return self._service

    @property
    def standalone(self) -> Service | None:
        """The service of a standalone server, None in an ensemble; raises `NotServing`."""
        service = self.service
        return service if isinstance(service, Service) else None

    @property
    def member(self) -> Member | None:
        """What takes part in an ensemble, serving or not; None for a standalone server."""
        return self._service.member if isinstance(self._service, MemberService) else None

    @property
    def server(self) -> Server:
        """The server; raises `NotServing` when there is none."""
        server = self.service.server
        if server is None:
            raise NotServing
        return server

    @property
    def snapshotter(self) -> Snapshotter:
        """What takes snapshots; raises `NotServing` when there is no server."""
        snapshotter = self.service.snapshotter
        if snapshotter is None:
            raise NotServing
        return snapshotter

    @property
    def connections(self) -> list[Connection]:
        """All client connections, in order of arrival."""
        return list(self.server.core.connections)

    @property
    def outstanding(self) -> int:
        """Requests in progress."""
        return self.server.waiting

    @property
    def snapshot_directory(self) -> Path:
        """The absolute directory of snapshots, `version-2` included."""
        return self.service.storage.snapshot_directory.absolute()

    @property
    def log_directory(self) -> Path:
        """The absolute directory of logs, `version-2` included."""
        return self.service.storage.log_directory.absolute()

    def reset_connection_stats(self) -> None:
        """Start the numbers of every connection again (`crst`)."""
        for connection in self.connections:
            connection.reset_stats()

    def reset_stats(self) -> None:
        """Start the numbers of the server again (`srst`; ServerStats.reset, gauges stay)."""
        self.server.stats.reset()
        self.service.disk.sync_ms.reset()
        self.snapshotter.durations_ms.reset()
        self.admin.restore_time.reset()
        for summary in vars(self.start).values():
            summary.reset()
        if self.member is not None:
            self.member.times.reset()
            self.member.counts.quorum_ack_latency.reset()
            self.member.counts.commit_propagation_latency.reset()

    def wall_ms(self, clock_ms: int) -> int:
        """Return the wall-clock time of a time of the server's clock."""
        return clock_ms + self.server.pipeline.wall_offset_ms


def directory_size(directory: Path) -> int:
    """Return the bytes of all files below a directory (ZooKeeperServer.getDirSize)."""
    return sum(_sizes(os.fspath(directory)))


def _sizes(directory: str) -> Iterator[int]:
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _sizes(entry.path)
            continue
        try:
            yield entry.stat().st_size
        except FileNotFoundError:
            continue  # purged meanwhile


def interest_ops(connection: Connection) -> int:
    """Return what ZooKeeper shows as a connection's interest: 1 to read, 4 more to write."""
    reading = 0 if connection.hold or connection.state >= State.CLOSING else _READ
    return reading | (_WRITE if connection.output else 0)
