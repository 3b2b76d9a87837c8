"""The HTTP sites of a server: the AdminServer and the Prometheus endpoint, as aiohttp applications.

ZooKeeper: JettyAdminServer, PrometheusMetricsProvider. Importing aiohttp takes longer than all the
rest of a start, so this module is imported when the client port is already open.
"""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from speckeeper.net.admin import Site
from speckeeper.net.run import tls_opening
from speckeeper.ops.admin.access import AccessDenied, require_all_on_root
from speckeeper.ops.admin.commands import COMMANDS, Answer, Command, CommandError
from speckeeper.ops.admin.jackson import pieces, pretty
from speckeeper.ops.admin.page.site import add_page
from speckeeper.ops.admin.places import ADMIN_SERVER, METRICS, places_of
from speckeeper.ops.admin.snapshots import Outcome, SnapshotCommands
from speckeeper.ops.admin.turns import Abandoned, Busy, Turns
from speckeeper.ops.prometheus import CONTENT_TYPE, Exposition
from speckeeper.ops.running import NOT_SERVING, NotServing, Running

if TYPE_CHECKING:
    from speckeeper.net.tls.context import TlsContexts

log = logging.getLogger(__name__)

#: Commands with a handler of their own: primary name and alias.
_SNAPSHOT, _RESTORE, _SHED = ("snapshot", "snap"), ("restore", "rest"), ("shed_connections", "shed")
_POST = (*_RESTORE, *_SHED)
_GUARDED = {name: names[0] for names in (_SNAPSHOT, _RESTORE, _SHED) for name in names}

_BY_NAME: dict[str, Command] = {name: command for command in COMMANDS for name in command.names}


def sites_of(running: Running, tls: "TlsContexts | None" = None) -> list[Site]:
    """Return the sites that the configuration asks for, by the names of their places.

    ``tls``: of the AdminServer, None for plain HTTP.
    """
    sites: list[Site] = []
    for place in places_of(running.config):
        if place.name == ADMIN_SERVER:
            idle_s = running.config.number("admin.idleTimeout") / 1000
            application = admin_application(running, tls)
            sites.append(Site(ADMIN_SERVER, application, idle_s, tls_opening(tls)))
        else:
            sites.append(Site(METRICS, metrics_application(running)))
    return sites


def metrics_application(running: Running) -> web.Application:
    """Return the application that serves /metrics."""
    exposition = Exposition(running, bool(running.config.values["metricsProvider.exportJvmInfo"]))

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=exposition.render(), headers={"Content-Type": CONTENT_TYPE})

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    return application


def admin_application(running: Running, tls: "TlsContexts | None" = None) -> web.Application:
    """Return the application that serves the commands below admin.commandURL, and the page."""
    url = "/" + running.config.string("admin.commandURL").strip("/")
    handler = _AdminHandler(running, url)
    # The size of an upload is limited by the disk, not here: it is written as it comes.
    application = web.Application(client_max_size=0)
    application.router.add_get(url, handler.links)
    application.router.add_get(url + "/", handler.links)
    application.router.add_get(url + "/{name:.+}", handler.get)
    application.router.add_post(url, handler.links)
    application.router.add_post(url + "/", handler.links)
    application.router.add_post(url + "/{name:.+}", handler.post)
    add_page(application, running, tls)
    if tls is not None:
        application.middlewares.append(_note_insecure(running))
        application.on_response_prepare.append(_stay_secure)
    return application


def _note_insecure(running: Running) -> Middleware:
    """Count who asks without TLS where TLS is taken too (UnifiedConnectionFactory)."""

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.secure:
            running.admin.insecure += 1
            log.warning("%s asks the AdminServer without TLS", request.remote)
        return await handler(request)

    return note


async def _stay_secure(request: web.Request, response: web.StreamResponse) -> None:
    """Have browsers come by TLS from now on (SecureRequestCustomizer; a day, as Apache's)."""
    if request.secure:
        response.headers["Strict-Transport-Security"] = "max-age=86400; includeSubDomains"


