"""`speckeeper serve`: configuration in, a running server, an exit code out.

Everything that can go wrong at the start ends in one line on stderr and an exit code of
ZooKeeper's. What is configured oddly is logged; where to find the server is said in one line.
"""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from speckeeper import __version__
from speckeeper.net.listening import CLIENT_PORT, SECURE_CLIENT_PORT, ListenError
from speckeeper.net.member_service import MemberOptions
from speckeeper.net.peer_line import PeerLine
from speckeeper.net.run import ClientPorts, Hosted, ServeOptions, serve, tls_opening
from speckeeper.net.service import Service
from speckeeper.net.tracing import TraceOptions
from speckeeper.ops.admin.places import ADMIN_SERVER, METRICS, places_of
from speckeeper.ops.audit import AuditLog
from speckeeper.ops.config.sasl_settings import peer_auth
from speckeeper.ops.config.settings import server_settings, storage_settings, zab_settings
from speckeeper.ops.config.tls_settings import admin_tls, client_tls, dials_with_tls, quorum_tls
from speckeeper.ops.config.zoo_cfg import Config, ConfigError, read_config, standalone_config
from speckeeper.ops.exit_codes import ExitCode
from speckeeper.ops.four_letter import FourLetterWords, unknown_words
from speckeeper.ops.hosts import bracketed
from speckeeper.ops.logs import set_up_logs
from speckeeper.ops.running import Running
from speckeeper.ops.version import full_version
from speckeeper.storage.config_files import ConfigFiles
from speckeeper.storage.disk import Disk
from speckeeper.storage.errors import DataDirError, StorageError
from speckeeper.trace.files import TraceError

if TYPE_CHECKING:
    from speckeeper.net.admin import Site
    from speckeeper.net.tls.context import TlsContexts
    from speckeeper.net.tls.settings import TlsSettings

log = logging.getLogger(__name__)

TRACE_ENVIRONMENT = "SPECKEEPER_TRACE_DIR"
"""Names a folder below which members record their steps that have no trace.dir of their own."""

_HOST_KEYS = {
    CLIENT_PORT: "clientPortAddress",
    SECURE_CLIENT_PORT: "secureClientPortAddress",
    ADMIN_SERVER: "admin.serverAddress",
    METRICS: "metricsProvider.httpHost",
}


def run(
    arguments: Sequence[str],
    options: Sequence[str],
    log_level: str,
    log_format: str,
    log_file: Path | None = None,
) -> int:
    """Serve until a signal ends it; return the exit code.

    `arguments` is a zoo.cfg file or `PORT DATADIR [TICKTIME] [MAXCNXNS]`, `options` are the texts
    of -D options. `log_file` None: logs go to stderr.
    """
    try:
        if len(arguments) == 1:
            config = read_config(arguments[0], options)
        else:
            config = standalone_config(arguments, options)
        myid = "" if config.server_id is None else str(config.server_id)
        set_up_logs(log_level, log_format, myid, log_file=log_file)
    except ConfigError as error:
        return _refuse(str(error), ExitCode.BAD_INVOCATION)
    except ValueError as error:
        return _refuse(str(error), ExitCode.BAD_INVOCATION)
    except OSError as error:
        text = f"--log-file {log_file}: {(error.strerror or str(error)).lower()}"
        return _refuse(f"{text}; name a file that can be written", ExitCode.BAD_INVOCATION)
    log.info("SpecKeeper %s, ZooKeeper version %s", __version__, full_version())
    for warning in (*config.warnings, *unknown_words(config)):
        log.warning("%s", warning)
    if config.quorum is None and config.values["trace.dir"] is not None:
        log.warning("trace.dir: a standalone server has no steps of ZAB, nothing is recorded")
    if config.values["reconfigEnabled"] and config.values["trace.dir"] is not None:
        log.warning("trace.dir: the trace ends with the first reconfiguration")
    return _serve(config)


def _serve(config: Config) -> int:
    running = Running(config)
    try:
        server = server_settings(config)
        clients, peers = load_tls(client_tls(config)), load_tls(quorum_tls(config))
        admins = load_tls(admin_tls(config))
        member = _member_options(config, peers)
    except (ConfigError, StorageError) as error:
        return _refuse(str(error), ExitCode.BAD_INVOCATION)
    options = ServeOptions(
        server,
        storage_settings(config),
        client_port=_port(config, "clientPort"),
        client_host=config.string("clientPortAddress") or None,
        secure_port=_port(config, "secureClientPort"),
        secure_host=config.string("secureClientPortAddress") or None,
        client_tls=clients,
        peer_tls=peers,
        admin_tls=admins,
        listen_backlog=config.number("clientPortListenBacklog"),
        keep_alive=bool(config.values["clientTcpKeepAlive"]),
        purge_interval_ms=max(config.number("autopurge.purgeInterval"), 0),
        places=places_of(config),
        member=member,
    )

    audits: list[AuditLog] = []

    def commands(service: Hosted) -> FourLetterWords:
        running.attach(service)
        if config.values["audit.enable"]:
            audits.append(AuditLog())
            if isinstance(service, Service):
                audits[0].audit(service.server)
            else:
                service.member.opened = audits[0].audit
        return FourLetterWords(running)

    def sites(service: Hosted) -> "list[Site]":
        from speckeeper.ops.admin.sites import sites_of

        return sites_of(running, admins)

    def started(service: Hosted, ports: ClientPorts) -> None:
        running.take_ports(ports)
        _announce(config, ports)

    try:
        serve(
            options,
            commands=commands,
            sites=sites,
            started=started,
        )
    except ListenError as error:
        return _refuse_to_listen(config, error)
    except TraceError as error:
        return _refuse(str(error), ExitCode.BAD_INVOCATION)
    except DataDirError as error:
        return _refuse(str(error), ExitCode.DATA_DIR)
    except StorageError as error:
        return _refuse(str(error), ExitCode.LOG_OR_SNAPSHOT)
    except Exception as error:  # a defect: one line for the operator, all of it in the log
        log.critical("the server failed", exc_info=True)
        return _refuse(f"a defect: {error!r}; please report it with the log", ExitCode.UNEXPECTED)
    for audit in audits:
        audit.stopped()
    log.info("stopped")
    return int(ExitCode.OK)


