"""A member of an ensemble as :mod:`run` starts and stops it, and as operators ask about it.

It has the parts of a standalone :class:`Service` by the same names. ``server``, ``snapshotter`` and
``port`` are there only while the member serves: each time of serving has its own.

Source: ZooKeeper ``QuorumPeerMain``, ``QuorumPeer``.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from speckeeper.net.client_doors import no_commands
from speckeeper.net.client_port import ClientPort, Commands
from speckeeper.net.member import Member
from speckeeper.net.peer_line import PeerLine
from speckeeper.net.service import TICK_S, DiskStats, note_sync, purge_in_background, wall_ms
from speckeeper.net.snapshotter import Snapshotter
from speckeeper.net.tracing import TraceOptions
from speckeeper.net.wakefulness import Vigil
from speckeeper.server.reasons import CloseReason
from speckeeper.server.server import Server
from speckeeper.server.settings import ServerSettings
from speckeeper.server.stats import Distribution
from speckeeper.storage.config_files import ConfigFiles
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.recovery import Report
from speckeeper.storage.settings import StorageSettings
from speckeeper.storage.txnlog import Synced
from speckeeper.wire.quorum_config import QuorumConfig
from speckeeper.zab.settings import ZabSettings

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)

# What was accepted may need other members, which may be stopping too.
STOP_PATIENCE_S = 2.0
_POLL_S = 0.005


@dataclass(frozen=True, slots=True)
class MemberOptions:
    """What a member is told beside what every server is.

    ``listen_on_all``: the ports for peers are bound to all addresses, not to that of the
    configuration. ``leader_serves`` False: no clients while it leads. ``connect_timeout_ms``: of
    the election port. ``line``: how peers are reached. ``trace``: where its steps are recorded.
    ``last_seen``: a configuration that was proposed beside the one in force; ``config_file``: the
    static file beside which both are kept, None for a member that is never reconfigured.
    """

    zab: ZabSettings
    config: QuorumConfig
    listen_on_all: bool = False
    leader_serves: bool = True
    connect_timeout_ms: int = 5000
    line: PeerLine = field(default_factory=PeerLine)
    trace: TraceOptions | None = None
    last_seen: QuorumConfig | None = None
    config_file: Path | None = None


class MemberService:
    """Everything of one running member; made and used on the loop's thread."""

    def __init__(
        self,
        settings: ServerSettings,
        storage: StorageSettings,
        files: FileSystem,
        options: MemberOptions,
        purge_interval_ms: int = 0,
    ) -> None:
        """``purge_interval_ms`` 0: never purge. Raises StorageError, TraceError."""
        self.loop = asyncio.get_running_loop()
        self.stopped = asyncio.Event()
        self.settings = settings
        self.storage = storage
        self.files = files
        self.disk = DiskStats(Distribution())
        self.started_wall_ms = wall_ms()
        self.member = Member(
            options.zab,
            options.config,
            settings,
            storage,
            files,
            listen_on_all=options.listen_on_all,
            leader_serves=options.leader_serves,
            connect_timeout_ms=options.connect_timeout_ms,
            line=options.line,
            synced=self._synced,
            on_failure=self.stop,
            trace=options.trace,
            last_seen=options.last_seen,
            config_files=None
            if options.config_file is None
            else ConfigFiles(options.config_file, files, options.zab.server_id),
        )
        self.report: Report = self.member.store.report
        self.vigil = Vigil(lambda: self.member.store.lone_writes)
        """Keeps processors awake while a client of the ensemble is alone and writes."""
        self.commands: Commands = no_commands
        self.most_connections = 0
        self._purge_interval_s = purge_interval_ms / 1000
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def server(self) -> Server | None:
        """The server of this time of serving."""
        return self.member.server

    @property
    def snapshotter(self) -> Snapshotter | None:
        """What takes its snapshots."""
        return self.member.snapshotter

    @property
    def port(self) -> ClientPort | None:
        """Its client connections."""
        return None if self.member.doors is None else self.member.doors.port

    @property
    def failure(self) -> Exception | None:
        """Why the member cannot go on."""
        return self.member.failure

    @property
    def population(self) -> int:
        """How many things there are that live long: nodes, sessions, connections."""
        nodes = len(self.member.store.tree.nodes)
        server = self.member.server
        if server is None:
            return nodes
        return nodes + len(server.sessions.by_id) + len(server.core.connections)

    # -- life

    def start(self) -> None:
        """Start the timers."""
        self.every(1.0, self._flush_refusals)
        self.every(TICK_S, self.vigil.tick)
        if self._purge_interval_s:
            self._purge()
            self.every(self._purge_interval_s, self._purge)

    def listen(
        self, sock: socket.socket, tls: TlsOpening | None = None, secure: bool = False
    ) -> None:
        """Let clients in on a listening socket whenever the member serves.

        ``tls``: how, None for plainly; ``secure``: they count as clients of the secure port.
        """
        self.member.let_clients_in(sock, self._command, self.most_connections, tls, secure)

    async def join(self) -> None:
        """Listen for peers, and take part in the ensemble from now on. Raises ListenError."""
        await self.member.start()

    def stop(self) -> None:
        """Ask the member to stop; :meth:`shut_down` does the rest."""
        self.stopped.set()

    async def shut_down(self) -> None:
        """Finish what was accepted if the ensemble lets us, then leave it."""
        port, server = self.port, self.server
        if port is not None and server is not None and self.failure is None:
            port.stopping = True
            for protocol in list(port.protocols):
                protocol.stop_reading()
            deadline = time.monotonic() + STOP_PATIENCE_S
            while server.unfinished and self.server is server:
                if time.monotonic() > deadline:
                    break
                await asyncio.sleep(_POLL_S)
            for protocol in list(port.protocols):
                protocol.finish(CloseReason.SERVER_SHUTDOWN)
            while port.protocols and time.monotonic() < deadline:
                await asyncio.sleep(_POLL_S)
        for timer in self._timers:
            timer.cancel()
        self.vigil.stop()
        await self.member.close()

    # -- inside

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Run an action again and again until the member stops."""
        index = len(self._timers)

        def run() -> None:
            self._timers[index] = self.loop.call_later(seconds, run)
            action()

        self._timers.append(self.loop.call_later(seconds, run))

    def _command(self, word: str) -> bytes | None:
        return self.commands(word)

    def _flush_refusals(self) -> None:
        if self.port is not None:
            self.port.refusals.flush()

    def _synced(self, synced: Synced) -> None:
        note_sync(self.disk, synced)

    def _purge(self) -> None:
        purge_in_background(self.loop, self.storage, self.files)