class _AdminHandler:
    def __init__(self, running: Running, url: str) -> None:
        self._running = running
        self._url = url
        self._turns = Turns()
        self._snapshots = SnapshotCommands(running)
        self._idle_s = running.config.number("admin.idleTimeout") / 1000

    async def links(self, request: web.Request) -> web.Response:
        names = sorted({*(command.names[0] for command in COMMANDS), *_GUARDED.values()})
        lines = (f'<a href="{self._url}/{name}">{name}</a>\n<br/>\n' for name in names)
        return web.Response(text="".join(lines), content_type="text/html")

    async def get(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name in _GUARDED:
            return await self._guarded(request, name)
        command = _BY_NAME.get(name)
        if command is None:
            return _json(name, {}, f"Unknown command: {name}")
        primary = command.names[0]
        if command.needs_server and not self._running.is_serving:
            return _json(primary, {}, NOT_SERVING)
        try:
            if command.large:
                return await self._in_turns(request, command)
            answer = command.answer(self._running, request.query)
        except (CommandError, NotServing) as error:
            return _json(primary, {"error": str(error)})
        return _json(primary, answer)

    async def _in_turns(self, request: web.Request, command: Command) -> web.StreamResponse:
        """Answer by what may be long; who waits for the same shares one text."""
        primary = command.names[0]

        def text() -> Iterator[str]:
            return pieces(_whole(primary, command.answer(self._running, {}), None))

        def gone() -> bool:
            return request.transport is None or request.transport.is_closing()

        try:
            blocks = await self._turns.make(primary, text, gone)
        except Busy:
            error = "too many wait for large answers; try again"
            return _json(primary, {}, error, status=503)
        except Abandoned:
            return _json(primary, {}, "nobody waits for the answer", status=503)
        response = web.StreamResponse()
        response.content_type, response.charset = "application/json", "utf-8"
        response.content_length = sum(map(len, blocks))
        with suppress(ConnectionError):  # the client has hung up
            await response.prepare(request)
            for block in () if request.method == "HEAD" else blocks:
                await response.write(block)
                await asyncio.sleep(0)
            await response.write_eof()
        return response

    async def post(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name in _GUARDED:
            return await self._guarded(request, name)
        command = _BY_NAME.get(name)
        if command is None:
            return _json(name, {}, f"Unknown command: {name}")
        return _json(command.names[0], {}, "use GET for this command", status=405)

    async def _guarded(self, request: web.Request, name: str) -> web.StreamResponse:
        primary = _GUARDED[name]
        if not self._running.is_serving:
            return _json(primary, {}, NOT_SERVING)
        try:
            header = request.headers.get("Authorization")
            require_all_on_root(self._running, header, request.remote or "")
        except AccessDenied as error:
            return _json(primary, {}, str(error), status=error.status)
        if (request.method == "POST") != (name in _POST):
            method = "POST" if name in _POST else "GET"
            return _json(primary, {}, f"use {method} for this command", status=405)
        outcome = await self._carry_out(request, name)
        if outcome.file is not None:
            return await _send_file(request, outcome.file, outcome.headers, outcome.folder)
        return _json(primary, outcome.answer, None, outcome.status, outcome.headers)

    async def _carry_out(self, request: web.Request, name: str) -> Outcome:
        if name in _SNAPSHOT:
            streaming = request.query.get("streaming", "true").lower() == "true"
            return await self._snapshots.snapshot(streaming)
        if name in _RESTORE:
            return await self._snapshots.restore(self._body(request, 1 << 20))
        return await self._snapshots.shed(self._body(request, 1 << 10))

    async def _body(self, request: web.Request, size: int) -> AsyncIterator[bytes]:
        """Yield a request's body as it comes; raise HTTPRequestTimeout where it stops coming,
        HTTPBadRequest where it cannot be read to its end.
        """
        chunks = aiter(request.content.iter_chunked(size))
        while True:
            try:
                async with asyncio.timeout(self._idle_s):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                log.warning("the body of %s from %s stopped coming", request.path, request.remote)
                raise web.HTTPRequestTimeout from None
            except (web.RequestPayloadError, ConnectionError) as error:
                log.warning("the body of %s from %s: %s", request.path, request.remote, error)
                raise web.HTTPBadRequest(text=str(error)) from None
            yield chunk


async def _send_file(
    request: web.Request, file: Path, headers: dict[str, str], folder: Path | None
) -> web.StreamResponse:
    """Send a file, and remove the folder that it was made in."""
    response = web.FileResponse(
        file, headers={**headers, "Content-Type": "application/octet-stream"}
    )
    if folder is None:
        return response
    try:
        await response.prepare(request)
        await response.write_eof()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, True)
    return response


def _json(
    command: str,
    answer: Answer,
    error: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """Return an answer with the keys that every command has (CommandResponse.toMap)."""
    text = pretty(_whole(command, answer, error))
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


def _whole(command: str, answer: Answer, error: str | None) -> Answer:
    return {**answer, "command": command, **({} if "error" in answer else {"error": error})}
