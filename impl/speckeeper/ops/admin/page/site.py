"""The page over HTTP: its files, and the JSON that they ask for.

Every answer forbids what the page does not need: inline scripts, other hosts, frames, caching.
Nothing changes by GET. See `guard` for who may what.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from speckeeper.net.client_port import ClientPort
from speckeeper.ops.admin.page.conformance import Conformance
from speckeeper.ops.admin.page.edits import change
from speckeeper.ops.admin.page.figures import as_json, own_figures
from speckeeper.ops.admin.page.guard import (
    EDIT,
    ENSEMBLE,
    OFF,
    TREE,
    KnownHosts,
    Refused,
    caller_of,
    require_change,
    require_reader,
    require_site,
)
from speckeeper.ops.admin.page.members import Ensemble
from speckeeper.ops.admin.page.tree_view import (
    BAD_REQUEST,
    NOT_FOUND,
    checked_path,
    search,
    show_node,
)
from speckeeper.ops.running import NotServing, Running

if TYPE_CHECKING:
    from speckeeper.net.tls.context import TlsContexts

URL = "/page"
FILES = {
    "index.html": "text/html",
    "icon.svg": "image/svg+xml",
    "page.css": "text/css",
    **dict.fromkeys(
        (
            "page.js",
            "ask.js",
            "build.js",
            "ensemble.js",
            "plots.js",
            "tree.js",
            "node.js",
            "conformance.js",
        ),
        "text/javascript",
    ),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

TOO_LARGE, TOO_MANY, TIMEOUT, UNAVAILABLE = 413, 429, 408, 503
_LONGEST_TEXT = 1000
_SEARCHES = 2
#: More than a node can have; an offset beyond it shows nothing.
_MOST_CHILDREN = 1 << 31

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def level_of(running: Running) -> str:
    """Return how much of the page there is (`guard.LEVELS`)."""
    return running.config.string("admin.page")


def add_page(application: web.Application, running: Running, tls: "TlsContexts | None") -> None:
    """Add the page to the AdminServer's application, unless it is turned off.

    ``tls``: with which other AdminServers are called.
    """
    if level_of(running) == OFF:
        return
    page = _Page(running, tls)
    router = application.router
    if running.config.string("admin.commandURL").strip("/"):
        router.add_get("/", page.guarded(page.front))
    router.add_get(URL, page.guarded(page.front))
    router.add_get(URL + "/", page.guarded(page.file))
    router.add_get(URL + "/api/self", page.guarded(page.own))
    router.add_get(URL + "/api/ensemble", page.guarded(page.ensemble))
    router.add_get(URL + "/api/conformance", page.guarded(page.conformance))
    router.add_get(URL + "/api/node", page.guarded(page.node))
    router.add_get(URL + "/api/search", page.guarded(page.search))
    router.add_post(URL + "/api/node", page.guarded(page.change))
    router.add_get(URL + "/{name}", page.guarded(page.file))
    application.on_cleanup.append(page.close)


class _Page:
    def __init__(self, running: Running, tls: "TlsContexts | None") -> None:
        self._running = running
        self._level = level_of(running)
        self._ensemble = Ensemble(running, URL, tls)
        self._conformance = Conformance(running.config.string("admin.page.conformance"))
        self._idle_s = running.config.number("admin.idleTimeout") / 1000
        # A little more than base64 makes of the largest request.
        self._most_bytes = running.config.number("jute.maxbuffer") * 4 // 3 + (16 << 10)
        self._searching = 0
        config = running.config
        named = (
            []
            if config.quorum is None
            else [each.host for server in config.quorum.servers for each in server.endpoints]
        )
        listed = config.values["admin.page.hosts"]
        assert isinstance(listed, tuple)
        named.append(config.string("admin.serverAddress"))
        self._known = KnownHosts(named, listed, config.string("clientPortAddress"))

    async def close(self, application: web.Application) -> None:
        await self._ensemble.close()

    def guarded(self, handler: _Handler) -> _Handler:
        """Answer refusals as JSON, and give every answer its headers."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                require_site(request, self._known)
                response = await handler(request)
            except Refused as refused:
                response = _json({"error": str(refused)}, refused.status)
            except NotServing as error:
                response = _json({"error": str(error)}, UNAVAILABLE)
            response.headers.update(HEADERS)
            return response

        return answer

    async def front(self, request: web.Request) -> web.StreamResponse:
        """Send a browser that was given no more than host and port to the page."""
        return web.Response(status=302, headers={"Location": URL + "/"})

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "index.html")
        kind = FILES.get(name)
        if kind is None:
            raise Refused(NOT_FOUND, "there is no such file")
        text = (files("speckeeper.ops.admin.page") / "files" / name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=kind)

    async def own(self, request: web.Request) -> web.StreamResponse:
        return _json(as_json(own_figures(self._running)))

    async def ensemble(self, request: web.Request) -> web.StreamResponse:
        shown = {"level": self._level, **await self._ensemble.view()}
        return _json(shown)

    async def conformance(self, request: web.Request) -> web.StreamResponse:
        return _json(await self._conformance.view())

    async def node(self, request: web.Request) -> web.StreamResponse:
        self._require(TREE)
        running = self._running
        caller = caller_of(running, request)
        require_reader(running, request, caller, self._known)
        path = checked_path(request.query.get("path"))
        try:
            offset = min(max(int(request.query.get("offset", "0")), 0), _MOST_CHILDREN)
        except ValueError:
            raise Refused(BAD_REQUEST, "offset: give a number") from None
        edit = self._level == EDIT and isinstance(running.service.port, ClientPort)
        return _json(show_node(running, caller, path, offset, edit))

    async def search(self, request: web.Request) -> web.StreamResponse:
        self._require(TREE)
        running = self._running
        caller = caller_of(running, request)
        require_reader(running, request, caller, self._known)
        text = request.query.get("text", "")
        if not 0 < len(text) <= _LONGEST_TEXT:
            raise Refused(BAD_REQUEST, "text: give what to look for")
        under = checked_path(request.query.get("under", "/"))
        if self._searching >= _SEARCHES:
            raise Refused(TOO_MANY, "others are searching; try again")
        self._searching += 1
        try:
            return _json(await search(running, caller, under, text))
        finally:
            self._searching -= 1

    async def change(self, request: web.Request) -> web.StreamResponse:
        self._require(EDIT)
        running = self._running
        caller = caller_of(running, request)
        require_change(request, caller)
        require_reader(running, request, caller, self._known)
        try:
            asked = json.loads(await self._body(request))
        except (ValueError, RecursionError):
            raise Refused(BAD_REQUEST, "the request is no JSON") from None
        if not isinstance(asked, dict):
            raise Refused(BAD_REQUEST, "the request is no JSON object")
        await change(running, caller, asked)
        return _json({"error": None})

    def _require(self, level: str) -> None:
        levels = (ENSEMBLE, TREE, EDIT)
        if levels.index(self._level) < levels.index(level):
            raise Refused(NOT_FOUND, f"admin.page={self._level} leaves this out")

    async def _body(self, request: web.Request) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(self._idle_s):
                async for chunk in request.content.iter_chunked(1 << 16):
                    body += chunk
                    if len(body) > self._most_bytes:
                        raise Refused(TOO_LARGE, "that is more than jute.maxbuffer allows")
        except TimeoutError:
            raise Refused(TIMEOUT, "the request stopped half way") from None
        except (web.RequestPayloadError, ConnectionError):
            raise Refused(BAD_REQUEST, "the request cannot be read to its end") from None
        return bytes(body)


def _json(answer: dict[str, object], status: int = 200) -> web.Response:
    # ASCII only: names may hold what UTF-8 cannot, such as half of a surrogate pair.
    return web.Response(text=json.dumps(answer), status=status, content_type="application/json")
