"""HTTP beside the client port: hosts the AdminServer and the metrics; ops/ brings the content.

Who connects and does not come up with a request is cut off, and who does not take the answer;
aiohttp itself has a limit only for the time between two requests. Jetty's idle timeout is for all
three.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aiohttp import web

from speckeeper.net.acceptor import Acceptor
from speckeeper.net.addresses import java_host
from speckeeper.server.reasons import CloseReason

if TYPE_CHECKING:
    from speckeeper.net.tls.opening import TlsOpening

_STOP_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """An aiohttp application and the name of the place where it listens.

    ``idle_timeout_s``: how long a client may leave the server waiting for a request, or for it to
    take some of an answer. ``tls``: how connections are opened, None for plainly.
    """

    name: str
    application: web.Application
    idle_timeout_s: float = 30.0
    tls: TlsOpening | None = None


#: Counts and logs a connection that was refused or cut off, by its reason and its peer.
Refuse = Callable[[CloseReason, str], None]


class Sites:
    """Starts and stops HTTP sites on the running loop."""

    def __init__(self, most_connections: int, refuse: Refuse) -> None:
        """``most_connections``: of one site at a time; ``refuse`` is told who came beyond it, and
        who was cut off.
        """
        self._most_connections = most_connections
        self._refuse = refuse
        self._runners: list[web.AppRunner] = []
        self._acceptors: list[Acceptor] = []

    async def start(self, site: Site, listening: socket.socket) -> None:
        """Serve a site on a listening socket, which is closed by :meth:`stop`."""
        gate = _HttpGate(self._most_connections, self._refuse, site.idle_timeout_s)
        site.application.middlewares.append(gate.note_request)
        runner = web.AppRunner(
            site.application,
            access_log=None,
            auto_decompress=False,  # as Jetty: a body is what was sent, of that size
            keepalive_timeout=site.idle_timeout_s,
            shutdown_timeout=_STOP_PATIENCE_S,
        )
        await runner.setup()
        self._runners.append(runner)
        server = runner.server
        assert server is not None  # made by setup()
        gate.open(server)
        listening.setblocking(False)
        acceptor = Acceptor(asyncio.get_running_loop(), listening, gate, site.tls)
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

    def __init__(self, most_connections: int, refuse: Refuse, patience_s: float) -> None:
        self._most_connections = most_connections
        self.refuse = refuse
        self._patience_s = patience_s
        self._server: web.Server | None = None
        # Connections whose client is to do something, and what will cut them off.
        self._awaited: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}

    def open(self, server: web.Server) -> None:
        """Let connections in to ``server``."""
        self._server = server

    def protocol(self) -> asyncio.Protocol:
        """Make the protocol of one more connection."""
        assert self._server is not None
        return _Visit(self._server(), self)

    def refusal(self, host: str) -> CloseReason | None:
        """Why a connection may not come in, None if it may."""
        if self._server is None or len(self._server.connections) >= self._most_connections:
            return CloseReason.TOO_MANY_HTTP_CONNECTIONS
        return None

    def wait(self, transport: asyncio.BaseTransport, reason: CloseReason) -> None:
        """Cut a connection off for this reason, unless :meth:`content` is called in time."""
        loop = asyncio.get_running_loop()
        self._awaited[transport] = loop.call_later(self._patience_s, self._cut, transport, reason)

    def content(self, transport: asyncio.BaseTransport | None) -> None:
        """Wait no more: the client has done its part, or is gone."""
        timer = None if transport is None else self._awaited.pop(transport, None)
        if timer is not None:
            timer.cancel()

    @web.middleware
    async def note_request(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Take note of a request, and pass it on."""
        self.content(request.transport)
        return await handler(request)

    def _cut(self, transport: asyncio.BaseTransport, reason: CloseReason) -> None:
        del self._awaited[transport]
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self.refuse(reason, f"{java_host(host)}:{port}")
        cast(asyncio.Transport, transport).abort()


class _Visit(asyncio.Protocol):
    """One connection on its way to aiohttp's protocol; the gate hears what is waited for."""

    def __init__(self, inner: asyncio.Protocol, gate: _HttpGate) -> None:
        self._inner = inner
        self._gate = gate
        self._transport: asyncio.BaseTransport | None = None
        self.data_received = inner.data_received  # type: ignore[method-assign]  # as it is
        self.eof_received = inner.eof_received  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._gate.wait(transport, CloseReason.NO_HTTP_REQUEST)
        self._inner.connection_made(transport)

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._gate.wait(self._transport, CloseReason.SLOW_READER)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._gate.content(self._transport)
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.content(self._transport)
        self._transport = None
        self._inner.connection_lost(exc)
