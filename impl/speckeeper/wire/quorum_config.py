"""The text of an ensemble's configuration, as servers send it to each other and store it.

One ``server.N=...`` line for each member, ``group.G=a:b`` and ``weight.N=w`` lines where quorums
are hierarchical, and ``version=<hex>`` last, without a line break at the end. Peers compare the
text, so what is decoded and encoded again is the text that ZooKeeper itself would print.

Source: ZooKeeper ``QuorumPeer.QuorumServer`` (its text), ``QuorumMaj``, ``QuorumHierarchical``,
``QuorumPeerConfig.parseDynamicConfig``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from speckeeper.wire.errors import WireError

_HOST = r"(?:\[[^\]|;]+\]|[^:\[\]|;]+)"
_ADDRESS = re.compile(rf"({_HOST}):([0-9]{{1,5}}):([0-9]{{1,5}})(?::(\w+))?", re.ASCII)
_CLIENT = re.compile(rf"(?:({_HOST}):)?([0-9]{{1,5}})", re.ASCII)
_VERSION = re.compile(r"[0-9a-fA-F]{1,16}")
_ROLES = {"participant": False, "observer": True}
_LONG_MAX = (1 << 63) - 1


class Endpoint(NamedTuple):
    """Where a member's peers reach it; ``host`` without brackets."""

    host: str
    quorum_port: int
    election_port: int


class ConfiguredServer(NamedTuple):
    """One member. ``client`` and ``secure_client`` are (host, port), None where not said."""

    id: int
    endpoints: tuple[Endpoint, ...]
    observer: bool = False
    client: tuple[str, int] | None = None
    secure_client: tuple[str, int] | None = None


class QuorumConfig(NamedTuple):
    """The members, and which sets of them are quorums.

    ``groups`` maps a group to its servers, for hierarchical quorums; none means a majority.
    ``weights`` has what is not 1, and what is said of others than voters: the weight of an observer
    in a group counts as its group's, though it never votes. All in the order of ids.
    ``version``: the zxid that made this configuration current, 0 for the one that the ensemble was
    started with.
    """

    servers: tuple[ConfiguredServer, ...]
    version: int = 0
    groups: tuple[tuple[int, tuple[int, ...]], ...] = ()
    weights: tuple[tuple[int, int], ...] = ()

    @property
    def voters(self) -> frozenset[int]:
        """Ids of the members that vote."""
        return frozenset(server.id for server in self.servers if not server.observer)

    def server(self, server_id: int) -> ConfiguredServer | None:
        """Return a member, None if there is none of that id."""
        return next((server for server in self.servers if server.id == server_id), None)


def encode_config(config: QuorumConfig) -> bytes:
    """Return the text of a configuration."""
    lines = [f"server.{server.id}={format_server(server)}" for server in config.servers]
    if config.groups:
        lines += [f"group.{group}={':'.join(map(str, ids))}" for group, ids in config.groups]
        weights = dict(config.weights)
        # QuorumHierarchical prints the weight of every voter, and what was set for others.
        lines += [f"weight.{s}={weights.get(s, 1)}" for s in sorted(config.voters | {*weights})]
    lines.append(f"version={config.version & (2**64 - 1):x}")
    return "\n".join(lines).encode()


def decode_config(text: bytes) -> QuorumConfig:
    """Decode the text of a configuration; raises WireError naming the line that is wrong."""
    try:
        lines = text.decode().splitlines()
    except UnicodeDecodeError as error:
        raise WireError("the configuration is not text") from error
    servers: dict[int, ConfiguredServer] = {}
    groups: dict[int, tuple[int, ...]] = {}
    weights: dict[int, int] = {}
    version = 0
    for line in map(str.strip, lines):
        if not line or line.startswith(("#", "!")):
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise WireError(f"configuration line {line!r} has no '='")
        kind, _, number = key.partition(".")
        if kind == "server":
            server_id = _number(number, line)
            servers[server_id] = parse_server(server_id, value)
        elif kind == "group":
            groups[_number(number, line)] = tuple(
                _number(part.strip(), line) for part in value.split(":")
            )
        elif kind == "weight":
            weights[_number(number, line)] = _number(value, line)
        elif key == "version":
            version = _version(value, line)
        else:
            raise WireError(f"unknown configuration line {line!r}")
    if not groups:
        weights = {}
    _check_groups(servers, groups)
    voters = {server.id for server in servers.values() if not server.observer}
    return QuorumConfig(
        tuple(servers[sid] for sid in sorted(servers)),
        version,
        tuple(sorted((group, tuple(sorted(ids))) for group, ids in groups.items())),
        tuple(sorted((sid, w) for sid, w in weights.items() if w != 1 or sid not in voters)),
    )


def parse_server(server_id: int, text: str) -> ConfiguredServer:
    """Decode what follows ``server.N=``; raises WireError."""
    addresses, *clients = (part.strip() for part in text.split(";"))
    endpoints = []
    roles = set()
    for address in addresses.split("|"):
        match = _ADDRESS.fullmatch(address.strip())
        if match is None:
            raise WireError(f"{address!r} is not host:quorumPort:electionPort")
        host, quorum_port, election_port, role = match.groups()
        if quorum_port == election_port:
            raise WireError(f"quorum port and election port of {address!r} must differ")
        endpoints.append(Endpoint(host.strip("[]"), _port(quorum_port), _port(election_port)))
        if role is not None:
            roles.add(role.lower())
    if len(roles) > 1 or not roles <= _ROLES.keys():
        raise WireError(f"{text!r} does not say participant or observer")
    if len(clients) > 2:
        raise WireError(f"{text!r} has more than two client addresses")
    client, secure = [*map(_client, clients), None, None][:2]
    observer = _ROLES[roles.pop()] if roles else False
    return ConfiguredServer(server_id, tuple(sorted(endpoints)), observer, client, secure)


def format_server(server: ConfiguredServer) -> str:
    """Return what follows ``server.N=``."""
    text = "|".join(f"{_bracketed(host)}:{q}:{e}" for host, q, e in server.endpoints)
    text += ":observer" if server.observer else ":participant"
    for address in (server.client, server.secure_client):
        if address is not None:
            text += f";{_bracketed(address[0])}:{address[1]}"
        elif server.secure_client is not None:
            text += ";"
    return text


def _client(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    match = _CLIENT.fullmatch(text)
    if match is None:
        raise WireError(f"{text!r} is not [host:]port")
    return (match[1] or "0.0.0.0").strip("[]"), _port(match[2])


def _check_groups(servers: dict[int, ConfiguredServer], groups: dict[int, tuple[int, ...]]) -> None:
    """As QuorumHierarchical: no server in two groups, every voter in one."""
    grouped = [sid for ids in groups.values() for sid in ids]
    if len(set(grouped)) != len(grouped):
        raise WireError("a server is in more than one group")
    if groups:
        for server in servers.values():
            if not server.observer and server.id not in grouped:
                raise WireError(f"server {server.id} is not in a group")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port(text: str) -> int:
    port = int(text)
    if port > 65535:
        raise WireError(f"port {text} is out of range")
    return port


def _number(text: str, line: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > _LONG_MAX:
        raise WireError(f"{text!r} in configuration line {line!r} is not a number")
    return int(text)


def _version(text: str, line: str) -> int:
    if not _VERSION.fullmatch(text) or int(text, 16) > _LONG_MAX:
        raise WireError(f"{text!r} in configuration line {line!r} is not a hexadecimal version")
    return int(text, 16)
