"""Run a server: :func:`serve` is what ops/ calls, and what tests and benchmarks can call too.

A minimal run: ``serve(ServeOptions(ServerSettings(), StorageSettings(Path("data")), 2181))``.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import uvloop

from speckeeper.net import process
from speckeeper.net.client_port import Commands
from speckeeper.net.listening import CLIENT_PORT, SECURE_CLIENT_PORT, Place, listen
from speckeeper.net.member_service import MemberOptions, MemberService
from speckeeper.net.service import Service
from speckeeper.server.reasons import CloseReason
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.directories import DirectoryLock, prepare_directories
from speckeeper.storage.disk import Disk
from speckeeper.storage.interface import FileSystem
from speckeeper.storage.recovery import Report, recover
from speckeeper.storage.settings import StorageSettings
from speckeeper.tree.datatree import DataTree

if TYPE_CHECKING:
    from speckeeper.net.admin import Site, Sites
    from speckeeper.net.tls.context import TlsContexts
    from speckeeper.net.tls.opening import TlsOpening

log = logging.getLogger(__name__)

# How often it is looked whether key stores have changed.
LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What a server is told from outside.

    ``client_port`` 0: any free port; None: no client port. ``client_host`` None: all addresses.
    ``secure_port``, ``secure_host``: the same for clients by TLS, with ``client_tls``; the client
    port takes TLS too if its settings say so. ``peer_tls``: TLS between members; ``admin_tls``: of
    the HTTP sites that want it, here only to be loaded again when the stores change.
    ``listen_backlog`` -1: a default. ``purge_interval_ms`` 0: never. ``places``: where the HTTP
    sites listen. ``files``: for tests. ``member``: what makes it a member of an ensemble.
    """

    server: ServerSettings
    storage: StorageSettings
    client_port: int | None = 2181
    client_host: str | None = None
    secure_port: int | None = None
    secure_host: str | None = None
    client_tls: TlsContexts | None = None
    peer_tls: TlsContexts | None = None
    admin_tls: TlsContexts | None = None
    listen_backlog: int = -1
    keep_alive: bool = False
    purge_interval_ms: int = 0
    places: tuple[Place, ...] = ()
    files: FileSystem | None = None
    member: MemberOptions | None = None


class ClientPorts(NamedTuple):
    """Where clients are served; None: nowhere."""

    plain: int | None
    secure: int | None


Hosted: TypeAlias = Service | MemberService
"""A standalone server, or a member of an ensemble."""


def serve(
    options: ServeOptions,
    *,
    commands: Callable[[Hosted], Commands] | None = None,
    sites: Callable[[Hosted], Sequence[Site]] | None = None,
    started: Callable[[Hosted, ClientPorts], None] | None = None,
) -> None:
    """Recover the data, serve clients, and return when SIGTERM or SIGINT has stopped the server.

    ``commands(service)`` gives what answers four-letter words: ``(word: str) -> bytes | None``,
    None for what is no word. ``sites(service)`` gives the HTTP sites to host (AdminServer,
    metrics), each by the name of its place; it is called on a thread, when clients are already
    served. The places are bound before any client is. ``started(service, ports)`` is called once
    all of it runs, with the ports that clients find. ``service.stop()`` stops it from within.
    ``service`` has ``server`` (and in it ``stats``, ``tree``, ``sessions``, ``watches``,
    ``core.connections``), ``snapshotter``, ``disk``, ``report``, ``storage`` and ``port``.

    Raises StorageError where the data cannot be used or the disk fails (``DiskFailure``: nothing
    was acknowledged after it), ListenError where an address is taken. Each text is one line.
    """
    process.prompt_threads()
    files = options.files or Disk()
    prepare_directories(options.storage, files)
    lock = DirectoryLock(options.storage, files)
    try:
        uvloop.run(_run(options, files, commands, sites, started))
    finally:
        lock.release()


async def _run(
    options: ServeOptions,
    files: FileSystem,
    commands: Callable[[Hosted], Commands] | None,
    sites: Callable[[Hosted], Sequence[Site]] | None,
    started: Callable[[Hosted, ClientPorts], None] | None,
) -> None:
    clients, http_connections = process.share_descriptors(
        process.raise_descriptor_limit(), len(options.places)
    )
    service = _hosted(options, files, clients)
    collector = process.Collector(lambda: service.population)
    collector.start()

    def collect() -> None:
        # The lists of a snapshot's walk would be looked at too, which takes longer than a slice.
        snapshotter = service.snapshotter
        if snapshotter is None or not snapshotter.running:
            collector.step()

    service.every(process.COLLECT_S, collect)
    for contexts in (options.client_tls, options.peer_tls, options.admin_tls):
        if contexts is not None and contexts.settings.reload:
            service.every(LOOK_S, contexts.look)
    if commands is not None:
        service.commands = commands(service)
    for number in (signal.SIGTERM, signal.SIGINT):
        service.loop.add_signal_handler(number, service.stop)
    await _serve(options, service, sites, started, http_connections)
    if service.failure is not None:
        raise service.failure