def load_tls(settings: "TlsSettings | None") -> "TlsContexts | None":
    """Load key stores and make contexts of them. Raises ConfigError."""
    if settings is None:
        return None
    from speckeeper.net.tls.context import TlsContexts  # loads OpenSSL
    from speckeeper.net.tls.stores import StoreError

    try:
        return TlsContexts(settings)
    except StoreError as error:
        raise ConfigError(str(error.path), None, error.what, error.remedy) from None


def _port(config: Config, name: str) -> int | None:
    return None if config.values[name] is None else config.number(name)


def _member_options(config: Config, peers: "TlsContexts | None") -> MemberOptions | None:
    """Return what makes a member of the server. Raises ConfigError, StorageError."""
    if config.quorum is None:
        return None
    config_file = last_seen = None
    if config.values["reconfigEnabled"]:
        config_file = Path(os.path.abspath(config.source))
        files = ConfigFiles(config_file, Disk(), config.server_id or 0)
        if "dynamicConfigFile" not in config.given:
            files.back_up()
        last_seen = files.last_seen()
    return MemberOptions(
        zab_settings(config),
        config.quorum,
        bool(config.values["quorumListenOnAllIPs"]),
        bool(config.values["leaderServes"]),
        config.number("cnxTimeout"),
        PeerLine(tls_opening(peers), dials_with_tls(config), peer_auth(config)),
        trace=_trace_options(config),
        last_seen=last_seen,
        config_file=config_file,
    )


def _trace_options(config: Config) -> TraceOptions | None:
    given = config.values["trace.dir"]
    below = os.environ.get(TRACE_ENVIRONMENT)
    if given is not None:
        directory = Path(str(given))
    elif below:
        directory = Path(below) / _ensemble_name(config)
    else:
        return None
    return TraceOptions(
        directory,
        config.number("trace.maxSizeInKb") * 1024,
        bool(config.values["trace.compress"]),
    )


def _ensemble_name(config: Config) -> str:
    """Return a name that the members of an ensemble share, and those of another one do not."""
    assert config.quorum is not None, "asked for members only"
    places = [(server.id, server.endpoints) for server in config.quorum.servers]
    return f"ensemble-{crc32(repr(places).encode()):08x}"


def _announce(config: Config, ports: ClientPorts) -> None:
    """Say in one line what runs and how to reach it."""
    host = config.string("clientPortAddress") or "0.0.0.0"
    secure_host = config.string("secureClientPortAddress") or "0.0.0.0"
    plain = None if ports.plain is None else f"{bracketed(host)}:{ports.plain}"
    secure = None if ports.secure is None else f"{bracketed(secure_host)}:{ports.secure} by TLS"
    parts = [
        _what_runs(config) + " on " + " and ".join(filter(None, (plain, secure))),
        f"data in {os.path.abspath(config.string('dataDir'))}",
    ]
    if config.values["admin.enableServer"]:
        url = config.string("admin.commandURL")
        shown = _reached_by(config.string("admin.serverAddress"))
        scheme = "https" if config.values["admin.forceHttps"] else "http"
        parts.append(f"admin on {scheme}://{shown}:{config.number('admin.serverPort')}{url}")
        if config.string("admin.page") != "off":
            parts[-1] += " and /page/"
    if config.string("metricsProvider.className").endswith("PrometheusMetricsProvider"):
        shown = _reached_by(config.string("metricsProvider.httpHost"))
        parts.append(
            f"metrics on http://{shown}:{config.number('metricsProvider.httpPort')}/metrics"
        )
    if ports.plain is not None:
        parts.append(f"connect with: speckeeper shell -server {_reached_by(host)}:{ports.plain}")
    print("; ".join(parts), flush=True)


def _reached_by(host: str) -> str:
    """Return how this machine reaches what listens on an address, ready for a port behind it."""
    return "127.0.0.1" if host in ("", "0.0.0.0", "::", "*") else bracketed(host)


def _what_runs(config: Config) -> str:
    if config.quorum is None:
        return f"SpecKeeper {__version__} serves"
    members = len(config.quorum.servers)
    return f"SpecKeeper {__version__} is server {config.server_id} of {members}, for clients"


def _refuse_to_listen(config: Config, error: ListenError) -> int:
    """Tell a wrong address in the configuration, with its place, from a port that is taken."""
    if error.no_address:
        for key in (_HOST_KEYS.get(error.name, ""), f"server.{config.server_id}"):
            if key in config.places:
                file, line = config.places[key]
                place = f"{file}:{line}" if line else file
                return _refuse(f"{place}: {key}: {error}", ExitCode.BAD_INVOCATION)
    admin = error.name == ADMIN_SERVER
    return _refuse(str(error), ExitCode.ADMIN_SERVER if admin else ExitCode.UNEXPECTED)


def _refuse(text: str, code: ExitCode) -> int:
    """Print the one line of a failed start, and log it where somebody looks for it later."""
    print(f"speckeeper: {text}", file=sys.stderr)
    return int(code)
