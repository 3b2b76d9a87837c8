"""`server.N` lines: one member of an ensemble as zoo.cfg and dynamic configuration files write it.

`host:quorumPort:electionPort[:role][|more
addresses][;[clientHost:]clientPort[;[secureHost:]securePort]]`, the format of
QuorumPeer.QuorumServer. A standalone server takes only the client address from its line.
"""

import re
from typing import NamedTuple

FORM = "host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort]"
_ADDRESS = re.compile(
    r"(?P<host>\[[^\]]+\]|[^:\[\]]+)((?::[0-9]+){2})(?::(?P<role>\w+))?", re.ASCII
)
_CLIENT = re.compile(r"(?:(?P<host>\[[^\]]+\]|[^:\[\]]+):)?(?P<port>[0-9]+)", re.ASCII)


class Member(NamedTuple):
    """A parsed `server.N` line; ports are 1..65535, `client_port` is None when the line has no
    client part.
    """

    id: int
    host: str
    quorum_port: int
    election_port: int
    observer: bool
    client_host: str
    client_port: int | None


def parse_member(server_id: int, text: str) -> Member:
    """Return the member; raises `ValueError` saying what is wrong."""
    addresses, _, client = text.partition(";")
    host, ports, role = "", [0, 0], "participant"
    for position, address in enumerate(addresses.split("|")):
        match = _ADDRESS.fullmatch(address.strip())
        if not match:
            raise ValueError(f"{address!r} is not host:quorumPort:electionPort")
        if position == 0:
            host = match["host"].strip("[]")
            ports = [_port(port) for port in match[2].split(":")[1:]]
            role = (match["role"] or role).lower()
    if role not in ("participant", "observer"):
        raise ValueError(f"{role!r} is neither participant nor observer")
    if ports[0] == ports[1]:
        raise ValueError("the quorum port and the election port must differ")
    client_host, client_port = _client(client.partition(";")[0].strip())
    observer = role == "observer"
    return Member(server_id, host, ports[0], ports[1], observer, client_host, client_port)


def _client(text: str) -> tuple[str, int | None]:
    if not text:
        return "", None
    match = _CLIENT.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not [clientHost:]clientPort")
    return (match["host"] or "0.0.0.0").strip("[]"), _port(match["port"])


def _port(text: str) -> int:
    if not 1 <= (port := int(text)) <= 65535:
        raise ValueError(f"port {text} is out of range")
    return port