def _hosted(options: ServeOptions, files: FileSystem, most_connections: int) -> Hosted:
    """Load the data into what is to be served."""
    if options.member is not None:
        member = MemberService(
            options.server, options.storage, files, options.member, options.purge_interval_ms
        )
        member.most_connections = most_connections
        peer, tree = member.member.peer, member.member.store.tree
        _log_recovery(member.report, peer.last_zxid, tree)
        log.info(
            "accepted epoch %d, current epoch %d; %s",
            peer.accepted_epoch,
            peer.current_epoch,
            " ".join(peer.membership.text.decode().split()),
        )
        return member
    recovered = recover(options.storage, files)
    _log_recovery(recovered.report, recovered.last_zxid, recovered.tree)
    service = Service(options.server, options.storage, recovered, files, options.purge_interval_ms)
    service.port.most_connections = most_connections
    return service


def _log_recovery(report: Report, last_zxid: int, tree: DataTree) -> None:
    for warning in report.warnings:
        log.warning("%s", warning)
    log.info(
        "data loaded in %d ms: %s, %d transactions replayed, last zxid %#x, %d nodes, %d sessions",
        (report.snapshot_load_s + report.log_replay_s) * 1000,
        report.snapshot or "no snapshot",
        report.transactions_since_snapshot,
        last_zxid % (1 << 64),
        tree.count,
        len(tree.sessions),
    )


async def _serve(
    options: ServeOptions,
    service: Hosted,
    sites: Callable[[Hosted], Sequence[Site]] | None,
    started: Callable[[Hosted, ClientPorts], None] | None,
    http_connections: int,
) -> None:
    def refuse(reason: CloseReason, peer: str) -> None:
        if service.port is not None:
            service.port.refuse(reason, peer)
        else:  # a member that serves nobody now has nothing that counts
            log.warning("closed the connection from %s: %s", peer, reason.value)

    hosted: Sites | None = None
    reserved: dict[str, socket.socket] = {}
    service.start()
    try:
        # Before the client port: a server that cannot have all of them must not serve anybody.
        for place in options.places:
            reserved[place.name] = listen(*place, -1, False)
        ports = _listen_to_clients(options, service)
        for name, waiting in reserved.items():
            _log_listener(name, waiting)
        if isinstance(service, MemberService):
            await service.join()
        if sites is not None and reserved:
            # To import an HTTP server takes longer than all the rest of a start. Clients are served
            # meanwhile: the import happens on a thread, and early requests wait in the sockets.
            hosted = await asyncio.to_thread(_new_sites, http_connections, refuse)
            for site in await asyncio.to_thread(sites, service):
                await hosted.start(site, reserved.pop(site.name))
        if started is not None:
            started(service, ports)
        await service.stopped.wait()
        log.info("stopping")
    finally:
        for unused in reserved.values():
            unused.close()
        await service.shut_down()
        if hosted is not None:
            await hosted.stop()


def _listen_to_clients(options: ServeOptions, service: Hosted) -> ClientPorts:
    """Open the doors. Raises ListenError."""
    tls = tls_opening(options.client_tls)
    plain = secure = None
    if options.client_port is not None:
        both = tls if tls is not None and tls.contexts.settings.plain_too else None
        plain = _listen(options, CLIENT_PORT, options.client_host, options.client_port)
        service.listen(plain, both)
    if options.secure_port is not None:
        assert tls is not None, "a secure port needs TLS"
        secure = _listen(options, SECURE_CLIENT_PORT, options.secure_host, options.secure_port)
        service.listen(secure, tls.always(), True)
    return ClientPorts(_port_of(plain), _port_of(secure))


def tls_opening(contexts: TlsContexts | None) -> TlsOpening | None:
    """Return what opens connections by TLS, None without it; OpenSSL is loaded only for it."""
    if contexts is None:
        return None
    from speckeeper.net.tls import opening

    return opening.TlsOpening(contexts)


def _listen(options: ServeOptions, name: str, host: str | None, port: int) -> socket.socket:
    sock = listen(name, host, port, options.listen_backlog, options.keep_alive)
    _log_listener(name, sock)
    return sock


def _port_of(sock: socket.socket | None) -> int | None:
    return None if sock is None else int(sock.getsockname()[1])


def _log_listener(name: str, sock: socket.socket) -> None:
    host, port = sock.getsockname()[:2]
    log.info("%s listens on %s", name, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def _new_sites(most_connections: int, refuse: Callable[[CloseReason, str], None]) -> Sites:
    from speckeeper.net.admin import Sites

    return Sites(most_connections, refuse)


def minimal(data_dir: str, port: int, host: str = "127.0.0.1", **settings: object) -> None:
    """Serve ``data_dir`` on ``host:port`` with defaults and every four-letter word refused."""
    serve(
        ServeOptions(
            ServerSettings(**settings),  # type: ignore[arg-type]
            StorageSettings(Path(data_dir)),
            client_port=port,
            client_host=host,
        )
    )
