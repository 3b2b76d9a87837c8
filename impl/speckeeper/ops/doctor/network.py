"""The ports of this server, and its peers."""

import socket
from collections.abc import Iterator

from speckeeper.net.listening import ListenError, listen
from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.ops.doctor.finding import Finding, ok, warning, wrong
from speckeeper.ops.hosts import bracketed

_PATIENCE_S = 2.0


def check_ports(config: Config) -> Iterator[Finding]:
    """Look whether the ports of this server are free, or its own already."""
    for name, key, address in (
        ("client port", "clientPort", "clientPortAddress"),
        ("secure client port", "secureClientPort", "secureClientPortAddress"),
        ("AdminServer", "admin.serverPort", "admin.serverAddress"),
    ):
        off = name == "AdminServer" and not config.values["admin.enableServer"]
        if config.values[key] is not None and not off:
            yield _port(name, config.string(address) or None, config.number(key), key)
    own = None if config.quorum is None else config.quorum.server(config.server_id or 0)
    if own is not None:
        host, quorum_port, election_port = own.endpoints[0]
        everywhere = None if config.values["quorumListenOnAllIPs"] else host
        yield _port("quorum port", everywhere, quorum_port, f"server.{own.id}")
        yield _port("election port", everywhere, election_port, f"server.{own.id}")


def check_peers(config: Config) -> Iterator[Finding]:
    """Call the election port of every other server of the ensemble."""
    if config.quorum is None:
        return
    reached = 0
    others = [each for each in config.quorum.servers if each.id != config.server_id]
    for server in others:
        host, _, port = server.endpoints[0]
        name, place = f"server.{server.id}", f"{bracketed(host)}:{port}"
        try:
            socket.create_connection((host, port), _PATIENCE_S).close()
        except socket.gaierror as error:
            text = f"{host} does not resolve ({error.strerror or error})"
            yield wrong(name, text, "correct the name, or the name service")
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            remedy = "start it, or open its election port in the firewall"
            yield warning(name, f"{place}: {why}", remedy)
        else:
            reached += 1
            yield ok(name, f"{place} answers")


def _port(name: str, host: str | None, port: int, key: str) -> Finding:
    place = f"{bracketed(host) if host else '*'}:{port}"
    try:
        listen(name, host, port, -1, False).close()
    except ListenError as error:
        if error.no_address:
            return wrong(name, str(error), f"correct {key}")
        running = _is_a_server("127.0.0.1" if host in (None, "0.0.0.0", "::") else host, port)
        if running:
            return ok(name, f"{place}: a server runs there already")
        return wrong(name, f"{place} is taken", f"stop what listens there, or change {key}")
    return ok(name, f"{place} is free")


def _is_a_server(host: str | None, port: int) -> bool:
    """Whether something that could be this server listens: it takes connections."""
    try:
        socket.create_connection((host or "127.0.0.1", port), _PATIENCE_S).close()
    except OSError:
        return False
    return True
