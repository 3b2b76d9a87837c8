"""The figures of all members, asked over their admin ports, or by `srvr` where that says nothing.

Only members of the configuration are asked, only for these figures, and at most once a second
however many look: this is no way to have the server call others. A redirect is not followed, an
answer is cut off at `_MOST_BYTES`, and who answers as another server than the expected one (several
on one host) is not believed.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import aiohttp

from speckeeper.ops.admin.page.figures import (
    Figures,
    as_json,
    figures_of_commands,
    figures_of_page,
    figures_of_word,
    lag_of,
    own_figures,
)
from speckeeper.ops.hosts import bracketed
from speckeeper.ops.running import Running
from speckeeper.ops.status import ask
from speckeeper.wire.quorum_config import ConfiguredServer

if TYPE_CHECKING:
    from speckeeper.net.tls.context import TlsContexts

PATIENCE_S = 2.0
_FRESH_S = 1.0
_MOST_BYTES = 1 << 20
_ANY_HOST = ("0.0.0.0", "::", "0:0:0:0:0:0:0:0")
_LEADER = "leader"


class _NoAnswer(Exception):
    """An admin port that does not say what was asked for; the text is why."""


@dataclass(frozen=True)
class _Address:
    """Where to ask a member. ``is_own``: clients are served there by this very server, so that
    what answers there says nothing of the member.
    """

    id: int
    role: str
    client: str
    admin: str
    is_own: bool = False


class Ensemble:
    """Asks all members, for everybody who looks."""

    def __init__(self, running: Running, page_url: str, tls: "TlsContexts | None") -> None:
        """``tls``: this AdminServer's, by which others are called; None: plain HTTP."""
        self._running = running
        self._page_url = page_url
        self._command_url = "/" + running.config.string("admin.commandURL").strip("/")
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._asking: asyncio.Task[dict[str, object]] | None = None
        self._asked_at = float("-inf")
        listed = running.config.values["admin.page.members"]
        assert isinstance(listed, tuple)
        self._listed = dict(member.split("=", 1) for member in listed)

    async def close(self) -> None:
        """Call nobody any more."""
        if self._asking is not None:
            self._asking.cancel()
        if self._session is not None:
            await self._session.close()

    async def view(self) -> dict[str, object]:
        """Return all servers with their figures, at most a second old."""
        now = time.monotonic()
        stale = now - self._asked_at > _FRESH_S
        if self._asking is None or (self._asking.done() and stale):
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask_all())
        # One who goes away must not take the answer from the others.
        return await asyncio.shield(self._asking)

    async def _ask_all(self) -> dict[str, object]:
        own = own_figures(self._running)
        member = self._running.member
        if member is None:
            return _view([(_alone(self._running), own, "self", None)], own.server_id)
        active = member.peer.membership.active
        own_id = member.peer.settings.server_id
        places = [self._address(server) for server in active.servers]
        ours = next((each.client for each in places if each.id == own_id), "")
        places = [
            replace(each, is_own=each.id != own_id and each.client == ours) for each in places
        ]
        found = await asyncio.gather(
            *(_known(place, own) if place.id == own_id else self._ask(place) for place in places)
        )
        return _view(found, own_id)

    def _address(self, server: ConfiguredServer) -> _Address:
        config = self._running.config
        host = server.endpoints[0].host
        client_host, client_port = server.client or (host, max(self._running.client_port, 0))
        if client_host in _ANY_HOST:
            client_host = host
        admin = self._listed.get(str(server.id))
        return _Address(
            server.id,
            "observer" if server.observer else "participant",
            f"{bracketed(client_host)}:{client_port}",
            admin or f"{bracketed(host)}:{config.number('admin.serverPort')}",
        )

    async def _ask(self, place: _Address) -> tuple[_Address, Figures, str, str | None]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return place, *await self._ask_admin(place), None
        except TimeoutError:
            why = f"no answer within {PATIENCE_S:g} s"
        except (aiohttp.ClientError, OSError, ValueError, _NoAnswer) as error:
            why = str(error) or type(error).__name__
        said = "where it serves clients is not in the configuration"
        if not place.is_own:
            status = await ask(place.client, PATIENCE_S)
            if status.error is None:
                return place, figures_of_word(status), "srvr", None
            said = status.error
        return place, Figures(), "", f"{said}; admin port {place.admin}: {why}"

    async def _ask_admin(self, place: _Address) -> tuple[Figures, str]:
        base = f"{'http' if self._tls is None else 'https'}://{place.admin}"
        source = "page"
        try:
            figures = figures_of_page(await self._get(f"{base}{self._page_url}/api/self"))
        except _NoAnswer:
            source = "commands"
            commands = ("configuration", "monitor", "server_stats")
            answers = [
                await self._get(f"{base}{self._command_url}/{command}") for command in commands
            ]
            figures = figures_of_commands(*answers)
        if figures.server_id != place.id:
            raise _NoAnswer(f"server {figures.server_id} answers there; set admin.page.members")
        return figures, source

    async def _get(self, url: str) -> Mapping[str, object]:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32))
        # The context of now: stores may have changed.
        tls = True if self._tls is None else self._tls.connecting
        async with self._session.get(url, allow_redirects=False, ssl=tls) as response:
            if response.status != 200:
                raise _NoAnswer(f"HTTP status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise _NoAnswer("the answer is too long")
        try:
            answer = json.loads(body)
        except RecursionError:
            raise _NoAnswer("the answer is nested too deeply") from None
        if not isinstance(answer, dict):
            raise _NoAnswer("the answer is no JSON object")
        return answer


async def _known(place: _Address, own: Figures) -> tuple[_Address, Figures, str, None]:
    return place, own, "self", None


def _alone(running: Running) -> _Address:
    port = running.client_port if running.client_port >= 0 else running.secure_client_port
    host = running.config.string("clientPortAddress") or "0.0.0.0"
    return _Address(0, "standalone", f"{bracketed(host)}:{port}", "")


def _view(
    found: list[tuple[_Address, Figures, str, str | None]], own_id: int | None
) -> dict[str, object]:
    leader = next((each for _, each, _, _ in found if each.role == _LEADER), None)
    return {
        "own": own_id,
        "asked_ms": int(time.time() * 1000),
        "servers": [
            {
                "id": place.id,
                "configured": place.role,
                "address": place.client,
                "source": source,
                "error": error,
                "lag": lag_of(figures, leader),
                **{k: v for k, v in as_json(figures).items() if k != "server_id"},
            }
            for place, figures, source, error in found
        ],
    }
