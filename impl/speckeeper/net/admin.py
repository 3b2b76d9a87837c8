"""HTTP beside the client port: hosts the AdminServer and the metrics; ops/ brings the content."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from speckeeper.net.acceptor import Acceptor
from speckeeper.server.reasons import CloseReason

_STOP_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """An aiohttp application and the name of the place where it listens."""

    name: str
    application: web.Application
    idle_timeout_s: float = 30.0


#: Counts and logs a connection that was not let in, by its reason and its peer.
Refuse = Callable[[CloseReason, str], None]


class Sites:
    """Starts and stops HTTP sites on the running loop."""

    def __init__(self, most_connections: int, refuse: Refuse) -> None:
        """``most_connections``: of one site at a time; ``refuse`` is told who came beyond it."""
        self._most_connections = most_connections
        self._refuse = refuse
        self._runners: list[web.AppRunner] = []
        self._acceptors: list[Acceptor] = []

    async def start(self, site: Site, listening: socket.socket) -> None:
        """Serve a site on a listening socket, which is closed by :meth:`stop`."""
        runner = web.AppRunner(
            site.application,
            access_log=None,
            keepalive_timeout=site.idle_timeout_s,
            shutdown_timeout=_STOP_PATIENCE_S,
        )
        await runner.setup()
        self._runners.append(runner)
        server = runner.server
        assert server is not None  # made by setup()
        gate = _HttpGate(server, self._most_connections, self._refuse)
        listening.setblocking(False)
        acceptor = Acceptor(asyncio.get_running_loop(), listening, gate)
        self._acceptors.append(acceptor)
        acceptor.start()

    async def stop(self) -> None:
        """Stop all sites."""
        while self._acceptors:
            self._acceptors.pop().close()
        while self._runners:
            await self._runners.pop().cleanup()


class _HttpGate:
    """Lets so many connections into a site and no more: descriptors are the whole server's."""

    def __init__(self, server: web.Server, most_connections: int, refuse: Refuse) -> None:
        self._server = server
        self._most_connections = most_connections
        self.refuse = refuse

    def protocol(self) -> asyncio.Protocol:
        """Make the protocol of one more connection."""
        return self._server()

    def refusal(self, host: str) -> CloseReason | None:
        """Why a connection may not come in, None if it may."""
        if len(self._server.connections) >= self._most_connections:
            return CloseReason.TOO_MANY_HTTP_CONNECTIONS
        return None
