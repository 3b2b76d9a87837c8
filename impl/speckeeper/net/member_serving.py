"""The server of a member on sockets: who is let in, and the snapshots that are taken meanwhile.

Every time of serving has a server and a snapshotter of its own. What the server does, and for whom,
is in ``server/member_server.py``.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from speckeeper.net.client_doors import ClientDoors
from speckeeper.net.client_port import ClientProtocol, Commands
from speckeeper.net.member_clock import now_ms, wall_ms
from speckeeper.net.member_store import MemberStore
from speckeeper.net.snapshotter import Snapshotter
from speckeeper.server.member_server import MemberServer
from speckeeper.server.server import Server
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.settings import StorageSettings
from speckeeper.wire.election import ServerState
from speckeeper.zab import effects
from speckeeper.zab.peer import Peer

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)


class MemberServing:
    """``doors``: where clients come in; None: nowhere. ``snapshotter``: there while it serves.

    ``clients``: how many are connected.

    ``opened``: told of the server of each time of serving, before any client is let in.
    ``perform``: what carries out an effect, by its type.
    """

    def __init__(
        self,
        peer: Peer,
        part: MemberServer,
        store: MemberStore,
        storage: StorageSettings,
        files: FileSystem,
        failed: Callable[[Exception], None],
        leader_serves: bool,
    ) -> None:
        """``leader_serves`` False: no clients are let in while it leads."""
        self._loop = asyncio.get_running_loop()
        self._peer = peer
        self._part = part
        self._store = store
        self._storage = storage
        self._files = files
        self._failed = failed
        self._leader_serves = leader_serves
        self.doors: ClientDoors | None = None
        self.clients = 0
        self.snapshotter: Snapshotter | None = None
        self.opened: Callable[[Server], None] = lambda server: None
        self.end_turn: Callable[[], None] = lambda: None
        """Has the end of this turn run soon, after clients have brought something."""
        self.end_turn_now: Callable[[], None] = lambda: None
        self.perform: dict[type[Any], Callable[[Any], None]] = {
            effects.Replay: part.replay,
            effects.Serve: self._serve,
            effects.ServeReadOnly: self._serve_read_only,
            effects.StopServing: self._stop,
        }

    @property
    def lets_clients_in(self) -> bool:
        """Whether it serves clients; a leader may be told to leave that to others."""
        leads = self._part.role is ServerState.LEADING
        return self._part.server is not None and (self._leader_serves or not leads)

    def let_in(
        self,
        clients: socket.socket,
        commands: Commands,
        most_connections: int,
        tls: TlsOpening | None,
        secure: bool,
    ) -> None:
        """Let clients in on one more listening socket; see :class:`ClientDoors`."""
        if self.doors is None:
            self.doors = ClientDoors(self._loop, commands, most_connections, self._counted)
        self.doors.add(clients, tls, secure)

    def _counted(self, clients: int) -> None:
        self.clients = clients

    def answer_ahead(self, zxid: int) -> bool:
        """Tell a client that is alone of its commit, if that was made ready; say whether it was."""
        ahead = self._part.take_ready(zxid)
        if ahead is None:
            return False
        driver = ahead.connection.driver
        assert isinstance(driver, ClientProtocol)
        driver.send(ahead.frame)
        return True

    def write(self) -> None:
        """Write what connections have."""
        server = self._part.server
        if server is not None and self.doors is not None:
            self.doors.write(server)

    def take_snapshot(self) -> None:
        """Begin a snapshot, and with it a new log."""
        server, snapshotter = self._part.server, self.snapshotter
        if server is None or snapshotter is None:
            return
        if not self._peer.keeps_log:
            server.snapshot_started()
            return
        if not snapshotter.begin():
            self._store.writing.roll()
            server.snapshot_started()
            log.info("too busy to snap, skipping")

    def abort_snapshot(self) -> None:
        """Give up the snapshot that is being taken."""
        if self.snapshotter is not None:
            self.snapshotter.abort()
            self.snapshotter = None

    def close(self) -> None:
        """Let nobody in any more."""
        if self.doors is not None:
            self.doors.close()

    # -- effects of the core

    def _serve(self, effect: effects.Serve) -> None:
        log.info("serving as %s from %#x", effect.role.name, effect.zxid)
        active = self._peer.membership.active
        self._open(self._part.serve(effect, active, now_ms(), wall_ms(), random.SystemRandom()))

    def _serve_read_only(self, effect: effects.ServeReadOnly) -> None:
        log.info("no leader for a while: serving clients that only want to read")
        active = self._peer.membership.active
        self._open(self._part.serve_read_only(active, now_ms(), wall_ms(), random.SystemRandom()))

    def _open(self, server: Server) -> None:
        """Let clients in."""
        self.opened(server)
        self.snapshotter = Snapshotter(
            self._loop,
            server,
            self._store.writing,
            self._storage,
            self._files,
            self._failed,
            self._peer.is_durable,
            keeps_log=self._peer.keeps_log,
        )
        if self.doors is not None and self.lets_clients_in:
            self.doors.open(server, self.end_turn, self.end_turn_now)

    def _stop(self, effect: effects.StopServing) -> None:
        log.info("serving no more")
        self._part.stop()
        self.abort_snapshot()
        if self.doors is not None:
            self.doors.shut()
