"""HTTP beside the client port: hosts the AdminServer and the metrics; ops/ brings the content."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from aiohttp import web

_STOP_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """An aiohttp application and the name of the place where it listens."""

    name: str
    application: web.Application
    idle_timeout_s: float = 30.0


class Sites:
    """Starts and stops HTTP sites on the running loop."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

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
        await web.SockSite(runner, listening).start()

    async def stop(self) -> None:
        """Stop all sites."""
        while self._runners:
            await self._runners.pop().cleanup()
