"""HTTP beside the client port: hosts the AdminServer and the metrics; ops/ brings the content."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from speckeeper.net.listening import ListenError

_STOP_PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """An aiohttp application and where it listens; ``name`` is what an operator calls it."""

    name: str
    application: web.Application
    host: str
    port: int
    idle_timeout_s: float = 30.0


class Sites:
    """Starts and stops HTTP sites on the running loop."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []

    async def start(self, site: Site) -> int:
        """Start a site; return the port it got. Raises ListenError."""
        runner = web.AppRunner(
            site.application,
            access_log=None,
            keepalive_timeout=site.idle_timeout_s,
            shutdown_timeout=_STOP_PATIENCE_S,
        )
        await runner.setup()
        self._runners.append(runner)
        try:
            await web.TCPSite(runner, site.host, site.port).start()
        except OSError as error:
            raise ListenError(site.name, site.host, site.port, error) from error
        port: int = runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Stop all sites."""
        while self._runners:
            await self._runners.pop().cleanup()
